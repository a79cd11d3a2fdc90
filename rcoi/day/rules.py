"""The rules of the centre: from the facts of an exam to what is owed in it. Pure, and free of Django.

Confirmed is a word about one packet: it is whole, signed and opened. Whether the exam of a point is over is
concluded here, from the facts of now. A person's word about a trouble counts as long as it is the very same trouble.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from common.obligations import Obligation
from rcoi.day.at_point import open_at_point
from rcoi.day.making import (
    BY_ACT,
    BY_DECISION,
    CENTRE,
    LAST_STATUS,
    LOOK,
    NOT_DUE,
    ON_ITS_WAY,
    OPEN,
    ROOM_KINDS,
    SCAN,
    SETTLED,
    SHEETS,
    SHOWN,
    of_packet,
    trouble,
    valid_acts,
)
from rcoi.day.preparation import sets_placed
from rcoi.day.rows import CONFIRMED, REJECTED, ExamFacts, PacketFacts, RoomUse
from rcoi.day.scan_heads import scan_heads_held
from wire.forms import CATALOGUE, check_number
from wire.messages import NOTHING, Both, Message, Several
from wire.packet.counts import COUNTED_FILES, counted_in
from wire.room import PrintedSet, RoomBalance, RoomFacts, RoomPlace, balance

STATUSES = ("exams_finished", LAST_STATUS)
_TELEPHONE = Message("told by telephone, the packet follows")
#: Rules about a difference: one that somebody settled is shown as covered, and the exam is not green.
DIFFERENCES = frozenset(
    {
        "seats_differ",
        "sets_undelivered",
        "sets_unplaced",
        "sets_contested",
        "scan_head_missing",
        "scan_journal_rewritten",
    }
)
#: Rules about packets that say what a person may have to look into; each stands as a finding on its packet, too.
SAID_OF_PACKETS = frozenset(
    {"fewer_sheets", "fewer_with_act", "second_packet", "after_last_status", "room_kind_differs", *DIFFERENCES}
)
#: What is said of an act, and waits for nobody.
COVERED_BY_ACT = frozenset({"closed_with_act", "fewer_with_act"})
#: What of a packet may not become less. An act is no sheet: a room that was put right is closed without one.
_OF_PEOPLE = tuple(key for key in COUNTED_FILES if key not in ("acts", "journals"))

_HQ = Message("The packet of the forms of the point")
_WAIT = Message("Wait for the packet; when it is late, call the head of the exam point.")
_ASK = Message("Ask for a rescan, or mark the difference as settled when it is explained.")


# --- the table --------------------------------------------------------------------------------------------------------


def obligations(facts: ExamFacts) -> list[Obligation]:
    """Return everything that is owed in an exam, or was: the table of the rules."""
    return [
        *packets_awaited(facts),
        *packets_undecided(facts),
        *second_packets(facts),
        *fewer_sheets(facts),
        *rooms_balanced(facts),
        *scan_heads_held(facts),
        *sets_placed(facts),
        *kinds_agree(facts),
        *after_last_status(facts),
        *remarks(facts),
        *rescans_awaited(facts),
        *open_at_point(facts),
        *statuses_awaited(facts),
    ]


def packets_awaited(facts: ExamFacts) -> Iterator[Obligation]:
    """Every room and the HQ owe one confirmed packet."""
    last = next((each for each in facts.statuses if each.status == LAST_STATUS), None)
    due = last is not None and (last.reported_at is not None or (last.deadline or facts.at) < facts.at)
    by_place: dict[tuple[str, str], list[PacketFacts]] = {}
    for each in facts.packets:
        if not each.superseded:
            by_place.setdefault((each.room, each.kind), []).append(each)
    for use in facts.places:
        here = by_place.get((use.room, use.kind), [])
        standing = next((each for each in reversed(here) if each.state == CONFIRMED), None)
        working = next((each for each in here if each.state not in (CONFIRMED, REJECTED)), None)
        if standing is not None:
            state = SETTLED
        elif working is not None and not working.parked:
            state = ON_ITS_WAY
        else:
            state = OPEN if due else NOT_DUE
        yield Obligation(
            code="packet_awaited",
            sitting=facts.key,
            place=use.room,
            state=state,
            text=Message("The packet of room {room}", room=use.room) if use.room else _HQ,
            cure=NOTHING if standing else _WAIT,
            rule="rcoi.inbox",
            page="centre-status",
            anchor=facts.key,
            since=standing.received_at if standing else last.deadline if last and state == OPEN else None,
            evidence=Both(standing.sha256) if standing else NOTHING,
            carrier=CENTRE if state == ON_ITS_WAY else NOTHING,
        )


def packets_undecided(facts: ExamFacts) -> Iterator[Obligation]:
    """A packet that does not open, is still being checked, or was rejected and has no better one."""
    for each in facts.packets:
        if each.superseded or each.state == CONFIRMED:
            continue
        if each.state == REJECTED:
            if not _replaced(each, facts.packets):
                text = Message("The packet was rejected and no new version came.")
                cure = Message("Wait for the new version; if none comes, call the point.")
                yield of_packet(facts, each, "packet_rejected", "rcoi.inbox", text, cure)
            continue
        cure = Message("Wait for the decision about the packet.")
        if each.parked:
            text = Message("The packet does not open.")
            yield of_packet(facts, each, "packet_stuck", "rcoi.inbox", text, cure)
        else:
            text = Message("The packet is still being checked.")
            yield of_packet(facts, each, "packet_checked", "rcoi.inbox", text, cure, state=ON_ITS_WAY)


def second_packets(facts: ExamFacts) -> Iterator[Obligation]:
    """One packet stands for a room; a second one that replaces nothing is a conflict that a person settles."""
    for standing in _by_room(facts).values():
        for place, each in enumerate(standing):
            other = next((one for one in standing[:place] if one.part == each.part), None)
            if other is not None:
                text = Message(
                    "Beside the packet “{title}” ({uid}) another one of the same room is confirmed: "
                    "neither replaces the other.",
                    title=other.title,
                    uid=other.uid,
                )
                yield trouble(facts, each, "second_packet", text, alone=True)


def fewer_sheets(facts: ExamFacts) -> Iterator[Obligation]:
    """A version with fewer sheets than one before it, as long as the newest has not brought them back."""
    for family in families(facts.packets):
        confirmed = sorted(
            (each for each in family if each.state == CONFIRMED), key=lambda each: (each.version, each.pk)
        )
        for before, after in pairwise(confirmed):
            lost = _lost(before, after, confirmed[-1], _asked(facts, confirmed, before))
            if lost:
                old = {each.sha256 for each in before.acts}
                by_act = any(each.sha256 not in old for each in valid_acts(after.acts, after.room))
                yield _fewer(facts, before, after, confirmed[-1], lost, by_act=by_act)


def rooms_balanced(facts: ExamFacts) -> Iterator[Obligation]:
    """Seated − absent = on the card = registration forms; and every set that was printed and used has come."""
    uses = {each.room: each for each in facts.places if each.room}
    for each in facts.packets:
        use = uses.get(each.room)
        if use is None or use.seats is None or not each.standing or each.kind not in ROOM_KINDS:
            continue
        result, troubles = _balance(facts, use, each), 0
        if result.present is None or result.registration is None or result.uneven:
            troubles += 1
            yield trouble(
                facts,
                each,
                "seats_differ",
                _seats_differ(use.seats, each, result),
                _ASK,
                act=bool(valid_acts(each.acts, each.room)),
            )
        unknown = _unknown_sets(facts.sets.get(each.room, ()), each)
        if unknown or result.undelivered:
            troubles += 1
            text = _undelivered(facts.sets[each.room], unknown, each, result)
            # An act speaks of what was known when the room was closed, not of a journal that grew since.
            covered = bool(valid_acts(each.acts, each.room)) and not unknown
            yield trouble(facts, each, "sets_undelivered", text, SCAN, act=covered)
        if not troubles:
            text = Message("The balance of the room holds.")
            yield of_packet(
                facts, each, "room_balanced", "rcoi.settle", text, state=SETTLED, evidence=Both(each.sha256)
            )


_WHAT_FOR = {
    "written": Message("a room of the written exam"),
    "voice": Message("a voice room"),
    "preparation": Message("a preparation room"),
}


def kinds_agree(facts: ExamFacts) -> Iterator[Obligation]:
    """What a room was for at the point is what the centre's registry says."""
    for each in facts.packets:
        known = facts.kinds.get(each.room, "")
        if not each.standing or each.kind not in ROOM_KINDS or not (each.room_kind and known):
            continue
        if each.room_kind != known:
            text = Message(
                "At the point room {room} was {said}; by the centre's registry it is {known}.",
                room=each.room,
                said=_WHAT_FOR.get(each.room_kind, Both(each.room_kind)),
                known=_WHAT_FOR.get(known, Both(known)),
            )
            yield trouble(facts, each, "room_kind_differs", text)


