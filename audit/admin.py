from django.contrib import admin

from audit.models import Event
from common.admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log, newest first."""

    list_display = ("at", "chain", "number", "kind_words", "actor", "means", "subject")
    list_filter = ("kind", "means", "chain")
    search_fields = ("actor", "subject")
    date_hierarchy = "at"

    @admin.display(description="событие", ordering="kind")
    def kind_words(self, event: Event) -> str:
        """Return the kind in words."""
        return event.kind_words
