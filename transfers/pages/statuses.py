"""The forms of this room on the page “Monitoring”: the statuses of the day."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import forms_on
from stations.lookup import sitting_for
from transfers import statuses

_monitoring = forms_on("monitoring")


def _declare(request: HttpRequest, key: str, status: str) -> str:
    sitting = sitting_for(request, key, "transfers.status")
    made = statuses.send_day(sitting=sitting, status=status, actor=actor_of(request))
    said = _("The status is on its way to the regional centre, with the journals. The receipt will show here.")
    if len(made) > 1:
        said += " " + _("It was declared for every exam of the day: %d.") % len(made)
    return said


@_monitoring.post("status-exams_finished")
def exams_finished(request: HttpRequest, key: str) -> str:
    """Declare that the exams are finished; the gate decides."""
    return _declare(request, key, "exams_finished")


@_monitoring.post("status-blanks_transferred")
def blanks_transferred(request: HttpRequest, key: str) -> str:
    """Declare that the answer forms are transferred; the gate decides."""
    return _declare(request, key, "blanks_transferred")
