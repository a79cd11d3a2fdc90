"""The statuses of packets and points, each with its table of legal transitions; `transfers.moves` walks them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PacketState(models.TextChoices):
    """A packet of the exam point."""

    BUILDING = "building", _("Being built")
    SEALING = "sealing", _("Being encrypted")
    AWAITING_SIGNATURE = "awaiting_signature", _("Awaits a signature")
    QUEUED = "queued", _("Queued")
    UPLOADING = "uploading", _("Being sent")
    HANDED_OVER = "handed_over", _("Written to a flash drive")
    DELIVERED = "delivered", _("«Передан» (delivered)")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("bare", "«Подтвержден» (confirmed)")
    REJECTED = "rejected", _("Rejected")
    STUCK = "stuck", _("Needs help")
    SUPERSEDED = "superseded", _("Replaced")


P = PacketState
#: Answers of the centre may overtake anything that happens after signing: the file may come by another way.
_ANSWERED = frozenset({P.DELIVERED, P.ACKNOWLEDGED, P.REJECTED})

PACKET_MOVES: dict[str, frozenset[str]] = {
    # What was never sent gives way at once to the packet made after it.
    P.BUILDING: frozenset({P.SEALING, P.STUCK, P.SUPERSEDED}),
    P.SEALING: frozenset({P.AWAITING_SIGNATURE, P.QUEUED, P.STUCK, P.SUPERSEDED}),
    P.AWAITING_SIGNATURE: frozenset({P.QUEUED, P.BUILDING, P.STUCK, P.SUPERSEDED}),
    P.QUEUED: frozenset({P.UPLOADING, P.HANDED_OVER, P.STUCK}) | _ANSWERED,
    P.UPLOADING: frozenset({P.QUEUED, P.HANDED_OVER, P.STUCK}) | _ANSWERED,
    P.HANDED_OVER: frozenset({P.QUEUED, P.UPLOADING, P.STUCK}) | _ANSWERED,
    # Delivered and silent for too long: it may be sent, or carried, once more.
    P.DELIVERED: frozenset({P.ACKNOWLEDGED, P.REJECTED, P.QUEUED, P.HANDED_OVER}),
    P.ACKNOWLEDGED: frozenset({P.REJECTED, P.SUPERSEDED}),
    P.REJECTED: frozenset({P.SUPERSEDED, P.ACKNOWLEDGED}),
    P.STUCK: frozenset({P.BUILDING, P.SEALING, P.QUEUED, P.HANDED_OVER, P.SUPERSEDED}) | _ANSWERED,
}

COLOURS: dict[str, str] = {
    P.BUILDING: "info",
    P.SEALING: "info",
    P.AWAITING_SIGNATURE: "warn",
    P.QUEUED: "info",
    P.UPLOADING: "info",
    P.HANDED_OVER: "warn",
    P.DELIVERED: "info",
    P.ACKNOWLEDGED: "ok",
    P.REJECTED: "bad",
    P.STUCK: "bad",
    P.SUPERSEDED: "idle",
}

#: Signed, and the centre has not answered yet.
ON_THE_WAY = frozenset({P.QUEUED, P.UPLOADING, P.HANDED_OVER, P.DELIVERED})
#: Work of this node is still to do before a person signs.
IN_THE_MAKING = frozenset({P.BUILDING, P.SEALING})
#: The outbox works on these. A drive is another road to the centre: the network is tried until a receipt comes.
SENDING = frozenset({P.QUEUED, P.UPLOADING, P.HANDED_OVER})
#: Not sent yet: a newer version takes the place of such a packet at once.
UNSENT = IN_THE_MAKING | {P.AWAITING_SIGNATURE}
#: The centre has said its last word so far.
SETTLED = frozenset({P.ACKNOWLEDGED, P.REJECTED, P.SUPERSEDED})


class StatusState(models.TextChoices):
    """A declared status of a sitting."""

    DECLARED = "declared", _("On its way to the regional centre")
    ACCEPTED = "accepted", _("Accepted by the regional centre")
    UNDONE = "undone", _("Undone")


class LineState(models.TextChoices):
    """A knock at the centre's door."""

    WAITING = "waiting", _("being tried")
    ANSWERED = "answered", _("answers")
    SILENT = "silent", _("does not answer")


LINE_MOVES: dict[str, frozenset[str]] = {
    LineState.WAITING: frozenset({LineState.ANSWERED, LineState.SILENT}),
}


class WipeState(models.TextChoices):
    """The originals of a sitting on their way out."""

    BEGUN = "begun", _("Being wiped")
    DONE = "done", _("Wiped")


WIPE_MOVES: dict[str, frozenset[str]] = {WipeState.BEGUN: frozenset({WipeState.DONE})}

S = StatusState
STATUS_COLOURS: dict[str, str] = {S.DECLARED: "info", S.ACCEPTED: "ok", S.UNDONE: "warn"}
STATUS_MOVES: dict[str, frozenset[str]] = {
    S.DECLARED: frozenset({S.ACCEPTED, S.UNDONE}),
    S.ACCEPTED: frozenset({S.UNDONE}),
}
