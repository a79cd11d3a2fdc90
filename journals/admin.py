from django.contrib import admin

from common.web.admin import ReadOnlyAdmin, ReadOnlyInline
from journals.models import Act, Journal, JournalAnswer, JournalSet, JournalSheet


class SetInline(ReadOnlyInline):
    """Sets of forms of a journal."""

    model = JournalSet
    fields = ("ordinal", "spoiled", "unused")


class AnswerInline(ReadOnlyInline):
    """Recorded answers of a journal."""

    model = JournalAnswer
    fields = ("ordinal", "place", "registration_number", "file_name", "seconds")


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    """Electronic journals."""

    list_display = ("name", "kind", "station", "room", "state", "entry_count", "door", "received_at", "received_by")
    list_filter = ("state", "kind", "door")
    search_fields = ("name", "original_name", "sha256", "station_said")
    list_select_related = ("station", "room")
    inlines = (SetInline, AnswerInline)


@admin.register(JournalSheet)
class JournalSheetAdmin(ReadOnlyAdmin):
    """Forms that the journals list."""

    list_display = ("number", "kind", "set", "journal")
    search_fields = ("number",)
    list_select_related = ("set", "journal")


@admin.register(JournalAnswer)
class JournalAnswerAdmin(ReadOnlyAdmin):
    """Recorded answers that the journals list."""

    list_display = ("file_name", "place", "ordinal", "registration_number", "seconds", "journal")
    search_fields = ("file_name", "registration_number")
    list_select_related = ("journal",)


@admin.register(Act)
class ActAdmin(ReadOnlyAdmin):
    """Acts."""

    list_display = ("name", "kind", "station_post", "room", "reason", "signed_by", "made_at")
    list_filter = ("kind",)
    list_select_related = ("station_post__station", "station_post__room", "room")
