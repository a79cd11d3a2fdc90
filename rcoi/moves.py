"""The one function for each state of the centre that moves a row and writes its event."""

from typing import Any

from audit import moves
from audit.log import Actor
from rcoi.models import InboxFinding, InboxPacket, PointStatusRecord, RescanRequest
from rcoi.states import FINDING_TABLE, PACKET_TABLE, RESCAN_TABLE, STATUS_TABLE, PacketState, StatusState

_PACKET_KINDS: dict[str, str] = {
    PacketState.OPENING: "rcoi.opening",
    PacketState.VERIFIED: "rcoi.verified",
    PacketState.ACKNOWLEDGED: "rcoi.acknowledged",
    PacketState.REJECTED: "rcoi.rejected",
}


def move_packet(
    packet: InboxPacket, to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
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
    row: PointStatusRecord, to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
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


def move_rescan(row: RescanRequest, to: str, *, actor: Actor, **changes: Any) -> None:
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
    row: InboxFinding, to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
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
