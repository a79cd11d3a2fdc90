"""The rules of the centre: from the facts of an exam to what is owed in it. Pure, and free of Django.

Confirmed is a word about one packet: it is whole, signed and opened. Whether the exam of a point is over is
concluded here, from the facts of now. A person's word about a trouble counts as long as it is the very same trouble.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from common.obligations import Obligation, ObligationState
from rcoi.day.at_point import open_at_point
from rcoi.day.rows import CONFIRMED, REJECTED, ActFacts, ExamFacts, PacketFacts, RoomUse
from wire.forms import CATALOGUE, check_number
from wire.messages import NOTHING, Both, Message, Several
from wire.packet.counts import COUNTED_FILES, counted_in
from wire.room import PrintedSet, RoomBalance, RoomFacts, RoomPlace, balance

OPEN, ON_ITS_WAY, SETTLED, NOT_DUE = (
    ObligationState.OPEN,
    ObligationState.ON_ITS_WAY,
    ObligationState.SETTLED,
    ObligationState.NOT_DUE,
)
SHEETS = ("blanks", "forms", "audio")
ROOM_KINDS = ("blanks", "audio")
STATUSES = ("exams_finished", "blanks_transferred")
LAST_STATUS = "blanks_transferred"
#: How an obligation was settled by somebody, though its facts stand as they are.
BY_ACT, BY_DECISION = Message("an act of the GEK member"), Message("a decision of a person")
#: Who is bringing what is on its way.
_CENTRE, _TELEPHONE = Message("the regional centre is opening it"), Message("told by telephone, the packet follows")
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
SHOWN = 10
#: What of a packet may not become less. An act is no sheet: a room that was put right is closed without one.
_OF_PEOPLE = tuple(key for key in COUNTED_FILES if key not in ("acts", "journals"))

_HQ = Message("The packet of the forms of the point")
_WAIT = Message("Wait for the packet; when it is late, call the head of the exam point.")
_LOOK = Message("Look into it and mark it as settled.")
_ASK = Message("Ask for a rescan, or mark the difference as settled when it is explained.")
_FORM = Message("Ask the point to form END_SCAN again: the next version of the status brings it, or an act.")
_REWRITTEN = Message(
    "Call the head of the exam point: find out why the journal was written anew. The journal that holds the entries, or"
    " the next version of the packet, settles it."
)
_SCAN = Message("Ask the point to scan what is missing and send the next version; if there is no such paper, an act.")


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
            carrier=_CENTRE if state == ON_ITS_WAY else NOTHING,
        )


def packets_undecided(facts: ExamFacts) -> Iterator[Obligation]:
    """A packet that does not open, is still being checked, or was rejected and has no better one."""
    for each in facts.packets:
        if each.superseded or each.state == CONFIRMED:
            continue
        if each.state == REJECTED:
            if not _replaced(each, facts.packets):
                text = Message("The packet was rejected and no new version came: {title}", title=each.title)
                cure = Message("Wait for the new version; if none comes, call the point.")
                yield _of_packet(facts, each, "packet_rejected", "rcoi.inbox", text, cure)
            continue
        cure = Message("Wait for the decision about the packet.")
        if each.parked:
            text = Message("The packet does not open: {title}", title=each.title)
            yield _of_packet(facts, each, "packet_stuck", "rcoi.inbox", text, cure)
        else:
            text = Message("The packet is still being checked: {title}", title=each.title)
            yield _of_packet(facts, each, "packet_checked", "rcoi.inbox", text, cure, state=ON_ITS_WAY)


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
                yield _trouble(facts, each, "second_packet", text, alone=True)


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
            yield _trouble(
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
            yield _trouble(facts, each, "sets_undelivered", text, _SCAN, act=covered)
        if not troubles:
            text = Message("The balance of the room holds.")
            yield _of_packet(
                facts, each, "room_balanced", "rcoi.settle", text, state=SETTLED, evidence=Both(each.sha256)
            )


def scan_heads_held(facts: ExamFacts) -> Iterator[Obligation]:
    """The scan journal of a station holds the entries under which its packets were signed."""
    absent: dict[str, PacketFacts] = {}
    for each in sorted(facts.packets, key=lambda each: each.order):
        head = each.scan_head
        if head is None or not each.standing:
            continue
        journal = facts.scan_journals.get(head.station)
        if journal is None:
            absent.setdefault(head.station, each)
        elif journal.known and not journal.lines.get(head.number):
            text = Message(
                "The journal of scanning station {station} does not hold the entry under which the packet was signed:"
                " it ends before entry {number}.",
                station=head.station,
                number=head.number,
            )
            yield _trouble(facts, each, "scan_head_missing", text, _FORM)
        elif journal.known and journal.lines[head.number] != head.sha256:
            text = Message(
                "THE JOURNAL OF SCANNING STATION {station} WAS WRITTEN ANEW: its entry {number} is another one than"
                " when the packet was signed.",
                station=head.station,
                number=head.number,
            )
            yield _trouble(facts, each, "scan_journal_rewritten", text, _REWRITTEN)
    yield from _journals_absent(facts, absent)


def _journals_absent(facts: ExamFacts, absent: Mapping[str, PacketFacts]) -> Iterator[Obligation]:
    """Stations that signed packets, and of which the last status brought no journal; said once for a station."""
    last = [each for each in facts.packets if each.standing and each.status == LAST_STATUS]
    # Of the stations of the registry it is remarked when the status comes; of a version that was replaced for ever.
    standing = {each.pk for each in facts.packets if each.standing}
    remarked = any(
        each.code == "station_missing" and not each.settled and each.packet in standing for each in facts.findings
    )
    acts = {act.station for each in last for act in each.acts if act.kind == "journal_missing" and act.sound}
    for station, packet in absent.items():
        if last and not remarked and station not in acts:
            text = Message(
                "No journal of scanning station {station} came, nor an act; it signed packets.", station=station
            )
            yield _trouble(facts, packet, "scan_head_missing", text, _FORM)


def sets_placed(facts: ExamFacts) -> Iterator[Obligation]:
    """Every set that a preparation room gave out has come with one voice room, once all of these are here."""
    standing = [each for each in facts.packets if each.standing and each.kind in ROOM_KINDS]
    came = {each.room for each in standing}
    whole = all(use.room in came for use in facts.places if use.room)
    packets = {each.pk: each for each in facts.packets}
    numbers = frozenset().union(*(each.numbers for each in standing))
    collecting = {use.room for use in facts.places if use.room}
    # What a station printed without a room, or in one that the exam does not have, lies in a voice room as well.
    for room in sorted(set(facts.sets) - collecting if facts.preparing else ()):
        used = [each for each in facts.sets.get(room, ()) if each.used]
        packet = packets.get(facts.sources[room].packet) if used else None
        if packet is None:
            continue
        where = {(each.station, each.ordinal): _rooms_with(each, standing) for each in used}
        if whole and (lost := [each for each in used if not where[each.station, each.ordinal]]):
            lost = [each for each in lost if not set(each.sheets.values()) & numbers]
            if lost:
                yield _trouble(facts, packet, "sets_unplaced", _unplaced(room, lost), _SCAN, act=_told(facts, room))
        for each in used:
            holders = where[each.station, each.ordinal]
            if len(holders) > 1:
                yield _contested(facts, each, holders)


def _rooms_with(each: PrintedSet, standing: Iterable[PacketFacts]) -> list[PacketFacts]:
    """Return the packets of rooms that say a set is theirs."""
    return [
        packet
        for packet in standing
        if packet.closed_sets is not None and each.ordinal in packet.closed_sets.get(each.station, frozenset())
    ]


def _unplaced(room: str, lost: Sequence[PrintedSet]) -> Message:
    named = ", ".join(f"{each.station}/{each.ordinal}" for each in lost[:SHOWN])
    more = f" (+{len(lost) - SHOWN})" if len(lost) > SHOWN else ""
    return Message(
        "Preparation room {room} printed and gave out sets that came with no voice room (station/set): {sets}.",
        room=room or "—",
        sets=named + more,
    )


def _contested(facts: ExamFacts, each: PrintedSet, holders: Sequence[PacketFacts]) -> Obligation:
    text = Message(
        "Set {set} (station/set) of the preparation room came with several voice rooms: {rooms}.",
        set=f"{each.station}/{each.ordinal}",
        rooms=", ".join(sorted(packet.room for packet in holders)),
    )
    act = all(valid_acts(packet.acts, packet.room) for packet in holders)
    return _trouble(facts, holders[-1], "sets_contested", text, _LOOK, act=act)


def _told(facts: ExamFacts, room: str) -> bool:
    """Whether an act tells of a preparation room's sets: one made after its last print journal was closed."""
    closed = facts.sources[room].closed_at
    rooms = [room] if room in facts.preparing else sorted(facts.preparing)
    acts = [act for each in facts.packets if each.standing and each.kind == "status" for act in each.acts]
    return any(
        closed is None or (act.made_at is not None and act.made_at > closed)
        for name in rooms
        for act in valid_acts(acts, name)
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
            yield _trouble(facts, each, "room_kind_differs", text)


def after_last_status(facts: ExamFacts) -> Iterator[Obligation]:
    """Sheets that came after the point said that all were handed over; what the centre asked for is no surprise."""
    last = next((each for each in facts.statuses if each.status == LAST_STATUS and each.reported_at), None)
    if last is None or last.reported_at is None:
        return
    answers = {each.answered_by for each in facts.rescans}
    for each in sorted(facts.packets, key=lambda each: each.pk):
        if each.standing and each.kind in SHEETS and each.received_at > last.reported_at and each.pk not in answers:
            text = Message("The packet came after the accepted status “Blanks transferred to the regional centre”.")
            yield _trouble(facts, each, "after_last_status", text, alone=True)


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
        yield _of_packet(facts, packet, each.code, "rcoi.settle", each.message, _LOOK, state=state, evidence=evidence)


def rescans_awaited(facts: ExamFacts) -> Iterator[Obligation]:
    """What the centre asked to be scanned again."""
    packets = {each.pk: each for each in facts.packets}
    for each in facts.rescans:
        if each.open and each.packet in packets:
            packet = packets[each.packet]
            text = Message("Rescanned sheets awaited: {title}", title=packet.title)
            yield _of_packet(facts, packet, "rescan_awaited", "rcoi.rescan", text, Both(each.reason), since=each.at)


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


def _of_packet(
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
        carrier=_CENTRE if state == ON_ITS_WAY else NOTHING,
    )


def _trouble(
    facts: ExamFacts,
    packet: PacketFacts,
    code: str,
    text: Message,
    cure: Message = _LOOK,
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
    return _of_packet(
        facts, packet, code, "rcoi.settle", text, cure, state=SETTLED if evidence else OPEN, evidence=evidence
    )


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


def valid_acts(acts: Iterable[ActFacts], room: str) -> list[ActFacts]:
    """Return the acts that cover a difference of a room: signed by a GEK member, and about this very room."""
    return [
        each for each in acts if each.kind == "room_difference" and each.sound and each.room in (room, room or "HQ")
    ]


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
    return _trouble(facts, newest, code, text, act=by_act)


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
