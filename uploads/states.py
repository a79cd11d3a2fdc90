"""States of an upload."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UploadState(models.TextChoices):
    """From the first byte to the answer of the room that takes the file."""

    RECEIVING = "receiving", _("Being received")
    COMPLETE = "complete", _("Received whole")
    HANDLED = "handled", _("Dealt with")
    REFUSED = "refused", _("Rejected")
    TERMINATED = "terminated", _("Broken off by the sender")
    EXPIRED = "expired", pgettext_lazy("upload", "Expired")


MOVES: dict[str, frozenset[str]] = {
    UploadState.RECEIVING: frozenset(
        {UploadState.COMPLETE, UploadState.REFUSED, UploadState.TERMINATED, UploadState.EXPIRED}
    ),
    UploadState.COMPLETE: frozenset({UploadState.HANDLED, UploadState.REFUSED}),
}

FINISHED = frozenset({UploadState.COMPLETE, UploadState.HANDLED, UploadState.REFUSED})
GONE = frozenset({UploadState.TERMINATED, UploadState.EXPIRED})
