"""What the centre waits for: every room of every sitting of a day, and what came of it. Used by pages and reports."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _

from common.work.clock import now
from rcoi.checking import standing
from rcoi.checking.standing import Matter, Standing
from rcoi.models import InboxKind, InboxPacket, PhoneReport, PointStatusRecord, RescanRequest
from rcoi.states import InboxState, PointStatusState, RescanState
from stations.models import Sitting, SittingRoom

Status = PointStatusRecord.Status
#: Statuses that the centre waits for on the day.
EXPECTED_STATUSES = (Status.EXAMS_FINISHED, Status.BLANKS_TRANSFERRED)


@dataclass
class AwaitedItem:
    """One packet or status that the centre waits for."""

    label: str
    kind: str
    room: str = ""
    packet: InboxPacket | None = None
    state: str = "awaited"
    rescans: int = 0
    open: int = 0

    @property
    def words(self) -> str:
        """The state in words."""
        if self.done and self.open:
            return _("confirmed, not settled: %d") % self.open
        if self.state == "awaited":
            return _("awaited")
        if self.state == "rescan":
            return _("being rescanned")
        assert self.packet is not None  # noqa: S101 (only an awaited cell has none)
        return str(self.packet.get_state_display()).lower()

    @property
    def tone(self) -> str:
        """Colour of the chip."""
        if self.done and self.open:
            return "warn"
        return {"awaited": "idle", InboxState.ACKNOWLEDGED: "ok", InboxState.REJECTED: "bad", "rescan": "warn"}.get(
            self.state, "info"
        )

    @property
    def done(self) -> bool:
        """Whether the packet is confirmed: nothing more is waited for, though something may be open about it."""
        return self.state == InboxState.ACKNOWLEDGED


@dataclass
class StatusCell:
    """One status of the day."""

    status: str
    record: PointStatusRecord | None
    deadline: datetime | None
    phone: PhoneReport | None = None

    @property
    def label(self) -> str:
        """The status in words."""
        return str(Status(self.status).label)

    @property
    def tone(self) -> str:
        """Colour of the chip."""
        if self.reported:
            return "ok"
        if self.record is not None or self.phoned:
            return "warn"
        return "bad" if self.late else "idle"

    @property
    def reported(self) -> bool:
        """Whether the status holds."""
        return self.record is not None and self.record.state == PointStatusState.REPORTED

    @property
    def phoned(self) -> bool:
        """Whether it was told by telephone and its packet has not come yet."""
        if self.phone is None or self.reported:
            return False
        undone = self.record.undone_at if self.record is not None else None
        return undone is None or self.phone.at > undone

    @property
    def late(self) -> bool:
        """Whether its deadline has passed without it."""
        return not self.reported and not self.phoned and self.deadline is not None and now() > self.deadline

    @property
    def words(self) -> str:
        """The state in words."""
        if self.phoned:
            return _("told by telephone")
        if self.record is not None:
            return str(self.record.get_state_display())
        return _("late") if self.late else _("awaited")


@dataclass
class SittingBoard:
    """One sitting as the centre sees it."""

    sitting: Sitting
    rooms: list[AwaitedItem]
    forms: AwaitedItem
    statuses: list[StatusCell]
    packets: list[InboxPacket] = field(default_factory=list)
    standing: Standing = field(default_factory=Standing)

    @property
    def open(self) -> list[Matter]:
        """What a person has to settle before the sitting is closed."""
        return self.standing.open

    @property
    def covered(self) -> list[Matter]:
        """What an act covers: the sitting may be closed, and is not green."""
        return self.standing.covered

    @property
    def cells(self) -> list[AwaitedItem]:
        """Every packet that is waited for."""
        return [*self.rooms, self.forms]

    @property
    def done(self) -> int:
        """How many packets are confirmed."""
        return sum(cell.done for cell in self.cells)

    @property
    def missing(self) -> list[AwaitedItem]:
        """What has not come, or came and was rejected."""
        return [cell for cell in self.cells if not cell.done]

    @property
    def percent(self) -> int:
        """Share of what is confirmed."""
        return round(100 * self.done / len(self.cells)) if self.cells else 0

    @property
    def arrived(self) -> bool:
        """Whether everything came and the statuses hold."""
        return not self.missing and all(status.reported for status in self.statuses)

    @property
    def closed(self) -> bool:
        """Whether everything came, the statuses hold and nothing is open."""
        return self.arrived and not self.open

    @property
    def clean(self) -> bool:
        """Whether it is closed and nothing had to be covered: only this is green."""
        return self.closed and not self.covered

    @property
    def tone(self) -> str:
        """Colour of the chip."""
        return "ok" if self.clean else "warn" if self.open or self.closed else "info"

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if self.closed:
            return _("Closed") if self.clean else _("Closed; differences are covered by an act or settled")
        if self.open:
            return _("Not settled: %d") % len(self.open)
        return f"{self.done}/{len(self.cells)}"


def boards(sittings: Iterable[Sitting]) -> list[SittingBoard]:
    """Return the boards of sittings, in a fixed number of queries whatever their number."""
    rows = list(sittings)
    # Rooms come in the query of their uses: asked for by a list of keys they are more than SQLite takes.
    prefetch_related_objects(rows, Prefetch("rooms", SittingRoom.objects.select_related("room")))
    packets: dict[int, list[InboxPacket]] = defaultdict(list)
    arrived = InboxPacket.objects.filter(sitting__in=rows, uid__isnull=False).exclude(kind=InboxKind.TEST)
    for packet in arrived.order_by("received_at", "pk"):
        packets[packet.sitting_id or 0].append(packet)
    records: dict[int, dict[str, PointStatusRecord]] = defaultdict(dict)
    for record in PointStatusRecord.objects.filter(sitting__in=rows).select_related("packet"):
        records[record.sitting_id][record.status] = record
    asked: dict[int, int] = defaultdict(int)
    for pk in RescanRequest.objects.filter(sitting__in=rows, state=RescanState.OPEN).values_list(
        "packet_id", flat=True
    ):
        asked[pk] += 1
    stand = standing.conclude(rows, packets)
    phoned = _phoned(rows)
    return [_board(row, packets[row.pk], records[row.pk], asked, stand[row.pk], phoned) for row in rows]


Phoned = dict[tuple[int, date, str], PhoneReport]


def _phoned(sittings: Sequence[Sitting]) -> Phoned:
    """Return the newest word by telephone of every point, day and status."""
    rows = PhoneReport.objects.filter(
        outcome=PhoneReport.Outcome.ACCEPTED,
        point__in={row.point_id for row in sittings},
        date__in={row.date for row in sittings},
    )
    return {(row.point_id, row.date, row.status): row for row in rows.order_by("at", "pk")}


def _board(
    sitting: Sitting,
    packets: Sequence[InboxPacket],
    records: dict[str, PointStatusRecord],
    asked: dict[int, int],
    stand: Standing,
    phoned: Phoned,
) -> SittingBoard:
    rooms = [
        _cell(
            each.room.number,
            InboxKind.AUDIO if each.voice else InboxKind.BLANKS,
            each.room.number,
            packets,
            asked,
        )
        for each in sorted(sitting.rooms.all(), key=lambda each: each.room.number)
    ]
    forms = _cell(str(_("Forms")), InboxKind.FORMS, "", packets, asked)
    for cell in (*rooms, forms):
        cell.open = len(stand.of(cell.packet))
    statuses = [
        StatusCell(
            status, records.get(status), sitting.deadline(status), phoned.get((sitting.point_id, sitting.date, status))
        )
        for status in EXPECTED_STATUSES
    ]
    return SittingBoard(sitting, rooms, forms, statuses, list(packets), stand)


def _cell(label: str, kind: str, room: str, packets: Sequence[InboxPacket], asked: dict[int, int]) -> AwaitedItem:
    cell = AwaitedItem(label, kind, room)
    mine = [packet for packet in packets if packet.kind == kind and packet.room == room]
    current = [packet for packet in mine if packet.superseded_by_id is None]
    acknowledged = [packet for packet in current if packet.state == InboxState.ACKNOWLEDGED]
    found = acknowledged or current or mine
    if found:
        cell.packet = found[-1]
        cell.rescans = asked.get(cell.packet.pk, 0)
        cell.state = "rescan" if cell.rescans and cell.packet.state == InboxState.ACKNOWLEDGED else cell.packet.state
    return cell


def sittings_of(user: Any, day: date) -> list[Sitting]:
    """Return the sittings of a day within a person's scope."""
    rows = Sitting.objects.visible_to(user).filter(date=day)
    return list(rows.select_related("point__region", "subject").order_by("point__code", "subject__code"))


def days_of(user: Any) -> list[date]:
    """Return the exam days in scope, in order."""
    return list(Sitting.objects.visible_to(user).order_by("date").values_list("date", flat=True).distinct())


def nearest(days: Sequence[date], today: date) -> date | None:
    """Return the exam day that the page opens with: today's, else the nearest."""
    return min(days, key=lambda day: (abs((day - today).days), day), default=None)
