"""Whose body is read, and how much of it: said by the headers, before the framework writes a byte of it to the disk."""

import contextlib
from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils.translation import gettext as _

from common import errors as refusals
from common import space
from common.web import api, pages, unsent
from keys import authentication
from ppe_portal import arriving, first_run, lines
from stations import rules
from stations.lookup import sitting_or_404
from wire.errors import PpeError
from wire.messages import Message

#: The most that is read only to be dropped, so that the browser reads the answer; past it the line is cut.
MOST_DRAINED = 8 << 30
_BLOCK = 1 << 18
#: The most that a form of somebody who is not logged in carries, the first packages of a new node apart.
STRANGERS_FORM = 64 << 10
#: Forms that are sent to be logged in, or before.
_OPEN = frozenset({"login", "set_language"})
Get = Callable[[HttpRequest], HttpResponse]


class FormTooBigError(PpeError):
    """The files of a form are bigger together than anything its page takes."""

    code = "form_too_big"
    http_status = 413


def bounded_forms(get_response: Get) -> Get:
    """Refuse a form of somebody who may not send it, or one too big for its page or the disk; the API bounds its own.

    The framework's guard against forged forms reads a form before its view asks who sends it, so this goes before both.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        size = announced(request)
        if api.is_address(request.path):
            brings = size or api.UNANNOUNCED in request.META
            return _of_machine(request, get_response) if brings else get_response(request)
        _know(request, _person(request))
        match = _match(request)
        stranger = bool(size) and not request.user.is_authenticated and not _is_open(match)
        if stranger and (size > STRANGERS_FORM or not unsent.may_come_back(request, match)):
            if unsent.may_come_back(request, match):
                return unsent.log_in_lost(request)
            return redirect_to_login(request.get_full_path())
        try:
            _require_role(request, match, size)
            with arriving.expected(size) as all_bodies:
                _evaluate(request, match, size, all_bodies)
                if size:
                    _admit(request)
                if stranger and match is not None:
                    return unsent.log_in_first(request, match)
                return get_response(request)
        except PpeError as refusal:
            return _refused(request, match, refusal)

    return middleware


def _of_machine(request: HttpRequest, get_response: Get) -> HttpResponse:
    _know(request, _machine(request) or _person(request))
    try:
        _admit(request)
    except lines.TooManyBodiesError as refusal:
        return refusals.problem_response(refusal)
    return get_response(request)


def _refused(request: HttpRequest, match: ResolverMatch | None, refusal: PpeError) -> HttpResponse:
    busy = isinstance(refusal, lines.TooManyBodiesError)
    if not busy and not isinstance(refusal, space.NoRoomForFormError):  # neither is worth an event
        refusals.tell(refusal, request)
    title = _("The files were not taken in")
    if isinstance(refusal, rules.NotAllowedError):
        title = _("No access")
    elif busy or isinstance(refusal, space.NoRoomForFormError):
        title = _("The action was not done")
    # Whoever may send files here is to read the answer; of everybody else nothing more is read.
    if not busy and not isinstance(refusal, rules.NotAllowedError) and _brings_files(request, match):
        _drain(request)
    _leave(request)
    context = {"title": title, "text": refusals.words(refusal), "code": refusal.code}
    answer = render(request, "portal/error.html", context, status=refusal.http_status)
    if busy:
        answer["Retry-After"] = str(lines.TooManyBodiesError.retry_after)
    return answer


def announced(request: HttpRequest) -> int:
    """Return the length that a request gives its body; a body of no announced length is not read as a form."""
    text = "0" if api.UNANNOUNCED in request.META else request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _know(request: HttpRequest, who: str) -> None:
    exchange = request.META.get(lines.KEY)
    if exchange is not None and who:
        exchange.know(who)


def _person(request: HttpRequest) -> str:
    return f"person:{request.user.pk}" if request.user.is_authenticated else ""


def _machine(request: HttpRequest) -> str:
    machine = authentication.machine_in(request)
    return f"machine:{machine.identity.urn}" if machine is not None else ""


def _leave(request: HttpRequest) -> None:
    exchange = request.META.get(lines.KEY)
    if exchange is not None:
        exchange.drained = lines.STRANGERS_DRAINED


def _admit(request: HttpRequest) -> None:
    """Give the body one of the places for its kind of sender, while it can still be told that there is none."""
    admit = request.META.get(lines.ADMIT)
    if admit is not None:
        admit()


def _match(request: HttpRequest) -> ResolverMatch | None:
    with contextlib.suppress(Resolver404):
        return resolve(request.path_info)
    return None


def _page(match: ResolverMatch | None) -> pages.Page | None:
    return pages.named(match.url_name or "") if match is not None else None


def _brings_files(request: HttpRequest, match: ResolverMatch | None) -> bool:
    page = _page(match)
    return request.user.is_authenticated and page is not None and page.login and bool(page.files)


def _is_open(match: ResolverMatch | None) -> bool:
    """Return whether strangers may send forms there; an address that leads nowhere is judged where it says so."""
    if match is None or match.url_name in _OPEN:
        return True
    page = _page(match)
    return page is not None and not page.login


def _require_role(request: HttpRequest, match: ResolverMatch | None, size: int) -> None:
    """Refuse files of a person who may bring none to this page, before anything of them is read.

    Raises:
        NotAllowedError: The person's roles at the sitting of the page include none of its actions.
        Http404: The sitting is not one of the person's.
    """
    page = _page(match)
    if match is None or page is None or size <= STRANGERS_FORM or not _brings_files(request, match):
        return
    key = str(match.kwargs.get("key", ""))
    try:
        where = sitting_or_404(request.user, key) if key else None  # type: ignore[arg-type]
    except Http404:
        _leave(request)
        raise
    rules.require_any(request.user, page.files, where)


def _evaluate(request: HttpRequest, match: ResolverMatch | None, size: int, all_bodies: int) -> None:
    limit = _limit(request, match)
    if size > limit:
        told = Message("{limit} MiB", limit=limit >> 20)
        if limit < 1 << 20:
            told = Message("{limit} KiB", limit=limit >> 10)
        raise FormTooBigError(
            Message("The files together are over {told}: this page does not take so much.", told=told),
            remedy=Message("See whether the right files are chosen; if so, upload them in parts."),
        )
    if size > space.SMALL:
        space.require_for_files(all_bodies)
    space.require_for_form(size)


def _limit(request: HttpRequest, match: ResolverMatch | None) -> int:
    small = space.SMALL if request.user.is_authenticated else STRANGERS_FORM
    page = _page(match)
    if page is None:
        return small
    # The first run is for whoever holds the node's code, and closed for ever afterwards.
    return page.max_body if page.login or not first_run.finished() else small


def _drain(request: HttpRequest) -> None:
    """Read the rest and forget it: a browser whose body is not read shows a broken line, not the answer."""
    left = MOST_DRAINED
    with contextlib.suppress(OSError):
        while left > 0 and (block := request.read(_BLOCK)):
            left -= len(block)
