"""The arithmetic of a room, free of the database: what should be there, what is there, what differs by number."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanning.expected_forms import ExpectedForms, ExpectedSet
from scanning.recognition.quality import hash_distance
from wire.forms import CATALOGUE, ORAL_SUMMARY, SUMMARY
from wire.messages import Both, Message

SAME_PICTURE = 48  # of 256 bits
PROBLEM, WARNING = "problem", "warning"


@dataclass(frozen=True)
class RoomAddress:
    """The room a card belongs to, and its exam."""

    region: str
    point: str
    date: str
    subject: str
    form_set: tuple[str, ...]
    oral: bool
    room: str
    is_hq: bool
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True)
class SeenSheet:
    """One sheet that stands for paper."""

    pk: int
    number: str
    kind: str
    address: Mapping[str, Any]
    picture_hash: str
    name: Message
    undecided: bool


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
class Comparison:
    """What comparing a room's sheets with the register brought."""

    found: list[Found] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    printed: int = 0
    spoiled: int = 0
    unused: int = 0
    unlisted_sets: int = 0
    missing_sets: list[str] = field(default_factory=list)


def compare(
    place: RoomAddress, sheets: Sequence[SeenSheet], register: ExpectedForms, elsewhere: Mapping[str, str]
) -> Comparison:
    """Compare the sheets of a room with what the journals and the catalogue say.

    Args:
        place: The room.
        sheets: Its active sheets.
        register: What the journals of the sitting say.
        elsewhere: Number → room of the active sheets of the sitting's other rooms.
    """
    result = Comparison(counts=Counter(sheet.kind for sheet in sheets if sheet.kind))
    own = register.of_room(place.room)
    result.printed = len(own)
    result.spoiled = sum(each.spoiled for each in own)
    result.unused = sum(each.unused and not each.spoiled for each in own)
    result.found += _twice(sheets)
    for sheet in sheets:
        found = _evaluate(place, sheet, register)
        if found is not None:
            result.found.append(found)
            if found.kind == "unlisted" and found.severity == WARNING and sheet.kind == "R":
                result.unlisted_sets += 1
    if place.is_hq:
        result.found += _missing_forms(place, sheets, elsewhere)
    elif sheets:
        _add_missing(place, sheets, own, elsewhere, result)
    return result


def _evaluate(place: RoomAddress, sheet: SeenSheet, register: ExpectedForms) -> Found | None:
    """Say what is wrong with one sheet, if anything is."""
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
        return _evaluate_form(place, sheet)
    if place.is_hq:
        return _about(sheet, "foreign", Message("a participant's form among the HQ forms"))
    return _evaluate_blank(place, sheet, register)


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


def _wrong_address(place: RoomAddress, sheet: SeenSheet) -> Message | None:
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
    if room and room != place.room and not (place.is_hq and room in place.rooms):
        return Message("a sheet of room {room}", room=room)
    return None


def _evaluate_form(place: RoomAddress, sheet: SeenSheet) -> Found | None:
    form = CATALOGUE.get(sheet.kind)
    if form is not None and form.scope == "hq" and not place.is_hq:
        return _about(sheet, "foreign", Message("a form of the point, it belongs to the HQ forms"))
    return None


def _evaluate_blank(place: RoomAddress, sheet: SeenSheet, register: ExpectedForms) -> Found | None:
    known = register.by_number.get(sheet.number)
    if known is not None:
        each, _kind = known
        if each.room != place.room:
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
    if place.room in register.acts:
        stations = ", ".join(register.acts[place.room])
        message = Message("no journal of station {stations}, an act instead", stations=stations)
        return _about(sheet, "unlisted", message, WARNING)
    if register.sealed_rooms:
        return None
    return _about(sheet, "unknown", Message("no print journal has this number"))


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


def _add_missing(
    place: RoomAddress,
    sheets: Sequence[SeenSheet],
    own: Iterable[ExpectedSet],
    elsewhere: Mapping[str, str],
    result: Comparison,
) -> None:
    here = {sheet.number for sheet in sheets}
    for each in own:
        if not each.used:
            continue
        lacking = [kind for kind in place.form_set if kind in each.sheets and each.sheets[kind] not in here]
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


def _missing_forms(place: RoomAddress, sheets: Sequence[SeenSheet], elsewhere: Mapping[str, str]) -> list[Found]:
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
        for code in required_for_room():
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
