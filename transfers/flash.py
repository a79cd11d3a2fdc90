"""Packets carried on a flash drive, and the centre's answers brought back on one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, record
from common import flash as drives
from common import refusals
from common.clock import now
from common.refusals import both
from stations.models import ExamPoint
from transfers import feed, receipts
from transfers.errors import NothingOnFlash
from transfers.models import Door, Packet
from transfers.states import ON_THE_WAY, PacketState, move_packet
from wire import durable
from wire.feed import read_bundle
from wire.refusals import Refusal

#: FAT32 takes no larger file. Splitting a packet into parts is the format's business (`part`, `parts`).
FAT_LIMIT = (4 << 30) - 1
#: Writing these to a drive hands them over; an answered packet may be written too, and stays answered.
_HANDS_OVER = frozenset({PacketState.QUEUED, PacketState.UPLOADING, PacketState.STUCK, PacketState.DELIVERED})
MAX_FEED = 64 << 20
MAX_RECEIPT = 1 << 20


@dataclass
class Written:
    """What came of writing packets to a drive."""

    written: list[Packet] = field(default_factory=list)
    already: list[Packet] = field(default_factory=list)
    failed: list[tuple[Packet, Refusal]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The sentence for the person at the drive."""
        lines = [
            _("Записано и прочитано обратно: %d.") % len(self.written),
            *([_("Уже были на накопителе: %d.") % len(self.already)] if self.already else []),
            *(
                _("Не записан %(packet)s: %(why)s") % {"packet": packet, "why": refusals.words(refusal)}
                for packet, refusal in self.failed
            ),
        ]
        if not self.failed:
            lines.append(_("Накопитель можно извлекать."))
        return " ".join(lines)


def portable(packets: Iterable[Packet]) -> list[Packet]:
    """Return those packets that may be carried: signed, and not replaced."""
    return [each for each in packets if each.is_signed and each.state != PacketState.SUPERSEDED]


def write(*, packets: Iterable[Packet], folder: str, actor: Actor) -> Written:
    """Write packets to a folder of a drive, read them back, and mark them as handed over.

    A packet that is there already with the same bytes is not written again. A drive that is pulled out in between
    fails for the packets left; those written stay marked.

    Args:
        packets: The packets.
        folder: A folder on one of the node's drives.
        actor: Who carries them.

    Raises:
        NoSuchFolder: The folder is not on a drive of this machine.
        NothingOnFlash: No packet can be carried.
    """
    target = drives.folder_of(folder)
    listed = portable(packets)
    if not listed:
        raise NothingOnFlash(
            "Подписанных пакетов для записи нет.", "There is no signed packet to be written.",
            cure_ru="Соберите и подпишите пакеты.", cure_en="Build and sign the packets.",
        )  # fmt: skip
    report = Written()
    for packet in listed:
        try:
            fresh = _write_one(packet, target)
        except Refusal as refusal:
            report.failed.append((packet, refusal))
            continue
        (report.written if fresh else report.already).append(packet)
        _carried(packet, target, actor)
    return report


def _write_one(packet: Packet, folder: Path) -> bool:
    """Copy one packet unless the same bytes are there; return whether it was written."""
    target = folder / packet.name
    if target.is_file() and target.stat().st_size == packet.size and durable.sha256_file(target) == packet.sha256:
        return False
    digest = durable.copy_verified(packet.file, target)
    if digest != packet.sha256:
        raise durable.CopyMismatch(
            f"Файл пакета «{packet}» на узле повреждён: его хэш не тот, что был подписан.",
            "The packet's file on the node is damaged: its hash is not the signed one.",
        )
    return True


def _carried(packet: Packet, folder: Path, actor: Actor) -> None:
    point = packet.sitting.point
    where = str(folder)
    with transaction.atomic():
        row = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        record(
            "transfers.packet_on_flash", actor=actor, region=point.region.code, point=point.code, subject=str(row),
            data={"uid": row.uid, "sha256": row.sha256, "folder": where},
        )  # fmt: skip
        text = both(lambda: _("Записан на накопитель: %s") % where)
        facts = {"handed_over_at": now(), "handed_over_to": where[:300]}
        if row.state in _HANDS_OVER:
            move_packet(row, PacketState.HANDED_OVER, actor=actor, text=text, data={"folder": where}, **facts)
        else:
            Packet.objects.filter(pk=row.pk).update(**facts)
            row.steps.create(at=now(), who=actor.name[:200], text=text.ru, text_en=text.en)


@dataclass
class Brought:
    """What a drive brought from the centre."""

    items: int = 0
    receipts: int = 0
    problems: list[tuple[str, Refusal]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The sentence for the person at the drive."""
        return _("Новых записей ленты: %(items)d, квитанций: %(receipts)d.") % vars(self)


def read_feed(*, folder: str, point: ExamPoint, actor: Actor) -> Brought:
    """Read the centre's feed and receipts from a folder of a drive; what is known already changes nothing.

    Raises:
        NoSuchFolder: The folder is not on a drive of this machine.
        NothingOnFlash: It holds neither feed nor receipts.
    """
    source = drives.folder_of(folder)
    feeds, papers = drives.listed(source, (".jsonl",)), drives.listed(source, (".p7m",))
    if not feeds and not papers:
        raise NothingOnFlash(
            "В этой папке нет ни ленты РЦОИ, ни квитанций.", "The folder holds neither feed nor receipts.",
            cure_ru="Проверьте, тот ли накопитель вставлен.", cure_en="See whether it is the right drive.",
        )  # fmt: skip
    brought = Brought()
    for path in feeds:
        try:
            documents = read_bundle(_read(path, MAX_FEED))
            brought.items += feed.take_items(point=point, items=documents, door=Door.FLASH, actor=actor)
        except Refusal as refusal:
            brought.problems.append((drives.shown(path), refusal))
    for path in papers:
        try:
            receipts.take(document=_read(path, MAX_RECEIPT), point=point, door=Door.FLASH, actor=actor)
            brought.receipts += 1
        except Refusal as refusal:
            brought.problems.append((drives.shown(path), refusal))
    return brought


def _read(path: Path, limit: int) -> bytes:
    with durable.disk_errors(), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NothingOnFlash(f"Файл больше {limit >> 20} МБ.", f"The file is larger than {limit >> 20} MB.")
    return data


def waiting(packets: Iterable[Packet]) -> list[Packet]:
    """Return the packets worth carrying now: signed and not answered."""
    return [each for each in portable(packets) if each.state in ON_THE_WAY or each.state == PacketState.STUCK]
