"""What is done at the point: acts of people and of the node itself, each a service of the portal."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from audit.log import SYSTEM
from common.work import jobs
from day import acts, evaluate
from journals import acts as journal_acts
from journals import intake
from journals.models import Journal
from keys.models import Certificate
from keys.tokens import list_tokens, open_token
from scanning import cards, sheets, watch
from scanning.models import RoomCard
from stations.models import ExamPoint, Person, Sitting, StationAssignment
from tests.day import reference
from tests.day.world import Exam, World
from tests.simulator.morning import CODE, GEK
from tests.simulator.node import Act
from tests.support.keys import PIN
from tests.transfers.conftest import ACTOR
from transfers import build, feed, flash, sign, sequences, statuses
from transfers.models import FeedRecord, Packet, PointStatus, ReceiptRecord
from wire.forms import make_number
from wire.room import required_for_point, required_for_room

OPERATOR = replace(ACTOR, name="Иванов Пётр Ильич")


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


# --- acts of people ----------------------------------------------------------------------------------------------------


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
    it = desk()
    ready = [each for each in flash.portable(Packet.objects.full().order_by("pk"))]
    if ready:
        flash.write(packets=[ready[which % len(ready)]], folder=settings.PPE_FLASH_DIRS[0].as_posix(), actor=ACTOR)
    return sorted(each.relative_to(settings.PPE_FLASH_DIRS[0]).as_posix() for each in Path(settings.PPE_FLASH_DIRS[0]).rglob("*.ppe"))


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
    """Press «Retry» of a packet that is stuck."""
    from transfers import outbox  # noqa: PLC0415

    rows = list(Packet.objects.filter(state__in=("stuck", "delivered")).full().order_by("pk"))
    if rows:
        outbox.retry(packet=rows[which % len(rows)], actor=ACTOR)
    return ""


def repeat(which: int) -> str:
    """Send a rejected status anew."""
    rows = list(Packet.objects.filter(state="rejected", kind="status").full().order_by("pk"))
    if rows:
        statuses.repeat(packet=rows[which % len(rows)], actor=ACTOR)
    return ""


# --- what the node does by itself ------------------------------------------------------------------------------------


def start() -> None:
    """Start the node, as `run_node` does."""
    sequences.catch_up()


def job(name: str, pk: int) -> None:
    """Do the work that a wake-up names."""
    jobs.run(name, pk)


def sweep() -> int:
    """Do what the watchdog does: periodic tasks, then a wake-up for everything that is due."""
    for _name, _every, run in jobs.periodic_tasks():
        run()
    return jobs.run_scheduler()


# --- what is looked at ------------------------------------------------------------------------------------------------


def owed() -> dict[str, dict[str, Any]]:
    """Return exam → what the portal says is owed, and what the reference says."""
    it = desk()
    day = evaluate.evaluate(it.point, it.exams[0].sitting.date)
    found = {}
    for exam in it.exams:
        own = day.sitting(exam.sitting.key)
        found[exam.sitting.key] = {
            "open": sorted((each.code, each.place) for each in own.open),
            "words": [each.text.ru for each in own.open],
            "reference": sorted(reference.owed(exam.sitting.pk, settings.PPE_STATION)),
            "over": own.over,
            "day_over": day.over(exam.sitting.key),
        }
    return found


def snapshot() -> dict[str, Any]:
    """Return what can be held against the other node."""
    packets = Packet.objects.exclude(kind="test").order_by("pk")
    return {
        "packets": list(packets.values("uid", "version", "kind", "state", "sha256", "path", "sequence", "sitting__subject__code", "room__number", "last_error", "attempts")),
        "receipts": list(ReceiptRecord.objects.order_by("pk").values("number", "level", "file_sha256", "sha256")),
        "feed": list(FeedRecord.objects.order_by("number").values("number", "sha256", "kind")),
        "cards": list(RoomCard.objects.values("sitting__subject__code", "room__number", "state")),
        "statuses": list(PointStatus.objects.values("sitting__subject__code", "status", "state")),
    }


def audit() -> str:
    """Return what is wrong with the event log; nothing when it is whole."""
    import io  # noqa: PLC0415

    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    return out.getvalue()


ACTS: dict[str, Act] = {
    each.__name__: each
    for each in (
        journal, decide_journal, excuse, scan, leave_out, fill, close, close_with_act, reopen, build_packets, sign_all, carry,
        read_drive, declare, end_scan, retry, repeat, start, job, sweep, owed, snapshot, audit,
    )
}