def after_last_status(facts: ExamFacts) -> Iterator[Obligation]:
    """Sheets that came after the point said that all were handed over; what the centre asked for is no surprise."""
    last = next((each for each in facts.statuses if each.status == LAST_STATUS and each.reported_at), None)
    if last is None or last.reported_at is None:
        return
    answers = {each.answered_by for each in facts.rescans}
    for each in sorted(facts.packets, key=lambda each: each.pk):
        if each.standing and each.kind in SHEETS and each.received_at > last.reported_at and each.pk not in answers:
            text = Message("The packet came after the accepted status “Blanks transferred to the regional centre”.")
            yield trouble(facts, each, "after_last_status", text, alone=True)


def remarks(facts: ExamFacts) -> Iterator[Obligation]:
    """What the checks remarked upon in a packet when it came, until a person has looked into it."""
    packets = {each.pk: each for each in facts.packets if not each.superseded}
    for each in facts.findings:
        packet = packets.get(each.packet)
        if packet is None or each.code in SAID_OF_PACKETS:
            continue
        covered = each.code in COVERED_BY_ACT
        evidence = BY_ACT if covered else BY_DECISION if each.settled else NOTHING
        state = SETTLED if evidence else OPEN
        yield of_packet(facts, packet, each.code, "rcoi.settle", each.message, LOOK, state=state, evidence=evidence)


