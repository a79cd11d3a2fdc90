"""Template tags of every room."""

from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BoundField
from django.template.context import RequestContext
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from common import errors as refusals
from common.web.forms import WRITER, PageForm, writer_of
from common.work import clock

register = template.Library()


@register.simple_tag(takes_context=True)
def form_id(context: RequestContext, name: str, suffix: object = "") -> SafeString:
    """Return the id attribute of a form; use together with `form_head`: ``<form {% form_id "close" %}>``."""
    full = f"{name}-{suffix}" if suffix != "" else name
    return format_html('id="{}" method="post" enctype="multipart/form-data"', full)


@register.simple_tag(takes_context=True)
def form_head(context: RequestContext, name: str, suffix: object = "") -> SafeString:
    """Return the hidden fields every form carries: its name, the CSRF token, for whom the page was drawn."""
    full = f"{name}-{suffix}" if suffix != "" else name
    user = getattr(context.get("request"), "user", None)
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="form" value="{}">'
        '<input type="hidden" name="{}" value="{}">',
        context.get("csrf_token", ""),
        full,
        WRITER,
        writer_of(user) if user is not None else "",
    )


@register.inclusion_tag("form_returned.html")
def form_returned(form: PageForm) -> dict[str, Any]:
    """Say at the top of a form that it was not done, what is wrong in which field, and what to give anew."""
    wrong = [form[name] for name in form.fields if form.is_bound and name in form.errors]
    return {"form": form, "wrong": wrong, "whole": form.non_field_errors() if form.is_bound else []}


@register.inclusion_tag("field.html")
def field(bound: BoundField, may: bool = True) -> dict[str, Any]:
    """Show a field with its label, as it was typed, and what is wrong with it beside it."""
    form: Any = bound.form
    described = f"{bound.id_for_label}-error"
    errors = bound.errors if form.is_bound else []
    attrs: dict[str, str | bool] = {"disabled": not may}
    if errors:
        attrs |= {"aria-describedby": described, "aria-invalid": "true", "autofocus": form.first_wrong == bound.name}
    return {"field": bound, "widget": bound.as_widget(attrs=attrs), "described": described, "errors": errors}


@register.filter
def at_point(moment: Any, point: Any) -> Any:
    """Return a moment as the clocks of an exam point show it.

    Naive on purpose: the ``date`` filter turns aware moments back into the server's zone.
    """
    return clock.local(moment, point.timezone).replace(tzinfo=None) if moment else moment


@register.filter
def filesize_ru(size: int | None) -> str:
    """Return a size in kilobytes, megabytes, gigabytes, as the reader's language writes it."""
    value, units = float(size or 0), (_("B"), _("KB"), _("MB"), _("GB"))
    step = 0
    while value >= 1024 and step < len(units) - 1:
        value, step = value / 1024, step + 1
    return f"{number_format(value, decimal_pos=(0, 1, 1, 2)[step])} {units[step]}"


@register.filter
def told(said: Any) -> str:
    """Return a sentence that is kept in both languages in the one of the reader."""
    return refusals.told(said)


@register.inclusion_tag("pager.html", takes_context=True)
def pager(context: RequestContext, shown: Page[Any], name: str = "page") -> dict[str, Any]:
    """Say how long a list is and lead to its other pages; what else the address asks for stays.

    Args:
        context: The page's.
        shown: A page of a paginator.
        name: The parameter of the address that turns this list's pages.
    """

    def address(number: int) -> str:
        asked = context["request"].GET.copy()
        asked[name] = str(number)
        return f"?{asked.urlencode()}"

    return {
        "shown": shown,
        "before": address(shown.previous_page_number()) if shown.has_previous() else "",
        "after": address(shown.next_page_number()) if shown.has_next() else "",
    }
