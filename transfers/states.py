"""The statuses of packets and points, each with its table of legal transitions and the one function that moves it."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.log import Actor
from audit.moves import move

if TYPE_CHECKING:
    from transfers.models import Packet, PointStatus


class PacketState(models.TextChoices):
    """A packet of the exam point."""

    BUILDING = "building", _("Готовится")
    SEALING = "sealing", _("Шифруется")
    AWAITING_SIGNATURE = "awaiting_signature", _("Ожидает подписи")
    QUEUED = "queued", _("В очереди")
    UPLOADING = "uploading", _("Передаётся")
    HANDED_OVER = "handed_over", _("Записан на флеш")
    DELIVERED = "delivered", _("Передан")
    ACKNOWLEDGED = "acknowledged", _("Подтвержден")
    REJECTED = "rejected", _("Отклонён")
    STUCK = "stuck", _("Нужна помощь")
    SUPERSEDED = "superseded", _("Заменён")


P = PacketState
#: Answers of the centre may overtake anything that happens after signing: the file may come by another way.
_ANSWERED = frozenset({P.DELIVERED, P.ACKNOWLEDGED, P.REJECTED})

PACKET_MOVES: dict[str, frozenset[str]] = {
    P.BUILDING: frozenset({P.SEALING, P.STUCK}),
    P.SEALING: frozenset({P.AWAITING_SIGNATURE, P.QUEUED, P.STUCK}),
    P.AWAITING_SIGNATURE: frozenset({P.QUEUED}),
    P.QUEUED: frozenset({P.UPLOADING, P.HANDED_OVER, P.STUCK}) | _ANSWERED,
    P.UPLOADING: frozenset({P.QUEUED, P.HANDED_OVER, P.STUCK}) | _ANSWERED,
    P.HANDED_OVER: frozenset({P.QUEUED, P.UPLOADING, P.STUCK}) | _ANSWERED,
    P.DELIVERED: frozenset({P.ACKNOWLEDGED, P.REJECTED}),
    P.ACKNOWLEDGED: frozenset({P.REJECTED, P.SUPERSEDED}),
    P.REJECTED: frozenset({P.SUPERSEDED, P.ACKNOWLEDGED}),
    P.STUCK: frozenset({P.BUILDING, P.SEALING, P.QUEUED, P.HANDED_OVER}) | _ANSWERED,
}

#: Signed, and the centre has not answered yet.
ON_THE_WAY = frozenset({P.QUEUED, P.UPLOADING, P.HANDED_OVER, P.DELIVERED})
#: Work of this node is still to do before a person signs.
IN_THE_MAKING = frozenset({P.BUILDING, P.SEALING})


class StatusState(models.TextChoices):
    """A declared status of a sitting."""

    DECLARED = "declared", _("Передаётся в РЦОИ")
    ACCEPTED = "accepted", _("Принят РЦОИ")
    UNDONE = "undone", _("Отменён")


S = StatusState
STATUS_MOVES: dict[str, frozenset[str]] = {
    S.DECLARED: frozenset({S.ACCEPTED, S.UNDONE}),
    S.ACCEPTED: frozenset({S.UNDONE}),
}


def move_packet(
    packet: "Packet", to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move the status of a packet and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody moved it first.
    """
    point = packet.sitting.point
    move(
        packet, to, table=PACKET_MOVES, kind="transfers.packet_moved", actor=actor, region=point.region.code,
        point=point.code, subject=str(packet), data={"uid": packet.uid, **(data or {})}, **changes,
    )  # fmt: skip


def move_status(
    row: "PointStatus", to: str, *, actor: Actor, data: dict[str, Any] | None = None, **changes: Any
) -> None:
    """Move a declared status and write its event.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: Somebody moved it first.
    """
    point = row.sitting.point
    move(
        row, to, table=STATUS_MOVES, kind="transfers.status_moved", actor=actor, region=point.region.code,
        point=point.code, subject=str(row), data={"status": row.status, **(data or {})}, **changes,
    )  # fmt: skip
