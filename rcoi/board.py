"""What the centre waits for: every room of every sitting of a day, and what came of it. Used by pages and reports.

It shows, and concludes nothing: how an exam stands is asked of `rcoi.day.evaluation`.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from common.obligations import Obligation, ObligationState
from common.web.obligations import ShownObligation, show
from rcoi.day import evaluation
from rcoi.day.evaluation import Matter, Standing
from rcoi.day.rows import RoomUse
from rcoi.models import InboxFinding, InboxPacket, PhoneReport, PointStanding, PointStatusRecord, RescanRequest
from rcoi.states import InboxState, RescanState
from stations.models import Sitting

Status = PointStatusRecord.Status


@dataclass
class AwaitedItem:
    """One packet that the centre waits for."""

    label: str
    kind: str
    room: str
    obligation: Obligation
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
        if self.late and self.state == "awaited":
            return "bad"
        return {"awaited": "idle", InboxState.ACKNOWLEDGED: "ok", InboxState.REJECTED: "bad", "rescan": "warn"}.get(
            self.state, "info"
        )

    @property
    def late(self) -> bool:
        """Whether the packet should be here: its deadline has passed, or the point says that all is handed over."""
        return self.obligation.state == ObligationState.OPEN

    @property
    def done(self) -> bool:
        """Whether the packet is confirmed: nothing more is waited for, though something may be open about it."""
        return self.obligation.state == ObligationState.SETTLED and not self.rescans


@dataclass
class StatusCell:
    """One status of the day."""

    status: str
    obligation: Obligation
    deadline: datetime | None = None
    record: PointStatusRecord | None = None
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
        return self.obligation.state == ObligationState.SETTLED

    @property
    def phoned(self) -> bool:
        """Whether it was told by telephone and its packet has not come yet."""
        return self.obligation.state == ObligationState.ON_ITS_WAY

    @property
    def late(self) -> bool:
        """Whether its deadline has passed without it."""
        return self.obligation.state == ObligationState.OPEN

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
    def at_point(self) -> list[ShownObligation]:
        """What the point itself says is open there again."""
        return show(self.standing.at_point, self.sitting.point.timezone)

    @property
    def open_count(self) -> int:
        """How much stands open: about packets, and at the point."""
        return len(self.open) + len(self.standing.at_point)

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
    def closed(self) -> bool:
        """Whether everything came, the statuses hold and nothing is open."""
        return self.standing.settled

    @property
    def clean(self) -> bool:
        """Whether it is closed and nothing had to be covered: only this is green."""
        return self.standing.clean

    @property
    def tone(self) -> str:
        """Colour of the chip."""
        return "ok" if self.clean else "warn" if self.open_count or self.closed else "info"

    @property
    def words(self) -> str:
        """How it stands, in words."""
        if self.closed:
            return _("Closed") if self.clean else _("Closed; differences are covered by an act or settled")
        if self.open:
            return _("Not settled: %d") % self.open_count
        if self.open_count:
            return _("Open again at the point: %d") % self.open_count
        return f"{self.done}/{len(self.cells)}"


def boards(sittings: Iterable[Sitting]) -> list[SittingBoard]:
    """Return the boards of sittings, in a fixed number of queries whatever their number."""
    return [board_of(standing) for standing in evaluation.evaluate(sittings)]


def board_of(standing: Standing) -> SittingBoard:
    """Return the board of an exam, as it was evaluated."""
    exam = standing.exam
    assert exam is not None  # noqa: S101 (an evaluation of an exam has it)
    packets: dict[tuple[str, str], list[InboxPacket]] = {}
    for packet in exam.packets:
        packets.setdefault((packet.kind, packet.room), []).append(packet)
    cells = [_cell(standing, use, packets.get((use.kind, use.room), [])) for use in exam.facts.places]
    statuses = [
        StatusCell(
            each.status,
            standing.at(f"status_{each.status}"),
            each.deadline,
            exam.records.get(each.status),
            exam.phoned.get(each.status),
        )
        for each in exam.facts.statuses
    ]
    return SittingBoard(exam.sitting, cells[:-1], cells[-1], statuses, exam.packets, standing)


def _cell(standing: Standing, use: RoomUse, mine: Sequence[InboxPacket]) -> AwaitedItem:
    cell = AwaitedItem(use.room or str(_("Forms")), use.kind, use.room, standing.at("packet_awaited", use.room))
    current = [packet for packet in mine if packet.superseded_by_id is None]
    acknowledged = [packet for packet in current if packet.state == InboxState.ACKNOWLEDGED]
    found = acknowledged or current or mine
    if found:
        cell.packet = found[-1]
        about = Counter(each.code for each in standing.of(cell.packet))
        cell.rescans, cell.open = about["rescan_awaited"], about.total()
        cell.state = "rescan" if cell.rescans and acknowledged else cell.packet.state
    return cell


def with_troubles(user: Any) -> QuerySet[Sitting]:
    """Return the sittings in scope, of any day, that may have something open: which of it is, the evaluation says."""
    current = InboxPacket.objects.current()
    packets = current.filter(Q(findings__in=InboxFinding.objects.unsettled()) | Q(state=InboxState.REJECTED))
    asked = RescanRequest.objects.filter(state=RescanState.OPEN)
    words = PointStanding.objects.filter(point=OuterRef("point"), date=OuterRef("date"))
    return Sitting.objects.visible_to(user).filter(
        Q(pk__in=packets.values("sitting")) | Q(pk__in=asked.values("sitting")) | Exists(words)
    )


def sittings_of(user: Any, day: date, *, also: QuerySet[Sitting] | None = None) -> list[Sitting]:
    """Return the sittings of a day within a person's scope, and some others beside them."""
    wanted = Q(date=day) if also is None else Q(date=day) | Q(pk__in=also.values("pk"))
    rows = Sitting.objects.visible_to(user).filter(wanted)
    return list(rows.select_related("point__region", "subject").order_by("point__code", "subject__code"))


def days_of(user: Any) -> list[date]:
    """Return the exam days in scope, in order."""
    return list(Sitting.objects.visible_to(user).order_by("date").values_list("date", flat=True).distinct())


def nearest(days: Sequence[date], today: date) -> date | None:
    """Return the exam day that the page opens with: today's, else the nearest."""
    return min(days, key=lambda day: (abs((day - today).days), day), default=None)
