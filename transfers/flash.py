"""Packets carried on a flash drive, and the centre's answers brought back on one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, hold, record
from common import errors as refusals
from common import files
from common import flash as drives
from common.work.clock import now
from journals.models import Journal
from journals.states import JournalState
from stations.models import ExamPoint, Sitting
from transfers import feed, receipts, sequences
from transfers.errors import NothingOnFlashError
from transfers.models import AnswerChannel, FeedRecord, Packet
from transfers.moves import move_packet
from transfers.states import ON_THE_WAY, SENDING, PacketState
from wire import durable
from wire.documents.feed import bundle, read_bundle
from wire.errors import PpeError
from wire.messages import Message
from wire.names.files import feed_name
from wire.packet import volumes as pieces

#: Writing these to a drive hands them over; an answered packet may be written too, and stays answered.
_HANDS_OVER = frozenset({PacketState.QUEUED, PacketState.UPLOADING, PacketState.STUCK, PacketState.DELIVERED})
MAX_FEED = 64 << 20
MAX_RECEIPT = 1 << 20


@dataclass
class Written:
    """What came of writing packets to a drive."""

    written: list[Packet] = field(default_factory=list)
    already: list[Packet] = field(default_factory=list)
    failed: list[tuple[Packet, PpeError]] = field(default_factory=list)
    #: Of those written: how many had been written to this very folder before, and are not on this drive.
    strange: int = 0

    @property
    def words(self) -> str:
        """The sentence for the person at the drive."""
        lines = [
            *(
                [_("This is another drive: packets written before were not on it (%d).") % self.strange]
                if self.strange
                else []
            ),
            _("Written and read back: %d.") % len(self.written),
            *([_("On the drive already: %d.") % len(self.already)] if self.already else []),
            *(
                _("Not written: %(packet)s: %(why)s") % {"packet": packet, "why": refusals.words(refusal)}
                for packet, refusal in self.failed
            ),
        ]
        if not self.failed:
            lines.append(_("The drive may be removed."))
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
        NoSuchFolderError: The folder is not on a drive of this machine.
        NothingOnFlashError: No packet can be carried.
    """
    target = drives.folder_of(folder)
    listed = portable(packets)
    if not listed:
        raise NothingOnFlashError(
            Message("There is no signed packet to be written."),
            remedy=Message("Build and sign the packets."),
        )
    report = Written()
    for packet in listed:
        seen = any(target.glob(f"{packet.name}*"))
        try:
            fresh = _write_one(packet, target)
        except PpeError as refusal:
            report.failed.append((packet, refusal))
            continue
        (report.written if fresh else report.already).append(packet)
        report.strange += fresh and packet.handed_over_to == str(target)[:300] and not seen
        _carried(packet, target, actor)
    return report


def _write_one(packet: Packet, folder: Path) -> bool:
    """Copy one packet unless the same bytes are there; return whether it was written."""
    sequences.leaves(packet)
    if packet.size > pieces.LIMIT:
        return pieces.write(packet.file, folder, packet.name)
    target = folder / packet.name
    if target.is_file() and target.stat().st_size == packet.size and durable.sha256_file(target) == packet.sha256:
        return False
    digest = durable.copy_verified(packet.file, target)
    if digest != packet.sha256:
        raise durable.CopyMismatchError(
            Message(
                "The file of the packet «{packet}» on the node is damaged: its hash is not the signed one.",
                packet=packet,
            ),
        )
    return True


def _carried(packet: Packet, folder: Path, actor: Actor) -> None:
    where = str(folder)
    with transaction.atomic():
        hold(packet)
        row = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        record(
            "transfers.packet_on_flash",
            about=row,
            actor=actor,
            data={"uid": row.uid, "sha256": row.sha256, "folder": where},
        )
        text = Message("Written to the drive: {where}", where=where)
        facts: dict[str, Any] = {"handed_over_at": now(), "handed_over_to": where[:300]}
        if row.state in SENDING:
            # Whoever sends it by network right now, or waits to, goes on.
            facts |= {name: getattr(row, name) for name in ("lease_until", "attempts", "woken_at", "next_try_at")}
        if row.state in _HANDS_OVER:
            move_packet(row, PacketState.HANDED_OVER, actor=actor, text=text, data={"folder": where}, **facts)
        else:
            Packet.objects.filter(pk=row.pk).update(**facts)
            row.steps.create(at=now(), who=actor.name[:200], text=text)


