"""The point and the centre in one process: what the point signs is received, opened and answered by the real centre.

Both share a registry, a trust and an event log in one database; their own tables know nothing of each other.
Everything between them goes as bytes: packets as files, by network or on a drive, answers as items of the feed.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives import serialization
from django.test import override_settings
from django.urls import set_urlconf

from audit.log import SYSTEM, Actor
from common import files
from common.work.clock import now
from day import telling
from keys import node
from ppe_portal import urls
from rcoi.answering import feed as centre_feed
from rcoi.answering import receipts as centre_receipts
from rcoi.answering import rescan
from rcoi.answering import statuses as centre_statuses
from rcoi.checking import findings
from rcoi.models import InboxChannel, InboxFinding, InboxPacket, IssuedReceipt
from rcoi.receiving import channels, inbox, opening, standing
from rcoi.states import WORKING, FindingState
from scanning.models import RoomCard
from tests.day.reference_centre import Centre
from tests.day.world import PICTURE, Exam, World
from tests.support.journals import JournalStation
from tests.transfers.conftest import ACTOR, Hq
from transfers import feed, flash, importing, receipts
from transfers.models import Packet, StandingReport
from wire import canonical, pki
from wire.documents.anchor import AnchoredHead
from wire.forms import make_number
from wire.journal import FormSet
from wire.packet import PacketHeader, ScanHead, TarFile, append_signature, write_content
from wire.pki import CertificateRole

#: The other machine of the HQ: it scans, has no network, and its packets come on a drive.
OTHER = "0198b0c4-0000-7000-8000-0000000000cc"
OPERATOR = Actor("Павлов Денис Олегович", "page")
#: Words of the centre → words of its reference.
WORDS = {
    "packet_awaited": "packet",
    "packet_rejected": "undecided",
    "packet_stuck": "undecided",
    "packet_checked": "undecided",
    "second_packet": "second",
    "fewer_sheets": "fewer",
    "seats_differ": "seats",
    "sets_undelivered": "sets",
    "after_last_status": "after",
    "rescan_awaited": "rescan",
    "status_exams_finished": "status",
    "status_blanks_transferred": "status",
    "sequence_gap": "gap",
    "sheet_elsewhere": "elsewhere",
    "station_missing": "unheard",
    "form_missing": "forms",
    "late": "late",
    "recording_missing": "recording",
    "journal_problem": "journal",
    "fewer_with_act": "fewer",
    "closed_with_act": "act",
    "scan_head_missing": "head",
    "scan_journal_rewritten": "rewritten",
    "log_went_back": "back",
    "sets_unplaced": "unplaced",
    "sets_contested": "contested",
    "open_at_point": "told",
}
#: Signed, and not known to be answered for good.
SENT = ("queued", "uploading", "handed_over", "delivered", "stuck", "acknowledged", "rejected", "superseded")


@dataclass
class Other:
    """What the other machine has on its disk."""

    sequence: int = 0
    prev: str = ""
    newest: dict[tuple[int, str], tuple[str, int]] = field(default_factory=dict)


class Both(World):
    """The world of the point with the real centre on the other end of every road."""

    other: Other
    decided: set[tuple[Any, ...]]

    @classmethod
    def found(cls, day: Any, hq: Hq, flash_dir: Any, exams: int = 3) -> "Both":
        """Make the registry of the day, give the centre its keys and the other machine its certificate."""
        world = super().found(day, hq, flash_dir, exams)
        assert isinstance(world, Both)
        for name, key in (("ca", hq.keys.ca_key), ("rcoi", hq.keys.keys["rcoi-01"])):
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            (node.folder() / f"{name}.key").write_bytes(private)
        hq.keys.certify(CertificateRole.HQ, OTHER, name="Станция сканирования штаба")
        world.other, world.decided = Other(), set()
        return world

    def copy(self) -> "Both":
        """Return this world for one example, with empty drives."""
        made = super().copy()
        assert isinstance(made, Both)
        made.decided = set(self.decided)
        made.other = replace(self.other, newest=dict(self.other.newest))
        made.empty_drives()
        return made

    def empty_drives(self) -> None:
        """Nothing lies on any drive."""
        for each in ("out", "other", "torn"):
            shutil.rmtree(self.flash / each, ignore_errors=True)
            (self.flash / each).mkdir()

    @contextmanager
    def centre(self) -> Iterator[None]:
        """This process is the centre."""
        with override_settings(PPE_NODE="rcoi"):
            set_urlconf(_addresses())
            try:
                yield
            finally:
                set_urlconf(None)

    # --- from the point to the centre -------------------------------------------------------------------------------

    def seal(self, exam: Exam, station: JournalStation, made: list[FormSet]) -> None:
        """Let a station write its sets openly, too: all that the centre can read of them."""
        for each in made if station.kind == "print" else ():
            # A set is printed once, and spoiled later.
            station.add("set_spoiled" if each.spoiled else "set_printed", set=each.ordinal)
        super().seal(exam, station, made)

    def signed(self) -> list[Packet]:
        """Every packet that may go."""
        return [each for each in self.packets(*SENT) if each.sha256]

    def deliver(self, packet: Packet, *, answered: bool = True) -> None:
        """Bring a packet to the centre by network; its receipt comes back, unless the line breaks."""
        with self.act("deliver"), self.centre():
            own = node.node_signer(self.point)
            row = inbox.receive(
                path=packet.file,
                name=packet.name,
                door=InboxChannel.NETWORK,
                sender=pki.identity_of(own.certificate),
                actor=SYSTEM,
            )
            said = centre_receipts.latest(row.sha256)
        if answered and said is not None:
            receipts.ingest(document=bytes(said.body), point=self.point, door="answer")

    def carry(self, packet: Packet) -> None:
        """Write a packet to the drive that goes to the centre."""
        with self.act("carry"):
            flash.write(packets=[packet], folder=str(self.flash / "out"), actor=ACTOR)

    def drive_arrives(self, name: str = "out") -> None:
        """The centre takes in a drive: everything on it, old and new."""
        with self.act("drive_arrives"), self.centre():
            channels.import_folder(folder=str(self.flash / name), actor=OPERATOR)

    def torn(self, packet: Packet) -> None:
        """A packet comes to the centre damaged: on a drive that was pulled out."""
        data = packet.file.read_bytes()
        shutil.rmtree(self.flash / "torn", ignore_errors=True)
        (self.flash / "torn").mkdir()
        (self.flash / "torn" / packet.name).write_bytes(data[: len(data) // 2] + b"\0" + data[len(data) // 2 + 1 :])
        self.drive_arrives("torn")

    def opens(self, *, some: int = 0) -> None:
        """The centre's queue opens what waits, or only the first ones."""
        self.acts += 1
        with self.centre():
            rows = InboxPacket.objects.filter(state__in=WORKING).order_by("pk").values_list("pk", flat=True)
            for pk in list(rows)[: some or None]:
                opening.open_packet(pk)

    def node(self) -> None:
        """What the node does by itself; what is open again is told, too."""
        super().node()
        self.tells()

    def tells(self) -> None:
        """The point says what is open again, and its word arrives."""
        telling._quiet.clear()
        telling._looked.clear()
        telling.tell()
        for row in StandingReport.objects.filter(told_at=None):
            sender = pki.identity_of(node.node_signer(self.point).certificate)
            with self.centre():
                standing.receive(document=bytes(row.document), sender=sender, actor=SYSTEM)
            StandingReport.objects.filter(pk=row.pk).update(told_at=now())

    # --- from the centre to the point -------------------------------------------------------------------------------

    def polls(self, *, some: int = 0) -> None:
        """The point reads what is new in its feed, or only the first items."""
        with self.act("polls"):
            items = self.items(feed.cursor_of(self.point).number)
            feed.take_items(point=self.point, items=items[: some or None], door="feed", actor=SYSTEM)

    def items(self, after: int = 0) -> list[bytes]:
        """What the centre gives out."""
        with self.centre():
            return [bytes(each.body) for each in centre_feed.after(self.point, after, limit=10_000)]

    def disordered(self, which: int) -> None:
        """Items come again, or one comes before its time: nothing of it may change anything."""
        items = self.items()
        if items:
            with self.act("disordered"):
                feed.take_items(point=self.point, items=[items[which % len(items)]], door="feed", actor=SYSTEM)

    def old_receipt(self, which: int) -> None:
        """A receipt of any age comes as an answer, before the feed or after it."""
        rows = list(IssuedReceipt.objects.order_by("number"))
        if rows:
            with self.act("old_receipt"):
                receipts.ingest(document=bytes(rows[which % len(rows)].body), point=self.point, door="answer")

    def answers_on_a_drive(self) -> None:
        """The centre writes the feed to a drive, and the point reads it there."""
        with self.act("answers_on_a_drive"):
            folder = str(self.flash / "torn")
            with self.centre():
                channels.write_feed(point=self.point, folder=folder, actor=OPERATOR)
            flash.read_feed(folder=folder, point=self.point, actor=SYSTEM)

    # --- what people at the centre do -------------------------------------------------------------------------------

    def arrived(self, *kinds: str) -> list[InboxPacket]:
        """Packets that the centre has taken in, oldest first."""
        return list(InboxPacket.objects.filter(uid__isnull=False, kind__in=kinds).order_by("pk"))

    def ask_for(self, packet: InboxPacket, *, sheets: bool) -> None:
        """Ask for a new scan."""
        rows = packet.inboxsheets.exclude(number="").order_by("pk")
        numbers = list(rows.values_list("number", flat=True)[:1]) if sheets else []
        with self.act("ask_for"), self.centre():
            rescan.request(packet=packet, numbers=numbers, reason="Полоса поперёк листа", actor=OPERATOR)

    def undo(self, exam: Exam, status: str) -> None:
        """The coordinator takes a status back; the point learns it from the feed."""
        with self.act(f"undo {status}"), self.centre():
            centre_statuses.undo(
                sitting=exam.sitting, status=status, reason="объявлен по ошибке", actor=Actor("Крылова", "page")
            )

    def settle(self, finding: InboxFinding) -> None:
        """Say what was found out about a trouble, and remember what it was about as the reference sees it."""
        for exam in [each for each in self.exams if each.pk == finding.packet.sitting_id]:
            centre = Centre(exam.pk)
            for (kind, where), what in centre.lacks().items():
                same = kind == WORDS.get(finding.code) and where.partition(" ")[0] == finding.packet.sha256
                if same and (not finding.number or finding.number in where) and _about(finding, where, what):
                    self.decided.add((exam.pk, kind, centre.scope((kind, where)), what))
        with self.act("settle"), self.centre():
            findings.settle(finding=finding, reason="проверено по ведомости, лист найден", actor=OPERATOR)

    def unsettled(self) -> list[InboxFinding]:
        """What waits for a person."""
        rows = InboxFinding.objects.filter(state=FindingState.OPEN, packet__uid__isnull=False)
        return list(rows.exclude(code__in=("closed_with_act", "fewer_with_act")).order_by("pk"))

    # --- the other machine of the HQ --------------------------------------------------------------------------------

    def other_makes(self, exam: Exam, card: RoomCard, *, lacking: int = 0, tells: str = "") -> None:
        """The other machine scans a room, or the HQ, and writes its packet to a drive: the next version if it can.

        Args:
            exam: The exam.
            card: The room.
            lacking: So many sheets are left out.
            tells: Its packet says how far its scan journal is ("scans"), or that its event log is an older copy's.
        """
        self.acts += 1
        room = "" if card.is_hq else card.room.number
        forms = self.awaited_forms(exam, card)
        forms = forms[: len(forms) - lacking] if lacking else forms
        if not forms:
            return
        use = None if card.is_hq else exam.sitting.rooms.get(room=card.room)
        kind = "forms" if use is None else "audio" if use.voice else "blanks"
        self.other.sequence += 1
        listed, counts = _files(forms, self.other.sequence, card)
        came = counts.get("R", 0)
        seats = use.seats if use else 0
        typed = {"registration_count": came, "absent_count": seats - came, "dbo_count": 0, "not_finished_count": 0}
        room_json = {
            "format": "ppe-room/2",
            "sitting": exam.sitting.key,
            "room": room or "HQ",
            "card": typed,
            "counts": counts,
            "acts": [],
            "balance": {},
            "closed_with_act": False,
        }
        path = files.folder("tmp") / f"room-{self.other.sequence}.json"
        path.write_bytes(canonical.dumps(room_json))
        listed.insert(0, TarFile("room.json", "room", path))
        self._sign(exam, kind, room, listed, counts, tells)

    def _sign(
        self, exam: Exam, kind: str, room: str, listed: list[TarFile], counts: dict[str, int], tells: str
    ) -> None:
        part = files.folder("tmp") / f"other-{self.other.sequence}.ppe"
        to = self.hq.keys.certificates["rcoi-01"]
        content = write_content(part, files=listed, recipients=[to])
        older, version = self.other.newest.get((exam.pk, room), (None, 0))
        uid = canonical.uuid7()
        header = PacketHeader(
            uid=uid,
            version=version + 1,
            part=1,
            parts=1,
            kind=kind,
            mode="live",
            region="78",
            point=self.point.code,
            date=exam.sitting.date,
            subject=exam.sitting.subject.code,
            sitting=exam.sitting.key,
            room=room or None,
            counts=counts,
            content_sha256=content.sha256,
            content_size=content.size,
            recipients=(pki.fingerprint(to),),
            node=OTHER,
            sequence=self.other.sequence,
            prev=self.other.prev,
            created_at=datetime.now(UTC),
            supersedes=older,
            # Its journal never comes.
            scan_head=ScanHead("02", self.other.sequence, "a" * 64) if tells == "scans" else None,
            audit_head=AnchoredHead("node", 1 if tells == "copy" else 10 * self.other.sequence, "b" * 64),
        )
        signers = [self.hq.keys.signer(f"hq-{OTHER}"), self.hq.keys.signer(f"gek-{self.hq.keys.gek_uid}")]
        self.other.prev = append_signature(part, content=content, header=header, signers=signers)
        self.other.newest[exam.pk, room] = (uid, version + 1)
        part.replace(self.flash / "other" / f"PACKET_{self.other.sequence}.ppe")

    def takes_in_the_other(self) -> None:
        """This machine takes in the drive of the other one."""
        with self.act("takes_in_the_other"):
            importing.import_folder(folder=str(self.flash / "other"), point=self.point, actor=ACTOR)

    # --- everything that is left ------------------------------------------------------------------------------------

    def confirm(self) -> None:
        """Let every packet and every answer arrive, and the centre's people look into what they found."""
        for _round in range(2):
            for packet in self.signed():
                if not InboxPacket.objects.filter(sha256=packet.sha256).exists():
                    self.deliver(packet)
            self.opens()
            self.polls()

    def _finish(self, exam: Exam) -> None:
        super()._finish(exam)
        for each in self.unsettled():
            self.settle(each)


