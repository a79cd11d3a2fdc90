"""What is done at the point: acts of people and of the node itself, each a service of the portal."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.moves import IllegalMoveError
from common import files, marks
from day import evaluate
from journals import acts as journal_acts
from journals import intake
from journals.models import Journal
from keys.tokens import list_tokens, open_token
from scanning import cards
from scanning.models import RoomCard, Sheet
from stations.models import ExamPoint, Sitting, StationAssignment
from tests.day import reference
from tests.day.world import Exam, World
from tests.simulator.morning import CODE, GEK
from tests.simulator.node import Act
from tests.simulator.upkeep import audit, job, sweep
from tests.support.keys import PIN
from tests.transfers.conftest import ACTOR
from transfers import flash, outbox, sequences, sign, statuses
from transfers.models import FeedCursor, FeedRecord, Packet, PointStatus, ReceiptRecord
from wire import durable
from wire.errors import PpeError
from wire.room import required_for_point, required_for_room

OPERATOR = replace(ACTOR, name="Иванов Пётр Ильич")


#: Rooms closed at zero over a sheet of a set that an accepted journal of the room calls spoiled.
SPOILED = (
    "SELECT DISTINCT u.code AS exam, r.number AS room FROM scanning_sheet s"
    " JOIN scanning_roomcard c ON c.id = s.card_id JOIN stations_room r ON r.id = c.room_id"
    " JOIN stations_sitting g ON g.id = c.sitting_id JOIN stations_subject u ON u.id = g.subject_id"
    " JOIN journals_journalsheet f ON f.number = s.number JOIN journals_journalset t ON t.id = f.set_id"
    " JOIN journals_journal j ON j.id = t.journal_id AND j.sitting_id = c.sitting_id AND j.room_id = c.room_id"
    " WHERE s.state = 'accepted' AND c.act_id IS NULL AND c.state IN ('closed', 'packed')"
    " AND j.state = 'accepted' AND t.spoiled"
)


class Desk(World):
    """The people of the point at their desk; what lies in the envelopes the world tells them."""

    def __init__(self) -> None:
        self.point = ExamPoint.objects.select_related("region").get(code=CODE)
        rows = Sitting.objects.filter(point=self.point).select_related("point__region", "subject").order_by("pk")
        self.exams = [Exam(each) for each in rows]
        self.acts, self.refused = 0, {}
        self.envelope: list[tuple[str, str, dict[str, str]]] = []
        self.last: Any = None

    def awaited_forms(self, exam: Exam, card: RoomCard) -> list[tuple[str, str, dict[str, str]]]:
        """What the world says."""
        return self.envelope

    @property
    def token(self) -> Any:  # type: ignore[override]
        """The token of the GEK member, opened when somebody needs it."""
        info = next(each for each in list_tokens() if each.path.endswith(f"gek-{GEK}.p12"))
        return open_token(token=info.id, pin=PIN, point=self.point)

    def _sheet(self, *args: Any) -> None:
        """Write a picture as the desk does: it is on the disk before its row is."""
        super()._sheet(*args)
        path = files.inside(Sheet.objects.order_by("-pk").values_list("path", flat=True)[0])
        with path.open("rb") as file:
            os.fsync(file.fileno())
        durable.fsync_dir(path.parent)

    def exam(self, number: int) -> Exam:
        """Return an exam."""
        return self.exams[number % len(self.exams)]

    def card(self, exam: Exam, room: str) -> RoomCard:
        """Return the card of a room."""
        return RoomCard.objects.select_related("room", "sitting__point__region", "sitting__subject").get(
            sitting=exam.sitting, room__number=room
        )

    def told(self) -> str:
        """What the last act was refused with."""
        return str(getattr(self.last, "message", self.last)) if self.last is not None else ""


_desk: list[Desk] = []


def desk() -> Desk:
    """The people of the point; they are the same for a whole life."""
    if not _desk:
        _desk.append(Desk())
    _desk[0].last = None
    return _desk[0]


# --- acts of people ---------------------------------------------------------------------------------------------------


def journal(data: bytes, name: str) -> str:
    """Bring a journal."""
    return str(intake.ingest(data=data, name=name, door="flash", actor=OPERATOR).journal.state)


def decide_journal(exam: int, accept: bool) -> str:
    """Decide about a journal in quarantine."""
    it = desk()
    it.decide_journal(it.exam(exam), accept=accept)
    return it.told()


def excuse(exam: int, room: str) -> str:
    """Make an act instead of the journal of a print station."""
    it = desk()
    posts = StationAssignment.objects.filter(sitting=it.exam(exam).sitting, station__kind="print", room__number=room)
    it.excuse(it.exam(exam), posts.select_related("station", "room").get())
    return it.told()


def scan(exam: int, room: str, envelope: list[tuple[str, str]], some: int = 0) -> str:
    """Put what lies in an envelope through the scanner."""
    it = desk()
    own = it.exam(exam)
    card = it.card(own, room)
    it.envelope = [(kind, number, {}) for kind, number in envelope] if room != "HQ" else _hq_forms(it, own)
    it.scan(own, card, some=some)
    return it.told()


def _hq_forms(it: Desk, exam: Exam) -> list[tuple[str, str, dict[str, str]]]:
    sitting = exam.sitting
    where = {"region": it.point.region.code, "point": it.point.code, "date": sitting.date.isoformat()}
    where["subject"] = sitting.subject.code
    rooms = [each.room.number for each in cards.ensure_cards(sitting) if not each.is_hq]
    found = [(kind, "", {}) for kind in required_for_point(oral=False)]
    return found + [(kind, "", {**where, "room": room}) for room in rooms for kind in required_for_room()]


def leave_out(exam: int, room: str) -> str:
    """Exclude a sheet of an open room."""
    it = desk()
    it.leave_out(it.card(it.exam(exam), room))
    return it.told()


def fill(exam: int, room: str, wrong: int = 0) -> str:
    """Type the numbers of the covering sheet."""
    it = desk()
    it.fill(it.exam(exam), it.card(it.exam(exam), room), wrong)
    return it.told()


def close(exam: int, room: str) -> str:
    """Close a room at zero."""
    it = desk()
    it.close(it.card(it.exam(exam), room))
    return it.told()


def close_with_act(exam: int, room: str) -> str:
    """Close a room with a difference."""
    it = desk()
    it.close_with_act(it.card(it.exam(exam), room))
    return it.told()


def reopen(exam: int, room: str) -> str:
    """Open a room again by hand."""
    it = desk()
    it.reopen(it.card(it.exam(exam), room))
    return it.told()


def build_packets(exam: int) -> str:
    """Build the packets of the closed rooms."""
    it = desk()
    it.build(it.exam(exam))
    return it.told()


def sign_all() -> str:
    """Sign what waits for a token."""
    it = desk()
    it.sign_all()
    return it.told()


def carry(which: int) -> list[str]:
    """Write a packet to the drive; return the names of the files on it."""
    desk()
    rows = list(Packet.objects.full().order_by("pk"))
    ready = flash.waiting(rows) or flash.portable(rows)
    if ready:
        flash.write(packets=[ready[which % len(ready)]], folder=settings.PPE_FLASH_DIRS[0].as_posix(), actor=ACTOR)
    return sorted(
        each.relative_to(settings.PPE_FLASH_DIRS[0]).as_posix()
        for each in Path(settings.PPE_FLASH_DIRS[0]).rglob("*.ppe")
    )


def read_drive() -> str:
    """Read the feed that was brought on the drive."""
    it = desk()
    flash.read_feed(folder=settings.PPE_FLASH_DIRS[0].as_posix(), point=it.point, actor=ACTOR)
    return ""


def declare(exam: int, status: str) -> str:
    """Declare a status."""
    it = desk()
    it.declare(it.exam(exam), status)
    return it.told()


def end_scan(exam: int) -> str:
    """Form the scan journal."""
    it = desk()
    it.end_scan(it.exam(exam))
    return it.told()


def retry(which: int) -> str:
    """Press «Retry» of a packet that is stuck, or delivered and silent."""
    rows = list(Packet.objects.filter(state__in=("stuck", "delivered")).full().order_by("pk"))
    if rows:
        outbox.retry(packet=rows[which % len(rows)], actor=ACTOR)
    return ""


def act_packet(uid: str) -> str:
    """Press «Retry» of this very packet."""
    outbox.retry(packet=Packet.objects.full().get(uid=uid), actor=ACTOR)
    return ""


def twice(what: int, exam: int, room: str) -> str:
    """Let two people do the same, both from what they saw before either did it."""
    it = desk()
    own = it.exam(exam)
    one, other = it.card(own, room), it.card(own, room)
    waiting = [list(Packet.objects.filter(state="awaiting_signature").full().order_by("pk")) for _time in range(2)]
    acts = (
        lambda card, rows: it.close(card),
        lambda card, rows: it.reopen(card),
        lambda card, rows: sign.sign_packets(packets=rows, token=it.token, actor=ACTOR) if rows else None,
        lambda card, rows: it.close_with_act(card),
        lambda card, rows: it.leave_out(card),
    )
    said = []
    for card, rows in ((one, waiting[0]), (other, waiting[1])):
        try:
            acts[what % len(acts)](card, rows)
        except (PpeError, IllegalMoveError) as refusal:
            said.append(str(refusal))
    return "; ".join([*said, it.told()])


def room(exam: int, room: str, envelope: list[tuple[str, str]]) -> str:
    """Scan what lies in an envelope, type its numbers, close the room and build its packet."""
    it = desk()
    scan(exam, room, envelope)
    own = it.exam(exam)
    it.fill(own, it.card(own, room), 0)
    it.close(it.card(own, room))
    it.build(own)
    return it.told()


def repeat(which: int) -> str:
    """Send a rejected status anew."""
    rows = list(Packet.objects.filter(state="rejected", kind="status").full().order_by("pk"))
    if rows:
        statuses.repeat(packet=rows[which % len(rows)], actor=ACTOR)
    return ""


# --- what the node does by itself -------------------------------------------------------------------------------------


def start() -> None:
    """Start the node, as `run_node` does."""
    sequences.catch_up()


# --- what is looked at ------------------------------------------------------------------------------------------------


def look() -> dict[str, Any]:
    """Return what the portal says is owed of each exam, what the reference says, and what a neighbour can check."""
    it = desk()
    day = evaluate.evaluate(it.point, it.exams[0].sitting.date)
    exams = {}
    for exam in it.exams:
        own = day.sitting(exam.sitting.key)
        exams[exam.sitting.key] = {
            "open": sorted((each.code, each.place) for each in own.open),
            "words": [each.text.ru for each in own.open],
            "reference": sorted(reference.owed(exam.sitting.pk, settings.PPE_STATION)),
            "over": own.over,
            "day_over": day.over(exam.sitting.key),
        }
    packets = Packet.objects.exclude(kind="test").order_by("pk")
    fields = ("uid", "version", "kind", "state", "sha256", "path", "sequence", "last_error_code", "signed_at")
    feeds = FeedRecord.objects.order_by("number")
    return {
        "exams": exams,
        "packets": list(packets.values(*fields, "sitting__subject__code", "room__number")),
        "receipts": list(ReceiptRecord.objects.order_by("pk").values_list("number", "level", "file_sha256", "sha256")),
        "feed": list(feeds.values_list("number", "sha256", "problem")),
        "read": FeedCursor.objects.values_list("number", flat=True).first() or 0,
        "cards": {
            (each[0], each[1]): each[2]
            for each in RoomCard.objects.values_list("sitting__subject__code", "room__number", "state")
        },
        "statuses": list(PointStatus.objects.values_list("sitting__subject__code", "status", "state").order_by("pk")),
        "files": [
            *Journal.objects.exclude(path="").order_by("pk").values_list("path", "sha256"),
            *journal_acts.Act.objects.order_by("pk").values_list("path", "sha256"),
        ],
        "spoiled": [(each["exam"], each["room"]) for each in reference.rows(SPOILED)],
        "empty": list(
            RoomCard.objects.filter(state__in=("closed", "closed_with_act", "packed"), registration_count=None)
            .exclude(room__kind="hq")
            .values_list("sitting__subject__code", "room__number")
        ),
        "gaps": [(each.series, each.after, each.to) for each in marks.gaps()],
    }


def excused() -> set[str]:
    """Return the numbers that a GEK member's act excuses."""
    rows = reference.rows(
        "SELECT d.number FROM scanning_discrepancy d JOIN scanning_roomcard c ON c.id = d.card_id"
        " JOIN journals_act a ON a.id = c.act_id WHERE d.kind = 'missing' AND d.found_at <= a.made_at"
    )
    return {each["number"] for each in rows}


def standing() -> dict[str, str]:
    """Return station → SHA-256 of its accepted journal."""
    rows = Journal.objects.filter(state="accepted", kind="print").values_list("room__number", "sha256")
    return dict(rows)


ACTS: dict[str, Act] = {
    each.__name__: each
    for each in (
        journal,
        decide_journal,
        excuse,
        scan,
        leave_out,
        fill,
        close,
        close_with_act,
        reopen,
        build_packets,
        sign_all,
        carry,
        read_drive,
        declare,
        end_scan,
        retry,
        repeat,
        start,
        job,
        sweep,
        look,
        audit,
        excused,
        standing,
        twice,
        room,
        act_packet,
    )
}
