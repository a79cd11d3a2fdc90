"""When a live page has changed: the tag of the day, and what moves beside the facts of which the day is made."""

import hashlib
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from common import space
from common.work import clock
from common.work.clock import now
from day import evaluate
from monitoring import today
from monitoring.head import SOON, link_state
from monitoring.heartbeats import trouble_words
from stations.lookup import point_or_404, sitting_or_404
from stations.models import ExamPoint, Heartbeat, Sitting
from transfers.models import FeedCursor


def tag_of(request: HttpRequest, point: ExamPoint, sittings: list[Sitting]) -> str:
    """Return the tag of what a person sees of a point now.

    It holds no minute: the browser counts down, and a new tag comes when a deadline passes. What is no fact of the day
    goes into it as it is shown: the troubles of stations, the line to the centre, the space on the disk.
    """
    at = now()
    cursor = FeedCursor.objects.filter(point=point).values_list("answered_at", "trouble").first()
    answered, trouble = cursor or (None, "")
    level = link_state(at, answered, trouble)[0]
    signs = Heartbeat.objects.filter(station__point=point).select_related("station").order_by("pk")
    seen: list[Any] = [
        [day_tag(request, row) for row in sittings[:1]],
        clock.today(point.timezone),
        sorted((row.key, name, _near(row, name, at)) for row in sittings for name in row.deadlines),
        [level, "" if level == "ok" else answered, trouble],
        [(row.station_id, row.state, trouble_words(row)) for row in signs],
        space.level(),
        request.user.pk,
        get_language(),
        request.get_full_path(),
    ]
    return '"' + hashlib.sha256(repr(seen).encode()).hexdigest()[:32] + '"'


def _near(row: Sitting, name: str, at: Any) -> int:
    """How near a deadline is, in the steps that change its colour."""
    due = row.deadline(name)
    return 0 if due is None or due - at > SOON else 1 if due > at else 2


def day_tag(request: HttpRequest, sitting: Sitting) -> str:
    """Return the tag of the day's evaluation, and keep it for the page that the request asks for."""
    tag = evaluate.tag_of(sitting.point, sitting.date)
    request.__dict__["_day_tag"] = (sitting.point_id, tag)
    return tag


def known_tag(request: HttpRequest, point: ExamPoint) -> str:
    """Return the tag that this request has asked of a point's day already; empty when it has not."""
    kept = request.__dict__.get("_day_tag")
    return str(kept[1]) if kept and kept[0] == point.pk else ""


def point_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Today”."""
    point = point_or_404(request.user, key)  # type: ignore[arg-type]
    return tag_of(request, point, today.sittings_of(point))


def sitting_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Monitoring”."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return tag_of(request, sitting.point, [sitting])