def rescans_awaited(facts: ExamFacts) -> Iterator[Obligation]:
    """What the centre asked to be scanned again."""
    packets = {each.pk: each for each in facts.packets}
    for each in facts.rescans:
        if each.open and each.packet in packets:
            packet = packets[each.packet]
            text = Message("Rescanned sheets are awaited.")
            yield of_packet(facts, packet, "rescan_awaited", "rcoi.rescan", text, Both(each.reason), since=each.at)


def statuses_awaited(facts: ExamFacts) -> Iterator[Obligation]:
    """The statuses of the day; one that was told by telephone is on its way until its packet comes."""
    for each in facts.statuses:
        state = NOT_DUE
        if each.reported_at is not None:
            state = SETTLED
        elif each.told_by_phone:
            state = ON_ITS_WAY
        elif each.deadline is not None and facts.at > each.deadline:
            state = OPEN
        yield Obligation(
            code=f"status_{each.status}",
            sitting=facts.key,
            place="",
            state=state,
            text=Message("The status {status}", status=each.title),
            cure=NOTHING if state == SETTLED else Message("Call the head of the exam point."),
            rule="rcoi.phone",
            page="centre-status",
            anchor=facts.key,
            since={SETTLED: each.reported_at, ON_ITS_WAY: each.by_phone, OPEN: each.deadline}.get(state),
            evidence=Both(each.packet) if state == SETTLED else NOTHING,
            carrier=_TELEPHONE if state == ON_ITS_WAY else NOTHING,
        )


# --- what the rules are made of ---------------------------------------------------------------------------------------


def _by_room(facts: ExamFacts) -> dict[str, list[PacketFacts]]:
    """Return the standing packets of sheets by room, in the order of their arrival."""
    found: dict[str, list[PacketFacts]] = {}
    for each in sorted(facts.packets, key=lambda each: each.order):
        if each.standing and each.kind in SHEETS:
            found.setdefault(each.room, []).append(each)
    return found


def _replaced(packet: PacketFacts, packets: Iterable[PacketFacts]) -> bool:
    """Return whether a confirmed packet of the same place, later or of a higher version, stands for a refused one."""
    return any(
        each.state == CONFIRMED
        and (each.kind, each.room) == (packet.kind, packet.room)
        # an old version may be brought late
        and (each.order > packet.order or each.version > packet.version)
        for each in packets
    )


def families(packets: Iterable[PacketFacts]) -> list[list[PacketFacts]]:
    """Return the packets of sheets that came in more than one version, each with all its versions."""
    places: dict[tuple[str, str], list[PacketFacts]] = {}
    for each in packets:
        if each.kind in SHEETS:
            places.setdefault((each.kind, each.room), []).append(each)
    found = []
    for here in places.values():
        while len(here) > 1:
            uids = related(here[0].uid, [(each.uid, each.supersedes) for each in here])
            family = [each for each in here if each.uid in uids]
            here = [each for each in here if each.uid not in uids]
            if len(family) > 1:
                found.append(family)
    return found


def related(uid: str, chain: Sequence[tuple[str, str]]) -> set[str]:
    """Return the uids of all versions of a packet.

    Args:
        uid: The uid of one of them.
        chain: Uid and the uid that it replaces, of every packet of the place.
    """
    uids = {uid}
    while True:
        more = {one for one, older in chain if older in uids}
        more |= {older for one, older in chain if one in uids and older}
        if more <= uids:
            return uids
        uids |= more


def _asked(facts: ExamFacts, family: Iterable[PacketFacts], before: PacketFacts) -> frozenset[str] | None:
    """Return the numbers that the centre asked for again; None is the whole room."""
    known = {each.pk for each in family if each.version <= before.version}
    asked = [each.numbers for each in facts.rescans if each.packet in known]
    return None if any(not numbers for numbers in asked) else frozenset().union(*asked)


