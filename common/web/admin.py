"""Base classes of every admin page. The skin (django-unfold) is named here alone.

A list is filtered by what its page offers and by nothing else: a lookup that somebody wrote into the address could ask
for secrets one letter at a time, or keep the database busy for everybody.
"""

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.admin import ShowFacets, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.db.models import JSONField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from common import errors as refusals
from common.messages import MessageField
from common.web.pages import render
from wire.errors import PpeError
from wire.messages import Message

M = TypeVar("M", bound=Model)
#: A filter's value is not longer than this, a search has no more words: each of them is a condition of the query.
MAX_VALUE, MAX_WORDS = 200, 8
#: Where the list was left, given back by the page of a row.
_LEFT = "_changelist_filters"
_PAGE = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_ORDER = re.compile(r"(-?[0-9]{1,2}(\.-?[0-9]{1,2}){0,9})?", re.ASCII)
_HIERARCHY = {"year": re.compile(r"[12][0-9]{3}"), "month": re.compile(r"[0-9]{1,2}"), "day": re.compile(r"[0-9]{1,2}")}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UnknownFilterError(PpeError):
    """The address asks for a list that its page does not offer."""

    code = "unknown_filter"
    http_status = 400


def _unknown(name: str) -> UnknownFilterError:
    shown = _CONTROL.sub("?", name[:60])
    return UnknownFilterError(
        Message("Unknown filter “{shown}”: this page has none of that name.", shown=shown),
        remedy=Message("Open the page without a filter and choose from what it offers."),
    )


def _unfit(name: str) -> UnknownFilterError:
    shown = _CONTROL.sub("?", name[:60])
    return UnknownFilterError(
        Message("The value of the filter “{shown}” does not fit.", shown=shown),
        remedy=Message("Open the page without a filter and choose from what it offers."),
    )


def _no_such_page() -> UnknownFilterError:
    return UnknownFilterError(
        Message("The list has no such filter, or no such page."),
        remedy=Message("Open the list from its beginning."),
    )


