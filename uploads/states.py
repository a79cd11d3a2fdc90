"""States of an upload."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """From the first byte to the answer of the room that takes the file."""

    RECEIVING = "receiving", _("Being received")
    COMPLETE = "complete", _("Received whole")
    HANDLED = "handled", _("Dealt with")
    REFUSED = "refused", _("Rejected")
    TERMINATED = "terminated", _("Broken off by the sender")
    EXPIRED = "expired", pgettext_lazy("upload", "Expired")


MOVES: dict[str, frozenset[str]] = {
    State.RECEIVING: frozenset({State.COMPLETE, State.REFUSED, State.TERMINATED, State.EXPIRED}),
    State.COMPLETE: frozenset({State.HANDLED, State.REFUSED}),
}

FINISHED = frozenset({State.COMPLETE, State.HANDLED, State.REFUSED})
GONE = frozenset({State.TERMINATED, State.EXPIRED})
