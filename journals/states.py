"""The states of a journal and the way between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JournalState(models.TextChoices):
    """Where a journal stands."""

    RECEIVED = "received", _("Received")
    ACCEPTED = "accepted", _("Accepted")
    QUARANTINED = "quarantined", _("In quarantine")
    REFUSED = "refused", _("Rejected")
    SUPERSEDED = "superseded", _("Replaced by a fuller one")


JOURNAL_MOVES: dict[str, frozenset[str]] = {
    JournalState.RECEIVED: frozenset({JournalState.ACCEPTED, JournalState.QUARANTINED}),
    JournalState.QUARANTINED: frozenset({JournalState.ACCEPTED, JournalState.REFUSED, JournalState.SUPERSEDED}),
    JournalState.ACCEPTED: frozenset({JournalState.SUPERSEDED}),
    JournalState.REFUSED: frozenset({JournalState.ACCEPTED}),
}


class JournalChannel(models.TextChoices):
    """How a journal came in."""

    API = "api", _("network")
    BROWSER = "browser", _("browser")
    FLASH = "flash", _("flash drive")
    PACKET = "packet", _("another node")
    NODE = "node", _("this node")
