"""The conditions of a status as the evaluation of the day says them."""

from dataclasses import dataclass

from common.work.clock import now
from day import acts, evaluate
from day.table import TITLES
from monitoring.head import deadline_of, last_contact
from monitoring.incidents import incidents_of
from monitoring.steps import steps_of
from stations.models import Heartbeat


@dataclass(frozen=True)
class Gate:
    conditions: tuple
    blockers: tuple

    @property
    def open(self):
        return not self.blockers

    @property
    def codes(self):
        return sorted({each.code for each in self.blockers})


def own(sitting):
    """What one exam still owes, from scratch."""
    return evaluate.evaluate(sitting.point, sitting.date).sitting(sitting.key)


def gate(sitting, status):
    """The gate of a status, from scratch."""
    day = evaluate.evaluate(sitting.point, sitting.date)
    blockers = acts.blockers(day, sitting, status)
    return Gate(day.sitting(sitting.key).gate(status) if status in TITLES else (), blockers)


def steps(sitting, user):
    """The eight steps as a person sees them now."""
    return steps_of(sitting, evaluate.evaluate(sitting.point, sitting.date), user)


def incidents(sitting):
    """What needs attention now."""
    heartbeats = list(Heartbeat.objects.filter(station__point=sitting.point).select_related("station"))
    day = evaluate.evaluate(sitting.point, sitting.date)
    return incidents_of(sitting, day, now(), heartbeats, last_contact(sitting.point))


def deadline(sitting):
    """The next deadline now."""
    return deadline_of(sitting, evaluate.evaluate(sitting.point, sitting.date), now())
