"""Pages of the portal: one decorator for the address, one for each form on the page.

A page answers GET by itself; each form on it names itself in a hidden field ``form`` (see the template tag
``{% form_id %}``), and its handler returns the sentence shown after the redirect::

    @page("monitoring/<sitting:key>/", name="monitoring", node="hq")
    def monitoring(request, key): ...


    @monitoring.post("journals")
    def take_journals(request, key) -> str | None: ...
"""

import logging
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Literal

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, register_converter
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from common import errors as refusals
from common import space
from wire.errors import Refusal

log = logging.getLogger(__name__)

Node = Literal["hq", "rcoi", "both"]
#: The most bytes that the forms of a page that takes files may carry, unless it says more.
BODY_LIMIT = 160 << 20
View = Callable[..., HttpResponseBase]
Handler = Callable[..., str | HttpResponseBase | None]


class SittingKey:
    """``78-0001-290526-01``: region, point, date, subject."""

    regex = r"\d{2}-\d{4}-\d{6}-\d{2}"

    def to_python(self, value: str) -> str:
        """Return the key as text; the view looks the sitting up within the scope of its user."""
        return value

    def to_url(self, value: object) -> str:
        """Return the key of a sitting, or the text itself."""
        return str(getattr(value, "key", value))


class PointKey(SittingKey):
    """``78-0001``: region, point."""

    regex = r"\d{2}-\d{4}"


register_converter(SittingKey, "sitting")
register_converter(PointKey, "point")


class Page:
    """A page with its forms."""

    def __init__(
        self, view: View, *, route: str, name: str, node: Node, login: bool, files: tuple[str, ...], max_body: int
    ) -> None:
        self.view, self.route, self.name, self.node, self.login = view, route, name, node, login
        self.files, self.max_body = files, max_body if files else space.SMALL
        self.handlers: dict[str, Handler] = {}
        self.numbered: dict[str, Handler] = {}
        update_wrapper(self, view)

    def post(self, form: str, *, numbered: bool = False) -> Callable[[Handler], Handler]:
        """Register the handler of the form ``form``; ``numbered`` forms are ``form-<id>`` and pass ``<id>`` as text."""

        def register(handler: Handler) -> Handler:
            (self.numbered if numbered else self.handlers)[form] = handler
            return handler

        return register

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a request; a refusal of a form becomes a message on the page it came from."""
        if request.method != "POST":
            return self._show(request, **kwargs)
        form = request.POST.get("form", "")
        if request.FILES and not self.files:
            raise BadRequest("this page takes no files")
        handler = self.handlers.get(form)
        if handler is None:
            stem = max((s for s in self.numbered if form.startswith(f"{s}-")), key=len, default=None)
            if stem is None:
                raise BadRequest(f"no form {form!r} on this page")
            handler, kwargs = self.numbered[stem], {**kwargs, "number": form[len(stem) + 1 :]}
        try:
            space.require_for_files(sum(each.size or 0 for each in _files(request)))
            answer = handler(request, **kwargs)
        except Refusal as refusal:
            refusals.tell(refusal, request)
            messages.error(request, refusals.words(refusal), extra_tags=f"code-{refusal.code}")
            answer = None
        if isinstance(answer, HttpResponseBase):
            return answer
        if answer:
            messages.success(request, answer)
        return redirect(request.get_full_path())

    def _show(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a GET; a refusal becomes a page that says it in words."""
        try:
            return self.view(request, **kwargs)
        except Refusal as refusal:
            refusals.tell(refusal, request)
            context = {"text": refusals.words(refusal), "code": refusal.code}
            return render(request, "refusal.html", context, title=_("Not available yet"), status=refusal.http_status)


def _files(request: HttpRequest) -> list[UploadedFile]:
    return [each for name in request.FILES for each in request.FILES.getlist(name)]


def row_number(text: str) -> int:
    """Return the number of a row that a form names; 0, which no row has, for whatever is no number."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0


_pages: list[Page] = []


def page(
    route: str,
    *,
    name: str,
    node: Node = "both",
    login: bool = True,
    files: tuple[str, ...] = (),
    max_body: int = BODY_LIMIT,
) -> Callable[[View], Page]:
    """Give a view its address on one kind of node.

    Args:
        route: Path below the root; ``<sitting:key>`` and ``<point:key>`` are known.
        name: URL name.
        node: The kind of node that serves it.
        login: Whether a person must be logged in.
        files: The actions (`stations.rules`) whose forms bring files. Whoever may do none of them has no file of theirs
            read, and a page that names none takes no files.
        max_body: The most bytes that a form of a page with files may carry, all its files together.
    """

    def register(view: View) -> Page:
        made = Page(view, route=route, name=name, node=node, login=login, files=files, max_body=max_body)
        _pages.append(made)
        return made

    return register


def named(name: str) -> Page | None:
    """Return the page of that name; None for an address that is no page of ours."""
    return next((each for each in _pages if each.name == name), None)


def url_patterns() -> list[URLPattern]:
    """Return the addresses of this kind of node."""
    patterns = []
    for each in _pages:
        if each.node in (settings.PPE_NODE, "both"):
            view: View = each
            if each.login:
                view = login_required(view)
            patterns.append(path(each.route, csrf_protect(view), name=each.name))
    return patterns


def render(
    request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, title: str, status: int = 200
) -> HttpResponse:
    """Return a page inside the admin's frame (sidebar, header, messages)."""
    return TemplateResponse(
        request, template, {**admin.site.each_context(request), "title": title, **(context or {})}, status=status
    ).render()
