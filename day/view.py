"""The end of an exam and its day as pages and papers say it."""

from dataclasses import dataclass

from common.web.obligations import ShownObligation, show
from common.work import clock
from day import evaluate
from day.judged import Day, SittingDay
from stations.models import Sitting


@dataclass(frozen=True)
class Ending:
    """How far an exam and the day around it are from their end."""

    day: Day
    own: SittingDay
    zone: str

    @classmethod
    def of(cls, sitting: Sitting) -> "Ending":
        """Return the ending of an exam as it stands now."""
        day = evaluate.today(sitting.point, sitting.date)
        return cls(day, day.sitting(sitting.key), sitting.point.timezone)

    @property
    def open(self) -> list[ShownObligation]:
        """Everything between the exam and its end."""
        return show(self.own.open, self.zone)

    @property
    def sitting_over(self) -> bool:
        """Whether the exam is over."""
        return self.own.over

    @property
    def day_over(self) -> bool:
        """Whether the day is: everybody may go home."""
        return self.day.over(self.own.exam.key)

    @property
    def opened_again(self) -> bool:
        """Whether something is open though the centre had accepted the last status."""
        return self.own.opened_again

    @property
    def opened_since(self) -> str:
        """Since when it is open again, in the point's time; empty when that is not known."""
        since = self.own.opened_since
        return f"{clock.local(since, self.zone):%d.%m %H:%M}" if since else ""

    @property
    def others(self) -> tuple[SittingDay, ...]:
        """The other exams of the day that are not over."""
        return self.day.others(self.own.exam.key)

    @property
    def others_words(self) -> str:
        """The other exams of the day that are not over, by name."""
        return ", ".join(each.exam.title for each in self.others)
