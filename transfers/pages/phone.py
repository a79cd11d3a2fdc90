"""The page for the telephone: the code in large groups, how to dictate it, and the centre's answer."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import page, render
from stations import rules
from stations.lookup import open_sitting
from transfers import phone
from transfers.models import StatusName


def _spoken(value: str) -> str:
    if value not in phone.BY_PHONE:
        raise Http404(value)
    return value


@page("transfers/<sitting:key>/phone/<str:status>/", name="phone-code", node="hq")
def phone_page(request: HttpRequest, key: str, status: str) -> HttpResponse:
    """Show how a status is told by telephone; the code appears when a person who may declare it asks for it."""
    sitting = open_sitting(request, key)
    _spoken(status)
    told = phone.told(sitting, status)
    context = {
        "sitting": sitting,
        "point": sitting.point,
        "status": status,
        "name": StatusName(status).label,
        "told": told,
        "shown": phone.known(sitting, status),
        "may": rules.allowed(request.user, "transfers.status", sitting),
    }
    return render(request, "transfers/phone.html", context, title=_("Tell a status by telephone"))


@phone_page.post("code")
def show_code(request: HttpRequest, key: str, status: str) -> str:
    """Make the code of the status."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.status", sitting)
    phone.code_for(sitting=sitting, status=_spoken(status), actor=actor_of(request))
    return _("The code is ready. Call the centre and dictate it.")


@phone_page.post("answer")
def take_answer(request: HttpRequest, key: str, status: str) -> str:
    """Take the four characters of the centre's operator."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.status", sitting)
    answer = request.POST.get("answer", "")
    phone.confirm(sitting=sitting, status=_spoken(status), answer=answer, actor=actor_of(request))
    return _(
        "The centre's answer is right: the status is told by telephone. Deliver the packet as "
        "soon as there is a line or a drive."
    )
