"""States of what the centre keeps, each with its table of legal transitions; `audit.moves` walks them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class InboxState(models.TextChoices):
    """Where a packet stands at the centre."""

    RECEIVED = "received", _("Received")
    OPENING = "opening", _("Being opened")
    VERIFIED = "verified", _("Checked")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("bare", "«Подтвержден» (confirmed)")
    REJECTED = "rejected", _("Rejected")


WORKING = (InboxState.RECEIVED, InboxState.OPENING, InboxState.VERIFIED)
FINAL = (InboxState.ACKNOWLEDGED, InboxState.REJECTED)

PACKET_TABLE: dict[str, frozenset[str]] = {
    InboxState.RECEIVED: frozenset({InboxState.OPENING}),
    InboxState.OPENING: frozenset({InboxState.VERIFIED, InboxState.REJECTED}),
    InboxState.VERIFIED: frozenset({InboxState.ACKNOWLEDGED, InboxState.REJECTED}),
    InboxState.ACKNOWLEDGED: frozenset(),
    InboxState.REJECTED: frozenset(),
}


class PointStatusState(models.TextChoices):
    """Whether a status of a point holds."""

    REPORTED = "reported", _("declared")
    UNDONE = "undone", _("undone")


STATUS_TABLE: dict[str, frozenset[str]] = {
    PointStatusState.REPORTED: frozenset({PointStatusState.UNDONE}),
    PointStatusState.UNDONE: frozenset({PointStatusState.REPORTED}),
}


class RescanState(models.TextChoices):
    """Whether a request to scan again is answered."""

    OPEN = "open", _("awaited")
    ANSWERED = "answered", pgettext_lazy("request", "done")


RESCAN_TABLE: dict[str, frozenset[str]] = {
    RescanState.OPEN: frozenset({RescanState.ANSWERED}),
    RescanState.ANSWERED: frozenset(),
}


class FindingState(models.TextChoices):
    """Whether a person has looked into a finding. One whose facts have changed is gone, not settled."""

    OPEN = "open", _("not settled")
    SETTLED = "settled", _("settled")


FINDING_TABLE: dict[str, frozenset[str]] = {
    FindingState.OPEN: frozenset({FindingState.SETTLED}),
    FindingState.SETTLED: frozenset(),
}
