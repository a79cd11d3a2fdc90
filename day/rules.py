"""The rules of the day: facts in, obligations out. Pure: no database, no clock, no Django.

`day.table` names every kind of obligation. Nothing else in the portal concludes that a room, a packet, an exam or a day
is done.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from common.obligations import Obligation, ObligationState, standing
from day.judged import Day, SittingDay, accepted
from day.rows import AssignmentFacts, Card, Facts, Pack, PointExam, PointStatusFacts, Printing, SealedAt
from day.table import ENDS, FINISHED, TABLE, TITLES, TRANSFERRED, WAIT
from wire.messages import NOTHING, Message, Several

#: More sets than these are not named one by one.
_NAMED = 10
#: Nor more of what is open at the centre.
_NAMED_THERE = 3


def judge(facts: Facts) -> Day:
    """Turn the facts of a day into what is owed."""
    deadlines = {each for exam in facts.exams for each in exam.deadlines.values() if each > facts.at}
    return Day(
        facts.point,
        facts.at,
        min(deadlines, default=None),
        tuple(_sitting(exam, facts) for exam in facts.exams),
    )


def _sitting(exam: PointExam, facts: Facts) -> SittingDay:
    nobody = not exam.begun and not any(use.seats or use.places for use in exam.uses)
    # No deadline waits for an exam that nobody sits.
    owed = tuple(each if nobody else _due(each, exam, facts) for each in _owed(exam, facts))
    return SittingDay(exam, owed, nobody)


def _due(row: Obligation, exam: PointExam, facts: Facts) -> Obligation:
    """Whatever a deadline has passed over is due."""
    if row.state != ObligationState.NOT_DUE or facts.today < facts.date:
        return row
    late = [
        name
        for name in ENDS
        if (name in TABLE[row.code].gates or row.code == f"status_{name}")
        and name in exam.deadlines
        and exam.deadlines[name] <= facts.at
    ]
    return replace(row, state=ObligationState.OPEN) if late else row


def _owed(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    journals = [*_journals(exam, facts)]
    yield from journals
    yield _status(exam, facts, FINISHED, ready=not standing(journals))
    yield from _preparation(exam, facts)
    places = [*_places(exam, facts)]
    yield from places
    printing = [*_printing(exam, facts)]
    yield from printing
    scans = [*_scan_journals(exam, facts, packed=not standing(each for each in places if each.code == "room"))]
    yield from scans
    ready = not standing(
        [*journals, *scans, *printing, *(each for each in places if TRANSFERRED in TABLE[each.code].gates)]
    )
    yield _status(exam, facts, TRANSFERRED, ready=ready and accepted(exam, FINISHED))


def _make(code: str, exam: PointExam, place: str, state: ObligationState, text: Message, **more: object) -> Obligation:
    duty = TABLE[code]
    settled = state in (ObligationState.SETTLED, ObligationState.UNKNOWN_HERE)
    said = {"cure": NOTHING if settled else duty.cure, "rule": duty.rule, "page": duty.page, **more}
    return Obligation(code, exam.key, place, state, text, **said)  # type: ignore[arg-type]


def _begun(facts: Facts) -> ObligationState:
    """What nobody has done yet is no fault before its day."""
    return ObligationState.OPEN if facts.today >= facts.date else ObligationState.NOT_DUE


# --- journals ---------------------------------------------------------------------------------------------------------


def _journals(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    posts = [post for post in exam.posts if post.kind != "scan"]
    state = ObligationState.SETTLED if posts else _begun(facts)
    yield _make("stations", exam, "", state, TABLE["stations"].what)
    for post in posts:
        yield _journal("journal", exam, post, _begun(facts))


def _journal(code: str, exam: PointExam, post: AssignmentFacts, missing: ObligationState) -> Obligation:
    text = Message("Journal: {post} – {state}", post=post.words, state=post.label)
    anchor = f"#post-{post.pk}"
    if not post.served:
        # What came and cannot count is somebody's work at once.
        state = missing if post.state == "missing" else ObligationState.OPEN
        return _make(code, exam, post.station, state, text, anchor=anchor)
    evidence = (
        Message("act {name}", name=post.act)
        if post.state == "act"
        else Message("journal {hash}", hash=post.journal[:8])
    )
    return _make(
        code,
        exam,
        post.station,
        ObligationState.SETTLED,
        text,
        anchor=anchor,
        evidence=evidence,
        since=post.received_at,
    )


def _scan_journals(exam: PointExam, facts: Facts, *, packed: bool) -> Iterator[Obligation]:
    for post in exam.posts:
        if post.kind != "scan":
            continue
        wrong = [*_not_in_the_journal(exam, post)] if post.state == "accepted" else []
        yield from wrong
        if all(each.code != "scan_journal_behind" for each in wrong):
            yield _journal("scan_journal", exam, post, _begun(facts) if packed else ObligationState.NOT_DUE)
    yield from _journals_of_no_post(exam)


def _not_in_the_journal(exam: PointExam, post: AssignmentFacts) -> Iterator[Obligation]:
    """What an accepted scan journal lacks: the node's last entries, or entries under which packets were signed."""
    sealed = [(pack, head) for pack, head in _sealed(exam) if head.station == _plain(post.station)]
    if post.behind:
        text = Message("Journal: {post} – formed before the station's last entries", post=post.words)
        more: dict[str, object] = {"anchor": "#end-scan-card", "since": post.behind_since}
        yield _make("scan_journal_behind", exam, post.station, ObligationState.OPEN, text, **more)
    if post.lines is None:
        if sealed:
            text = Message("Journal: {post} – its file on this node cannot be read", post=post.words)
            yield _formed_again(exam, post, text)
        return
    beyond = [pack for pack, head in sealed if not post.lines.get(head.number)]
    other = [pack for pack, head in sealed if post.lines.get(head.number) not in (None, "", head.sha256)]
    if beyond and not post.own:
        text = Message(
            "Journal: {post} – it ends before these packets of the station were signed: {packets}",
            post=post.words,
            packets=_named(exam, beyond),
        )
        since = min((pack.at for pack in beyond if pack.at), default=None)
        yield _formed_again(exam, post, text, since)
    elif beyond and not post.behind:
        # The journal holds all that this node has written: what the packets saw of it is lost.
        other = [*beyond, *other]
    if other:
        text = Message(
            "Journal: {post} – IT WAS WRITTEN ANEW: the entries under which these packets were signed are not in it: "
            "{packets}",
            post=post.words,
            packets=_named(exam, other),
        )
        yield _make("scan_journal_rewritten", exam, post.station, ObligationState.OPEN, text)


