"""The evaluation of a point's day: the only place from which pages, papers and answers learn what is still owed.

It may be kept under a tag of the facts until the next deadline: the head of the point's chain, under which every change
of state is written, and what moves without an event of its own (how rooms were last compared, why numbers are not
open). Heartbeats, whether the centre answers, the clock and the disk are no part of it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from common.work.clock import local, now
from day import facts, rules
from day.judged import Day
from day.lock import hold
from stations.models import ExamPoint, Sitting


def evaluate(point: ExamPoint, day: date) -> Day:
    """Evaluate a point's day from scratch."""
    return rules.judge(facts.read(point, day))


def locked(sitting: Sitting) -> Day:
    """Take the lock of an exam's day and evaluate it from scratch: what it says holds until the transaction ends."""
    rows = Sitting.objects.filter(point=sitting.point, date=sitting.date).values_list("pk", flat=True)
    hold(sitting.point, list(rows))
    return evaluate(sitting.point, sitting.date)


@dataclass(frozen=True)
class _Kept:
    tag: str
    today: date
    day: Day


#: (database, point, day) → the last evaluation. It spares work only, and is lost with the process.
_kept: dict[tuple[str, int, date], _Kept] = {}
#: So many days are kept; none when 0.
KEPT = 32


def forget() -> None:
    """Forget what was kept: another database may have rows of the same keys."""
    _kept.clear()


def today(
    point: ExamPoint, day: date, *, seen: facts.Glance | None = None, sittings: list[Sitting] | None = None
) -> Day:
    """Return the evaluation of a point's day, the kept one while nothing has changed and no deadline has passed.

    Args:
        point: The exam point.
        day: The day.
        seen: What a glance has read of it just now.
        sittings: The exams of the day in their order, when the caller has them.
    """
    key = (str(settings.DATABASES["default"]["NAME"]), point.pk, day)
    # The glance comes before the facts: what changes in between is seen the next time.
    seen, moment = seen or facts.glance(point, day), now()
    kept = _kept.get(key)
    here = local(moment, point.timezone).date()
    if kept is not None and kept.tag == seen.tag and kept.today == here and _holds(kept.day, moment):
        return kept.day
    made = rules.judge(facts.read(point, day, sittings, seen))
    if len(_kept) >= KEPT:
        _kept.clear()
    if KEPT:
        _kept[key] = _Kept(seen.tag, here, made)
    return made


def _holds(day: Day, moment: datetime) -> bool:
    """Whether no deadline has passed since, and no key has ended."""
    ends = [each.exam.key_row.until for each in day.sittings if each.exam.key_row]
    until = min([*ends, *([day.until] if day.until else [])], default=None)
    return day.at <= moment and (until is None or moment < until or until <= day.at)