class BoundedChangeList(ChangeList):
    """A list that takes only the filters that its page shows."""

    def get_filters(self, request: HttpRequest) -> Any:
        """Return the filters of the page; whatever none of them has taken is unknown."""
        found = super().get_filters(request)
        taken = set()
        if self.date_hierarchy and f"{self.date_hierarchy}__year" in request.GET:
            taken = {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"} - set(request.GET)
        for name in found[2]:
            if name not in taken:
                raise _unknown(name)
        return found


@cache
def _sentence(field: MessageField) -> Callable[[Model], str]:
    """Return what says the sentence of a row: the skin would take the column for JSON."""

    @display(description=field.verbose_name)
    def said(row: Model) -> str:
        return str(getattr(row, field.attname)) or "-"

    said.__name__ = field.name
    return said


@cache
def _list_of_sentences(field: JSONField) -> Callable[[Model], str]:
    """Return what says the typed reasons of a row, one a line."""

    @display(description=field.verbose_name)
    def said(row: Model) -> str:
        return (
            format_html_join(mark_safe("<br>"), "{}", ((refusals.told(each),) for each in getattr(row, field.attname)))
            or "-"
        )

    said.__name__ = field.name
    return said


def _saying(field: Any) -> Callable[[Model], str] | None:
    if isinstance(field, MessageField):
        return _sentence(field)
    return _list_of_sentences(field) if isinstance(field, JSONField) and field.name == "reasons" else None


def _with_sentences(model: type[Model], names: Iterable[Any]) -> tuple[Any, ...]:
    """Return fields of a page, with what says their sentences in place of the columns that keep them."""
    kept = {field.name: said for field in model._meta.get_fields() if (said := _saying(field))}
    return tuple(
        _with_sentences(model, name) if isinstance(name, (list, tuple)) else kept.get(name, name) for name in names
    )


class _Sentences:
    """A page, or rows in it, where sentences are read in the language of the reader."""

    model: type[Model]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return the fields of the page."""
        return [
            (title, {**options, "fields": _with_sentences(self.model, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)  # type: ignore[misc]
        ]


class ReadOnlyAdmin(_Sentences, ModelAdmin):
    """A page that shows rows and changes none; rows are seen within the scope of the person.

    Every change of state is a function of its room, called from the room's pages.
    """

    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_fullwidth = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        """Return the class of the list."""
        return BoundedChangeList

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list that the address asks for.

        Raises:
            UnknownFilterError: The page offers no such filter, value, order or page of the list.
        """
        self._judge(request.GET.lists())
        try:
            return super().get_changelist_instance(request)
        except SuspiciousOperation as error:
            raise _unknown(str(error).removeprefix("Filtering by ").removesuffix(" not allowed")) from error
        except (IncorrectLookupParameters, ValidationError, ValueError, OverflowError) as error:
            raise _no_such_page() from error

    def _judge(self, asked: Iterable[tuple[str, list[str]]]) -> None:
        """Refuse what no link of the page would ask, before anything is looked up."""
        values: dict[str, str] = {}
        for name, said in asked:
            if len(said) != 1 or len(said[0]) > MAX_VALUE or _CONTROL.search(said[0].replace("\t", " ")):
                raise _unfit(name)
            values[name] = said[0]
        if not _PAGE.fullmatch(values.pop(PAGE_VAR, "1")):
            raise _unfit(PAGE_VAR)
        if not _ORDER.fullmatch(values.pop(ORDER_VAR, "")):
            raise _unfit(ORDER_VAR)
        words = values.pop(SEARCH_VAR, "")
        if words and not self.search_fields:
            raise _unknown(SEARCH_VAR)
        if len(words.split()) > MAX_WORDS:
            raise _unfit(SEARCH_VAR)
        values.pop(ALL_VAR, None)
        self._judge_day(values)
        for name in values:
            # The framework's own switches (`e`, `_popup`, `_to_field`, `_facets`) are nothing a list of ours knows.
            if name == ERROR_FLAG or name.startswith("_"):
                raise _unknown(name)

    def _judge_day(self, values: Mapping[str, str]) -> None:
        """Refuse a day, month or year that the list has no link to."""
        names = [f"{self.date_hierarchy}__{part}" for part in _HIERARCHY] if self.date_hierarchy else []
        outer = True
        for name, shape in zip(names, _HIERARCHY.values(), strict=False):
            if name in values and not (outer and shape.fullmatch(values[name])):
                raise _unfit(name)
            outer = name in values

    def _answered(self, request: HttpRequest, refusal: PpeError) -> HttpResponse:
        refusals.tell(refusal, request)
        context = {"text": refusals.words(refusal), "code": refusal.code, "again": request.path}
        return render(request, "refusal.html", context, title=_("Unknown filter"), status=refusal.http_status)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Answer the list, or say in words what of the address it does not know."""
        try:
            return super().changelist_view(request, extra_context)
        except UnknownFilterError as refusal:
            return self._answered(request, refusal)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Answer the page of a row; beside its address it takes only where the list was left."""
        for name in request.GET:
            if name != _LEFT:
                return self._answered(request, _unknown(name))
        if _LEFT in request.GET and not self._leads_back(request):
            # The list may have changed since it was left: that is no reason to keep the row from anybody.
            messages.warning(
                request, _("The list does not know the filter that you came with: you will go back without it.")
            )
            request.GET = QueryDict()
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _leads_back(self, request: HttpRequest) -> bool:
        """Whether the list still takes the filters that it was left with, however long they are."""
        back = copy.copy(request)
        try:
            (left,) = request.GET.getlist(_LEFT)
            back.GET = QueryDict(left)
            self.get_changelist_instance(back)
        except (UnknownFilterError, SuspiciousOperation, ValueError):
            return False
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the person may see."""
        rows = super().get_queryset(request)
        visible = getattr(rows, "visible_to", None)
        return visible(request.user) if visible else rows  # type: ignore[no-any-return]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Received and concluded things are not typed in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is deleted here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Every member of staff may look at what lies in their scope."""
        return bool(request.user.is_active and request.user.is_staff)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to staff."""
        return bool(request.user.is_active and request.user.is_staff)


class ReadOnlyInline(_Sentences, TabularInline):
    """Rows of another table shown inside a read-only page."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Every shown field is text: Django builds no form field, and refuses none that may not be edited."""
        return _with_sentences(self.model, dict.fromkeys((*(self.fields or ()), *self.readonly_fields)))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the page sees its rows."""
        return True
