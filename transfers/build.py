"""Beginning a packet: a closed room, the forms of the point, or a declared status."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from audit.log import Actor, record
from common.errors import both
from common.work import jobs
from scanning import cards, contents
from scanning.errors import PicturesGoneError
from scanning.models import RoomCard
from scanning.states import CardState
from stations.models import Room, Sitting
from transfers.errors import NothingToBuildError, RoomNotClosedError
from transfers.models import Packet, PacketKind, PointStatus
from transfers.moves import move_packet, replaced_by
from transfers.states import UNSENT, PacketState
from wire.canonical import uuid7
from wire.messages import NOTHING, Message

READY = frozenset({CardState.CLOSED, CardState.CLOSED_WITH_ACT})


def kind_of(card: RoomCard) -> PacketKind:
    """Return the kind of packet that a card makes; a voice room's packet carries its sheets and its recordings."""
    if card.is_hq:
        return PacketKind.FORMS
    use = card.sitting.rooms.filter(room=card.room).first()
    return PacketKind.AUDIO if use is not None and use.voice else PacketKind.BLANKS


@dataclass(frozen=True)
class Ready:
    """A closed card that waits for its packet."""

    card: RoomCard
    kind: PacketKind


def ready(sitting: Sitting) -> list[Ready]:
    """Return the closed rooms of a sitting that are not packed yet."""
    rows = RoomCard.objects.filter(sitting=sitting, state__in=READY).select_related("sitting__point__region", "room")
    return [Ready(card, kind_of(card)) for card in rows.order_by("room__number")]


def build_packet(*, sitting: Sitting, kind: str, room: Room | None = None, actor: Actor) -> Packet:
    """Begin the packet of a closed room; its content is collected and sealed in the queue.

    Args:
        sitting: The exam.
        kind: ``blanks``, ``forms`` or ``audio``.
        room: The room; the HQ when None.
        actor: Who packs it.

    Returns:
        The packet, in state building.

    Raises:
        RoomNotClosedError: The room is not closed, is packed already, or makes another kind of packet.
    """
    require_pictures(_card(sitting, room), actor=actor)
    with transaction.atomic():
        card = _card(sitting, room)
        card = cards.lock(card)
        if card.state not in READY or kind_of(card) != kind:
            raise RoomNotClosedError(
                Message(
                    "{room}: a packet is built when the room is closed (now: «{state}»).",
                    room=card.room,
                    state=both(lambda: str(card.get_state_display())),
                ),
                remedy=Message("Close the room on the scanning desk."),
            )
        packet = start(
            sitting=sitting, kind=kind, room=card.room, status=None, actor=actor, counts=contents.counts_for(card)
        )
        contents.mark_packed(card, actor)
    return packet


def _card(sitting: Sitting, room: Room | None) -> RoomCard:
    rows = RoomCard.objects.filter(sitting=sitting).select_related("room", "sitting__point__region")
    card = rows.filter(room=room).first() if room else rows.filter(room__kind=Room.Kind.HQ).first()
    if card is None:
        raise RoomNotClosedError(Message("There is no such room in this sitting."))
    return card


def build_ready(*, sitting: Sitting, actor: Actor) -> list[Packet]:
    """Begin the packets of all closed rooms.

    Raises:
        NothingToBuildError: No room waits.
    """
    rooms = ready(sitting)
    if not rooms:
        raise NothingToBuildError(
            Message("No closed room waits for its packet."),
            remedy=Message("Close the rooms on the scanning desk."),
        )
    for each in rooms:
        require_pictures(each.card, actor=actor)
    with transaction.atomic():
        return [build_packet(sitting=sitting, kind=each.kind, room=each.card.room, actor=actor) for each in rooms]


def start(
    *, sitting: Sitting, kind: str, room: Room | None, status: PointStatus | None, actor: Actor, **fields: Any
) -> Packet:
    """Write the row of the next version of a packet and wake the sealing.

    An earlier version that was never sent gives way at once; one that the centre knows is replaced when the new one
    is acknowledged.
    """
    last = Packet.objects.filter(sitting=sitting, kind=kind, room=room, status=status).order_by("-version").first()
    packet = Packet.objects.create(
        uid=uuid7(),
        version=last.version + 1 if last else 1,
        kind=kind,
        sitting=sitting,
        room=room,
        status=status,
        supersedes=_known(last),
        made_by=actor.name[:200],
        **fields,
    )
    record(
        "transfers.packet_made",
        about=packet,
        actor=actor,
        data={"uid": packet.uid, "version": packet.version, "supersedes": last.uid if last else ""},
    )
    packet.steps.create(at=packet.made_at, state=PacketState.BUILDING, who=actor.name[:200], text=NOTHING)
    if last is not None and _unsent(last):
        move_packet(last, PacketState.SUPERSEDED, actor=actor, text=replaced_by(packet))
    jobs.enqueue("transfers.seal", packet.pk)
    return packet


def _unsent(packet: Packet) -> bool:
    return packet.state in UNSENT or (packet.state == PacketState.STUCK and not packet.is_signed)


def require_pictures(card: RoomCard, *, actor: Actor) -> None:
    """Open a closed room again whose sheets have lost their pictures: nobody may pack fewer sheets than were counted.

    Raises:
        PicturesGoneError: With every such sheet; the room is open again.
    """
    try:
        contents.require_pictures(card)
    except PicturesGoneError as refusal:
        contents.forget_altered(card)
        cards.reopen(card=card, numbers=[], reason=refusal.message, actor=actor)
        raise


def give_way(card: RoomCard, actor: Actor) -> None:
    """Take back the packet of a room that is opened again as long as nobody has signed it.

    One that is signed goes its way: the version made after the next closing replaces it.
    """
    rows = Packet.objects.filter(sitting=card.sitting, room=card.room).exclude(state=PacketState.SUPERSEDED)
    for packet in rows.full():
        if _unsent(packet):
            said = Message("The room is open again: the packet is built anew after it is closed.")
            move_packet(packet, PacketState.SUPERSEDED, actor=actor, text=said)


def _known(last: Packet | None) -> Packet | None:
    """Return the newest version that may be known at the centre: what the next one says it replaces."""
    while last is not None and not last.is_signed:
        last = last.supersedes
    return last
