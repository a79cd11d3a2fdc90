from django.contrib import admin

from common.web.admin import ReadOnlyAdmin
from uploads.models import Upload


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Files that machines sent, newest first."""

    list_display = ("created_at", "filename", "purpose", "owner_urn", "state", "offset", "length", "progress_at")
    list_filter = ("state", "purpose", "point")
    search_fields = ("uid", "owner_urn", "sha256")
    date_hierarchy = "created_at"
