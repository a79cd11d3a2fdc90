"""The one function for packets and the one for statuses that moves a row and writes its event."""

from typing import Any

from django.db import transaction

from audit.log import Actor
from audit.moves import move
from common.work.clock import now
from transfers.models import Packet, PointStatus
from wire.messages import NOTHING, Message

#: Leases and attempts belong to one state.
_FRESH: dict[str, Any] = {"lease_until": None, "attempts": 0, "parked_at": None, "parked_reason": "", "woken_at": None}


def move_packet(
    packet: Packet,
    to: str,
    *,
    actor: Actor,
    text: Message = NOTHING,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move the status of a packet, write its event and the line of its story.

    Args:
        packet: The packet as the caller believes it to be.
        to: The new state.
        actor: Who or what moves it.
        text: What a person reads in the packet's story, in both languages.
        data: Details of the event.
        **changes: Fields set in the same statement.

    Raises:
        IllegalMoveError: The table does not allow it.
        StaleStateError: Somebody moved it first.
    """
    with transaction.atomic():
        move(
            packet,
            to,
            actor=actor,
            data={"uid": packet.uid, **(data or {})},
            **{**_FRESH, "next_try_at": now(), **changes},
        )
        packet.steps.create(at=now(), state=to, who=actor.name[:200], text=text)


def replaced_by(newer: Packet) -> Message:
    """Return what the story of a packet says when a newer version takes its place."""
    return Message("Replaced by version {version}", version=newer.version)


def move_status(row: PointStatus, to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any) -> None:
    """Move a declared status and write its event.

    Raises:
        IllegalMoveError: The table does not allow it.
        StaleStateError: Somebody moved it first.
    """
    move(row, to, actor=actor, data={"status": row.status, **(data or {})}, **changes)
