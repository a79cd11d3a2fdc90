"""States of what the centre keeps, each with its table of legal transitions and the one function that moves it."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit import moves
from audit.log import Actor

if TYPE_CHECKING:
    from rcoi.models import InboxFinding, InboxPacket, PointStatusRecord, RescanRequest


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

_PACKET_KINDS: dict[str, str] = {
    PacketState.OPENING: "rcoi.opening",
    PacketState.VERIFIED: "rcoi.verified",
    PacketState.ACKNOWLEDGED: "rcoi.acknowledged",
    PacketState.REJECTED: "rcoi.rejected",
}


def move_packet(
    packet: "InboxPacket", to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move a packet and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody else moved it first.
    """
    moves.move(
        packet,
        to,
        table=PACKET_TABLE,
        kind=_PACKET_KINDS[to],
        actor=actor,
        region=packet.region,
        point=packet.point_code,
        subject=packet.title,
        data={"uid": packet.uid, "sha256": packet.sha256, **(data or {})},
        **changes,
    )


def move_status(
    row: "PointStatusRecord", to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move a status of a point and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody else moved it first.
    """
    kind = "rcoi.status" if to == StatusState.REPORTED else "rcoi.status_undone"
    point = row.sitting.point
    moves.move(
        row,
        to,
        table=STATUS_TABLE,
        kind=kind,
        actor=actor,
        region=point.region.code,
        point=point.code,
        subject=f"{row.sitting.key} {row.status}",
        data=data,
        **changes,
    )


def move_rescan(row: "RescanRequest", to: str, *, actor: Actor, **changes: Any) -> None:
    """Move a request to scan again and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody else moved it first.
    """
    point = row.sitting.point
    moves.move(
        row,
        to,
        table=RESCAN_TABLE,
        kind="rcoi.rescan_answered",
        actor=actor,
        region=point.region.code,
        point=point.code,
        subject=row.packet.title,
        **changes,
    )


def move_finding(
    row: "InboxFinding", to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move a finding and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody else moved it first.
    """
    moves.move(
        row,
        to,
        table=FINDING_TABLE,
        kind="rcoi.finding_settled",
        actor=actor,
        region=row.packet.region,
        point=row.packet.point_code,
        subject=row.packet.title,
        data=data,
        **changes,
    )
