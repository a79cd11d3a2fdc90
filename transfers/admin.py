from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.web.admin import ReadOnlyAdmin, ReadOnlyInline
from transfers.models import (
    ConnectivityCheck,
    FeedCursor,
    FeedRecord,
    HistoryEntry,
    Packet,
    PhoneCode,
    PointStatus,
    ReceiptRecord,
    StandingReport,
    Wiping,
)


class HistoryInline(ReadOnlyInline):
    """The story of a packet."""

    model = HistoryEntry
    fields = ("at", "state", "who_words", "text")
    readonly_fields = ("who_words",)

    @admin.display(description=_("who"))
    def who_words(self, step: HistoryEntry) -> str:
        """Return who did it; what is no person's name is said in the reader's language."""
        return gettext(step.who)

    show_change_link = False


class ReceiptInline(ReadOnlyInline):
    """The receipts of a packet."""

    model = ReceiptRecord
    fields = ("number", "level", "issued_at", "received_at", "door")


@admin.register(Packet)
class PacketAdmin(ReadOnlyAdmin):
    """Packets, every version."""

    list_display = ("name_or_title", "version", "state", "sitting", "room", "size", "signed_at", "receipt_number")
    list_filter = ("state", "kind", ("sitting", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("sitting__point__region", "sitting__subject", "room", "status")
    search_fields = ("uid", "name", "sha256")
    inlines = (HistoryInline, ReceiptInline)

    @admin.display(description=_("packet"))
    def name_or_title(self, packet: Packet) -> str:
        """Return the packet in words."""
        return str(packet)


@admin.register(PointStatus)
class PointStatusAdmin(ReadOnlyAdmin):
    """Statuses that points declared."""

    list_display = ("sitting", "status", "state", "at", "by", "accepted_at", "undone_at")
    list_filter = ("status", "state")
    list_select_related = ("sitting__point__region", "sitting__subject")


@admin.register(ReceiptRecord)
class ReceiptRecordAdmin(ReadOnlyAdmin):
    """Receipts as received; one without a packet is an alarm."""

    list_display = ("number", "level", "packet", "point", "issued_at", "received_at", "door")
    list_filter = ("level", "door", ("packet", admin.EmptyFieldListFilter))
    list_select_related = ("packet__room", "packet__status", "point__region")
    search_fields = ("file_sha256", "sha256")
    exclude = ("document", "operator")
    readonly_fields = ("operator_words",)

    @admin.display(description=_("who at the regional centre"))
    def operator_words(self, row: ReceiptRecord) -> str:
        """Return who decided at the centre, or that it was automatic, in the reader's language."""
        return gettext(row.operator)


@admin.register(FeedRecord)
class FeedRecordAdmin(ReadOnlyAdmin):
    """The centre's feed as received."""

    list_display = ("point", "number", "kind", "at", "received_at", "problem")
    list_filter = ("kind", ("point", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("point__region",)
    exclude = ("document",)


@admin.register(FeedCursor)
class FeedCursorAdmin(ReadOnlyAdmin):
    """How far each point has read."""

    list_display = ("point", "number", "answered_at", "trouble")
    list_select_related = ("point__region",)


@admin.register(StandingReport)
class StandingReportAdmin(ReadOnlyAdmin):
    """What the centre was last told is open again."""

    list_display = ("point", "date", "number", "made_at", "told_at", "problem")
    list_select_related = ("point__region",)
    exclude = ("document",)


@admin.register(PhoneCode)
class PhoneCodeAdmin(ReadOnlyAdmin):
    """Statuses told by telephone."""

    list_display = ("point", "date", "status", "counter", "made_at", "made_by", "told_at")
    list_filter = ("status",)
    list_select_related = ("point__region",)


@admin.register(ConnectivityCheck)
class ConnectivityCheckAdmin(ReadOnlyAdmin):
    """Knocks at the centre's door."""

    list_display = ("packet", "channel", "address", "state", "answered_at", "milliseconds", "skew_seconds")
    list_filter = ("channel", "state")
    list_select_related = ("packet__sitting__point__region", "packet__sitting__subject")


@admin.register(Wiping)
class WipingAdmin(ReadOnlyAdmin):
    """Originals that were wiped from this node."""

    list_display = ("sitting", "state", "cause", "begun_at", "by", "done_at", "files", "size")
    list_filter = ("state", "cause")
    list_select_related = ("sitting__point__region", "sitting__subject")
