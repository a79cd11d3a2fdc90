"""When a live page has changed: the tag of the day, and what moves beside the facts of which the day is made."""

import hashlib
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from common import space
from common.work import clock
from monitoring import today
from monitoring.head import SOON, link_state
from monitoring.heartbeats import trouble_words
from monitoring.moment import Live, look
from stations.lookup import point_or_404, sitting_or_404
from stations.models import Sitting


def tag_of(request: HttpRequest, live: Live, *, beats: bool = False) -> str:
    """Return the tag of what a person sees of a point now.

    It holds no minute: the browser counts down, and a new tag comes when a deadline passes. What is no fact of the day
    goes into it as it is shown: the troubles of stations, the line to the centre, the space on the disk.

    Args:
        request: Who asks for what.
        live: What was read at the moment of looking.
        beats: Whether the page shows when each station last spoke.
    """
    answered, trouble = live.contact
    level = link_state(live.at, answered, trouble)[0]
    seen: list[Any] = [
        live.seen.tag if live.seen else "",
        clock.today(live.point.timezone),
        sorted((row.key, name, _near(row, name, live.at)) for row in live.sittings for name in row.deadlines),
        [level, "" if level == "ok" else answered, trouble],
        [(row.station_id, row.state, trouble_words(row), row.at if beats else "") for row in live.heartbeats],
        space.level(),
        request.user.pk,
        get_language(),
        request.get_full_path(),
    ]
    return '"' + hashlib.sha256(repr(seen).encode()).hexdigest()[:32] + '"'


def _near(row: Sitting, name: str, at: datetime) -> int:
    """How near a deadline is, in the steps that change its colour."""
    due = row.deadline(name)
    return 0 if due is None or due - at > SOON else 1 if due > at else 2


def point_live(request: HttpRequest, key: str) -> Live:
    """Return what “Today” looks at; asked once for a request."""
    kept: Live | None = request.__dict__.get("_live")
    if kept is None:
        point = point_or_404(request.user, key)  # type: ignore[arg-type]
        kept = request.__dict__["_live"] = look(point, today.sittings_of(point))
    return kept


def point_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Today”."""
    return tag_of(request, point_live(request, key))


def sitting_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Monitoring”."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return tag_of(request, look(sitting.point, [sitting]), beats=True)
