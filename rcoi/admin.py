from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from common.web.admin import ReadOnlyAdmin, ReadOnlyInline
from rcoi.models import (
    Announcement,
    FeedEntry,
    InboxAct,
    InboxFinding,
    InboxJournal,
    InboxPacket,
    InboxRecording,
    InboxSheet,
    IssuedReceipt,
    PhoneReport,
    PointStanding,
    PointStatusRecord,
    Report,
    RescanRequest,
)


class IssuedReceiptInline(ReadOnlyInline):
    """Receipts of a packet."""

    model = IssuedReceipt
    fields = ("number", "level", "issued_at", "supersedes")


class InboxFindingInline(ReadOnlyInline):
    """Remarks about a packet."""

    model = InboxFinding
    fields = ("code", "text", "number", "room")


@admin.register(InboxPacket)
class InboxPacketAdmin(ReadOnlyAdmin):
    """What arrived."""

    list_display = ("title", "state", "point", "kind", "room", "version", "received_at", "door")
    list_select_related = ("point__region",)
    list_filter = ("state", "kind", "door")
    search_fields = ("uid", "sha256", "name")
    inlines = (IssuedReceiptInline, InboxFindingInline)


@admin.register(InboxSheet)
class InboxSheetAdmin(ReadOnlyAdmin):
    """Sheets out of packets."""

    list_display = ("number", "form", "name", "packet")
    list_select_related = ("packet",)
    search_fields = ("number", "name")


@admin.register(InboxRecording)
class InboxRecordingAdmin(ReadOnlyAdmin):
    """Recordings out of packets."""

    list_display = ("name", "number", "size", "packet")
    list_select_related = ("packet",)
    search_fields = ("name", "number")


@admin.register(InboxJournal)
class InboxJournalAdmin(ReadOnlyAdmin):
    """Journals out of status packets."""

    list_display = ("name", "kind", "station", "room", "entry_count", "closed_at", "signed_by")
    list_filter = ("kind",)
    search_fields = ("name",)


@admin.register(InboxAct)
class InboxActAdmin(ReadOnlyAdmin):
    """Acts out of packets."""

    list_display = ("name", "kind_words", "room", "station", "signed_by", "made_at")

    @admin.display(description=_("kind"))
    def kind_words(self, act: InboxAct) -> str:
        """Return the kind in words."""
        return act.kind_words


@admin.register(InboxFinding)
class InboxFindingAdmin(ReadOnlyAdmin):
    """Remarks."""

    list_display = ("text", "code", "state", "packet", "found_at")
    list_select_related = ("packet",)
    list_filter = ("state", "code")


@admin.register(IssuedReceipt)
class IssuedReceiptAdmin(ReadOnlyAdmin):
    """Receipts."""

    list_display = ("number", "level", "point", "packet", "issued_at")
    list_select_related = ("point__region", "packet")
    list_filter = ("level",)
    search_fields = ("sha256", "number")
    exclude = ("body",)


@admin.register(FeedEntry)
class FeedEntryAdmin(ReadOnlyAdmin):
    """The feed."""

    list_display = ("number", "point", "kind_words", "at")
    list_select_related = ("point__region",)
    list_filter = ("kind",)
    exclude = ("body", "kind")
    readonly_fields = ("kind_words",)

    @admin.display(description=_("kind"))
    def kind_words(self, entry: FeedEntry) -> str:
        """Return the kind in words."""
        return entry.kind_words


@admin.register(RescanRequest)
class RescanRequestAdmin(ReadOnlyAdmin):
    """Requests to scan again."""

    list_display = ("at", "packet", "room", "state", "by")
    list_select_related = ("packet",)
    list_filter = ("state",)


@admin.register(PointStatusRecord)
class PointStatusRecordAdmin(ReadOnlyAdmin):
    """Statuses of points."""

    list_display = ("sitting", "status", "state", "declared_at", "reported_at")
    list_select_related = ("sitting__point__region", "sitting__subject")
    list_filter = ("status", "state")


@admin.register(PointStanding)
class PointStandingAdmin(ReadOnlyAdmin):
    """What points said is open there again."""

    list_display = ("point", "date", "node", "number", "at", "received_at")
    list_select_related = ("point__region",)
    exclude = ("document",)


@admin.register(Announcement)
class AnnouncementAdmin(ReadOnlyAdmin):
    """Announcements."""

    list_display = ("at", "title", "by")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin):
    """Reports."""

    list_display = ("number", "kind", "key", "made_at", "prints")
    list_filter = ("kind",)


@admin.register(PhoneReport)
class PhoneReportAdmin(ReadOnlyAdmin):
    """Statuses told by telephone, and codes that were wrong."""

    list_display = ("at", "point", "date", "outcome", "status", "by")
    list_filter = ("outcome", "status")
    list_select_related = ("point__region",)
