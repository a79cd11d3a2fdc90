"""Error pages that say what to do next; problem details below ``/api/``."""

import errno
import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.errors import problem
from wire.errors import PpeError
from wire.messages import Both


class NoSuchAddressError(PpeError):
    """Nothing lives at this address, or not for this person."""

    code, http_status = "not_found", 404


def _answer(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        refusal = NoSuchAddressError(Both(text, title))
        body = {
            **problem(refusal),
            "status": status,
            "code": {404: "not_found", 400: "bad_request", 507: "disk_full"}.get(status, "error"),
            "permanent": status < 500,  # what this node could not do, it may be asked again
        }
        return JsonResponse(body, status=status, content_type="application/problem+json")
    return render(request, "portal/error.html", {"title": title, "text": text, "status": status}, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _answer(request, 400, _("The request is malformed"), _("Go back to the page and try again."))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return _answer(request, 403, _("No access"), _("You may not do this. Log in under your own name."))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return _answer(
        request, 404, _("There is no such page"), _("The address is wrong, or these data are not of your exam point.")
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 507 when the disk is full; nothing is half done: every change is one transaction."""
    if is_disk_full(sys.exc_info()[1]):
        return _answer(
            request,
            507,
            _("The disk of the node is full"),
            _("Nothing was done, nothing was changed. Free some space on the disk of the node and try again."),
        )
    return _answer(
        request,
        500,
        _("Program error"),
        _(
            "Nothing was done, no data were changed. Try again; if that does not help, tell the "
            "regional centre the time of the error."
        ),
    )


def is_disk_full(error: BaseException | None) -> bool:
    """Tell whether an error means that the disk, or the database's disk, has no room."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        # SQLite says it in words, PostgreSQL by its code.
        if isinstance(error, DatabaseError) and "disk is full" in str(error):
            return True
        if getattr(error, "sqlstate", None) == "53100":
            return True
        error = error.__cause__ or error.__context__
    return False
