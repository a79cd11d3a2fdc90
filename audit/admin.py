from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.kinds import KINDS, MEANS
from audit.models import Anchor, Event
from common.web.admin import ReadOnlyAdmin


class KindFilter(admin.SimpleListFilter):
    """Kinds by their words."""

    title, parameter_name = _("event"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds of the catalogue."""
        return sorted(((kind, str(words)) for kind, words in KINDS.items()), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events of the chosen kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class MeansFilter(admin.SimpleListFilter):
    """Means by their words."""

    title, parameter_name = _("by what means"), "means"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the known means."""
        return [(means, str(words)) for means, words in MEANS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        """Return the events done by the chosen means."""
        return queryset.filter(means=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log, newest first."""

    list_display = ("at", "chain", "number", "kind_words", "actor_words", "means_words", "subject")
    list_filter = (KindFilter, MeansFilter, "chain")
    search_fields = ("actor", "subject")
    date_hierarchy = "at"
    exclude = ("kind", "actor", "means")
    readonly_fields = ("kind_words", "actor_words", "means_words")

    @admin.display(description=_("event"), ordering="kind")
    def kind_words(self, event: Event) -> str:
        """Return the kind in words."""
        return event.kind_words

    @admin.display(description=_("who"), ordering="actor")
    def actor_words(self, event: Event) -> str:
        """Return who did it."""
        return event.actor_words

    @admin.display(description=_("by what means"), ordering="means")
    def means_words(self, event: Event) -> str:
        """Return by what means it was done, in words."""
        return str(MEANS.get(event.means, event.means))


@admin.register(Anchor)
class AnchorAdmin(ReadOnlyAdmin):
    """The signed words about the log, newest first, each with its file."""

    list_display = ("number", "at", "sha256", "file")
    fields = ("number", "at", "sha256", "file")

    @admin.display(description=_("file"))
    def file(self, anchor: Anchor) -> str:
        """Return the link to the signed document."""
        address = reverse("anchor", kwargs={"number": anchor.number})
        return format_html('<a href="{}">{}</a>', address, f"ANCHOR_{anchor.number:06d}.p7m")
