"""“Check before the exam”: the test packet and the list of what is ready."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import page, render
from keys.pin import private_channel, token_from
from keys.tokens import list_tokens
from stations import rules
from stations.lookup import open_sitting, sitting_or_404
from transfers import link, trial
from transfers.readiness import readiness_of


@page("transfers/<sitting:key>/readiness/", name="transfers-readiness", node="hq")
def readiness_page(request: HttpRequest, key: str) -> HttpResponse:
    """Show what is ready and what is not, and offer the test."""
    sitting = open_sitting(request, key)
    may = rules.allowed(request.user, "transfers.test", sitting)
    context = {
        "sitting": sitting,
        "point": sitting.point,
        "ready": readiness_of(sitting),
        "may": may,
        "tokens": list_tokens() if may else [],
        "private": private_channel(request),
        "online": link.has_centre(),
    }
    return render(request, "transfers/readiness.html", context, title=_("Check before the exam"))


@readiness_page.post("test")
def test(request: HttpRequest, key: str) -> str:
    """Send a test packet the whole way."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "transfers.test", sitting)
    token = token_from(request, sitting.point)
    trial.begin(sitting=sitting, token=token, actor=actor_of(request))
    return _("The token fits, the test packet is signed. The answers appear here by themselves.")


@page("transfers/<sitting:key>/readiness/state.json", name="transfers-readiness-state", node="hq")
def readiness_state(request: HttpRequest, key: str) -> JsonResponse:
    """Return the items for machines and for the page's own refreshing."""
    ready = readiness_of(sitting_or_404(request.user, key))  # type: ignore[arg-type]
    items = [
        {"code": each.code, "level": each.level, "text": each.text, "said": each.said, "cure": each.cure}
        for each in ready.items
    ]
    packet = ready.packet.uid if ready.packet else None
    return JsonResponse({"level": ready.level, "words": ready.words, "packet": packet, "items": items})
