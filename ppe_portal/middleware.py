"""Small middlewares of the node."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from stations.models import Node, User

Get = Callable[[HttpRequest], HttpResponse]

# Unfold's Alpine evaluates expressions in attributes; everything else is ours and local.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
OPEN = ("/first-run/", "/static/", "/healthz", "/api/", "/i18n/")


def content_security_policy(get_response: Get) -> Get:
    """Let a page load from this node alone."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


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
