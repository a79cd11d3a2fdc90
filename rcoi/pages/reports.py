"""Reports: the gallery, and each as a PDF that is stored, numbered and given again unchanged."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import errors as refusals
from common.web.pages import page, render
from rcoi import board
from rcoi.models import InboxPacket, Report
from rcoi.pages.access import file_answer, needs
from rcoi.pages.inbox import packet_or_404
from rcoi.reports import packet_report, point_report, region_report
from rcoi.reports.registered import file_bytes
from rcoi.states import FINAL
from stations.lookup import sitting_or_404
from stations.models import Region, Sitting
from wire.errors import PpeError

PER_PAGE = 50


@page("centre/reports/", name="centre-reports", node="rcoi")
@needs("rcoi.reports")
def reports_page(request: HttpRequest) -> HttpResponse:
    """Show which reports there are to form, and those formed."""
    user: Any = request.user
    context = {
        "days": board.days_of(user),
        "sittings": Sitting.objects.visible_to(user)
        .select_related("point__region", "subject")
        .order_by("date", "point"),
        "packets": Paginator(
            InboxPacket.objects.visible_to(user).for_page().filter(state__in=FINAL, uid__isnull=False), PER_PAGE
        ).get_page(request.GET.get("packets")),
        "formed": Paginator(Report.objects.visible_to(user).select_related("point__region"), PER_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "rcoi/reports.html", context, title=_("Reports"))


def _pdf(row: Report) -> HttpResponse:
    answer = file_answer(
        f"{row.kind}-{row.key}-{row.number}.pdf", file_bytes(row), content_type="application/pdf", inline=True
    )
    answer["X-Report-Number"], answer["X-Report-SHA256"] = str(row.number), row.sha256
    return answer


@page("centre/reports/packet/<str:uid>.pdf", name="centre-report-packet", node="rcoi")
@needs("rcoi.reports")
def packet_pdf(request: HttpRequest, uid: str) -> HttpResponse:
    """Return the confirmation of a packet."""
    packet = packet_or_404(request.user, uid)
    try:
        return _pdf(packet_report(packet, actor=actor_of(request)))
    except PpeError as refusal:
        refusals.tell(refusal, request)
        messages.error(request, refusal.text(refusals.language()), extra_tags=f"code-{refusal.code}")
        return redirect("centre-packet", uid=uid)


@page("centre/reports/point/<sitting:key>.pdf", name="centre-report-point", node="rcoi")
@needs("rcoi.reports")
def point_pdf(request: HttpRequest, key: str) -> HttpResponse:
    """Return the closing act of a point."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    return _pdf(point_report(sitting, actor=actor_of(request)))


@page("centre/reports/region/<str:day>.pdf", name="centre-report-region", node="rcoi")
@needs("rcoi.reports")
def region_pdf(request: HttpRequest, day: str) -> HttpResponse:
    """Return the summary of a region's day."""
    try:
        asked = date.fromisoformat(day)
    except ValueError:
        raise Http404(day) from None
    sittings = board.sittings_of(request.user, asked)
    region = Region.objects.filter(pk=sittings[0].point.region_id).first() if sittings else None
    if region is None:
        raise Http404(day)
    return _pdf(region_report(region, asked, sittings, actor=actor_of(request)))


@page("centre/reports/<int:number>/", name="centre-report-file", node="rcoi")
@needs("rcoi.reports")
def formed_pdf(request: HttpRequest, number: int) -> HttpResponse:
    """Return a report as it was formed."""
    row = Report.objects.visible_to(request.user).filter(number=number).first()
    if row is None:
        raise Http404(str(number))
    return _pdf(row)
