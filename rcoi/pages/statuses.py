"""Statuses of a sitting, announcements, and the feed as a file for a flash drive."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.log import actor_of, record
from common.web.forms import PageForm, PlainText, form_on
from common.web.pages import page, render
from rcoi import board
from rcoi.answering import announcements, feed, phone, statuses
from rcoi.models import Announcement, InboxAct, InboxJournal, InboxKind, InboxPacket
from rcoi.pages.access import file_answer, needs
from rcoi.states import InboxState
from stations import rules
from stations.lookup import point_or_404, sitting_or_404
from stations.models import ExamPoint

PER_PAGE = 50


@page("centre/statuses/<sitting:key>/", name="centre-status", node="rcoi")
@needs("rcoi.inbox")
def status_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show what a sitting reported: statuses, journals, acts, packets."""
    user: Any = request.user
    sitting = sitting_or_404(user, key)
    (shown,) = board.boards([sitting])
    packets = InboxPacket.objects.filter(sitting=sitting, kind=InboxKind.STATUS, state=InboxState.ACKNOWLEDGED)
    records = list(sitting.status_records.select_related("packet").order_by("declared_at"))
    context = {
        "sitting": sitting,
        "board": shown,
        "records": records,
        "undoable": statuses.undoable(records),
        "journals": InboxJournal.objects.filter(packet__in=packets.filter(superseded_by=None)).select_related("packet"),
        "acts": InboxAct.objects.filter(packet__sitting=sitting, packet__superseded_by=None)
        .exclude(kind="attachment")
        .select_related("packet"),
        "phone": phone.listed(sitting),
        "may_phone": rules.allowed(user, "rcoi.phone", sitting),
        "preparing": shown.standing.preparing,
        "may_undo": rules.allowed(user, "rcoi.status_undo", sitting),
    }
    return render(request, "rcoi/status.html", context, title=str(sitting))


@status_page.post("undo")
def undo(request: HttpRequest, key: str) -> str:
    """Take a status back."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    rules.require(request.user, "rcoi.status_undo", sitting)
    row = statuses.undo(
        sitting=sitting,
        status=request.POST.get("status", ""),
        reason=request.POST.get("reason", ""),
        actor=actor_of(request),
    )
    return _("The status %s is undone, the exam point learns it from the feed.") % row.get_status_display()


@status_page.post("phone")
def by_phone(request: HttpRequest, key: str) -> str:
    """Take a status that the point told by telephone."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    rules.require(request.user, "rcoi.phone", sitting)
    taken = phone.accept(sitting=sitting, typed=request.POST.get("code", ""), actor=actor_of(request))
    return _("The code holds: status «%(status)s». Tell the point the answer: %(answer)s.") % {
        "status": taken.row.get_status_display(),
        "answer": " ".join(taken.row.answer),
    }


class AnnouncementForm(PageForm):
    """A title, a text, and the points to tell: all in scope when none is chosen."""

    name = "announce"
    title = PlainText(label=gettext_lazy("Title"), max_length=200)
    text = PlainText(
        label=gettext_lazy("Text"), max_length=10_000, required=False, widget=forms.Textarea({"rows": 5, "cols": ""})
    )
    points = forms.MultipleChoiceField(
        label=gettext_lazy("To whom (nothing chosen: to all)"),
        required=False,
        widget=forms.SelectMultiple({"size": 6}),
    )

    def __init__(self, request: HttpRequest, **given: Any) -> None:
        """Offer the points that the person may see."""
        super().__init__(request, **given)
        points: Any = self.fields["points"]
        user: Any = request.user
        points.choices = [(point.key, f"{point.key} {point.name}") for point in user.points()]


@page("centre/announcements/", name="centre-announcements", node="rcoi")
@needs("rcoi.inbox")
def announcements_page(request: HttpRequest) -> HttpResponse:
    """Show what was announced, and a form for the next."""
    user: Any = request.user
    context = {
        "form": form_on(request, AnnouncementForm),
        "rows": Paginator(
            Announcement.objects.visible_to(user).prefetch_related(
                Prefetch("points", ExamPoint.objects.select_related("region"))
            ),
            PER_PAGE,
        ).get_page(request.GET.get("page")),
        "may_announce": rules.allowed(user, "rcoi.rescan"),
    }
    return render(request, "rcoi/announcements.html", context, title=_("Announcements"))


def _may_announce(request: HttpRequest) -> None:
    rules.require(request.user, "rcoi.rescan")


@announcements_page.post(AnnouncementForm, about=_may_announce)
def announce(request: HttpRequest, form: AnnouncementForm) -> str:
    """Send an announcement to the chosen points, or to all in scope."""
    user: Any = request.user
    chosen = set(form.cleaned_data["points"])
    points = [point for point in user.points() if not chosen or point.key in chosen]
    row = announcements.announce(
        points=[point for point in points if rules.allowed(user, "rcoi.rescan", point)],
        title=form.cleaned_data["title"],
        text=form.cleaned_data["text"],
        actor=actor_of(request),
    )
    return _("Sent to exam points: %d.") % row.points.count()


@page("centre/feed/<point:key>/", name="centre-feed", node="rcoi")
@needs("rcoi.inbox")
def feed_file(request: HttpRequest, key: str) -> HttpResponse:
    """Return the feed of a point as a file for a flash drive."""
    point: ExamPoint = point_or_404(request.user, key)  # type: ignore[arg-type]
    name, data = feed.bundle(point)
    record("rcoi.file", about=point, subject=name, actor=actor_of(request))
    return file_answer(name, data)
