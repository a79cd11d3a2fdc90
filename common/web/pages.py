"""Pages of the portal: one decorator for the address, one for each form on the page.

A page answers GET by itself; each form on it names itself in a hidden field ``form`` (see the template tag
``{% form_id %}``), and its handler returns the sentence shown after the redirect::

    @page("monitoring/<sitting:key>/", name="monitoring", node="hq")
    def monitoring(request, key): ...


    @monitoring.post("journals")
    def take_journals(request, key) -> str | None: ...

A form with fields is a class. ``about`` finds its row and refuses whoever may not before a field is judged; the handler
gets the form valid, and one that is invalid or refused is shown again as typed::

    @room_page.post(CardForm, about=editable)
    def save_card(request, form) -> str | None: ...
"""

import logging
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Literal, Protocol, overload

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, register_converter
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_protect

from common import errors as refusals
from common import space
from common.web.forms import UNSENT, PageForm
from wire.errors import PpeError

log = logging.getLogger(__name__)

Node = Literal["hq", "rcoi", "both"]
#: The most bytes that the forms of a page that takes files may carry, unless it says more.
BODY_LIMIT = 160 << 20
View = Callable[..., HttpResponseBase]
Handler = Callable[..., str | HttpResponseBase | None]
#: Finds what a form is about by the parts of the address, and refuses whoever may not send it now.
About = Callable[..., Any]


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


class Register(Protocol):
    """Registers the handler of a form; see `Forms.post`."""

    @overload
    def __call__(self, form: str, *, numbered: bool = False) -> Callable[[Handler], Handler]: ...
    @overload
    def __call__(self, form: type[PageForm], *, about: About) -> Callable[[Handler], Handler]: ...


class Forms:
    """The forms that stand on a page, each with its handler."""

    def __init__(self) -> None:
        """Know none yet."""
        self.handlers: dict[str, Handler] = {}
        self.numbered: dict[str, Handler] = {}
        self.classes: dict[str, type[PageForm]] = {}
        self.abouts: dict[str, About] = {}

    @overload
    def post(self, form: str, *, numbered: bool = False) -> Callable[[Handler], Handler]: ...
    @overload
    def post(self, form: type[PageForm], *, about: About) -> Callable[[Handler], Handler]: ...
    def post(
        self, form: str | type[PageForm], *, numbered: bool = False, about: About | None = None
    ) -> Callable[[Handler], Handler]:
        """Register the handler of a form.

        Args:
            form: The form, which the handler gets bound and valid; or the bare name of one that has no fields to judge.
            numbered: Whether the forms of that bare name are ``form-<id>``; the handler gets ``<id>`` as text.
            about: Called before the form is read; returns the row it is for, or refuses.
        """

        def register(handler: Handler) -> Handler:
            if isinstance(form, str):
                (self.numbered if numbered else self.handlers)[form] = handler
            else:
                self.classes[form.name], self.handlers[form.name] = form, handler
                self.abouts[form.name] = about or (lambda request, **_address: None)
            return handler

        return register


#: Page → its forms: whoever comes first, the page or a form of it, makes the entry.
_forms: dict[str, Forms] = {}


def forms_on(name: str) -> Forms:
    """Return the forms of a page; a room hangs its own forms on the page of a room above by its name."""
    return _forms.setdefault(name, Forms())


