"""“Readiness of the station”: the checks with their verdicts, on the page and on paper; the calibration sheet."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import page, render
from scanning import calibration, readiness, readiness_pdf, scan_journal
from scanning.models import Readiness
from scanning.pages.sources import NothingChosenError
from stations import rules
from stations.lookup import open_sitting, sitting_or_404
from stations.models import Sitting
from wire.messages import Message


def _last(sitting: Sitting) -> Readiness | None:
    return Readiness.objects.filter(point=sitting.point).select_related("point__region").order_by("-pk").first()


@page("scanning/readiness/<sitting:key>/", name="scanning-readiness", node="hq", files=("scanning.edit",))
def readiness_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show what the last check of the station found."""
    sitting = open_sitting(request, key)
    last = _last(sitting)
    lines: list[dict[str, Any]] = last.lines if last else []
    context = {
        "sitting": sitting,
        "last": last,
        "lines": lines,
        "station": scan_journal.station_number(),
        "bad": sum(line["verdict"] == readiness.BAD for line in lines),
        "warn": sum(line["verdict"] == readiness.WARN for line in lines),
        "may_edit": rules.allowed(request.user, "scanning.edit", sitting),
    }
    return render(request, "scanning/readiness.html", context, title=_("Readiness of the station"))


@readiness_page.post("check")
def check(request: HttpRequest, key: str) -> str:
    """Check the station now."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "scanning.edit", sitting)
    readiness.check(sitting=sitting, actor=actor_of(request))
    return _("The station was checked.")


@readiness_page.post("test-sheet")
def test_sheet(request: HttpRequest, key: str) -> str:
    """Judge a scan of the calibration sheet."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "scanning.edit", sitting)
    chosen: UploadedFile | None = request.FILES.get("files")
    if chosen is None:
        raise NothingChosenError(Message("Choose the file."))
    readiness.test_sheet(sitting=sitting, content=chosen, name=str(chosen.name), actor=actor_of(request))
    return _("The calibration sheet was judged.")


@page("scanning/readiness/<sitting:key>/readiness.pdf", name="scanning-readiness-pdf", node="hq")
def paper(request: HttpRequest, key: str) -> HttpResponse:
    """Answer the last check as a PDF to sign."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    data = readiness_pdf.paper(sitting, _last(sitting), station=scan_journal.station_number())
    return HttpResponse(
        data, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="readiness-{key}.pdf"'}
    )


@page("scanning/calibration.pdf", name="scanning-calibration", node="hq")
def calibration_sheet(request: HttpRequest) -> HttpResponse:
    """Answer the calibration sheet."""
    return HttpResponse(
        calibration.sheet(),
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="calibration.pdf"'},
    )
