"""Forms that never reached their handler: the session had ended, or the token against forged forms was stale.

What was typed comes back in the fields of its page; nothing is done until somebody presses the button again. Between an
ended session and the log-in it travels in the log-in page itself, signed by the node and good for an hour: a stranger
leaves nothing on the node. Only a page of this node has its values kept (`same_origin`), and never secrets or files.
Every form says for whom its page was drawn (`common.web.forms.writer_of`): to anybody else its values never come back.
"""

from typing import Any, cast
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.signals import user_logged_in
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext as _
from django.views.csrf import csrf_failure

from common.web import pages
from common.web.forms import UNSENT, WRITER, PageForm, writer_of

#: How long a typed form waits for the log-in.
PATIENCE_S = 3600
#: The most that a log-in page carries: with the rest it stays below what a stranger may send.
MOST_CARRIED = 48 << 10
_SALT = "common.web.unsent"


def same_origin(request: HttpRequest) -> bool:
    """Return whether the browser says that a page of this node sent the form; without a word of it, no."""
    origin = request.headers.get("Origin", "")
    return origin == f"{request.scheme}://{request.get_host()}" or origin in settings.CSRF_TRUSTED_ORIGINS


def may_come_back(request: HttpRequest, match: ResolverMatch | None) -> bool:
    """Return whether the page of an address has forms that are given back, and one of our pages sent this one."""
    page = pages.named(match.url_name or "") if match is not None else None
    return page is not None and bool(page.forms.classes) and same_origin(request)


def log_in_first(request: HttpRequest, match: ResolverMatch) -> HttpResponse:
    """Answer a form of an ended session with the log-in page that carries what was typed."""
    address = request.get_full_path()
    kind = _kind(request, match)
    if kind is None:
        return redirect_to_login(address)
    held = {"path": address, "form": kind.name, "values": kind.kept(request.POST), WRITER: request.POST.get(WRITER, "")}
    carried = signing.dumps(held, salt=_SALT, compress=True)
    return _log_in(request, carried if len(carried) <= MOST_CARRIED else "")


def log_in_lost(request: HttpRequest) -> HttpResponse:
    """Answer a form of an ended session that is too big to be read with the log-in page that says so."""
    return _log_in(request, "")


def _log_in(request: HttpRequest, carried: str) -> HttpResponse:
    address = request.get_full_path()
    request.method = "GET"  # the log-in page is shown, not sent
    context = {
        "next": address,
        "app_path": f"{settings.LOGIN_URL}?{urlencode({'next': address})}",
        UNSENT: carried,
        "unsent_lost": not carried,
    }
    answer = cast("TemplateResponse", admin.site.login(request, context))
    answer.status_code = 403
    return answer.render()  # above the middlewares that render what a view left


@receiver(user_logged_in)  # this module is there before anybody logs in: a middleware names it
def keep_through_login(sender: Any, request: HttpRequest | None, user: Any, **_more: Any) -> None:
    """Put what the log-in page carried into the session that has just begun; another person's is dropped."""
    carried = request.POST.get(UNSENT, "") if request is not None and request.method == "POST" else ""
    if request is None or not carried:
        return
    try:
        held = signing.loads(carried, salt=_SALT, max_age=PATIENCE_S)
    except signing.BadSignature:
        return
    # What an older version of the node carried does not say whose it is.
    if held.get(WRITER) == writer_of(user):
        request.session[UNSENT] = held
    else:
        messages.warning(request, _dropped())


def _dropped() -> str:
    return _("What was typed here before belongs to another person: it was not done and is not shown.")


def stale_token(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Show the page of a form whose token was stale, with what was typed in it; the bare answer if unsafe."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return csrf_failure(request, reason=reason)
    page, kind = pages.named(match.url_name or ""), _kind(request, match)
    known = page is not None and (request.user.is_authenticated or not page.login)
    if page is None or kind is None or not known or not same_origin(request):
        return csrf_failure(request, reason=reason)
    if request.POST.get(WRITER, "") != writer_of(request.user):
        # Somebody else has logged in on this browser since the page was drawn.
        messages.warning(request, _dropped())
        return redirect(request.get_full_path())
    answer = page.show_unsent(request, kind, request.POST, **match.kwargs)
    answer.status_code = 403
    return answer


def _kind(request: HttpRequest, match: ResolverMatch) -> type[PageForm] | None:
    page = pages.named(match.url_name or "")
    return page.forms.classes.get(request.POST.get("form", "")) if page is not None else None
