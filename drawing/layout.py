"""What stands where on our drawn forms, besides the codes: rows of cells and ruled lines, in millimetres."""

from dataclasses import dataclass
from functools import cache

from drawing.words import FORMS
from wire.forms import CATALOGUE, Field


@dataclass(frozen=True, slots=True)
class Cells:
    """A labelled row of square cells for hand-written digits, or boxes to cross; `name` is ``field/row``."""

    x: float
    y: float
    count: int
    label: str = ""
    size: float = 6.5
    name: str = ""
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line for hand-written text."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class SmallPrint:
    """Small print over or beside cells."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The body of one kind of form."""

    cells: tuple[Cells, ...]
    rules: tuple[Rule, ...]
    words: tuple[SmallPrint, ...] = ()


def _registration() -> Layout:
    names = (FORMS["fields"][each] for each in ("region", "point", "room", "series", "number", "seat"))
    counts = (2, 4, 4, 4, 6, 3)
    cells = tuple(
        Cells(x=75, y=66 + 11 * row, count=count, label=label)
        for row, (label, count) in enumerate(zip(names, counts, strict=True))
    )
    return Layout(cells, (Rule(75, 150, 90), Rule(75, 164, 90), Rule(75, 178, 90), Rule(110, 236, 70)))


def _answers() -> Layout:
    cells = tuple(
        Cells(x=28 + 86 * column, y=62 + 10.5 * row, count=10, label=str(1 + row + 14 * column))
        for column in range(2)
        for row in range(14)
    )
    return Layout(cells, (Rule(110, 236, 70),))


def _written() -> Layout:
    return Layout((), tuple(Rule(20, 66 + 8 * row, 170) for row in range(23)))


def _summary() -> Layout:
    cells = tuple(
        Cells(x=28 + 44 * column, y=70 + 12 * row, count=4, label="" if column else str(row + 1))
        for row in range(12)
        for column in range(4)
    )
    return Layout(cells, (Rule(20, 226, 80), Rule(110, 226, 80), Rule(110, 240, 80)))


_CAPTIONED_ALONE = 40.0  # millimetres to the left of a single row for its caption


def _fields(fields: tuple[Field, ...]) -> Layout:
    """The cells that the catalogue lists: columns captioned above, single rows to the left."""
    cells, words, numbered = [], [], set()
    for field in fields:
        x, y = field.at
        alone = field.rows == 1
        words.append(SmallPrint(x - _CAPTIONED_ALONE if alone else x, y + 4.5 if alone else y - 1.5, field.title.ru))
        for row, boxes in field.boxes():
            top = boxes[0][1]
            label = "" if alone or (row, top) in numbered else str(row)
            numbered.add((row, top))
            cells.append(Cells(x, top, field.cells, label, field.size, f"{field.name}/{row}", field.kind == "mark"))
    return Layout(tuple(cells), (Rule(20, 246, 80), Rule(110, 246, 80)), tuple(words))


@cache
def layout(kind: str) -> Layout:
    """Return the body of a kind of form.

    Raises:
        KeyError: No such kind in the catalogue.
    """
    if CATALOGUE[kind].fields:
        return _fields(CATALOGUE[kind].fields)
    if CATALOGUE[kind].scope != "participant":
        return _summary()
    return {"R": _registration, "AB": _answers}.get(kind, _written)()
