from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.web.admin import ReadOnlyAdmin
from keys.models import (
    AccessKey,
    Activation,
    Certificate,
    ExamPackage,
    KeptAnswer,
    KeyLoad,
    MachineSession,
    PinFailures,
    RevocationList,
    SigningRequest,
)


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    """Certificates that the node knows."""

    list_display = ("role", "common_name", "region", "point", "ident", "not_after", "revoked_at")
    list_filter = ("role", "point")
    search_fields = ("common_name", "ident", "fingerprint")
    list_select_related = ("person", "station")


@admin.register(SigningRequest)
class SigningRequestAdmin(ReadOnlyAdmin):
    """Requests for certificates, at the centre."""

    list_display = ("role", "common_name", "point", "ident", "state", "received_at", "decided_by")
    list_filter = ("state", "role")
    search_fields = ("common_name", "ident", "key_fingerprint")


@admin.register(AccessKey)
class AccessKeyAdmin(ReadOnlyAdmin):
    """Access keys to exam materials."""

    list_display = ("name", "sitting", "version", "state", "at", "by", "until")
    list_filter = ("state",)
    list_select_related = ("sitting__point__region", "sitting__subject")


@admin.register(KeyLoad)
class KeyLoadAdmin(ReadOnlyAdmin):
    """Who loaded which key."""

    list_display = ("access_key", "by_words", "at", "person")
    list_select_related = ("access_key", "person")
    exclude = ("by",)
    readonly_fields = ("by_words",)

    @admin.display(description=_("who"), ordering="by")
    def by_words(self, row: KeyLoad) -> str:
        """Return who did it; what is no person's name is said in the reader's language."""
        return gettext(row.by)


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin):
    """Who activated which key."""

    list_display = ("access_key", "holder", "at", "until", "by")
    list_select_related = ("access_key",)


@admin.register(ExamPackage)
class ExamPackageAdmin(ReadOnlyAdmin):
    """Exam packages made or taken in."""

    list_display = ("name", "point", "date", "version", "mode", "at", "by_words")
    list_filter = ("date",)
    list_select_related = ("point__region",)
    exclude = ("by",)
    readonly_fields = ("by_words",)

    @admin.display(description=_("who"), ordering="by")
    def by_words(self, package: ExamPackage) -> str:
        """Return who did it; what is no person's name is said in the reader's language."""
        return gettext(package.by)


@admin.register(RevocationList)
class RevocationListAdmin(ReadOnlyAdmin):
    """Revocation lists."""

    list_display = ("number", "made_at", "taken_at")


@admin.register(MachineSession)
class MachineSessionAdmin(ReadOnlyAdmin):
    """Logins of machines; what could be used to act as one of them is not shown."""

    list_display = ("urn", "created_at", "expires_at", "revoked_at")
    search_fields = ("urn", "fingerprint")
    exclude = ("token_hash", "challenge_hash")


@admin.register(PinFailures)
class PinFailuresAdmin(ReadOnlyAdmin):
    """Tokens with wrong PINs in a row."""

    list_display = ("token", "count", "last_at")


@admin.register(KeptAnswer)
class KeptAnswerAdmin(ReadOnlyAdmin):
    """Answers kept for machines that repeat a request."""

    list_display = ("urn", "key", "status", "at")
