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
    undecided: bool


@dataclass(frozen=True)
class Found:
    """One difference."""

    kind: str
    text: str
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
            return Found("unreadable", f"{sheet.name}: номер не прочитан", sheet=sheet.pk)
        return None
    form = CATALOGUE.get(sheet.kind)
    title = form.title_ru.split(".")[0] if form else sheet.kind
    wrong = _wrong_address(place, sheet)
    if wrong:
        return Found("foreign", f"{title} № {sheet.number}: {wrong}", sheet.number, sheet.kind, sheet.pk)
    if form is None or form.scope != "participant":
        return _judge_form(place, sheet, title)
    if place.is_hq:
        text = f"{title} № {sheet.number}: бланк участника в пачке форм ППЭ"
        return Found("foreign", text, sheet.number, sheet.kind, sheet.pk)
    return _judge_blank(place, sheet, register, title)


def _wrong_address(place: Place, sheet: SeenSheet) -> str:
    address = sheet.address
    if not address:
        return ""
    if address.get("region") != place.region:
        return f"бланк региона {address.get('region')}"
    if address.get("point") != place.point:
        return f"бланк ППЭ {address.get('point')}"
    if address.get("date") != place.date:
        return f"бланк экзамена от {address.get('date')}"
    if address.get("subject") != place.subject:
        return f"бланк предмета {address.get('subject')}"
    room = address.get("room")
    if room and room != place.room and not (place.is_hq and room in place.rooms):
        return f"бланк аудитории {room}"
    return ""


def _judge_form(place: Place, sheet: SeenSheet, title: str) -> Found | None:
    form = CATALOGUE.get(sheet.kind)
    if form is not None and form.scope == "hq" and not place.is_hq:
        text = f"{title} № {sheet.number}: форма ППЭ, её место в пачке Штаба"
        return Found("foreign", text, sheet.number, sheet.kind, sheet.pk)
    return None


def _judge_blank(place: Place, sheet: SeenSheet, register: Register, title: str) -> Found | None:
    known = register.by_number.get(sheet.number)
    base = f"{title} № {sheet.number}"
    if known is not None:
        each, _kind = known
        if each.room != place.room:
            text = f"{base}: по журналу печати это лист аудитории {each.room}"
            return Found("foreign", text, sheet.number, sheet.kind, sheet.pk)
        if not each.used:
            state = "испорченный" if each.spoiled else "неиспользованный"
            text = f"{base}: комплект № {each.ordinal} отмечен в журнале как {state}"
            return Found("unlisted", text, sheet.number, sheet.kind, sheet.pk)
        return None
    if sheet.kind == "DBO":
        text = f"{base}: дополнительный бланк, в журналах печати не числится"
        return Found("unlisted", text, sheet.number, sheet.kind, sheet.pk, WARNING)
    if place.room in register.acts:
        stations = ", ".join(register.acts[place.room])
        text = f"{base}: журнала станции {stations} нет, есть акт"
        return Found("unlisted", text, sheet.number, sheet.kind, sheet.pk, WARNING)
    if register.sealed_rooms:
        return None
    text = f"{base}: такого номера нет ни в одном журнале печати"
    return Found("unknown", text, sheet.number, sheet.kind, sheet.pk)


def _twice(sheets: Iterable[SeenSheet]) -> list[Found]:
    by_number: dict[str, list[SeenSheet]] = defaultdict(list)
    for sheet in sheets:
        if sheet.number:
            by_number[sheet.number].append(sheet)
    found = []
    for number, same in by_number.items():
        for sheet in same[1:]:
            near = hash_distance(same[0].picture_hash, sheet.picture_hash) <= SAME_PICTURE
            why = "лист прошёл сканер дважды" if near else "под одним номером разные изображения"
            text = f"№ {number}: {why} ({same[0].name} и {sheet.name})"
            found.append(Found("twice", text, number, sheet.kind, sheet.pk))
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
            title = CATALOGUE[kind].title_ru
            text = f"Нет листа: {title} № {number}, комплект № {each.ordinal} станции {each.station}"
            if number in elsewhere:
                text += f"; отсканирован в аудитории {elsewhere[number]}"
            result.found.append(Found("missing", text, number, kind))
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
            found.append(Found("missing", f"Нет формы ППЭ: {CATALOGUE[code].title_ru}", form=code))
    of_rooms = {(sheet.kind, str(sheet.address.get("room") or "")) for sheet in sheets}
    for room in place.rooms:
        for code in required_for_room():
            if (code, room) not in of_rooms and f"{code}/{room}" not in elsewhere:
                text = f"Нет формы аудитории {room}: {CATALOGUE[code].title_ru}"
                found.append(Found("missing", text, number=room, form=code))
    return found


def required_for_point(*, oral: bool) -> list[str]:
    """The mandatory forms of the point; an oral exam has its own summary."""
    left_out = "13-02-МАШ" if oral else "13-03-У"
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "hq" and kind.mandatory and kind.code != left_out]


def required_for_room() -> list[str]:
    """The mandatory forms of each room."""
    return [kind.code for kind in CATALOGUE.values() if kind.scope == "room" and kind.mandatory]
