"""How much a form may carry: said by its length, before the framework writes a byte of it to the disk."""

import contextlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from common import pages, refusals, space
from wire.refusals import Refusal

#: The most that is read only to be dropped, so that the browser reads the answer; past it the line is cut.
MOST_DRAINED = 8 << 30
_BLOCK = 1 << 18

Get = Callable[[HttpRequest], HttpResponse]


class FormTooBig(Refusal):
    """The files of a form are bigger together than anything its page takes."""

    code = "form_too_big"
    http_status = 413


def bounded_forms(get_response: Get) -> Get:
    """Refuse a form that is too big for its page or for the disk; the API bounds its own bodies."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return get_response(request)
        try:
            _judge(request)
        except Refusal as refusal:
            if not isinstance(refusal, space.NoRoomForForm):  # then the log has no room for it either
                refusals.tell(refusal, request)
            _drain(request)
            title = _("Действие не выполнено") if isinstance(refusal, space.NoRoomForForm) else _("Файлы не приняты")
            context = {"title": title, "text": refusals.words(refusal), "code": refusal.code}
            return render(request, "portal/error.html", context, status=refusal.http_status)
        return get_response(request)

    return middleware


def _judge(request: HttpRequest) -> None:
    text = request.META.get("CONTENT_LENGTH") or "0"
    announced = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    limit = _limit(request.path_info)
    if announced > limit:
        raise FormTooBig(
            f"Файлы вместе больше {limit >> 20} МиБ: эта страница столько не принимает.",
            f"The files together are over {limit >> 20} MiB: this page does not take so much.",
            cure_ru="Проверьте, те ли файлы выбраны; если те, загрузите их по частям.",
            cure_en="See whether the right files are chosen; if so, upload them in parts.",
        )
    space.require_for_form(announced)


def _limit(path: str) -> int:
    with contextlib.suppress(Resolver404):
        return pages.body_limit(resolve(path).url_name or "")
    return pages.BODY_LIMIT


def _drain(request: HttpRequest) -> None:
    """Read the rest and forget it: a browser whose body is not read shows a broken line, not the answer."""
    left = MOST_DRAINED
    with contextlib.suppress(OSError):
        while left > 0 and (block := request.read(_BLOCK)):
            left -= len(block)
