"""Sets that preparation rooms print and give out: no packet is theirs, so each has to come with one voice room."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from common.obligations import Obligation
from rcoi.day.making import LOOK, ROOM_KINDS, SCAN, SHOWN, trouble, valid_acts
from rcoi.day.rows import ActFacts, ExamFacts, PacketFacts
from wire.messages import Message
from wire.room import PrintedSet

#: Station and ordinal: what the rooms of packets and voice journals call a set by.
_Name = tuple[str, int]


def sets_placed(facts: ExamFacts) -> Iterator[Obligation]:
    """Every set that a preparation room gave out has come with one voice room, once all of these are here."""
    standing = [each for each in facts.packets if each.standing and each.kind in ROOM_KINDS]
    came = {each.room for each in standing}
    whole = all(use.room in came for use in facts.places if use.room)
    packets = {each.pk: each for each in facts.packets}
    numbers = frozenset().union(*(each.numbers for each in standing))
    collecting = {use.room for use in facts.places if use.room}
    # What a station printed without a room, or in one that the exam does not have, lies in a voice room as well.
    rooms = sorted(set(facts.sets) - collecting if facts.preparing else ())
    printed = _by_name(each for room in rooms for each in facts.sets.get(room, ()) if each.used)
    for room in rooms:
        used = [each for each in facts.sets.get(room, ()) if each.used]
        packet = packets.get(facts.sources[room].packet) if used else None
        if packet is None:
            continue
        where = [(each, _holders(each, printed[each.station, each.ordinal], standing)) for each in used]
        if whole:
            lost = [each for each, (_here, missing) in where if missing]
            lost = [each for each in lost if not set(each.sheets.values()) & numbers]
            yield from _lost(facts, packet, room, lost, printed)
        for each, (holders, _missing) in where:
            alike = _alike(each, printed[each.station, each.ordinal])
            if len(holders) > len(alike) and each is alike[0]:
                yield _contested(facts, each, holders)


def _by_name(sets: Iterable[PrintedSet]) -> Mapping[_Name, list[PrintedSet]]:
    found: dict[_Name, list[PrintedSet]] = {}
    for each in sets:
        found.setdefault((each.station, each.ordinal), []).append(each)
    return found


def _alike(each: PrintedSet, namesakes: Sequence[PrintedSet]) -> Sequence[PrintedSet]:
    """Return the sets that a packet may mean by one name: two rooms may have a station of one number.

    Open numbers tell them apart.
    """
    return [each] if each.sheets else [one for one in namesakes if not one.sheets]


def _holders(
    each: PrintedSet, namesakes: Sequence[PrintedSet], standing: Iterable[PacketFacts]
) -> tuple[list[PacketFacts], bool]:
    """Return the packets of rooms that say a set is theirs, and whether it is missing in all of them."""
    name = each.station, each.ordinal
    named = [
        packet
        for packet in standing
        if packet.closed_sets is not None and name[1] in packet.closed_sets.get(name[0], frozenset())
    ]
    if len(namesakes) > 1:
        others = {number for one in namesakes if one is not each for number in one.sheets.values()}
        # A packet that holds the sheets of another set of that name means that one.
        named = [packet for packet in named if not (packet.numbers & others) or packet.numbers & _numbers(each)]
    return named, len(named) < len(_alike(each, namesakes))


def _numbers(each: PrintedSet) -> frozenset[str]:
    return frozenset(each.sheets.values())


def _lost(
    facts: ExamFacts,
    packet: PacketFacts,
    room: str,
    lost: Sequence[PrintedSet],
    printed: Mapping[_Name, Sequence[PrintedSet]],
) -> Iterator[Obligation]:
    """Name the sets that came with no room; those that an act names are covered, and open are the rest."""
    told = _told(facts, room)
    left = [each for each in lost if not any(_names(act, each, facts.preparing) for act in told)]
    if lost:
        yield trouble(facts, packet, "sets_unplaced", _unplaced(room, left or lost, printed), SCAN, act=not left)


def _unplaced(room: str, lost: Sequence[PrintedSet], printed: Mapping[_Name, Sequence[PrintedSet]]) -> Message:
    named = ", ".join(_named(each, printed[each.station, each.ordinal]) for each in lost[:SHOWN])
    more = f" (+{len(lost) - SHOWN})" if len(lost) > SHOWN else ""
    return Message(
        "Preparation room {room} printed and gave out sets that came with no voice room (station/set): {sets}.",
        room=room or "—",
        sets=named + more,
    )


def _named(each: PrintedSet, namesakes: Sequence[PrintedSet]) -> str:
    """Return a set by station and ordinal; where two rooms call a set so, it is not known whose is missing."""
    rooms = sorted(one.room or "—" for one in _alike(each, namesakes))
    return f"{each.station}/{each.ordinal}" + (f" ({', '.join(rooms)})" if len(rooms) > 1 else "")


def _contested(facts: ExamFacts, each: PrintedSet, holders: Sequence[PacketFacts]) -> Obligation:
    text = Message(
        "Set {set} (station/set) of the preparation room came with several voice rooms: {rooms}.",
        set=f"{each.station}/{each.ordinal}",
        rooms=", ".join(sorted(packet.room for packet in holders)),
    )
    act = all(valid_acts(packet.acts, packet.room) for packet in holders)
    return trouble(facts, holders[-1], "sets_contested", text, LOOK, act=act)


def _told(facts: ExamFacts, room: str) -> list[ActFacts]:
    """Return the acts that may tell of a preparation room's sets.

    One of an older point does not name them: it tells of what the journals listed that were closed before it was made.
    """
    closed = facts.sources[room].closed_at
    rooms = [room] if room in facts.preparing else sorted(facts.preparing)
    acts = [act for each in facts.packets if each.standing and each.kind == "status" for act in each.acts]
    named = [act for name in sorted(facts.preparing) for act in valid_acts(acts, name) if act.sets is not None]
    unnamed = [act for name in rooms for act in valid_acts(acts, name) if act.sets is None]
    return named + [act for act in unnamed if closed is None or (act.made_at is not None and act.made_at > closed)]


def _names(act: ActFacts, each: PrintedSet, preparing: Collection[str]) -> bool:
    """Whether an act is about a set. A station without a room stands under another place here than at the point."""
    if act.sets is None:
        return True
    return any(
        (station, ordinal) == (each.station, each.ordinal)
        and (room == each.room or not {room, each.room} <= set(preparing))
        for room, station, ordinal in act.sets
    )