class Page:
    """A page with its forms."""

    def __init__(
        self, view: View, *, route: str, name: str, node: Node, login: bool, files: tuple[str, ...], max_body: int
    ) -> None:
        self.view, self.route, self.name, self.node, self.login = view, route, name, node, login
        self.files, self.max_body = files, max_body if files else space.SMALL
        self.forms = forms_on(name)
        self.additions: list[Callable[..., dict[str, Any]]] = []
        update_wrapper(self, view)

    @property
    def post(self) -> "Register":
        """What registers the handler of a form of this room; see `Forms.post`."""
        return self.forms.post

    def adds(self, addition: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        """Register what a room above the page's own adds to its context: what the page must not conclude itself."""
        self.additions.append(addition)
        return addition

    def added(self, *args: Any) -> dict[str, Any]:
        """Return what the rooms above add to the page."""
        return {name: value for addition in self.additions for name, value in addition(*args).items()}

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a request; a refusal of a form becomes a message on the page it came from."""
        if request.method != "POST":
            return self._waiting(request, **kwargs) or self._show(request, **kwargs)
        form = request.POST.get("form", "")
        if request.FILES and not self.files:
            raise BadRequest("this page takes no files")
        handler = self.forms.handlers.get(form)
        if handler is None:
            stem = max((s for s in self.forms.numbered if form.startswith(f"{s}-")), key=len, default=None)
            if stem is None:
                raise BadRequest(f"no form {form!r} on this page")
            handler, kwargs = self.forms.numbered[stem], {**kwargs, "number": form[len(stem) + 1 :]}
        if form in self.forms.classes:
            return self._judge(request, form, handler, **kwargs)
        try:
            return self._done(request, handler, **kwargs)
        except PpeError as refusal:
            _say(request, refusal)
        return redirect(request.get_full_path())

    def _judge(self, request: HttpRequest, name: str, handler: Handler, **kwargs: Any) -> HttpResponseBase:
        """Do a form that is a class; first of all it is refused whoever may not send it."""
        try:
            about = self.forms.abouts[name](request, **kwargs)
        except PpeError as refusal:
            _say(request, refusal)
            return redirect(request.get_full_path())
        form = self.forms.classes[name](request, about=about, data=request.POST, files=request.FILES)
        if not form.is_valid():
            form.returned = "invalid"
            messages.error(request, _("The action was not done: correct the marked fields and send it again."))
            return self._again(request, form, **kwargs)
        try:
            return self._done(request, handler, form=form)
        except PpeError as refusal:
            _say(request, refusal)
            form.take_refusal(refusal)
        return self._again(request, form, **kwargs)

    def _done(self, request: HttpRequest, handler: Handler, **kwargs: Any) -> HttpResponseBase:
        space.require_for_files(sum(each.size or 0 for each in _files(request)))
        answer = handler(request, **kwargs)
        if isinstance(answer, HttpResponseBase):
            return answer
        if answer:
            messages.success(request, answer)
        return redirect(request.get_full_path())

    def show_unsent(
        self, request: HttpRequest, kind: type[PageForm], typed: QueryDict, **kwargs: Any
    ) -> HttpResponseBase:
        """Show the page with a form that never reached its handler as it was typed; nothing of it is done."""
        try:
            form = kind(request, about=self.forms.abouts[kind.name](request, **kwargs))
        except PpeError as refusal:
            _say(request, refusal)
            return self._show(request, **kwargs)
        said = _("The action was not done: check what is filled in and press its button.")
        user: Any = request.user
        if user.is_authenticated:
            said += " " + _("You are logged in as %(name)s.") % {"name": user.get_full_name() or user.get_username()}
        messages.error(request, said)
        form.fill_unsent(typed)
        return self._again(request, form, **kwargs)

    def _waiting(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase | None:
        """Return the page with the form that waited for the log-in; None when none did, or a script asks."""
        if not request.user.is_authenticated or "X-Requested-With" in request.headers:
            return None
        held = request.session.get(UNSENT)
        if not held or held["path"] != request.get_full_path() or held["form"] not in self.forms.classes:
            return None
        del request.session[UNSENT]
        typed = QueryDict(mutable=True)
        for name, values in held["values"].items():
            typed.setlist(name, values)
        return self.show_unsent(request, self.forms.classes[held["form"]], typed, **kwargs)

    def _again(self, request: HttpRequest, form: PageForm, **kwargs: Any) -> HttpResponseBase:
        """Show the page with a form that was not done (see `common.web.forms.form_on`)."""
        request.returned_form = form  # type: ignore[attr-defined]
        return self._show(request, **kwargs)

    def _show(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Answer a GET; a refusal becomes a page that says it in words."""
        try:
            return self.view(request, **kwargs)
        except PpeError as refusal:
            refusals.tell(refusal, request)
            context = {"text": refusals.words(refusal), "code": refusal.code}
            return render(request, "refusal.html", context, title=_("Not available yet"), status=refusal.http_status)


def _say(request: HttpRequest, refusal: PpeError) -> None:
    refusals.tell(refusal, request)
    messages.error(request, refusals.words(refusal), extra_tags=f"code-{refusal.code}")


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


def known(name: str) -> Page:
    """Return the page of a name, to which a room above adds.

    Raises:
        LookupError: There is none, or it was not imported yet.
    """
    made = named(name)
    if made is None:
        raise LookupError(name)
    return made


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
