"""What the page “Monitoring” lists of a sitting, read once for a page. What is concluded of it, `day` says."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from common.work.clock import now
from day import evaluate
from day.judged import Day, SittingDay
from journals.expected import Expected, expected_set, scan_expected
from journals.models import Journal
from stations.models import Sitting
from transfers.models import PointStatus

FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"


@dataclass(frozen=True)
class SittingFacts:
    """The rows of a sitting."""

    sitting: Sitting
    at: datetime

    @cached_property
    def day(self) -> Day:
        """What the day still owes."""
        return evaluate.today(self.sitting.point, self.sitting.date)

    @property
    def own(self) -> SittingDay:
        """What this exam still owes."""
        return self.day.sitting(self.sitting.key)

    @cached_property
    def room_posts(self) -> list[Expected]:
        """The print and voice stations that owe a journal."""
        return _rooms_first(expected_set(self.sitting, kinds=("print", "voice")))

    @cached_property
    def scan_posts(self) -> list[Expected]:
        """The scanning stations that owe a journal."""
        return _rooms_first(scan_expected(self.sitting))

    @cached_property
    def journals(self) -> list[Journal]:
        """The journals of the sitting, newest first."""
        rows = Journal.objects.filter(sitting=self.sitting).select_related("station", "room", "superseded_by")
        return list(rows.order_by("-received_at", "-pk"))

    @cached_property
    def room_numbers(self) -> list[str]:
        """The rooms of the sitting."""
        return [use.room for use in self.own.exam.uses]

    @cached_property
    def declared(self) -> list[PointStatus]:
        """Every declared status with its packets, undone ones too, newest first."""
        rows = PointStatus.objects.filter(sitting=self.sitting).prefetch_related("packets__receipts")
        return list(rows.order_by("-at", "-pk"))

    @cached_property
    def statuses(self) -> dict[str, PointStatus]:
        """The standing statuses by name; an undone one does not count."""
        return {row.status: row for row in self.declared if row.state != PointStatus.State.UNDONE}


def facts_of(sitting: Sitting) -> SittingFacts:
    """Return the facts of a sitting at this moment."""
    return SittingFacts(sitting, now())


def _rooms_first(rows: Iterable[Expected]) -> list[Expected]:
    """Return posts room by room; stations that never had a room last."""
    return sorted(rows, key=lambda row: (row.post.station.kind, row.post.room_id is None))
