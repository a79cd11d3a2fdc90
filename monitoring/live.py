"""When a live page has changed: the tag of the day, and what moves beside the facts of which the day is made."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language

from common import space
from common.work import clock
from day import evaluate
from monitoring import today
from monitoring.head import SOON, link_state
from monitoring.heartbeats import trouble_words
from monitoring.moment import Live, look
from stations.lookup import point_or_404, sitting_or_404
from stations.models import Sitting
from stations.rules import RULES, allowed


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
        # Two people who may do the same see the same.
        [[allowed(request.user, rule, row) for rule in RULES] for row in live.sittings],
        get_language(),
        timezone.get_current_timezone_name(),
        request.get_full_path(),
        request.GET.get("sitting") or request.session.get("current_sitting", ""),
    ]
    return '"' + hashlib.sha256(repr(seen).encode()).hexdigest()[:32] + '"'


#: Tag → a live part as it was drawn under it, the newest of all people's. It spares work only.
_drawn: OrderedDict[str, bytes] = OrderedDict()
_drawing = Lock()
MOST_DRAWN = 32


def drawn(tag: str, draw: Callable[[], bytes]) -> bytes:
    """Return a live part, drawn once for everybody whose page has the same tag: news reach all open pages at once.

    Args:
        tag: Its tag.
        draw: What draws it.
    """
    if not evaluate.KEPT:
        return draw()
    with _drawing:
        if tag not in _drawn:
            _drawn[tag] = draw()
            while len(_drawn) > MOST_DRAWN:
                _drawn.popitem(last=False)
        return _drawn[tag]


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
