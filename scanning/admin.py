from django.contrib import admin
from django.utils.translation import pgettext_lazy

from common.web.admin import ReadOnlyAdmin, ReadOnlyInline
from scanning.models import (
    Batch,
    Decision,
    Discrepancy,
    Finding,
    Readiness,
    Recording,
    RoomCard,
    ScanEntry,
    ScanJob,
    Sheet,
    Source,
    WatchedFolder,
)


class FindingInline(ReadOnlyInline):
    """What the machine found."""

    model = Finding
    fields = ("kind", "severity", "value", "limit", "place")


class DiscrepancyInline(ReadOnlyInline):
    """What differs in a room."""

    model = Discrepancy
    fields = ("kind", "severity", "number", "text", "found_at", "resolved_at")


@admin.register(RoomCard)
class RoomCardAdmin(ReadOnlyAdmin):
    """Cards of rooms."""

    list_display = ("sitting", "room", "state", "registration_count", "dbo_count", "absent_count", "filled_by")
    list_filter = ("state",)
    list_select_related = ("sitting__point__region", "sitting__subject", "room")
    inlines = (DiscrepancyInline,)


@admin.register(Source)
class SourceAdmin(ReadOnlyAdmin):
    """Files as received."""

    list_display = ("name", "card", "state", "pages", "format", "size", "received_at")
    list_filter = ("state", "format")
    list_select_related = ("card__room",)
    search_fields = ("name", "sha256")


@admin.register(Sheet)
class SheetAdmin(ReadOnlyAdmin):
    """Scanned sheets."""

    list_display = ("number", "kind", "card", "state", "source", "page", "decided_by", "read_at")
    list_filter = ("state", "kind")
    list_select_related = ("card__room", "source")
    search_fields = ("number", "source__name")
    inlines = (FindingInline,)


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    """Recorded answers."""

    list_display = ("name", "card", "state", "seconds", "received_at")
    list_filter = ("state",)
    list_select_related = ("card__room",)
    search_fields = ("name", "sha256")
    inlines = (FindingInline,)


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin):
    """Differences, open and settled."""

    list_display = ("text", "card", "kind", "severity", "found_at", "resolved_at")
    list_filter = ("kind", "severity", ("resolved_at", admin.EmptyFieldListFilter))
    list_select_related = ("card__room",)


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    """Handings over of files."""

    list_display = ("card", "number", "door", "made_by", "made_at")
    list_select_related = ("card__room",)


@admin.register(ScanEntry)
class ScanEntryAdmin(ReadOnlyAdmin):
    """The scan journal of this node."""

    list_display = ("sitting", "seq", "event", "said")
    list_filter = ("event",)
    list_select_related = ("sitting__point__region", "sitting__subject")
    fields = ("sitting", "seq", "event", "said")
    readonly_fields = fields

    @admin.display(description=pgettext_lazy("journal", "entry"))
    def said(self, entry: ScanEntry) -> str:
        """Return the line as text."""
        return bytes(entry.line).decode("utf-8", "replace")


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    """Decisions as they changed a room."""

    list_display = ("card", "kind", "what", "made_by", "made_at", "undone_by", "undone_at")
    list_filter = ("kind",)
    list_select_related = ("card__room",)


@admin.register(ScanJob)
class ScanJobAdmin(ReadOnlyAdmin):
    """Passes of the scanner."""

    list_display = ("card", "state", "device", "preset", "pages", "made_by", "made_at", "said")
    list_filter = ("state",)
    list_select_related = ("card__room",)


@admin.register(WatchedFolder)
class WatchedFolderAdmin(ReadOnlyAdmin):
    """Folders of the scanner's own software."""

    list_display = ("path", "card", "state", "taken", "refused", "made_by", "made_at")
    list_filter = ("state",)
    list_select_related = ("card__room",)


@admin.register(Readiness)
class ReadinessAdmin(ReadOnlyAdmin):
    """Checks of the station."""

    list_display = ("point", "checked_by", "checked_at")
    list_select_related = ("point",)
