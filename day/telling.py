"""What the centre is told of a day whose statuses were declared: that something is open again, and when it is settled.

The word is drawn from the evaluation of now and held against what was last said; nothing else is kept.
"""

import datetime as dt
import logging
from collections.abc import Mapping

from django.db import transaction

from audit.models import NODE_CHAIN, ChainHead
from common.obligations import Obligation, standing
from common.work import clock
from day import evaluate
from day.judged import Day, SittingDay
from day.lock import hold
from day.table import END, FINISHED, TRANSFERRED
from stations.models import ExamPoint, Sitting
from transfers import standing as reports
from transfers.models import PointStatus, StandingReport
from wire.documents.standing import OpenMatter, SittingStanding
from wire.errors import PpeError

log = logging.getLogger(__name__)

#: Whether the status itself is at the centre, the centre knows.
_KNOWN_THERE = frozenset({f"status_{name}" for name in (FINISHED, TRANSFERRED)})
#: Days on which nothing was open when they were last looked at, and the heads of the log then: every change that opens
#: something writes its event. It spares work only, and is lost with the process.
_quiet: dict[tuple[int, dt.date], tuple[str, str]] = {}
#: A day before yesterday's is looked at so often: whatever happens today would have it evaluated anew each time.
SELDOM = dt.timedelta(minutes=10)
_looked: dict[tuple[int, dt.date], dt.datetime] = {}


def open_again(own: SittingDay) -> tuple[Obligation, ...]:
    """Return what is open of an exam though the point has declared the status that rests on it."""
    gate = next((gate for name, gate in ((TRANSFERRED, END), (FINISHED, FINISHED)) if name in own.exam.statuses), "")
    return tuple(each for each in standing(own.gate(gate)) if each.code not in _KNOWN_THERE) if gate else ()


def tell() -> int:
    """Form the next word about every day on which what is open again has changed; return how many were formed."""
    days = sorted(set(PointStatus.objects.order_by().values_list("sitting__point", "sitting__date").distinct()))
    points = ExamPoint.objects.select_related("region").in_bulk({point for point, _date in days})
    heads = dict(ChainHead.objects.values_list("chain", "hash"))
    return sum(_tell(points[point], date, heads) for point, date in days)


def _tell(point: ExamPoint, date: dt.date, heads: Mapping[str, str]) -> bool:
    now, at, key = (heads.get(point.key, ""), heads.get(NODE_CHAIN, "")), clock.now(), (point.pk, date)
    if _quiet.get(key) == now or (_is_old(point, date) and key in _looked and at - _looked[key] < SELDOM):
        return False
    _looked[key] = at
    day = evaluate.today(point, date)
    if _changed(point, date, day):
        try:
            return _form(point, date)
        except PpeError as refusal:
            # A certificate on its way, a full disk: the next look tries again.
            log.info("what is open again at %s is not told yet: %s", point.key, refusal.text("en"))
    elif not any(open_again(each) for each in day.sittings):
        _quiet[key] = now
    return False


def _is_old(point: ExamPoint, date: dt.date) -> bool:
    return date < clock.today(point.timezone) - dt.timedelta(days=1)


def _form(point: ExamPoint, date: dt.date) -> bool:
    with transaction.atomic():
        hold(point, list(Sitting.objects.filter(point=point, date=date).values_list("pk", flat=True)))
        day = evaluate.evaluate(point, date)
        if not _changed(point, date, day):
            return False
        reports.write(point, date, _words(day))
    return True


def _changed(point: ExamPoint, date: dt.date, day: Day) -> bool:
    row = StandingReport.objects.filter(point=point, date=date).first()
    said = row.said if row else {}
    return said != reports.said_in(_words(day)) or reports.outdated(row, point, date)


def _words(day: Day) -> list[SittingStanding]:
    """Return the word about each exam of the day: one that a word left out would stay as an earlier one told it."""
    return [
        SittingStanding(
            each.exam.key, tuple(OpenMatter(row.code, row.place, row.text, row.since) for row in open_again(each))
        )
        for each in day.sittings
    ]
