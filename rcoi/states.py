"""States of what the centre keeps, each with its table of legal transitions; `audit.moves` walks them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PacketState(models.TextChoices):
    """Where a packet stands at the centre."""

    RECEIVED = "received", _("Received")
    OPENING = "opening", _("Being opened")
    VERIFIED = "verified", _("Checked")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("bare", "«Подтвержден» (confirmed)")
    REJECTED = "rejected", _("Rejected")


WORKING = (PacketState.RECEIVED, PacketState.OPENING, PacketState.VERIFIED)
FINAL = (PacketState.ACKNOWLEDGED, PacketState.REJECTED)

PACKET_TABLE: dict[str, frozenset[str]] = {
    PacketState.RECEIVED: frozenset({PacketState.OPENING}),
    PacketState.OPENING: frozenset({PacketState.VERIFIED, PacketState.REJECTED}),
    PacketState.VERIFIED: frozenset({PacketState.ACKNOWLEDGED, PacketState.REJECTED}),
    PacketState.ACKNOWLEDGED: frozenset(),
    PacketState.REJECTED: frozenset(),
}


class StatusState(models.TextChoices):
    """Whether a status of a point holds."""

    REPORTED = "reported", _("declared")
    UNDONE = "undone", _("undone")


STATUS_TABLE: dict[str, frozenset[str]] = {
    StatusState.REPORTED: frozenset({StatusState.UNDONE}),
    StatusState.UNDONE: frozenset({StatusState.REPORTED}),
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