def write_journals(*, sitting: Sitting, folder: str, actor: Actor) -> int:
    """Write the scan journals that this station formed, for the machine that declares the statuses.

    Returns:
        How many are on the drive now; the same bytes are not written again.

    Raises:
        NoSuchFolderError: The folder is not on a drive of this machine.
        DiskError: The drive is full, read-only or failing.
    """
    target = drives.folder_of(folder)
    rows = list(Journal.objects.filter(sitting=sitting, kind="scan", door="own", state=JournalState.ACCEPTED))
    for row in rows:
        path = target / (row.name or row.original_name)
        if not path.is_file() or durable.sha256_file(path) != row.sha256:
            durable.copy_verified(files.inside(row.path), path)
            record(
                "transfers.journal_on_flash",
                about=sitting,
                subject=path.name,
                actor=actor,
                data={"sha256": row.sha256, "folder": str(target)},
            )
    return len(rows)


@dataclass
class Brought:
    """What a drive brought from the centre."""

    items: int = 0
    receipts: int = 0
    problems: list[tuple[str, PpeError]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The sentence for the person at the drive."""
        return _("New feed items: %(items)d, receipts: %(receipts)d.") % vars(self)


def read_feed(*, folder: str, point: ExamPoint, actor: Actor) -> Brought:
    """Read the centre's feed and receipts from a folder of a drive; what is known already changes nothing.

    Raises:
        NoSuchFolderError: The folder is not on a drive of this machine.
        NothingOnFlashError: It holds neither feed nor receipts.
    """
    source = drives.folder_of(folder)
    feeds, papers = drives.listed(source, (".jsonl",)), drives.listed(source, (".p7m",))
    if not feeds and not papers:
        raise NothingOnFlashError(
            Message("The folder holds neither feed nor receipts."),
            remedy=Message("See whether it is the right drive."),
        )
    brought = Brought()
    for path in feeds:
        try:
            documents = read_bundle(_read(path, MAX_FEED))
            brought.items += feed.take_items(point=point, items=documents, door=AnswerChannel.FLASH, actor=actor)
        except PpeError as refusal:
            brought.problems.append((drives.shown(path), refusal))
    for path in papers:
        try:
            receipts.ingest(document=_read(path, MAX_RECEIPT), point=point, door=AnswerChannel.FLASH, actor=actor)
            brought.receipts += 1
        except PpeError as refusal:
            brought.problems.append((drives.shown(path), refusal))
    return brought


def write_answers(*, folder: str, point: ExamPoint, actor: Actor) -> Path:
    """Write what the centre has told this point to a drive, for the scanning station that has no line.

    Raises:
        NothingOnFlashError: The centre has told nothing yet.
        NoSuchFolderError: The folder is not on a drive of this machine.
        DiskError: The drive is full, read-only or failing.
    """
    rows = FeedRecord.objects.filter(point=point).order_by("number")
    items = [bytes(document) for document in rows.values_list("document", flat=True)]
    if not items:
        raise NothingOnFlashError(
            Message("The centre has told nothing yet."),
            remedy=Message("Wait for the receipts."),
        )
    path = drives.folder_of(folder) / feed_name(point.region.code, point.code, len(items))
    digest = durable.write_durable(path, bundle(items))
    if durable.sha256_file(path) != digest:
        path.unlink(missing_ok=True)
        raise durable.CopyMismatchError(
            Message("The feed file was written wrongly and removed."),
            remedy=Message("Take another drive."),
        )
    record(
        "transfers.feed_on_flash",
        about=point,
        subject=path.name,
        actor=actor,
        data={"sha256": digest, "items": len(items)},
    )
    return path


def _read(path: Path, limit: int) -> bytes:
    with durable.disk_errors(), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise NothingOnFlashError(Message("The file is larger than {limit} MB.", limit=limit >> 20))
    return data


def waiting(packets: Iterable[Packet]) -> list[Packet]:
    """Return the packets worth carrying now: signed and not answered."""
    return [each for each in portable(packets) if each.state in ON_THE_WAY or each.state == PacketState.STUCK]
