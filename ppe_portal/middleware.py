"""Small middlewares of the node."""

import logging
from collections.abc import Callable

from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from common.errors import is_disk_full, problem_response
from common.web import api
from stations.lookup import SESSION_KEY
from stations.models import ExamPoint, Node, Region, User
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)
Get = Callable[[HttpRequest], HttpResponse]

# Unfold's Alpine evaluates expressions in attributes; everything else is ours and local.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
OPEN = ("/first-run/", "/api-page/", "/static/", "/healthz", "/api/", "/i18n/")


def content_security_policy(get_response: Get) -> Get:
    """Let a page load from this node alone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def plain_address(get_response: Get) -> Get:
    """Refuse an address with a zero byte in it: no name of ours holds one, and PostgreSQL takes it for an error."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("a zero byte in the address")
        return get_response(request)

    return middleware


class EncodedBodyError(PpeError):
    """The body of a request is compressed."""

    code, http_status = "encoded_body", 415


def machine_address(get_response: Get) -> Get:
    """Take an address of the API without its last slash too, and refuse a compressed body in words.

    A client follows no redirect with its body, and how big a compressed body is shows only when it has been blown up.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not api.is_address(request.path):
            return get_response(request)
        encoding = request.headers.get("Content-Encoding", "").strip()
        if encoding.lower() not in ("", "identity"):
            refusal = EncodedBodyError(
                Message("The body is compressed ({encoding}); it is taken as it is only.", encoding=encoding[:40]),
                remedy=Message("Send the body without Content-Encoding; a proxy on the way may have to be told, too."),
            )
            answer = problem_response(refusal)
            answer["Accept-Encoding"] = "identity"
            return answer
        if not request.path.endswith("/"):
            request.path, request.path_info = f"{request.path}/", f"{request.path_info}/"
        return get_response(request)

    return middleware


class Sessions(SessionMiddleware):
    """Sessions that a full disk does not turn into an error: what was remembered is lost, the answer is not."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep the session; logging in has kept it already, and fails there when it cannot be kept."""
        try:
            return super().process_response(request, response)
        except (DatabaseError, SessionInterrupted) as error:
            # The store takes every failure to write for a session that somebody ended meanwhile.
            if not is_disk_full(error):
                raise
            log.warning("the session was not kept: %s", error)
            return response


def first_run(get_response: Get) -> Get:
    """Lead every page to the first-run page until the node is set up and somebody can log in."""
    ready = False

    def middleware(request: HttpRequest) -> HttpResponse:
        nonlocal ready
        if not ready and not request.path.startswith(OPEN):
            ready = Node.objects.filter(founded_at__isnull=False).exists() and User.objects.exists()
            if not ready:
                return redirect("/first-run/")
        return get_response(request)

    return middleware


def local_time(get_response: Get) -> Get:
    """Show every moment in the time zone of the exam point that the person works on; the API speaks UTC."""

    def middleware(request: HttpRequest) -> HttpResponse:
        zone = None if request.path.startswith(OPEN) else _zone(request)
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return middleware


def _zone(request: HttpRequest) -> str | None:
    region, _dash, rest = str(request.session.get(SESSION_KEY, "")).partition("-")
    zones = ExamPoint.objects.filter(region__code=region, code=rest[:4]).values_list("timezone", flat=True)
    return zones.first() or Region.objects.values_list("timezone", flat=True).first()