def _formed_again(exam: PointExam, post: AssignmentFacts, text: Message, since: datetime | None = None) -> Obligation:
    """A journal that the station has to form once more; that of another machine is brought here."""
    more: dict[str, object] = {"anchor": "#end-scan-card"}
    if not post.own:
        cure = Message("Form END_SCAN again at that station, and load it here.")
        more = {"anchor": f"#post-{post.pk}", "cure": cure, "rule": "journals.take_in", "page": "monitoring"}
    return _make("scan_journal_behind", exam, post.station, ObligationState.OPEN, text, since=since, **more)


def _journals_of_no_post(exam: PointExam) -> Iterator[Obligation]:
    """Stations that signed packets and are not in the registry of the exam: no journal of theirs can be accepted."""
    known = {_plain(post.station) for post in exam.posts if post.kind == "scan"}
    strange: dict[str, list[Pack]] = {}
    for pack, head in _sealed(exam):
        if head.station not in known:
            strange.setdefault(head.station, []).append(pack)
    for station, packs in strange.items():
        text = Message(
            "Journal: scanning station {station} is not in the registry of the exam, it signed: {packets}",
            station=station,
            packets=_named(exam, packs),
        )
        carrier = Message("the regional centre holds its packets against its journal")
        yield _make("scan_journal", exam, station, ObligationState.UNKNOWN_HERE, text, carrier=carrier)


def _sealed(exam: PointExam) -> list[tuple[Pack, SealedAt]]:
    """The packets that say how far the scan journal of their station was when they were signed."""
    return [(pack, pack.sealed_at) for pack in (*exam.packets.values(), *exam.beside) if pack.sealed_at is not None]


def _named(exam: PointExam, packs: Iterable[Pack]) -> Message:
    words = {use.room: use.words for use in exam.uses} | {card.room: card.words for card in exam.cards if not card.hq}
    return Several(
        [
            Message(
                "{what} (version {version})",
                what=Message("HQ forms")
                if pack.kind == "forms"
                else words.get(pack.room, Message("room {room}", room=pack.room)),
                version=pack.version,
            )
            for pack in packs
        ],
        ", ",
    )