def _lost(before: PacketFacts, after: PacketFacts, newest: PacketFacts, asked: frozenset[str] | None) -> Message:
    """Return what a version lost, in words; nothing is no sentence."""
    had = before.counts
    keys = [
        key
        for key in (*CATALOGUE, *_OF_PEOPLE)
        if had.get(key, 0) > max(after.counts.get(key, 0), newest.counts.get(key, 0))
    ]
    # The totals of files are said only where no kind of form tells more.
    fewer_forms = [key for key in keys if key in CATALOGUE]
    keys = [key for key in keys if key in CATALOGUE or key == "recordings" or not fewer_forms]
    gone = before.numbers - after.numbers - newest.numbers
    # A sheet that the centre itself asked for again may come under another number, but not less often.
    gone = frozenset(
        number for number in gone if _code(number) in fewer_forms or (asked is not None and number not in asked)
    )
    said = [
        Message(
            "{what} — {now} instead of {before}",
            what=counted_in(key),
            now=after.counts.get(key, 0),
            before=had.get(key, 0),
        )
        for key in keys
    ]
    if gone:
        shown = ", ".join(sorted(gone)[:SHOWN]) + (f" (+{len(gone) - SHOWN})" if len(gone) > SHOWN else "")
        said.append(Message("no sheets {numbers}", numbers=shown))
    return Several(said)


def _code(number: str) -> str:
    kind = check_number(number)
    return kind.code if kind else ""


def _fewer(
    facts: ExamFacts, before: PacketFacts, after: PacketFacts, newest: PacketFacts, lost: Message, *, by_act: bool
) -> Obligation:
    sentence = (
        Message("Version {after} has fewer sheets than version {before}, covered by an act: {lost}.")
        if by_act
        else Message("Version {after} has fewer sheets than version {before}: {lost}.")
    )
    text = Message(sentence.text, after=after.version, before=before.version, lost=lost)
    code = "fewer_with_act" if by_act else "fewer_sheets"
    return trouble(facts, newest, code, text, act=by_act)


def _balance(facts: ExamFacts, use: RoomUse, packet: PacketFacts) -> RoomBalance:
    # What stands on the sheets is not compared here: that was done when the packet was opened.
    place = RoomPlace("", "", "", "", (), facts.oral, use.room, False)
    return balance(
        RoomFacts(
            place,
            seats=use.seats or 0,
            card=packet.card,
            counts=packet.counts,
            sets=facts.sets.get(use.room, ()),
            stations_missing=("",),  # a journal may still come: what is listed so far is the least there must be
            numbers_sealed=True,
        )
    )


def _seats_differ(seats: int, packet: PacketFacts, result: RoomBalance) -> Message:
    message = Message("not on the card")
    return Message(
        "{seats} were seated, {absent} were absent; registration forms: {on_card} by the card, {forms} in the packet.",
        seats=seats,
        absent=message if packet.card.absent is None else packet.card.absent,
        on_card=message if result.registration is None else result.registration,
        forms=packet.counts.get("R", 0),
    )


def _unknown_sets(sets: Sequence[PrintedSet], packet: PacketFacts) -> list[PrintedSet]:
    """Return the used sets that the desk did not know of when it closed the room, and whose forms are not here."""
    closed = packet.closed_sets
    if closed is None:
        return []
    return [
        each
        for each in sets
        if each.used
        and each.ordinal not in closed.get(each.station, frozenset())
        and not (each.sheets and set(each.sheets.values()) <= packet.numbers)
    ]


def _undelivered(
    sets: Sequence[PrintedSet], unknown: Sequence[PrintedSet], packet: PacketFacts, result: RoomBalance
) -> Message:
    used = result.printed - result.spoiled - result.unused
    lost = [each for each in sets if each.used and each.sheets and not set(each.sheets.values()) & packet.numbers]
    numbers = sorted(number for each in lost for number in each.sheets.values())
    named = [f"{each.station}/{each.ordinal}" for each in unknown or lost]
    said = [
        Message(
            "Print journals list {used} used sets, the packet has {forms} registration forms",
            used=used,
            forms=packet.counts.get("R", 0),
        )
    ]
    if named:
        shown = ", ".join(named[:SHOWN]) + (f" (+{len(named) - SHOWN})" if len(named) > SHOWN else "")
        said.append(Message("sets of stations that are not delivered: {sets}", sets=shown))
    if numbers:
        shown = ", ".join(numbers[:SHOWN]) + (f" (+{len(numbers) - SHOWN})" if len(numbers) > SHOWN else "")
        said.append(Message("no sheets {numbers}", numbers=shown))
    return Message("{said}.", said=Several(said))
