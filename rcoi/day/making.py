"""What the rules of the centre are made of: an obligation about a packet, and what settles one besides its cure."""

from collections.abc import Iterable
from datetime import datetime

from common.obligations import Obligation, ObligationState
from rcoi.day.rows import ActFacts, ExamFacts, PacketFacts
from wire.messages import NOTHING, Message

OPEN, ON_ITS_WAY, SETTLED, NOT_DUE = (
    ObligationState.OPEN,
    ObligationState.ON_ITS_WAY,
    ObligationState.SETTLED,
    ObligationState.NOT_DUE,
)
#: Kinds of packets that hold sheets, and those of one room.
SHEETS, ROOM_KINDS = ("blanks", "forms", "audio"), ("blanks", "audio")
LAST_STATUS = "blanks_transferred"
#: How an obligation was settled by somebody, though its facts stand as they are.
BY_ACT, BY_DECISION = Message("an act of the GEK member"), Message("a decision of a person")
#: Who is bringing what is on its way.
CENTRE = Message("the regional centre is opening it")
#: So many things of one sentence are named one by one.
SHOWN = 10

LOOK = Message("Look into it and mark it as settled.")
SCAN = Message("Ask the point to scan what is missing and send the next version; if there is no such paper, an act.")


def of_packet(
    facts: ExamFacts,
    packet: PacketFacts,
    code: str,
    rule: str,
    text: Message,
    cure: Message = NOTHING,
    *,
    state: ObligationState = OPEN,
    evidence: Message = NOTHING,
    since: datetime | None = None,
) -> Obligation:
    """Return an obligation about one packet, which is looked into on its page."""
    return Obligation(
        code=code,
        sitting=facts.key,
        place=packet.room,
        state=state,
        text=text,
        cure=cure,
        rule=rule,
        page="centre-packet",
        anchor=packet.sha256,
        since=since or packet.received_at,
        evidence=evidence,
        carrier=CENTRE if state == ON_ITS_WAY else NOTHING,
    )


def trouble(
    facts: ExamFacts,
    packet: PacketFacts,
    code: str,
    text: Message,
    cure: Message = LOOK,
    *,
    act: bool = False,
    alone: bool = False,
) -> Obligation:
    """Something that stands open until it is cured, an act covers it, or a person has looked into this very trouble.

    A person's word about figures holds for the next version of the packet with the same ones; about that a packet came
    at all (`alone`) it holds for this packet.
    """
    decided = facts.settled(code, packet.pk if alone else packet.place, text)
    evidence = BY_ACT if act else BY_DECISION if decided else NOTHING
    return of_packet(
        facts, packet, code, "rcoi.settle", text, cure, state=SETTLED if evidence else OPEN, evidence=evidence
    )


def valid_acts(acts: Iterable[ActFacts], room: str) -> list[ActFacts]:
    """Return the acts that cover a difference of a room: signed by a GEK member, and about this very room."""
    return [
        each for each in acts if each.kind == "room_difference" and each.sound and each.room in (room, room or "HQ")
    ]
