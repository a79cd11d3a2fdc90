"""What is read at the moment of looking at a live page: enough to tell whether it changed, and to draw it."""

from dataclasses import dataclass
from datetime import datetime

from common.work.clock import now
from day.facts import Glance, glance
from monitoring.head import last_contact
from stations.models import ExamPoint, Heartbeat, Sitting


@dataclass(frozen=True)
class Live:
    """What a live page looks at before it is drawn; the page is drawn of the same.

    Attributes:
        point: The exam point.
        sittings: The exams of its day, in their order.
        seen: The glance at the day; None where there is none.
        heartbeats: Those of its stations.
        contact: When the centre last answered, and what stood in the way since.
        at: The moment of looking.
    """

    point: ExamPoint
    sittings: list[Sitting]
    seen: Glance | None
    heartbeats: list[Heartbeat]
    contact: tuple[datetime | None, str]
    at: datetime


def look(point: ExamPoint, sittings: list[Sitting]) -> Live:
    """Look at what of a point may have changed."""
    heartbeats = Heartbeat.objects.filter(station__point=point).select_related("station")
    return Live(
        point,
        sittings,
        glance(point, sittings[0].date) if sittings else None,
        list(heartbeats.order_by("station__kind", "station__number")),
        last_contact(point),
        now(),
    )
