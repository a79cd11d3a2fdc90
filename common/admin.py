"""Base classes of every admin page. The skin (django-unfold) is named here alone."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(ModelAdmin):
    """A page that shows rows and changes none; rows are seen within the scope of the person.

    Every change of state is a function of its room, called from the room's pages.
    """

    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True

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


class ReadOnlyInline(TabularInline):
    """Rows of another table shown inside a read-only page."""

    extra = 0
    can_delete = False
    show_change_link = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Every shown field is text: Django builds no form field, and refuses none that may not be edited."""
        return tuple(dict.fromkeys((*(self.fields or ()), *self.readonly_fields)))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is added here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nothing is changed here."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the page sees its rows."""
        return True
