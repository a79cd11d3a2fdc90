"""The arithmetic of a room, free of the database: what should be there, what is there, what differs by number."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scanning.recognition.quality import hash_distance
from scanning.register import FormSet, Register
from wire.forms import CATALOGUE

SAME_PICTURE = 48  # of 256 bits
PROBLEM, WARNING = "problem", "warning"


@dataclass(frozen=True)
class Place:
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
    name: str
    name_en: str
    undecided: bool


@dataclass(frozen=True)
class Found:
    """One difference."""

    kind: str
    ru: str
    en: str
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


def compare(place: Place, sheets: Sequence[SeenSheet], register: Register, elsewhere: Mapping[str, str]) -> Comparison:
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
        found = _judge(place, sheet, register)
        if found is not None:
            result.found.append(found)
            if found.kind == "unlisted" and found.severity == WARNING and sheet.kind == "R":
                result.unlisted_sets += 1
    if place.is_hq:
        result.found += _missing_forms(place, sheets, elsewhere)
    elif sheets:
        _add_missing(place, sheets, own, elsewhere, result)
    return result


def _judge(place: Place, sheet: SeenSheet, register: Register) -> Found | None:
    """Say what is wrong with one sheet, if anything is."""
    if not sheet.number:
        if sheet.undecided:
            ru, en = f"{sheet.name}: номер не прочитан", f"{sheet.name_en}: the number could not be read"
            return Found("unreadable", ru, en, sheet=sheet.pk)
        return None
    form = CATALOGUE.get(sheet.kind)
    wrong = _wrong_address(place, sheet)
    if wrong:
        return _about(sheet, "foreign", *wrong)
    if form is None or form.scope != "participant":
        return _judge_form(place, sheet)
    if place.is_hq:
        return _about(sheet, "foreign", "бланк участника в пачке форм ППЭ", "a participant's form among the HQ forms")
    return _judge_blank(place, sheet, register)


def _about(sheet: SeenSheet, kind: str, ru: str, en: str, severity: str = PROBLEM) -> Found:
    """A difference about one sheet: its form and number, and what is wrong."""
    form = CATALOGUE.get(sheet.kind)
    title_ru = form.title_ru.split(".")[0] if form else sheet.kind
    title_en = form.title_en if form else sheet.kind
    return Found(
        kind,
        f"{title_ru} № {sheet.number}: {ru}",
        f"{title_en}, no. {sheet.number}: {en}",
        sheet.number,
        sheet.kind,
        sheet.pk,
        severity,
    )


def _wrong_address(place: Place, sheet: SeenSheet) -> tuple[str, str] | None:
    address = sheet.address
    if not address:
        return None
    said = (
        ("region", place.region, "бланк региона", "a sheet of region"),
        ("point", place.point, "бланк ППЭ", "a sheet of exam point"),
        ("date", place.date, "бланк экзамена от", "a sheet of the exam of"),
        ("subject", place.subject, "бланк предмета", "a sheet of subject"),
    )
    for name, expected, ru, en in said:
        if address.get(name) != expected:
            return f"{ru} {address.get(name)}", f"{en} {address.get(name)}"
    room = address.get("room")
    if room and room != place.room and not (place.is_hq and room in place.rooms):
        return f"бланк аудитории {room}", f"a sheet of room {room}"
    return None


def _judge_form(place: Place, sheet: SeenSheet) -> Found | None:
    form = CATALOGUE.get(sheet.kind)
    if form is not None and form.scope == "hq" and not place.is_hq:
        return _about(
            sheet, "foreign", "форма ППЭ, её место в пачке Штаба", "a form of the point, it belongs to the HQ forms"
        )
    return None


def _judge_blank(place: Place, sheet: SeenSheet, register: Register) -> Found | None:
    known = register.by_number.get(sheet.number)
    if known is not None:
        each, _kind = known
        if each.room != place.room:
            ru = f"по журналу печати это лист аудитории {each.room}"
            return _about(sheet, "foreign", ru, f"the print journal says it is of room {each.room}")
        if not each.used:
            ru, en = ("испорченный", "spoiled") if each.spoiled else ("неиспользованный", "unused")
            ru = f"комплект № {each.ordinal} отмечен в журнале как {ru}"
            return _about(sheet, "unlisted", ru, f"set no. {each.ordinal} is marked {en} in the journal")
        return None
    if sheet.kind == "DBO":
        ru, en = "дополнительный бланк, в журналах печати не числится", "an additional form, print journals list none"
        return _about(sheet, "unlisted", ru, en, WARNING)
    if place.room in register.acts:
        stations = ", ".join(register.acts[place.room])
        ru, en = f"журнала станции {stations} нет, есть акт", f"no journal of station {stations}, an act instead"
        return _about(sheet, "unlisted", ru, en, WARNING)
    if register.sealed_rooms:
        return None
    return _about(sheet, "unknown", "такого номера нет ни в одном журнале печати", "no print journal has this number")


def _twice(sheets: Iterable[SeenSheet]) -> list[Found]:
    by_number: dict[str, list[SeenSheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.number:
            by_number[sheet.number].append(sheet)
    found = []
    for number, same in by_number.items():
        for sheet in same[1:]:
            near = hash_distance(same[0].picture_hash, sheet.picture_hash) <= SAME_PICTURE
            ru = "лист прошёл сканер дважды" if near else "под одним номером разные изображения"
            en = "the sheet passed the scanner twice" if near else "different pictures under one number"
            ru = f"№ {number}: {ru} ({same[0].name} и {sheet.name})"
            en = f"No. {number}: {en} ({same[0].name_en} and {sheet.name_en})"
            found.append(Found("twice", ru, en, number, sheet.kind, sheet.pk))
    return found


def _add_missing(
    place: Place, sheets: Sequence[SeenSheet], own: Iterable[FormSet], elsewhere: Mapping[str, str], result: Comparison
) -> None:
    here = {sheet.number for sheet in sheets}
    for each in own:
        if not each.used:
            continue
        lacking = [kind for kind in place.form_set if kind in each.sheets and each.sheets[kind] not in here]
        for kind in lacking:
            number = each.sheets[kind]
            form = CATALOGUE[kind]
            ru = f"Нет листа: {form.title_ru} № {number}, комплект № {each.ordinal} станции {each.station}"
            en = f"Missing: {form.title_en}, no. {number}, set no. {each.ordinal} of station {each.station}"
            if number in elsewhere:
                ru += f"; отсканирован в аудитории {elsewhere[number]}"
                en += f"; scanned in room {elsewhere[number]}"
            result.found.append(Found("missing", ru, en, number, kind))
        if "R" in lacking:
            result.missing_sets.append(f"№ {each.ordinal}")


def _missing_forms(place: Place, sheets: Sequence[SeenSheet], elsewhere: Mapping[str, str]) -> list[Found]:
    """Forms that the catalogue makes mandatory: for the point, and for each of its rooms."""
    if not sheets:
        return []
    found = []
    kinds = {sheet.kind for sheet in sheets}
    for code in required_for_point(oral=place.oral):
        if code not in kinds:
            ru, en = f"Нет формы ППЭ: {CATALOGUE[code].title_ru}", f"Missing: {CATALOGUE[code].title_en}"
            found.append(Found("missing", ru, en, form=code))
    of_rooms = {(sheet.kind, str(sheet.address.get("room") or "")) for sheet in sheets}
    for room in place.rooms:
        for code in required_for_room():
            if (code, room) not in of_rooms and f"{code}/{room}" not in elsewhere:
                ru = f"Нет формы аудитории {room}: {CATALOGUE[code].title_ru}"
                en = f"Missing of room {room}: {CATALOGUE[code].title_en}"
                found.append(Found("missing", ru, en, number=room, form=code))
    return found


def required_for_point(*, oral: bool) -> list[str]:
    """The mandatory forms of the point; an oral exam has its own summary."""
    left_out = "13-02-МАШ" if oral else "13-03-У"
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "hq" and kind.mandatory and kind.code != left_out]


def required_for_room() -> list[str]:
    """The mandatory forms of each room."""
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "room" and kind.mandatory]
