"""Who may open the centre's pages: the same rules that allow their actions."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header

from stations import rules

View = Callable[..., HttpResponseBase]


def needs(action: str) -> Callable[[View], View]:
    """Show a page only to those who may do ``action`` somewhere."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
            if not rules.allowed(request.user, action):
                raise PermissionDenied
            return view(request, **kwargs)

        return inner

    return wrap


def file_answer(
    name: str, data: bytes, *, content_type: str = "application/octet-stream", inline: bool = False
) -> HttpResponse:
    """Return bytes as a file, to save or to look at."""
    answer = HttpResponse(data, content_type=content_type)
    answer["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
