"""“Today” and “Monitoring”: what is shown. The forms on them belong to the rooms whose work they do."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as plain
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition

from common.web.pages import page, render
from monitoring import monitor, today
from monitoring.live import drawn, point_live, point_tag, sitting_tag
from stations.lookup import open_sitting, sitting_or_404


def _today(request: HttpRequest, key: str) -> dict[str, Any] | None:
    live = point_live(request, key)
    chosen = request.GET.get("sitting") or request.session.get("current_sitting", "")
    return today.context_of(request.user, live, chosen)  # type: ignore[arg-type]


@page("today/<point:key>/", name="today", node="hq")
def today_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show the eight steps of the point's day."""
    context = _today(request, key)
    if context is None:
        return render(request, "portal/no_sitting.html", title=_("No exams"))
    sitting = context["sitting"]
    open_sitting(request, sitting.key)
    live = reverse("today-live", kwargs={"key": key}) + f"?sitting={sitting.key}"
    return render(request, "monitoring/today.html", {**context, "live_url": live}, title=_("Today"))


@page("today/<point:key>/live/", name="today-live", node="hq")
@cache_control(private=True, no_cache=True)
@condition(etag_func=point_tag)
def today_live(request: HttpRequest, key: str) -> HttpResponse:
    """Return the part of “Today” that changes; 304 when it did not."""

    def draw() -> bytes:
        return plain(request, "monitoring/today_live.html", _today(request, key) or {}).content

    return HttpResponse(drawn(point_tag(request, key), draw))


@page(
    "monitoring/<sitting:key>/",
    name="monitoring",
    node="hq",
    files=("journals.take_in", "journals.act"),
    max_body=512 << 20,
)
def monitoring(request: HttpRequest, key: str) -> HttpResponse:
    """Show stations, journals and statuses of a sitting."""
    sitting = open_sitting(request, key)
    context = monitor.context_of(request, sitting)
    context["live_url"] = reverse("monitoring-live", kwargs={"key": key})
    return render(request, "monitoring/monitoring.html", context, title=_("Monitoring"))


@page("monitoring/<sitting:key>/live/", name="monitoring-live", node="hq")
@cache_control(private=True, no_cache=True)
@condition(etag_func=sitting_tag)
def monitoring_live(request: HttpRequest, key: str) -> HttpResponse:
    """Return the parts of “Monitoring” that change; 304 when they did not."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return plain(request, "monitoring/monitoring_live.html", monitor.context_of(request, sitting))
