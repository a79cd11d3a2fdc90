"""Events of this room."""

from django.utils.translation import gettext_lazy as _

from audit import kinds

kinds.register(
    {
        "uploads.created": _("Receiving of a file begun"),
        "uploads.complete": _("File received whole"),
        "uploads.handled": _("Received file dealt with"),
        "uploads.refused": _("Received file rejected"),
        "uploads.terminated": _("Transfer broken off by the sender"),
        "uploads.expired": _("Unfinished transfer forgotten"),
    }
)
