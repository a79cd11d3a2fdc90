"""When a live page has changed: a cheap tag over everything that its fragment is made of."""

import hashlib
from typing import Any

from django.db.models import Count, F, Max, Sum
from django.http import HttpRequest
from django.utils.translation import get_language

from audit.models import NODE_CHAIN, ChainHead
from common.work.clock import now
from journals.models import Journal
from scanning.models import Sheet
from stations.lookup import point_or_404, sitting_or_404
from stations.models import ExamPoint
from transfers.models import Packet


def tag_of(request: HttpRequest, point: ExamPoint) -> str:
    """Return the tag of what a person sees of a point now.

    Every change of state writes an event, so the heads of two chains stand for most of it; recognition and delivery
    move counters between events; the minute stands for the clock and what is left until a deadline.
    """
    heads = ChainHead.objects.filter(chain__in=[point.key, NODE_CHAIN]).order_by("chain").values_list("chain", "number")
    sheets = Sheet.objects.filter(card__sitting__point=point).values("state").order_by("state").annotate(n=Count("pk"))
    packets = Packet.objects.filter(sitting__point=point).aggregate(
        last=Max("pk"), moved=Sum(F("progress") + F("offset")), tries=Sum("attempts")
    )
    journals = Journal.objects.filter(point=point).aggregate(last=Max("pk"), n=Count("pk"))
    seen: list[Any] = [
        list(heads),
        [tuple(row.values()) for row in sheets],
        packets,
        journals,
        f"{now():%Y%m%d%H%M}",
        request.user.pk,
        get_language(),
        request.get_full_path(),
    ]
    return '"' + hashlib.sha256(repr(seen).encode()).hexdigest()[:32] + '"'


def point_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Today”."""
    return tag_of(request, point_or_404(request.user, key))  # type: ignore[arg-type]


def sitting_tag(request: HttpRequest, key: str) -> str:
    """Return the tag of “Monitoring”."""
    return tag_of(request, sitting_or_404(request.user, key).point)  # type: ignore[arg-type]
