"""“Today” and “Monitoring”: what is shown, and the forms on them."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.shortcuts import render as plain
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition

from audit.log import actor_of
from common.web.pages import page, render, row_number
from journals import acts, flash, intake
from journals.models import Journal
from keys.pin import token_from
from monitoring import desk, doors, today
from monitoring.live import point_tag, sitting_tag
from stations.lookup import open_sitting, point_or_404, sitting_or_404
from stations.models import Sitting, StationPost
from stations.replacement import ReplacementRefused, replace_station
from stations.rules import require
from transfers import statuses
from wire.messages import Message


def _today(request: HttpRequest, key: str) -> dict[str, Any] | None:
    point = point_or_404(request.user, key)  # type: ignore[arg-type]
    chosen = request.GET.get("sitting") or request.session.get("current_sitting", "")
    return today.context_of(request.user, point, chosen)  # type: ignore[arg-type]


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
    return plain(request, "monitoring/today_live.html", _today(request, key) or {})


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
    context = desk.context_of(request, sitting)
    context["live_url"] = reverse("monitoring-live", kwargs={"key": key})
    return render(request, "monitoring/monitoring.html", context, title=_("Monitoring"))


@page("monitoring/<sitting:key>/live/", name="monitoring-live", node="hq")
@cache_control(private=True, no_cache=True)
@condition(etag_func=sitting_tag)
def monitoring_live(request: HttpRequest, key: str) -> HttpResponse:
    """Return the parts of “Monitoring” that change; 304 when they did not."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return plain(request, "monitoring/monitoring_live.html", desk.context_of(request, sitting))


@monitoring.post("journals")
def take_journals(request: HttpRequest, key: str) -> str:
    """Take in the files that were dropped on the page; each gets its verdict."""
    sitting = _for(request, key, "journals.take_in")
    return doors.take_uploads(request, sitting)


@monitoring.post("flash")
def take_flash(request: HttpRequest, key: str) -> str:
    """Take in every journal of a folder of a flash drive."""
    sitting = _for(request, key, "journals.take_in")
    verdicts = flash.take_folder(folder=request.POST.get("folder", ""), actor=actor_of(request), point=sitting.point)
    return doors.keep(request, sitting, verdicts)


@monitoring.post("accept", numbered=True)
def accept(request: HttpRequest, key: str, number: str) -> str:
    """Accept a doubtful journal for a reason."""
    sitting = _for(request, key, "journals.decide")
    journal = _journal(request, sitting, number)
    intake.accept(journal=journal, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Journal accepted: %s.") % journal


@monitoring.post("rename", numbered=True)
def rename(request: HttpRequest, key: str, number: str) -> str:
    """Accept under its right name a journal that has only a wrong one."""
    sitting = _for(request, key, "journals.decide")
    journal = _journal(request, sitting, number)
    intake.accept_named(journal=journal, actor=actor_of(request))
    return _("The journal is accepted under its right name: %s.") % journal


@monitoring.post("refuse", numbered=True)
def refuse(request: HttpRequest, key: str, number: str) -> str:
    """Refuse a doubtful journal for a reason; its file stays as evidence."""
    sitting = _for(request, key, "journals.decide")
    journal = _journal(request, sitting, number)
    intake.refuse(journal=journal, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Journal rejected: %s.") % journal


@monitoring.post("act", numbered=True)
def act(request: HttpRequest, key: str, number: str) -> str:
    """Sign an act instead of a journal that cannot be had."""
    sitting = _for(request, key, "journals.act")
    post = get_object_or_404(StationPost, sitting=sitting, pk=row_number(number))
    token = token_from(request, sitting.point)
    said, photo = request.POST, request.FILES.get("photo")
    made = acts.make(
        sitting=sitting,
        kind="journal_missing",
        post=post,
        reason=said.get("reason", ""),
        text=said.get("text", ""),
        photo=photo.read(acts.MAX_PHOTO + 1) if photo else None,
        token=token,
        actor=actor_of(request),
    )
    return _("Act signed: %s.") % made


@monitoring.post("replace")
def replace(request: HttpRequest, key: str) -> str:
    """Put a station in the place of another."""
    sitting = _for(request, key, "stations.replace")
    post = doors.replacement_of(sitting, request.POST)
    if post is None:
        raise ReplacementRefused(Message("Choose both stations and the room."))
    old, new, room = post
    replace_station(sitting=sitting, old=old, new=new, room=room, actor=actor_of(request))
    # A journal that named a room nobody expected its station in may be sound now.
    intake.recheck_all(sitting=sitting, actor=actor_of(request))
    return _("%(old)s is replaced: %(new)s goes on. Journals are needed of both.") % {"old": old, "new": new}


def _declare(request: HttpRequest, key: str, status: str) -> str:
    sitting = _for(request, key, "transfers.status")
    made = statuses.send_day(sitting=sitting, status=status, actor=actor_of(request))
    said = _("The status is on its way to the regional centre, with the journals. The receipt will show here.")
    if len(made) > 1:
        said += " " + _("It was declared for every exam of the day: %d.") % len(made)
    return said


@monitoring.post("status-exams_finished")
def exams_finished(request: HttpRequest, key: str) -> str:
    """Declare that the exams are finished; the gate decides."""
    return _declare(request, key, "exams_finished")


@monitoring.post("status-blanks_transferred")
def blanks_transferred(request: HttpRequest, key: str) -> str:
    """Declare that the answer forms are transferred; the gate decides."""
    return _declare(request, key, "blanks_transferred")


def _for(request: HttpRequest, key: str, rule: str) -> Sitting:
    """Return the sitting when the person may do the action there."""
    sitting = open_sitting(request, key)
    require(request.user, rule, sitting)
    return sitting


def _journal(request: HttpRequest, sitting: Sitting, number: str) -> Journal:
    rows = Journal.objects.visible_to(request.user).filter(point=sitting.point)
    return get_object_or_404(rows, pk=row_number(number))
