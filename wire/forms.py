"""The catalogue of forms, the numbers printed on them, the codes that carry the numbers, and where they stand.

A sheet number is 13 digits: two of the form's kind, ten of the serial, one EAN-13 check digit. Code 128 carries
the number alone; DataMatrix carries it with the address of the sheet (`sheet_code`).
"""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, cast

from wire.messages import Both, Message
from wire.subjects import form_set

__all__ = [
    "ABSENCES",
    "CATALOGUE",
    "GEOMETRY",
    "OBSERVATION",
    "ORAL_SUMMARY",
    "SUMMARY",
    "Field",
    "FormKind",
    "Geometry",
    "SheetCode",
    "check_digit",
    "check_number",
    "form_set",
    "hide_numbers",
    "make_number",
    "parse_sheet_code",
    "sheet_code",
]

Scope = Literal["participant", "room", "hq"]
_SERIALS = 10**10
#: Hashes and identifiers pass; 13 digits alone, or in groups as a person types them, may be a number.
_WRITTEN = re.compile(r"[0-9a-f]{16,}|(?<![0-9])[0-9](?:[ \u00a0]?[0-9]){12}(?![0-9])", re.ASCII)
_CELL = 6.5  # millimetres, where the catalogue says nothing else


@dataclass(frozen=True, slots=True)
class Field:
    """Cells on a form that a person fills in by hand: a number in digits, or a box to cross; one or a column of them.

    Attributes:
        name: What it means; the same on every form.
        kind: Digits, or a mark.
        at: Top left corner of the first cell, millimetres.
        cells: How many cells stand in a row.
        rows: How many rows stand one under another.
        pitch: From one row to the next, millimetres.
        size: The side of a cell, millimetres.
        first: The number of the first row.
    """

    name: str
    title: Message
    kind: Literal["digits", "mark"]
    at: tuple[float, float]
    cells: int
    rows: int
    pitch: float
    size: float
    first: int

    def boxes(self) -> Iterator[tuple[int, list[tuple[float, float, float, float]]]]:
        """Each row's number and the boxes of its cells."""
        x, y = self.at
        for row in range(self.rows):
            top = y + row * self.pitch
            lefts = (x + cell * self.size for cell in range(self.cells))
            yield self.first + row, [(left, top, left + self.size, top + self.size) for left in lefts]


@dataclass(frozen=True, slots=True)
class FormKind:
    """One kind of form."""

    code: str
    number_prefix: str
    title: Message
    scope: Scope
    mandatory: bool
    check: Literal["ean13", "none"]
    per_set: bool
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where things stand on the page, millimetres from the top left corner of A4."""

    page: tuple[float, float]
    corner_size: float
    corners: tuple[tuple[float, float], ...]
    orientation_size: float
    orientation_centre: tuple[float, float]
    code128_module: float
    code128_modules: int
    code128_box: tuple[float, float, float, float]
    datamatrix_module: float
    datamatrix_modules: int
    datamatrix_origins: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class SheetCode:
    """What the DataMatrix of a sheet says."""

    kind: FormKind
    number: str
    region: str
    point: str
    date: dt.date
    subject: str
    room: str | None


def _tuples(value: object) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _field(raw: Mapping[str, Any]) -> Field:
    return Field(
        name=raw["name"],
        title=Both(raw["ru"], raw["en"]),
        kind=raw["kind"],
        at=_tuples(raw["at"]),
        cells=raw["cells"],
        rows=raw["rows"],
        pitch=raw["pitch"],
        size=raw.get("size", _CELL),
        first=raw.get("first", 1),
    )


def _load() -> tuple[Mapping[str, FormKind], Geometry]:
    raw = json.loads(resources.files("wire.data").joinpath("forms.json").read_text("utf-8"))
    kinds = {
        row["code"]: FormKind(
            code=row["code"],
            number_prefix=row["prefix"],
            title=Both(row["ru"], row["en"]),
            scope=cast(Scope, row["scope"]),
            mandatory=row["mandatory"],
            check=row.get("check", "ean13"),
            per_set=row["per_set"],
            fields=tuple(_field(each) for each in row.get("fields", ())),
        )
        for row in raw["kinds"]
    }
    return MappingProxyType(kinds), Geometry(**{key: _tuples(value) for key, value in raw["geometry"].items()})


CATALOGUE: Mapping[str, FormKind]
GEOMETRY: Geometry
CATALOGUE, GEOMETRY = _load()
_BY_PREFIX: Mapping[str, FormKind] = {kind.number_prefix: kind for kind in CATALOGUE.values()}
#: Codes of the forms that rules speak of; as printed, they hold Cyrillic letters.
ABSENCES, SUMMARY, ORAL_SUMMARY, OBSERVATION = (_BY_PREFIX[each].code for each in ("14", "15", "16", "18"))
_NUMBER = re.compile(r"[0-9]{13}")
_SHEET_CODE = re.compile(
    r"PPE1\|([0-9]{2})\|([0-9]{13})\|([0-9]{2})\|([0-9]{4})\|([0-9]{2})([0-9]{2})([0-9]{2})\|([0-9]{2})\|([0-9]{4})?"
)


def check_digit(twelve: str) -> str:
    """The EAN-13 check digit of twelve digits."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return str(-total % 10)


def check_number(text: str) -> FormKind | None:
    """The kind of the form whose number this is; None when it is not a number of any form."""
    if not _NUMBER.fullmatch(text):
        return None
    kind = _BY_PREFIX.get(text[:2])
    if kind is None or (kind.check == "ean13" and check_digit(text[:12]) != text[12]):
        return None
    return kind


def hide_numbers(value: Any) -> Any:
    """The same text, list or mapping with the form numbers in its words cut to their last four digits.

    A log and the open lines of a journal are read by more people than may know a number; a number typed with a slip of
    one digit gives the right one away all the same.
    """
    if isinstance(value, str):
        return _WRITTEN.sub(_cut, value)
    if isinstance(value, Mapping):
        return {name: hide_numbers(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [hide_numbers(each) for each in value]
    return value


def _cut(found: re.Match[str]) -> str:
    text = found[0]
    digits = "".join(text.split())
    if len(digits) != 13 or (digits != text and check_number(digits) is None):
        return text
    return f"…{digits[-4:]}"


def make_number(kind_code: str, serial: int) -> str:
    """The 13 digits of a form.

    Raises:
        KeyError: no such kind in the catalogue.
        ValueError: the serial does not fit ten digits.
    """
    if not 0 <= serial < _SERIALS:
        raise ValueError(f"serial out of range: {serial}")
    twelve = f"{CATALOGUE[kind_code].number_prefix}{serial:010d}"
    return twelve + check_digit(twelve)


def sheet_code(number: str, *, region: str, point: str, date: dt.date, subject: str, room: str | None = None) -> str:
    """The text of a sheet's DataMatrix."""
    return f"PPE1|{number[:2]}|{number}|{region}|{point}|{date:%d%m%y}|{subject}|{room or ''}"


def parse_sheet_code(text: str) -> SheetCode | None:
    """Read the text of a DataMatrix; None when it is not one of ours. Never raises."""
    match = _SHEET_CODE.fullmatch(text)
    if match is None:
        return None
    prefix, number, region, point, day, month, year, subject, room = match.groups()
    kind = check_number(number)
    if kind is None or kind.number_prefix != prefix:
        return None
    try:
        date = dt.date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None
    return SheetCode(kind, number, region, point, date, subject, room or None)
