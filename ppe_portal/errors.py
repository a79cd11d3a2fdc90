"""Error pages that say what to do next; problem details below ``/api/``."""

import sys

from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.errors import BusyError, is_disk_full, problem_response, words
from common.web import api
from wire.errors import PpeError
from wire.messages import Message


class NoSuchAddressError(PpeError):
    """Nothing lives at this address, or not for this person."""

    code, http_status = "not_found", 404

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("No such address or object."),
            remedy=Message("The addresses of this node stand in /api/v1/schema/."),
        )


class BadRequestError(PpeError):
    """The request is no request of this node."""

    code = "bad_request"

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("The request is malformed."),
            remedy=Message("Correct its address and its headers: no zero bytes, not too many parameters."),
        )


class UnknownHostError(PpeError):
    """The request is to a node of another name."""

    code = "unknown_host"

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("The node is not known by the name that the request calls it by (Host)."),
            remedy=Message("Call it by its own name, or have this name added to PPE_ALLOWED_HOSTS of the node."),
        )


class ForbiddenError(PpeError):
    """Whoever asks may not do this."""

    code, http_status = "forbidden", 403

    def __init__(self) -> None:
        """Say so."""
        super().__init__(Message("You may not do this."))


class ProgramError(PpeError):
    """The program has a fault; nothing was done."""

    code, http_status, permanent = "program_error", 500, False
    retry_after = 60

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("Program error: nothing was done, no data were changed."),
            remedy=Message("Send it again; if that does not help, tell the regional centre the time of the error."),
        )


class DiskFullError(PpeError):
    """The disk of the node has no room; nothing was done."""

    code, http_status, permanent = "disk_full", 507, False
    retry_after = 60

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            Message("The disk of the node is full: nothing was done."),
            remedy=Message("Free some space on the disk of the node and send it again."),
        )


def _answer(request: HttpRequest, refusal: PpeError, title: str, text: str) -> HttpResponse:
    if api.is_address(request.path):
        return problem_response(refusal)
    status = refusal.http_status
    return render(request, "portal/error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    refusal = UnknownHostError() if isinstance(exception, DisallowedHost) else BadRequestError()
    return _answer(request, refusal, _("The request is malformed"), _("Go back to the page and try again."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    text = _("You may not do this. Log in under your own name.")
    return _answer(request, ForbiddenError(), _("No access"), text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    text = _("The address is wrong, or these data are not of your exam point.")
    return _answer(request, NoSuchAddressError(), _("There is no such page"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, 507 when the disk is full, 503 when the database is busy; nothing is half done."""
    error = sys.exc_info()[1]
    if is_disk_full(error):
        return _answer(
            request,
            DiskFullError(),
            _("The disk of the node is full"),
            _("Nothing was done, nothing was changed. Free some space on the disk of the node and try again."),
        )
    if isinstance(error, OperationalError):
        busy = BusyError()
        answer = _answer(request, busy, _("The action was not done"), words(busy))
        answer["Retry-After"] = str(busy.retry_after)
        return answer
    return _answer(
        request,
        ProgramError(),
        _("Program error"),
        _(
            "Nothing was done, no data were changed. Try again; if that does not help, tell the "
            "regional centre the time of the error."
        ),
    )