def _about(finding: InboxFinding, where: str, what: Any) -> bool:
    """Whether a finding speaks of this lack, where a packet has several of a kind."""
    if finding.code == "fewer_sheets":
        return f"{what[1]} " in finding.text.ru and f" {what[0]}:" in finding.text.ru
    if finding.code in ("form_missing", "station_missing"):
        return where.rsplit(" ", 1)[-1] in finding.text.ru
    return True


@cache
def _addresses() -> ModuleType:
    """The addresses of a centre's pages; asked for while this process is one."""
    made: Any = ModuleType("tests.day.centre_addresses")
    made.urlpatterns = urls.addresses()
    return made


def _files(forms: list[Any], sequence: int, card: RoomCard) -> tuple[list[TarFile], dict[str, int]]:
    """Return the pictures of a pile of paper, and how many of each kind they are."""
    listed: list[TarFile] = []
    counts: dict[str, int] = {"sheets": 0, "forms": 0}
    for place, (kind, number, _address) in enumerate(forms, 1):
        number = number or make_number(kind, 9_000_000 + sequence * 100 + place)
        path = files.folder("tmp") / f"other-{sequence}-{place}.tif"
        path.write_bytes(PICTURE)
        what = "form" if card.is_hq else "sheet"
        listed.append(TarFile(f"sheets/{place:04d}.tif", what, path, (number,)))  # type: ignore[arg-type]
        counts["forms" if card.is_hq else "sheets"] += 1
        counts[kind] = counts.get(kind, 0) + 1
    return listed, counts
