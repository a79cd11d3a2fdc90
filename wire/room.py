"""The arithmetic of a room, one for point and centre: what should be there, what is there, what differs by number.

The point knows every number and picture; the centre may know only counts and the ordinals of sets. Both state what
they know as `RoomFacts`, and `balance` says what follows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wire.forms import CATALOGUE, ORAL_SUMMARY, SUMMARY
from wire.messages import NOTHING, Both, Message, Several

SAME_PICTURE = 48  # of 256 bits
_BITS = 256
PROBLEM, WARNING = "problem", "warning"


@dataclass(frozen=True)
class RoomPlace:
    """The address of a room, and its exam; `preparing` are those of its rooms where forms are printed only."""

    region: str
    point: str
    date: str
    subject: str
    form_set: tuple[str, ...]
    oral: bool
    room: str
    is_hq: bool
    rooms: tuple[str, ...] = ()
    preparing: tuple[str, ...] = ()


@dataclass(frozen=True)
class PrintedSet:
    """One participant's set as a station made it; `sheets` is empty where its numbers are not known.

    Attributes:
        room: Where its forms belong: where they were printed; of an oral exam, where the answer was recorded.
        recorded: Whether a voice journal says so.
        others: Further rooms whose voice journals name it, too.
    """

    room: str
    station: str
    ordinal: int
    spoiled: bool = False
    unused: bool = False
    sheets: Mapping[str, str] = field(default_factory=dict)
    recorded: bool = False
    others: tuple[str, ...] = ()

    @property
    def used(self) -> bool:
        """Whether the set went to a participant."""
        return not (self.spoiled or self.unused)


@dataclass(frozen=True)
class Preparation:
    """What the preparation rooms of an exam print for its voice rooms, as far as it is known.

    Attributes:
        rooms: The preparation rooms, and the empty one of stations without a room.
        by_act: Their print stations with an act instead of a journal.
        missing: Their print stations with neither.
        sealed: Whether their print journals have numbers that are not open.
        unheard: Whether a voice journal is still to come, or its numbers are not open.
    """

    rooms: frozenset[str]
    by_act: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    sealed: bool = False
    unheard: bool = False


@dataclass(frozen=True)
class SeenSheet:
    """One sheet that stands for paper."""

    pk: int
    number: str
    kind: str
    address: Mapping[str, Any] = field(default_factory=dict)
    picture_hash: str = ""
    name: Message = NOTHING
    undecided: bool = False


@dataclass(frozen=True)
class CardCounts:
    """What people counted in the room; None was not filled in, or does not apply."""

    registration: int | None = None
    absent: int | None = None
    dbo: int | None = None


@dataclass(frozen=True)
class RoomFacts:
    """What a node knows of a room.

    Attributes:
        place: Its address.
        seats: Participants seated in it by the registry.
        card: What people counted.
        sheets: The sheets that stand for paper, where they are known one by one.
        counts: Kind of form → how many there are, where only that is known.
        sets: The sets that print journals list for the room.
        by_number: Number of a form → the set of the sitting that it belongs to.
        stations_by_act: Stations of the room with an act instead of a journal.
        stations_missing: Stations of the room with neither; what was printed is not known then.
        sealed: The room has sets whose numbers are not open, and nobody knows how many.
        numbers_sealed: Not every number of the sitting is open: one that no journal lists may still be right.
        elsewhere: Number, or ``form/room``, → the other room of the sitting where it lies.
        preparation: The preparation rooms of the exam, where it has any.
    """

    place: RoomPlace
    seats: int = 0
    card: CardCounts = field(default_factory=CardCounts)
    sheets: Sequence[SeenSheet] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    sets: Sequence[PrintedSet] = ()
    by_number: Mapping[str, PrintedSet] = field(default_factory=dict)
    stations_by_act: Sequence[str] = ()
    stations_missing: Sequence[str] = ()
    sealed: bool = False
    numbers_sealed: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    preparation: Preparation | None = None


@dataclass(frozen=True)
class Found:
    """One difference."""

    kind: str
    message: Message
    number: str = ""
    form: str = ""
    sheet: int | None = None
    severity: str = PROBLEM

    @property
    def key(self) -> tuple[str, str, str, int | None]:
        """What makes it the same difference when the room is compared again."""
        return self.kind, self.number, self.form, self.sheet


@dataclass
class RoomBalance:
    """What the facts of a room come to: its figures, and every difference by number.

    Attributes:
        expected: Registration forms that there should be by the journals; None where nobody knows what was printed.
        present: Participants by seats and card.
    """

    found: list[Found] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    printed: int = 0
    spoiled: int = 0
    unused: int = 0
    unlisted_sets: int = 0
    missing_sets: list[str] = field(default_factory=list)
    present: int | None = None
    registration: int | None = None
    dbo: int | None = None
    known: bool = True

    @property
    def expected(self) -> int:
        """Registration forms that there should be by the journals: printed and used, or covered by an act."""
        return self.printed - self.spoiled - self.unused + self.unlisted_sets

    @property
    def uneven(self) -> bool:
        """Whether the four figures of the room differ: present = on the card = scanned = printed and used."""
        if self.present is None or self.registration is None:
            return False
        figures = {self.present, self.registration, self.counts["R"]}
        return len(figures | ({self.expected} if self.known else set())) > 1

    @property
    def dbo_differ(self) -> bool:
        """Whether there are other additional forms than the card says."""
        return self.dbo is not None and self.dbo != self.counts["DBO"]

    @property
    def undelivered(self) -> int:
        """How many sets more were printed and used than there are registration forms."""
        return max(0, self.printed - self.spoiled - self.unused - self.counts["R"])


def balance(facts: RoomFacts) -> RoomBalance:
    """Compare a room with what journals, catalogue, registry and card say."""
    place, sheets, own = facts.place, facts.sheets, facts.sets
    counts = Counter(sheet.kind for sheet in sheets if sheet.kind) if sheets else Counter(dict(facts.counts))
    result = RoomBalance(counts=counts, registration=facts.card.registration)
    result.dbo = None if place.oral else facts.card.dbo
    result.present = None if facts.card.absent is None else facts.seats - facts.card.absent
    result.known = not facts.sealed and not facts.stations_missing
    result.printed = len(own)
    result.spoiled = sum(each.spoiled for each in own)
    result.unused = sum(each.unused and not each.spoiled for each in own)
    result.found += _twice(sheets)
    result.found += _contested(own)
    for sheet in sheets:
        found = _judge(facts, sheet)
        if found is not None:
            result.found.append(found)
            if found.kind == "unlisted" and found.severity == WARNING and sheet.kind == "R":
                result.unlisted_sets += 1
    if place.is_hq:
        result.found += _missing_forms(place, sheets, facts.elsewhere)
    elif sheets or (result.present is not None and not facts.counts):
        # Where people have counted, a room of which nothing came lacks every sheet: an act about it names each of them.
        _add_missing(facts, result)
    if facts.sealed:
        # Without the numbers nothing can be called missing; what the codes themselves say still holds.
        result.found = [each for each in result.found if each.kind not in ("missing", "unknown")]
    return result


def _judge(facts: RoomFacts, sheet: SeenSheet) -> Found | None:
    """Say what is wrong with one sheet, if anything is."""
    place = facts.place
    if not sheet.number:
        if sheet.undecided:
            message = Message("{sheet_name}: the number could not be read", sheet_name=sheet.name)
            return Found("unreadable", message, sheet=sheet.pk)
        return None
    form = CATALOGUE.get(sheet.kind)
    wrong = _wrong_address(place, sheet)
    if wrong:
        return _about(sheet, "foreign", wrong)
    if form is None or form.scope != "participant":
        return _judge_form(place, sheet)
    if place.is_hq:
        return _about(sheet, "foreign", Message("a participant's form among the HQ forms"))
    return _judge_blank(facts, sheet)


def _about(sheet: SeenSheet, kind: str, message: Message, severity: str = PROBLEM) -> Found:
    """A difference about one sheet: its form and number, and what is wrong."""
    form = CATALOGUE.get(sheet.kind)
    title = Both(form.title.ru.split(".")[0], form.title.en) if form else Both(sheet.kind)
    return Found(
        kind,
        Message(
            "{title}, no. {sheet_number}: {difference}", title=title, sheet_number=sheet.number, difference=message
        ),
        sheet.number,
        sheet.kind,
        sheet.pk,
        severity,
    )


def _wrong_address(place: RoomPlace, sheet: SeenSheet) -> Message | None:
    address = sheet.address
    if not address:
        return None
    said = (
        ("region", place.region, Message("a sheet of region {found}", found=address.get("region"))),
        ("point", place.point, Message("a sheet of exam point {found}", found=address.get("point"))),
        ("date", place.date, Message("a sheet of the exam of {found}", found=address.get("date"))),
        ("subject", place.subject, Message("a sheet of subject {found}", found=address.get("subject"))),
    )
    for name, expected, message in said:
        if address.get(name) != expected:
            return message
    room = address.get("room")
    if room and room != place.room and not (place.is_hq and room in place.rooms) and room not in place.preparing:
        return Message("a sheet of room {room}", room=room)
    return None


def _judge_form(place: RoomPlace, sheet: SeenSheet) -> Found | None:
    form = CATALOGUE.get(sheet.kind)
    if form is not None and form.scope == "hq" and not place.is_hq:
        return _about(sheet, "foreign", Message("a form of the point, it belongs to the HQ forms"))
    return None


def _judge_blank(facts: RoomFacts, sheet: SeenSheet) -> Found | None:
    place, each = facts.place, facts.by_number.get(sheet.number)
    if each is not None:
        away = place.room not in (each.room, *each.others)
        # Where it is printed nobody collects it: it belongs wherever it lies, until a voice journal says otherwise.
        prepared = away and facts.preparation is not None and each.room in facts.preparation.rooms
        if prepared and each.used and sheet.number in facts.elsewhere:
            message = Message("the same form was scanned in room {room}, too", room=facts.elsewhere[sheet.number])
            return _about(sheet, "foreign", message)
        if prepared and each.used:
            return _about(sheet, "unlisted", _unheard(facts.preparation, each), WARNING)
        if away and each.recorded:
            message = Message(
                "its answer was recorded in room {room}, the form lies in room {here}", room=each.room, here=place.room
            )
            return _about(sheet, "foreign", message)
        if away and not prepared:
            return _about(sheet, "foreign", Message("the print journal says it is of room {room}", room=each.room))
        if not each.used:
            if each.spoiled:
                message = Message("set no. {ordinal} is marked spoiled in the journal", ordinal=each.ordinal)
            else:
                message = Message("set no. {ordinal} is marked unused in the journal", ordinal=each.ordinal)
            return _about(sheet, "unlisted", message)
        return None
    if sheet.kind == "DBO":
        message = Message("an additional form, print journals list none")
        return _about(sheet, "unlisted", message, WARNING)
    if facts.stations_by_act:
        stations = ", ".join(facts.stations_by_act)
        message = Message("no journal of station {stations}, an act instead", stations=stations)
        return _about(sheet, "unlisted", message, WARNING)
    return _judge_unknown(facts, sheet)


def _judge_unknown(facts: RoomFacts, sheet: SeenSheet) -> Found | None:
    """Say of a number that no open journal has why that may be."""
    printing = facts.preparation
    if printing is not None and printing.sealed:
        message = Message("the numbers of the print journals of the preparation room are still sealed")
        return _about(sheet, "unknown", message)
    if facts.numbers_sealed:
        return None
    if printing is not None and printing.missing:
        stations = ", ".join(printing.missing)
        message = Message("there is no journal of print station {stations} of the preparation room", stations=stations)
        return _about(sheet, "unknown", message)
    if printing is not None and printing.by_act:
        stations = ", ".join(printing.by_act)
        message = Message("no journal of station {stations}, an act instead", stations=stations)
        return _about(sheet, "unlisted", message, WARNING)
    return _about(sheet, "unknown", Message("no print journal has this number"))


def _unheard(preparation: Preparation | None, each: PrintedSet) -> Message:
    """Say of a form of a preparation room, which lies in a voice room, that no voice journal places it there."""
    if preparation is not None and preparation.unheard:
        return Message(
            "set no. {ordinal} of station {station}: the voice journal that names it is not here, or not open yet",
            ordinal=each.ordinal,
            station=each.station,
        )
    return Message(
        "set no. {ordinal} of station {station}: the answer is not recorded, no voice journal names it",
        ordinal=each.ordinal,
        station=each.station,
    )


def _contested(sets: Iterable[PrintedSet]) -> list[Found]:
    """A participant spoke in one room: what the voice journals of two rooms name is settled by people."""
    found = []
    for each in sets:
        if each.others and "R" in each.sheets:
            message = Message(
                "{title}, no. {number}: the voice journals of rooms {rooms} name it",
                title=CATALOGUE["R"].title,
                number=each.sheets["R"],
                rooms=", ".join(sorted((each.room, *each.others))),
            )
            found.append(Found("contested", message, each.sheets["R"], "R"))
    return found


def _twice(sheets: Iterable[SeenSheet]) -> list[Found]:
    by_number: dict[str, list[SeenSheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.number:
            by_number[sheet.number].append(sheet)
    found = []
    for number, same in by_number.items():
        for sheet in same[1:]:
            near = hash_distance(same[0].picture_hash, sheet.picture_hash) <= SAME_PICTURE
            message = Message(
                "No. {number}: {difference} ({name} and {sheet_name})",
                number=number,
                difference=Message("the sheet passed the scanner twice")
                if near
                else Message("different pictures under one number"),
                name=same[0].name,
                sheet_name=sheet.name,
            )
            found.append(Found("twice", message, number, sheet.kind, sheet.pk))
    return found


def hash_distance(one: str, other: str) -> int:
    """In how many bits two pictures differ; in all of them when one has no hash."""
    if len(one) != len(other) or not one:
        return _BITS
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _add_missing(facts: RoomFacts, result: RoomBalance) -> None:
    here, elsewhere = {sheet.number for sheet in facts.sheets}, facts.elsewhere
    for each in facts.sets:
        if not each.used:
            continue
        lacking = [kind for kind in facts.place.form_set if kind in each.sheets and each.sheets[kind] not in here]
        for kind in lacking:
            number = each.sheets[kind]
            form = CATALOGUE[kind]
            message = Message(
                "Missing: {title}, no. {number}, set no. {ordinal} of station {station}",
                title=form.title,
                number=number,
                ordinal=each.ordinal,
                station=each.station,
            )
            if number in elsewhere:
                message = Message("{missing}; scanned in room {room}", missing=message, room=elsewhere[number])
            result.found.append(Found("missing", message, number, kind))
        if "R" in lacking:
            result.missing_sets.append(f"№ {each.ordinal}")


def _missing_forms(place: RoomPlace, sheets: Sequence[SeenSheet], elsewhere: Mapping[str, str]) -> list[Found]:
    """Forms that the catalogue makes mandatory: for the point, and for each of its rooms."""
    if not sheets:
        return []
    found = []
    kinds = {sheet.kind for sheet in sheets}
    for code in required_for_point(oral=place.oral):
        if code not in kinds:
            message = Message("Missing: {title}", title=CATALOGUE[code].title)
            found.append(Found("missing", message, form=code))
    of_rooms = {(sheet.kind, str(sheet.address.get("room") or "")) for sheet in sheets}
    for room in place.rooms:
        for code in () if room in place.preparing else required_for_room():
            if (code, room) not in of_rooms and f"{code}/{room}" not in elsewhere:
                message = Message("Missing of room {room}: {title}", room=room, title=CATALOGUE[code].title)
                found.append(Found("missing", message, number=room, form=code))
    return found


def required_for_point(*, oral: bool) -> list[str]:
    """The mandatory forms of the point; an oral exam has its own summary."""
    left_out = SUMMARY if oral else ORAL_SUMMARY
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "hq" and kind.mandatory and kind.code != left_out]


def required_for_room() -> list[str]:
    """The mandatory forms of each room."""
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "room" and kind.mandatory]


def equation(figures: Mapping[str, Any]) -> Message:
    """Return the balance of a room as one line: “printed 15 − … = 14 · …”.

    Args:
        figures: The figures of the desk's balance, as it stands or as a card and `room.json` keep them.
    """
    if not figures or figures["is_hq"]:
        return NOTHING
    left = [Message("printed {count}", count=figures["printed"])]
    if figures["spoiled"]:
        left.append(Message("spoiled {count}", count=figures["spoiled"]))
    if figures["unused"]:
        left.append(Message("unused {count}", count=figures["unused"]))
    parts = [
        Message("the key still closes the numbers")
        if figures["sealed"]
        else Message("{left} = {expected}", left=Several(left, " − "), expected=figures["expected"])
    ]
    seats = Message("seats {count}", count=figures["seats"])
    if figures["absent"] is not None:
        taken = Several([seats, Message("absent {count}", count=figures["absent"])], " − ")
        seats = Message("{left} = {expected}", left=taken, expected=figures["present"])
    parts.append(seats)
    parts.append(
        Message("the card is not filled in")
        if figures["card"] is None
        else Message("on the card {count}", count=figures["card"])
    )
    parts.append(Message("scanned {count}", count=figures["scanned"]))
    line, lost = Several(parts, " · "), figures["missing_sets"]
    if not lost:
        return line
    return Message("{line} → missing {count} (set {sets})", line=line, count=len(lost), sets=", ".join(lost[:6]))
