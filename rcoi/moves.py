"""The one function that moves a packet of the centre and writes its event."""

from typing import Any

from audit import moves
from audit.log import Actor
from rcoi.models import InboxPacket


def move_packet(
    packet: InboxPacket, to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move a packet and write its event.

    Raises:
        IllegalMoveError: The table does not allow it.
        StaleStateError: Somebody else moved it first.
    """
    moves.move(packet, to, actor=actor, data={"uid": packet.uid, "sha256": packet.sha256, **(data or {})}, **changes)
