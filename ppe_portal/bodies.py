"""Whose body is read, and how much of it: said by the headers, before the framework writes a byte of it to the disk."""

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from common import pages, refusals, space
from keys.sessions import machine_of
from ppe_portal import lines
from wire.refusals import Refusal

#: The most that is read only to be dropped, so that the browser reads the answer; past it the line is cut.
MOST_DRAINED = 8 << 30
_BLOCK = 1 << 18
#: The most that a form of somebody who is not logged in carries, the first packages of a new node apart.
STRANGERS_FORM = 64 << 10
#: Forms that are sent to be logged in, or before.
_OPEN = frozenset({"login", "set_language"})
#: The suffix of a file that stands for a body under way; its length is the body's, its contents are none.
EXPECTED = ".expected"
#: The suffix of the framework's own file of a form.
_UPLOADED = ".upload"

Get = Callable[[HttpRequest], HttpResponse]


class FormTooBig(Refusal):
    """The files of a form are bigger together than anything its page takes."""

    code = "form_too_big"
    http_status = 413


def bounded_forms(get_response: Get) -> Get:
    """Refuse a form of a stranger, or one too big for its page or the disk; the API bounds its own bodies.

    The framework's guard against forged forms reads a form before its view asks for a login, so this goes before both.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        size = announced(request)
        if request.path.startswith("/api/"):
            if size:
                _know_machine(request)
            return get_response(request)
        known = request.user.is_authenticated
        _know(request, known=known)
        elsewhere = None if known or not size else _to_login(request)
        if elsewhere is not None:
            return elsewhere
        try:
            with expected(size) as all_bodies:
                _judge(request, size, all_bodies)
                if size and not known:
                    _admit(request)
                return get_response(request)
        except Refusal as refusal:
            if not isinstance(refusal, (space.NoRoomForForm, lines.TooManyBodies)):  # neither is worth an event
                refusals.tell(refusal, request)
            if known:
                _drain(request)
            taken = isinstance(refusal, (space.NoRoomForForm, lines.TooManyBodies))
            title = _("Действие не выполнено") if taken else _("Файлы не приняты")
            context = {"title": title, "text": refusals.words(refusal), "code": refusal.code}
            return render(request, "portal/error.html", context, status=refusal.http_status)

    return middleware


def announced(request: HttpRequest) -> int:
    """Return the length that a request gives its body; a body of no announced length is not read as a form."""
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _know(request: HttpRequest, *, known: bool) -> None:
    exchange = request.META.get(lines.KEY)
    if exchange is not None:
        exchange.known = known


def _know_machine(request: HttpRequest) -> None:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    machine = scheme.lower() == "bearer" and machine_of(token.strip()) is not None
    _know(request, known=machine or request.user.is_authenticated)


def _admit(request: HttpRequest) -> None:
    """Give the form one of the places for strangers, while it can still be told that there is none."""
    admit = request.META.get(lines.ADMIT)
    if admit is not None:
        admit()


def _to_login(request: HttpRequest) -> HttpResponse | None:
    """Return the way to the login when a stranger's form is for a page that asks for one."""
    try:
        name = resolve(request.path_info).url_name or ""
    except Resolver404:
        return None
    if name in _OPEN:
        return None
    if pages.is_open(name):
        return None
    return redirect_to_login(request.get_full_path())


@contextlib.contextmanager
def expected(size: int) -> Iterator[int]:
    """Count a body as room that is taken while it comes; yields what all bodies of the node need together.

    Each stands as an empty file of its length: every process of the node sees it, and it is void when its process is.
    """
    if size <= space.SMALL:
        yield size
        return
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    mine = folder / f"{os.getpid()}-{secrets.token_hex(8)}{EXPECTED}"
    try:
        with contextlib.suppress(OSError):
            mine.touch(mode=0o600)
            os.truncate(mine, size)
        others = sum(_length(each) for each in folder.glob(f"*{EXPECTED}") if each != mine)
        yield size + others
    finally:
        mine.unlink(missing_ok=True)


def _length(file: Path) -> int:
    with contextlib.suppress(OSError):
        if Path(f"/proc/{file.name.partition('-')[0]}").exists():
            return file.stat().st_size
        file.unlink()
    return 0


def sweep() -> int:
    """Remove what bodies left whose process was ended; to be called while no web process runs."""
    left = [
        each for each in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()
        if each.is_file() and each.name.endswith((_UPLOADED, EXPECTED))
    ]  # fmt: skip
    for each in left:
        each.unlink(missing_ok=True)
    return len(left)


def _judge(request: HttpRequest, size: int, all_bodies: int) -> None:
    limit = _limit(request)
    if size > limit:
        told_ru, told_en = (f"{limit >> 20} МиБ", f"{limit >> 20} MiB")
        if limit < 1 << 20:
            told_ru, told_en = (f"{limit >> 10} КиБ", f"{limit >> 10} KiB")
        raise FormTooBig(
            f"Файлы вместе больше {told_ru}: эта страница столько не принимает.",
            f"The files together are over {told_en}: this page does not take so much.",
            cure_ru="Проверьте, те ли файлы выбраны; если те, загрузите их по частям.",
            cure_en="See whether the right files are chosen; if so, upload them in parts.",
        )
    if size > space.SMALL:
        space.require_for_files(all_bodies)
    space.require_for_form(size)


def _limit(request: HttpRequest) -> int:
    name = ""
    with contextlib.suppress(Resolver404):
        name = resolve(request.path_info).url_name or ""
    if name in _OPEN and not request.user.is_authenticated:
        return STRANGERS_FORM
    return pages.body_limit(name)


def _drain(request: HttpRequest) -> None:
    """Read the rest and forget it: a browser whose body is not read shows a broken line, not the answer."""
    left = MOST_DRAINED
    with contextlib.suppress(OSError):
        while left > 0 and (block := request.read(_BLOCK)):
            left -= len(block)
