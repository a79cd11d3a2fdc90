"""How a sitting stands at the centre: what is still open in it, and what an act covers. Concluded anew each time.

“Confirmed” is a word about one packet; whether the exam of a point is closed is asked here, by the board, the home,
the page of statuses, the act and the summary alike. Nothing of it is stored.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from rcoi.checking import beside
from rcoi.models import InboxAct, InboxFinding, InboxKind, InboxPacket, RescanRequest
from rcoi.states import WORKING, FindingState, InboxState, RescanState
from stations.models import Sitting, SittingRoom
from wire.messages import Message


@dataclass(frozen=True)
class Matter:
    """Something about a sitting that a person has to settle, or that an act covers."""

    text: str
    packet: InboxPacket
    cure: str = ""

    @property
    def room(self) -> str:
        """The room that it is about."""
        return self.packet.room


@dataclass
class Standing:
    """What a sitting's packets leave open, and what is only said."""

    open: list[Matter] = field(default_factory=list)
    covered: list[Matter] = field(default_factory=list)

    def of(self, packet: InboxPacket | None) -> list[Matter]:
        """Return what is open about a packet."""
        return [each for each in self.open if packet is not None and each.packet.pk == packet.pk]


def open_matters(sitting: Sitting) -> list[Matter]:
    """Return what is open in a sitting; while there is anything, nothing about it is green."""
    return _of_sitting(sitting).open


def of_packet(packet: InboxPacket) -> Standing:
    """Return how one packet of a sitting stands: what is open about it, and what is covered or looked into."""
    if packet.sitting is None:
        return Standing()
    whole = _of_sitting(packet.sitting)
    return Standing(whole.of(packet), [each for each in whole.covered if each.packet.pk == packet.pk])


def _of_sitting(sitting: Sitting) -> Standing:
    rooms: Any = Prefetch("rooms", SittingRoom.objects.select_related("room"))
    sitting = Sitting.objects.prefetch_related(rooms).get(pk=sitting.pk)
    packets = InboxPacket.objects.filter(sitting=sitting, uid__isnull=False).exclude(kind=InboxKind.TEST)
    return conclude([sitting], {sitting.pk: list(packets.order_by("received_at", "pk"))})[sitting.pk]


def conclude(sittings: Sequence[Sitting], packets: Mapping[int, Sequence[InboxPacket]]) -> dict[int, Standing]:
    """Conclude how sittings stand, in three queries whatever their number.

    Args:
        sittings: The sittings, with their rooms.
        packets: The packets that arrived for each, tests excluded, in the order of their arrival.
    """
    findings: dict[int, list[InboxFinding]] = defaultdict(list)
    rows = InboxFinding.objects.standing().filter(packet__sitting__in=sittings).exclude(packet__kind=InboxKind.TEST)
    for finding in rows.order_by("pk"):
        findings[finding.packet_id].append(finding)
    acts: dict[int, list[InboxAct]] = defaultdict(list)
    for act in InboxAct.objects.filter(packet__sitting__in=sittings, kind="room_difference"):
        acts[act.packet_id].append(act)
    asked: dict[int, list[RescanRequest]] = defaultdict(list)
    for request in RescanRequest.objects.filter(sitting__in=sittings, state=RescanState.OPEN):
        asked[request.packet_id].append(request)
    made: dict[int, Standing] = {}
    for sitting in sittings:
        standing = made[sitting.pk] = Standing()
        seats = {each.room.number: each.seats for each in sitting.rooms.all()}
        for packet in packets.get(sitting.pk, ()):
            if packet.superseded_by_id is None:
                replaced = _replaced(packet, packets[sitting.pk])
                _packet(
                    standing, packet, findings[packet.pk], acts[packet.pk], seats.get(packet.room), replaced=replaced
                )
            for request in asked[packet.pk]:
                standing.open.append(Matter(_("Rescanned sheets awaited: %s") % packet.title, packet, request.reason))
    return made


def _packet(
    standing: Standing,
    packet: InboxPacket,
    findings: Iterable[InboxFinding],
    acts: Iterable[InboxAct],
    seats: int | None,
    *,
    replaced: bool,
) -> None:
    if packet.state in WORKING:
        words = _("The packet does not open: %s") if packet.parked_at else _("The packet is still being checked: %s")
        standing.open.append(Matter(words % packet.title, packet, _("Wait for the decision about the packet.")))
    elif packet.state == InboxState.REJECTED and not replaced:
        words = _("The packet was rejected and no new version came: %s") % packet.title
        standing.open.append(Matter(words, packet, _("Wait for the new version; if none comes, call the point.")))
    settled = set()
    for finding in findings:
        if finding.code == "seats_differ":
            # The balance is reckoned below from what holds now; the row only remembers what a person said of it.
            settled |= {finding.text.ru} if finding.state == FindingState.SETTLED else set()
        elif finding.covered:
            standing.covered.append(Matter(str(finding.text), packet))
        elif finding.waits:
            standing.open.append(Matter(str(finding.text), packet, _("Look into it and mark it as settled.")))
    said = None if seats is None else unbalanced(packet, seats)
    if said is None:
        return
    words = str(said)
    if beside.valid_acts(acts, packet.room) or said.ru in settled:
        standing.covered.append(Matter(words, packet))
    else:
        cure = _("Ask for a rescan, or mark the difference as settled when it is explained.")
        standing.open.append(Matter(words, packet, cure))


def _replaced(packet: InboxPacket, packets: Iterable[InboxPacket]) -> bool:
    """Return whether a confirmed packet of the same place, later or of a higher version, stands for a refused one."""
    return any(
        each.state == InboxState.ACKNOWLEDGED
        and (each.kind, each.room) == (packet.kind, packet.room)
        and (
            (each.received_at, each.pk) > (packet.received_at, packet.pk)
            or (each.version or 0) > (packet.version or 0)  # an old version, brought late
        )
        for each in packets
    )


def unbalanced(packet: InboxPacket, seats: int) -> Message | None:
    """Return what does not hold in a confirmed room: seated − absent = card = registration forms in the packet."""
    if packet.state != InboxState.ACKNOWLEDGED or packet.kind not in (InboxKind.BLANKS, InboxKind.AUDIO):
        return None
    card = packet.document.get("card")
    card = card if isinstance(card, dict) else {}
    said, absent = card.get("registration_count"), card.get("absent_count")
    forms = packet.counts.get("R", 0)
    if isinstance(said, int) and isinstance(absent, int) and seats - absent == said == forms:
        return None
    message = Message("not on the card")
    return Message(
        "{seats} were seated, {absent} were absent; registration forms: {on_card} by the card, {forms} in the packet.",
        seats=seats,
        absent=message if absent is None else absent,
        on_card=message if said is None else said,
        forms=forms,
    )
