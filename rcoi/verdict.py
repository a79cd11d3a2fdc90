"""«Подтвержден»: header, room.json and files agree. The rules of automatic acknowledgement, nothing else."""

from typing import Any

from common.refusals import either
from rcoi.content import COUNTED, Content
from rcoi.errors import CountsDiffer, WrongContent
from rcoi.models import InboxPacket, PacketKind, PointStatusRecord
from wire import canonical
from wire.forms import CATALOGUE
from wire.refusals import Part, Refusal

_WORDS = {
    "sheets": ("листов", "sheets"),
    "forms": ("форм", "forms"),
    "recordings": ("аудиозаписей", "recordings"),
    "journals": ("журналов", "journals"),
    "acts": ("актов", "acts"),
}
KNOWN = frozenset({*COUNTED.values(), *CATALOGUE})


def hold(packet: InboxPacket, content: Content) -> None:
    """Hold an opened packet to the rules.

    Raises:
        CountsDiffer: Header, room.json and files do not agree; each difference is a part.
        WrongContent: A mandatory document is missing or speaks of another place.
    """
    _header(packet, content)
    if packet.kind == PacketKind.STATUS:
        _status(packet, content.status)
    if packet.kind == PacketKind.BLANKS or content.room:
        _room(packet, content)


def _header(packet: InboxPacket, content: Content) -> None:
    parts = differences("заголовке", packet.header.get("counts", {}), content.counts)
    if parts:
        raise _differ("Состав пакета не совпадает с его заголовком", "the header", parts)


def differences(where: str, said: dict[str, Any], found: dict[str, int]) -> list[Part]:
    """Return where counts that were said differ from those that were found; unknown keys are only shown."""
    return [
        Part(
            f"counts.{key}",
            str(found.get(key, 0)),
            str(number),
            f"{_counted(key)[0]}: в {where} {number}, в пакете {found.get(key, 0)}",
            f"{_counted(key)[1]}: said {number}, found {found.get(key, 0)}",
        )
        for key, number in said.items()
        if key in KNOWN and number != found.get(key, 0)
    ]


def counted_words(key: str) -> str:
    """Return what a key of the counts counts, in the reader's language."""
    return either(*_counted(key))


def _counted(key: str) -> tuple[str, str]:
    if key in _WORDS:
        return _WORDS[key]
    return CATALOGUE[key].title_ru, CATALOGUE[key].title_en


def _differ(ru: str, en: str, parts: list[Part]) -> CountsDiffer:
    return CountsDiffer(
        f"{ru}: " + "; ".join(part.ru for part in parts) + ".",
        f"The packet does not agree with {en}: " + "; ".join(part.en for part in parts) + ".",
        parts=parts,
        cure_ru="Сформируйте пакет заново.",
        cure_en="Form the packet again.",
    )


def _room(packet: InboxPacket, content: Content) -> None:
    room = content.room
    if not room:
        raise WrongContent("В пакете нет карточки аудитории room.json.", "The packet has no room.json.")
    expected = (packet.header["sitting"], packet.room or "HQ")
    if (room.get("sitting"), room.get("room") or "HQ") != expected:
        raise WrongContent(
            f"Карточка относится к другой аудитории: {room.get('sitting')}, {room.get('room')}.",
            "room.json speaks of another room.",
        )
    said = room.get("counts")
    parts = differences("карточке", said if isinstance(said, dict) else {}, content.counts)
    parts += _card(packet, content)
    if parts:
        raise _differ("Состав пакета не совпадает с карточкой аудитории", "room.json", parts)


def _card(packet: InboxPacket, content: Content) -> list[Part]:
    """Hold the card's own numbers to the sheets; a signed act excuses the difference."""
    card = content.room.get("card")
    if (
        packet.kind == PacketKind.FORMS
        or not isinstance(card, dict)
        or content.room.get("closed_with_act")
        or content.acts
    ):
        return []
    said = {"R": card.get("registration_count"), "DBO": card.get("dbo_count")}
    return differences("карточке", {key: number for key, number in said.items() if number is not None}, content.counts)


def _status(packet: InboxPacket, status: dict[str, Any]) -> None:
    if not status:
        raise WrongContent("В пакете нет документа status.json.", "The packet has no status.json.")
    if status.get("sitting") != packet.header["sitting"] or status.get("status") not in PointStatusRecord.Status.values:
        raise WrongContent(
            f"Документ статуса неизвестен или о другом экзамене: {status.get('status')}, {status.get('sitting')}.",
            "status.json names an unknown status or another sitting.",
        )
    try:
        canonical.parse_stamp(status.get("at", ""))
    except Refusal as refusal:
        raise WrongContent("В документе статуса нет времени.", "status.json has no moment.") from refusal
