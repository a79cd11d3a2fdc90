"""Remarks about what arrived. They never block; those that need another packet are looked at again when it comes."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from common.clock import now
from rcoi.models import InboxFinding, InboxPacket, InboxSheet, PacketKind
from rcoi.states import PacketState
from wire import canonical
from wire.forms import CATALOGUE

SKEW = timedelta(minutes=5)


def say(packet: InboxPacket, code: str, text: str, *, number: str = "", room: str = "") -> None:
    """Write a remark once."""
    InboxFinding.objects.get_or_create(
        packet=packet,
        code=code,
        number=number[:13],
        text=text[:1000],
        defaults={"room": room or packet.room, "found_at": now()},
    )


def sequence(packet: InboxPacket) -> None:
    """Look at the numbers of a node anew: gaps are shown, not guessed, and vanish when the packet comes."""
    chain = list(
        InboxPacket.objects.filter(point=packet.point, node=packet.node, sequence__isnull=False).order_by("sequence")
    )
    InboxFinding.objects.filter(packet__in=chain, code__in=("sequence_gap", "chain_broken")).delete()
    before: InboxPacket | None = None
    for each in chain:
        last = before.sequence if before else 0
        assert each.sequence is not None  # noqa: S101 (the query says so)
        if each.sequence > (last or 0) + 1:
            say(
                each,
                "sequence_gap",
                f"Перед этим пакетом не получены пакеты узла с номерами {_span(last or 0, each.sequence)}.",
            )
        elif before is not None and each.header.get("prev") not in ("", before.sha256):
            say(each, "chain_broken", f"Пакет ссылается не на тот предыдущий пакет, который получен под № {last}.")
        before = each


def _span(last: int, number: int) -> str:
    return str(last + 1) if number == last + 2 else f"{last + 1}–{number - 1}"


def arrival(packet: InboxPacket) -> None:
    """Remark on clocks: order follows numbers, not time, so a wrong clock is only shown."""
    created = packet.header.get("created_at")
    if created and canonical.parse_stamp(created) > packet.received_at + SKEW:
        say(packet, "clock_skew", "Часы узла ППЭ спешат: пакет создан позже, чем получен.")


def content(packet: InboxPacket) -> None:
    """Remark on an acknowledged packet's content, and on others that it touches."""
    sheets = list(packet.inboxsheets.all())
    _twice_inside(packet, sheets)
    _twice_elsewhere(packet, sheets)
    if packet.kind == PacketKind.FORMS:
        _mandatory(packet, sheets)
    if packet.document.get("closed_with_act"):
        say(packet, "closed_with_act", "Аудитория закрыта с актом о расхождении.")
    for journal in packet.inboxjournals.all():
        for problem in journal.problems:
            say(packet, "journal_problem", f"{journal.name}: {problem}", room=journal.room)
    for act in packet.inboxacts.all():
        if act.problem:
            say(packet, "act_problem", f"{act.name}: {act.problem}", room=act.room)


def _twice_inside(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    for number, times in Counter(sheet.number for sheet in sheets if sheet.number).items():
        if times > 1:
            say(packet, "sheet_twice", f"Лист № {number} встречается в пакете {times} раза.", number=number)


def _twice_elsewhere(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    numbers = {sheet.number for sheet in sheets if sheet.number}
    family = {each.pk for each in lineage(packet)}
    others = (
        InboxSheet.objects.filter(number__in=numbers, packet__state=PacketState.ACKNOWLEDGED)
        .filter(packet__superseded_by__isnull=True)
        .exclude(packet_id__in=family)
        .select_related("packet__point__region")
    )
    for sheet in others:
        other = sheet.packet
        say(packet, "sheet_elsewhere", f"Лист № {sheet.number} есть и в пакете «{other.title}».", number=sheet.number)
        say(other, "sheet_elsewhere", f"Лист № {sheet.number} есть и в пакете «{packet.title}».", number=sheet.number)


def _mandatory(packet: InboxPacket, sheets: Iterable[InboxSheet]) -> None:
    found = Counter(sheet.form for sheet in sheets)
    oral = bool(packet.sitting and packet.sitting.subject.oral)
    for form in CATALOGUE.values():
        if form.scope != "hq" or not form.mandatory or found[form.code]:
            continue
        if form.code == ("13-02-МАШ" if oral else "13-03-У"):
            continue
        say(packet, "form_missing", f"Нет обязательной формы {form.title_ru}.")


def lineage(packet: InboxPacket) -> list[InboxPacket]:
    """Return every version of a packet that arrived, itself included, by the chain of `supersedes`."""
    family = list(
        InboxPacket.objects.filter(sitting=packet.sitting, kind=packet.kind, room=packet.room, uid__isnull=False)
    )
    uids = {packet.uid}
    while True:
        more = {each.uid for each in family if each.supersedes_uid in uids}
        more |= {each.supersedes_uid for each in family if each.uid in uids and each.supersedes_uid}
        if more <= uids:
            return [each for each in family if each.uid in uids]
        uids |= more