def _plain(number: str) -> str:
    return number.lstrip("0") or "0"


# --- preparing --------------------------------------------------------------------------------------------------------


def _preparation(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    yield _key(exam, facts)
    for use in exam.uses:
        card = exam.card(use.room)
        if _elsewhere(exam.packets.get(use.kind), card):
            yield _unknown("card", exam, use.room, TABLE["card"].what, exam.packets[use.kind])
        elif card is not None and card.filled:
            yield _make("card", exam, use.room, ObligationState.SETTLED, TABLE["card"].what)
        else:
            text = Message("the card of room {room} is not filled in", room=use.room)
            yield _make("card", exam, use.room, _begun(facts), text)


def _key(exam: PointExam, facts: Facts) -> Obligation:
    row = exam.key_row
    if row is not None and row.active:
        return _make(
            "key", exam, "", ObligationState.SETTLED, TABLE["key"].what, evidence=Message("key {name}", name=row.name)
        )
    if exam.cards and all(card.state == "packed" for card in exam.cards):
        packed = Message("every room is packed: it is needed no more")
        return _make("key", exam, "", ObligationState.SETTLED, TABLE["key"].what, evidence=packed)
    if row is None:
        text = Message("the access key is not loaded")
        return _make("key", exam, "", _begun(facts), text, rule="keys.load")
    text = Message("the key is loaded and waits for a GEK member's token")
    return _make("key", exam, "", _begun(facts), text)


# --- preparation rooms ------------------------------------------------------------------------------------------------


def _printing(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    """What preparation rooms printed and gave out must lie somewhere: no card and no packet of theirs tells."""
    voices = [post for post in exam.posts if post.kind == "voice" and (not post.served or post.sealed)]
    for each in exam.printing:
        posts = [post for post in exam.posts if post.kind == "print" and (post.room or "") == each.room]
        if each.lost:
            yield _lost(exam, facts, each, voices)
        elif each.sealed:
            text = Message("{room}: the numbers of its print journals are sealed", room=each.words)
            state, cure = ObligationState.NOT_DUE, Message("Load the key; a GEK member activates it.")
            if problem := next((why for why in each.sealed if why), NOTHING):
                state, text = ObligationState.OPEN, Message("{text}. {why}", text=text, why=problem)
                cure = Message("Load the key that opens them, or a corrected journal of the station.")
            yield _make("sets_unplaced", exam, each.room, state, text, cure=cure, rule="keys.activate", page="keys")
        elif [post for post in posts if not post.served]:
            text = Message("{room}: what it printed is not known before its journals are here", room=each.words)
            yield _make("sets_unplaced", exam, each.room, ObligationState.NOT_DUE, text)
        else:
            text = Message("{room}: every set that was given out is accounted for", room=each.words)
            evidence = Message("act {name}", name=each.acts[0]) if each.acts else Message("voice journals and forms")
            yield _make("sets_unplaced", exam, each.room, ObligationState.SETTLED, text, evidence=evidence)


def _lost(exam: PointExam, facts: Facts, room: Printing, unheard: Sequence[AssignmentFacts]) -> Obligation:
    sets = ", ".join(f"{station}/{ordinal}" for station, ordinal in room.lost[:_NAMED])
    if len(room.lost) > _NAMED:
        sets += f" (+{len(room.lost) - _NAMED})"
    if unheard:
        text = Message("{room}: sets that no voice journal names yet (station/set): {sets}", room=room.words, sets=sets)
        state = ObligationState.NOT_DUE
        if all(post.sealed and post.problem for post in unheard):
            # Nothing is awaited any more that could name them by itself.
            state, text = ObligationState.OPEN, Message("{text}. {why}", text=text, why=unheard[0].problem)
        return _make("sets_unplaced", exam, room.room, state, text, anchor="#preparation")
    if any(_elsewhere(exam.packets.get(use.kind), exam.card(use.room)) for use in exam.uses):
        # A form may lie in a room whose sheets are not here: the centre has all packets, and compares them.
        text = Message("{room}: sets that no room scanned here has (station/set): {sets}", room=room.words, sets=sets)
        where = Message("compared at the centre: some of the rooms are scanned at another machine")
        return _make("sets_unplaced", exam, room.room, ObligationState.UNKNOWN_HERE, text, carrier=where)
    text = Message("{room}: sets given out that no voice room has (station/set): {sets}", room=room.words, sets=sets)
    return _make("sets_unplaced", exam, room.room, _begun(facts), text, anchor="#preparation")


# --- rooms and their packets ------------------------------------------------------------------------------------------


def _places(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    for use in exam.uses:
        kind, room = use.kind
        what = (
            Message("Packet: spoken answers, {room}", room=use.words)
            if use.voice
            else Message("Packet: answer forms, {room}", room=use.words)
        )
        card = exam.card(room)
        yield from _place(exam, facts, what, use.words, room, card, exam.packets.get((kind, room)))
    hq = exam.hq
    forms = exam.forms
    words = hq.words if hq else Message("HQ")
    yield from _place(exam, facts, Message("Packet: HQ forms"), words, hq.room if hq else "HQ", hq, forms)
    yield from _strays(exam, facts)


def _strays(exam: PointExam, facts: Facts) -> Iterator[Obligation]:
    """Rooms at work, and packets of rooms, that the registry gives to the exam no more: their sheets are owed too."""
    known = {use.room for use in exam.uses}
    packed = {pack.room: pack for (kind, _room), pack in exam.packets.items() if kind in ("blanks", "audio")}
    for card in exam.cards:
        if card.hq or card.room in known:
            continue
        pack = packed.pop(card.room, None)
        if pack is None and card.state not in ("waiting", "packed"):
            text = Message("{room}: {state}", room=card.words, state=card.label)
            yield _make("room_at_work", exam, card.room, ObligationState.OPEN, text)
        elif pack is not None:
            what = Message("Packet: answer forms, {room}", room=card.words)
            yield from _place(exam, facts, what, card.words, card.room, card, pack)
    for room, pack in packed.items():
        if room not in known and exam.card(room) is None:
            words = Message("room {room}", room=room)
            what = Message("Packet: answer forms, {room}", room=words)
            yield from _place(exam, facts, what, words, room, None, pack)


def _place(
    exam: PointExam, facts: Facts, what: Message, words: Message, room: str, card: Card | None, pack: Pack | None
) -> Iterator[Obligation]:
    yield _room(exam, facts, words, room, card, pack)
    yield _packet(exam, facts, what, room, card, pack)


def _elsewhere(pack: Pack | None, card: Card | None) -> bool:
    """Whether a room was worked on at another machine of the HQ: this one only carries its packet."""
    return pack is not None and pack.imported and (card is None or card.state == "waiting")


def _unknown(code: str, exam: PointExam, place: str, text: Message, pack: Pack) -> Obligation:
    where = Message("evaluated at the scanning station of the HQ, node {node}", node=pack.node[-8:])
    return _make(code, exam, place, ObligationState.UNKNOWN_HERE, text, carrier=where)


def _room(exam: PointExam, facts: Facts, words: Message, room: str, card: Card | None, pack: Pack | None) -> Obligation:
    if pack is not None and _elsewhere(pack, card):
        return _unknown("room", exam, room, Message("{room}: scanned at another machine", room=words), pack)
    if card is None:
        text = Message("{room} — {state}", room=words, state=Message("Waiting"))
        return _make("room", exam, room, _begun(facts), text)
    text = Message("{room} — {state}", room=words, state=card.label)
    if card.state == "packed" and card.current:
        evidence = Message("act {name}", name=card.act) if card.act else Message("closed at a balance of zero")
        return _make("room", exam, room, ObligationState.SETTLED, text, evidence=evidence, since=card.closed_at)
    if card.closed and card.current:
        build = Message("Build its packet on the page “Transfer answer forms”.")
        return _make(
            "room",
            exam,
            room,
            ObligationState.OPEN,
            text,
            cure=build,
            rule="transfers.build",
            page="transfers",
            since=card.closed_at,
        )
    if card.closed:
        text = Message("{room} — {state}, to be compared again", room=words, state=card.label)
    elif card.differences:
        text = Message(
            "{room} — {state}, differences: {count}", room=words, state=card.label, count=len(card.differences)
        )
    state = ObligationState.OPEN if card.state != "waiting" else _begun(facts)
    return _make("room", exam, room, state, text, since=card.again_at)


def _packet(
    exam: PointExam, facts: Facts, what: Message, room: str, card: Card | None, pack: Pack | None
) -> Obligation:
    """What the centre has of a room: the one thing about it that the last status asks for."""
    if pack is not None and _elsewhere(pack, card):
        if pack.asked_again:
            return _asked_again(exam, what, room, pack)
    elif card is not None and card.closed and not card.current:
        text = Message("{what}: what the room rests on has changed, it is compared again", what=what)
        node = Message("this node, by itself, within seconds")
        return _make("room_balance", exam, room, ObligationState.ON_ITS_WAY, text, carrier=node, since=card.closed_at)
    elif pack is not None and card is not None and card.state != "packed":
        return _open_again(exam, what, room, card)
    if pack is None:
        return _unbuilt(exam, what, room, card)
    text = Message("{what}: {state}", what=what, state=pack.label)
    if pack.state == "acknowledged":
        receipt = Message("receipt no. {number}", number=pack.receipt)
        made = _make("packet", exam, room, ObligationState.SETTLED, text, evidence=receipt, since=pack.at)
        return _open_there(made, pack)
    return _travelling(_make("packet", exam, room, ObligationState.OPEN, text, since=pack.at), pack, facts)


#: What is done about that which is open at the centre about a confirmed packet, and by whom.
SETTLED_THERE = Message(
    "The regional centre settles it: it asks for a rescan, or marks it as settled. «Подтвержден» (confirmed) holds"
    " until then. If you know how it came about, call the centre."
)


def open_there(pack: Pack) -> Message:
    """Return what was open at the centre about a packet when that confirmed it, as one sentence."""
    said = Several(list(pack.open_there[:_NAMED_THERE]), " ")
    left = len(pack.open_there) - _NAMED_THERE
    return Message("{what} (and {count} more on the packet's page)", what=said, count=left) if left > 0 else said


def _open_there(row: Obligation, pack: Pack) -> Obligation:
    """A confirmed packet keeps its evidence; what the centre said was open about it stands beside."""
    if not pack.open_there:
        return row
    text = Message("{text}. Open at the centre when it confirmed: {what}", text=row.text, what=open_there(pack))
    return replace(row, text=text, cure=SETTLED_THERE)


def _open_again(exam: PointExam, what: Message, room: str, card: Card) -> Obligation:
    text = Message("{what}: the room is open again, a new version is awaited", what=what)
    if card.again:
        text = Message("{text}. {why}", text=text, why=card.again)
    more: dict[str, object] = {"since": card.again_at}
    if card.closed:
        more |= {
            "cure": Message("Build the next version of its packet."),
            "rule": "transfers.build",
            "page": "transfers",
        }
    return _make("room_open_again", exam, room, ObligationState.OPEN, text, **more)


def _asked_again(exam: PointExam, what: Message, room: str, pack: Pack) -> Obligation:
    text = Message(
        "{what}: the centre asks to scan again, a new version is awaited. {why}", what=what, why=pack.asked_again
    )
    cure = Message("Bring the centre's answers to the scanning station, and its next packet back.")
    return _make(
        "room_open_again",
        exam,
        room,
        ObligationState.OPEN,
        text,
        cure=cure,
        page="transfers",
        rule="transfers.flash",
        since=pack.asked_at,
    )


def _unbuilt(exam: PointExam, what: Message, room: str, card: Card | None) -> Obligation:
    text = Message("{what}: {state}", what=what, state=Message("not built yet"))
    if card is not None and card.closed:
        build = Message("Build its packet on the page “Transfer answer forms”.")
        return _make("packet", exam, room, ObligationState.OPEN, text, cure=build, since=card.closed_at)
    # Waiting brings nothing here: first the room.
    return _make("packet", exam, room, ObligationState.NOT_DUE, text, cure=TABLE["room"].cure)


#: State of a packet → who does what about it: nobody but this node and the centre, unless a person is named.
_CARRIERS = {
    "building": Message("this node builds it"),
    "sealing": Message("this node encrypts it"),
    "queued": Message("by network, this node tries again by itself"),
    "uploading": Message("by network, this node tries again by itself"),
    "delivered": Message("at the centre, its answer is awaited"),
}
_SILENCE = Message("Wait for the answer. If the centre is silent for an hour, press “Retry”: the packet goes again.")
_PEOPLE = {
    "awaiting_signature": (Message("A GEK member signs it with the token."), "transfers.sign"),
    "stuck": (Message("Look at what stands in its way, then press “Retry”."), "transfers.retry"),
    "rejected": (Message("Look at the centre's reasons, mend the room and send the next version."), "scanning.edit"),
}


_REJECTED_STATUS = (
    Message("Look at the centre's reasons, then press “Retry”: the next version of the status goes."),
    "transfers.retry",
)


def _travelling(row: Obligation, pack: Pack, facts: Facts) -> Obligation:
    """Say of something that the centre has not confirmed whether it is on its way, or waits for a person."""
    if pack.state in ("queued", "uploading") and not facts.online:
        cure = Message("The centre's address is not set: write it to a flash drive.")
        return replace(row, state=ObligationState.OPEN, cure=cure, rule="transfers.flash", page="transfers", anchor="")
    if pack.state in ("queued", "uploading") and facts.paused:
        cure = Message("Delivery over the network is paused: resume it, or write the packet to a flash drive.")
        return replace(row, state=ObligationState.OPEN, cure=cure, rule="transfers.pause", page="transfers", anchor="")
    if pack.state in _PEOPLE:
        cure, rule = _REJECTED_STATUS if (pack.kind, pack.state) == ("status", "rejected") else _PEOPLE[pack.state]
        return replace(row, state=ObligationState.OPEN, cure=cure, rule=rule, page="transfers", anchor="")
    if pack.state == "handed_over":
        if facts.online and not facts.paused:
            carrier = Message("on the drive {drive}, and by network", drive=pack.drive or "—")
            cure = Message("Take the drive to the centre; the network is tried until its receipt comes.")
        else:
            carrier = Message("on the drive {drive}", drive=pack.drive or "—")
            cure = Message("Take the drive to the centre; nothing is sent by network now.")
        return replace(row, state=ObligationState.ON_ITS_WAY, cure=cure, rule="transfers.flash", carrier=carrier)
    on_its_way = replace(row, state=ObligationState.ON_ITS_WAY, carrier=_CARRIERS.get(pack.state, NOTHING))
    if pack.state == "delivered":
        # A centre whose database was put back may have forgotten it: nobody else would send it again.
        return replace(on_its_way, cure=_SILENCE, rule="transfers.retry")
    return on_its_way


# --- statuses ---------------------------------------------------------------------------------------------------------


def _status(exam: PointExam, facts: Facts, name: str, *, ready: bool) -> Obligation:
    row, pack = exam.statuses.get(name), exam.packets.get(("status", name))
    code, title = f"status_{name}", TITLES[name]
    if row is None or row.state == "undone":
        return _undeclared(exam, code, title, row, ready=ready and facts.today >= facts.date)
    if row.state != "accepted":
        text = Message("The status “{title}” is declared, not at the centre yet", title=title)
        made = _make(code, exam, name, ObligationState.ON_ITS_WAY, text, cure=WAIT, anchor="#statuses", since=row.at)
        return _travelling(made, pack, facts) if pack is not None and pack.state != "acknowledged" else made
    if pack is None or not pack.complete:
        text = Message(
            "The status “{title}”: a journal or an act came after it that the centre does not have yet", title=title
        )
        node = Message("this node, by itself")
        return _make("status_outgrown", exam, name, ObligationState.ON_ITS_WAY, text, anchor="#statuses", carrier=node)
    if pack.state != "acknowledged":
        text = Message(
            "The status “{title}”: version {version} is not confirmed by the centre yet",
            title=title,
            version=pack.version,
        )
        if pack.state == "rejected":
            text = Message("The status “{title}”: the centre does not accept version {version}", **text.params)
        made = _make("status_version", exam, name, ObligationState.ON_ITS_WAY, text, anchor="#statuses", since=pack.at)
        return _travelling(made, pack, facts)
    receipt = Message("receipt no. {number}", number=pack.receipt)
    made = _make(
        code, exam, name, ObligationState.SETTLED, title, evidence=receipt, anchor="#statuses", since=row.accepted_at
    )
    return _open_there(made, pack)


def _undeclared(exam: PointExam, code: str, title: Message, row: PointStatusFacts | None, *, ready: bool) -> Obligation:
    state = ObligationState.OPEN if ready else ObligationState.NOT_DUE
    name = code.removeprefix("status_")
    if row is None:
        text = Message("The status “{title}” is not declared", title=title)
        return _make(code, exam, name, state, text, anchor="#statuses")
    text = Message("The status “{title}” was undone. {why}", title=title, why=row.undone_why)
    return _make(code, exam, name, ObligationState.OPEN, text, anchor="#statuses", since=row.undone_at)
