"""One page to one reading: what sheet it is, how it lies, and every doubt about it."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import cv2
import numpy as np

from scanning.recognition import backs, quality
from scanning.recognition.codes import Code, CodesRead, read_codes
from scanning.recognition.decode import INK_STEP, to_bilevel
from scanning.recognition.fields import read_fields
from scanning.recognition.marks import Marks, find_marks
from scanning.recognition.picture import Grey, PageImage
from wire.forms import GEOMETRY

cv2.setNumThreads(1)

Severity = Literal["info", "warning", "problem"]
Place = tuple[int, int, int, int]

SHEET_SECONDS = 2.0
_LOW_DPI = 250.0
_TOO_LOW_DPI = 140.0
_SKEW = 3.0
_BLANK_TILES = 60
_LONG_PAGE = 1.12
_STRETCHED = 0.015  # of the length: a sound feeder keeps it to a third of that
_SHORTENED = 0.025  # a written line
_MUCH_SKEW = 6.0  # degrees beyond which squares no longer tell the length well enough
_NOMINAL_DPI = 300.0
_NOMINAL_DARK = 128
_MUCH_INK = 0.4  # no form and no writing covers so much of a page
_SLIP_MM = 4.0  # squares cut by the edge of the page may seem to lie by two millimetres aside
_TWO_SHEETS = 1.5  # areas of A4
_NEAR_MM = 20.0  # a code may lie so far from its place, where all four squares say where that is
_NEAR_ROUGHLY_MM = 45.0
_BACKWARDS = {"Code128": 180, "DataMatrix": -90}  # degrees that a code in a mirror seems to be turned
_ASKEW = 45  # degrees
#: Forms on which an empty answer field is worth a word.
_WRITTEN_KINDS = frozenset({"C1", "C2", "DBO"})


@dataclass(frozen=True, slots=True)
class SheetWarning:
    """One finding about a page."""

    kind: str
    severity: Severity
    place: Place | None = None
    value: str = ""
    limit: str = ""


@dataclass(slots=True)
class SheetReading:
    """Everything the machine concludes about one page.

    Places are pixels of the righted page, `turned` says how many degrees it was turned to stand upright, `back_of`
    the number that shows through from the other side of an empty page.
    """

    number: str | None = None
    kind: str | None = None
    region: str | None = None
    point: str | None = None
    date: str | None = None
    subject: str | None = None
    room: str | None = None
    back_of: str = ""
    codes: list[dict[str, Any]] = field(default_factory=list)
    step: str = ""
    turned: int = 0
    width: int = 0
    height: int = 0
    dpi: float | None = None
    skew: float | None = None
    ink: float = 0.0
    written: int | None = None
    record: Literal["bilevel", "grey"] = "bilevel"
    ink_step: float = INK_STEP
    fields: list[dict[str, Any]] = field(default_factory=list)
    picture_hash: str = ""
    milliseconds: int = 0
    doubts: list[SheetWarning] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether the page was said to be empty."""
        return any(doubt.kind == "empty_page" for doubt in self.doubts)

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain values."""
        return asdict(self)


def recognise(page: PageImage, *, seconds: float = SHEET_SECONDS) -> tuple[SheetReading, Grey]:
    """Read one page.

    Args:
        page: The page as the scanner saw it.
        seconds: After so much processor time no further way of reading the codes is tried.

    Returns:
        The reading, and the page standing upright.
    """
    started = time.process_time()
    reading = SheetReading()
    grey = page.pixels
    negative = _negative(grey)
    if negative:
        page = replace(page, pixels=255 - page.pixels)
        grey = page.pixels
    streaks = quality.find_streaks(grey, page.dpi or _NOMINAL_DPI)
    if streaks:
        grey = quality.paint_over(grey, streaks)
    as_scanned, turned = _portrait(page.pixels)
    grey, _ = _portrait(grey)
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    quarter = cv2.resize(half, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    marks = find_marks(quarter)
    large = _much_paper(page)
    read = read_codes(grey, half, marks, deadline=started + seconds * 0.75, whole=large)
    upside_down = _upside_down(marks, read)
    if upside_down:
        as_scanned, grey, quarter = (
            np.ascontiguousarray(picture[::-1, ::-1]) for picture in (as_scanned, grey, quarter)
        )
        marks = find_marks(quarter)
        turned += 180
    reading.height, reading.width = grey.shape
    reading.turned = turned % 360

    def through() -> bool:
        return _shown_through(reading, marks, grey, quarter, bilevel=page.bilevel)

    _take_codes(reading, read, marks, through=through, upside_down=bool(upside_down), large=large)
    if negative:
        reading.doubts.append(SheetWarning("negative", "problem"))
    _take_marks(reading, marks, page)
    _place_unreadable(reading, marks)
    _take_turn(reading, turned, marks, read)
    if streaks:
        reading.doubts.append(_streak_warning(streaks, page))
    _take_content(reading, quarter, marks)
    _take_damage(reading, page, marks)
    if not reading.empty:
        _take_writing(reading, as_scanned, grey, quarter, marks, bilevel=page.bilevel)
    _take_fields(reading, grey, marks)
    reading.milliseconds = round((time.process_time() - started) * 1000)
    return reading, as_scanned


def _negative(pixels: Grey) -> bool:
    """A page that is mostly dark and whose squares stand there when it is turned inside out."""
    small = _portrait(pixels[::16, ::16])[0]
    if np.count_nonzero(small < _NOMINAL_DARK) * 2 < small.size:
        return False
    quarter = cv2.resize(_portrait(pixels)[0], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return len(find_marks(255 - quarter).corners) > max(2, len(find_marks(quarter).corners))


def _much_paper(page: PageImage) -> bool:
    """Whether the glass held much more than one A4."""
    if page.dpi is None:
        return False
    millimetres = page.pixels.size * (25.4 / page.dpi) ** 2
    return millimetres > _TWO_SHEETS * GEOMETRY.page[0] * GEOMETRY.page[1]


def _side(code: Code, place: Place, reading: SheetReading, marks: Marks, *, upside_down: bool) -> str:
    """Where a code lies: ``front`` in its place, ``mirror`` in its place seen in a mirror, ``stray`` elsewhere.

    A code seen in a mirror is read backwards; a label that only lies in such a place is not.
    """
    wide, high = GEOMETRY.page
    x, y = (place[0] + place[2]) / 2, (place[1] + place[3]) / 2
    if marks.to_pixels is not None:
        u, v, scale = np.linalg.solve(marks.to_pixels, (x, y, 1.0))
        x, y = u / scale, v / scale
    else:
        x, y = x / reading.width * wide, y / reading.height * high
    if code.symbology == "Code128":
        x0, y0, x1, y1 = GEOMETRY.code128_box
        homes = [((x0 + x1) / 2, (y0 + y1) / 2)]
    else:
        half = GEOMETRY.datamatrix_module * GEOMETRY.datamatrix_modules / 2
        homes = [(left + half, top + half) for left, top in GEOMETRY.datamatrix_origins]
    front = min(min(np.hypot(x - u, y - v), np.hypot(wide - x - u, high - y - v)) for u, v in homes)
    backwards = _BACKWARDS[code.symbology] - code.angle - (180 if upside_down else 0)
    mirror = np.inf
    if _same_way(backwards):
        mirror = min(np.hypot(wide - x - u, y - v) for u, v in homes)
    elif _same_way(backwards + 180):
        mirror = min(np.hypot(x - u, high - y - v) for u, v in homes)
    if min(front, mirror) > (_NEAR_ROUGHLY_MM if marks.missing else _NEAR_MM):
        return "stray"
    return "front" if front <= mirror else "mirror"


def _shown_through(reading: SheetReading, marks: Marks, grey: Grey, quarter: Grey, *, bilevel: bool) -> bool:
    """Whether the codes that were read backwards are the print of the other side, and nothing is on this one."""
    if not bilevel:
        return backs.is_empty(quarter, marks, shown_through=True)
    bars = [code["place"] for code in reading.codes if code["valid"] and code["symbology"] == "Code128"]
    return any(backs.ragged(grey, (x0, y0, x1, y1), marks.skew or 0.0) for x0, y0, x1, y1 in bars)


def _same_way(degrees: int) -> bool:
    return abs((degrees + 180) % 360 - 180) < _ASKEW


def _take_damage(reading: SheetReading, page: PageImage, marks: Marks) -> None:
    """Say that the data of the picture is broken, where its decoder or the picture itself tells."""
    # In greys a shadow over a page whose squares all stand hides nothing.
    too_much = reading.ink > _MUCH_INK and (page.bilevel or bool(marks.missing))
    lower_gone = bool(marks.corners) and {"bottom-left", "bottom-right"} <= set(marks.missing)
    slipped = marks.slip is not None and abs(marks.slip) > _SLIP_MM
    if (page.damaged or too_much or lower_gone or slipped) and not reading.empty:
        reading.doubts.append(SheetWarning("picture_damaged", "problem", None, page.complaint))


def _portrait(grey: Grey) -> tuple[Grey, int]:
    """A page that lies on its side is stood up; which end is up is judged later."""
    if grey.shape[1] > grey.shape[0] * 1.05:
        return np.ascontiguousarray(np.rot90(grey)), 270
    return grey, 0


def _upside_down(marks: Marks, read: CodesRead) -> bool | None:
    if marks.upright is not None:
        return not marks.upright
    return read.upside_down


def _turned_place(place: Place, width: int, height: int, *, upside_down: bool) -> Place:
    if not upside_down:
        return place
    x0, y0, x1, y1 = place
    return width - x1, height - y1, width - x0, height - y0


def _take_codes(
    reading: SheetReading,
    read: CodesRead,
    marks: Marks,
    *,
    through: Callable[[], bool],
    upside_down: bool,
    large: bool,
) -> None:
    reading.step = read.step
    for code in read.codes:
        place = _turned_place(code.place, reading.width, reading.height, upside_down=upside_down)
        reading.codes.append(
            {"symbology": code.symbology, "text": code.text[:200], "valid": code.valid, "place": list(place)}
        )
    valid = [code for code in read.codes if code.valid]
    if not valid:
        foreign = [code for code in read.codes if not code.valid]
        if foreign:
            place = _turned_place(foreign[0].place, reading.width, reading.height, upside_down=upside_down)
            reading.doubts.append(SheetWarning("foreign_code", "problem", place, foreign[0].text[:60]))
        else:
            reading.doubts.append(
                SheetWarning("unreadable", "problem", None, "time" if read.out_of_time else str(read.steps_tried))
            )
        return
    size = reading.width, reading.height
    sides = [
        _side(code, _turned_place(code.place, *size, upside_down=upside_down), reading, marks, upside_down=upside_down)
        for code in valid
    ]
    if "front" not in sides and not large:
        place = _turned_place(valid[0].place, reading.width, reading.height, upside_down=upside_down)
        if "mirror" not in sides:
            reading.doubts.append(SheetWarning("code_misplaced", "problem", place, ", ".join(read.numbers)))
        elif through():
            reading.back_of = read.numbers[0] if len(read.numbers) == 1 else ""
            reading.doubts.append(SheetWarning("empty_page", "problem", None, reading.back_of))
        else:
            reading.doubts.append(SheetWarning("mirrored", "problem", place, ", ".join(read.numbers)))
        return
    if not large:
        # What shows through from the other side is not this side's number.
        valid = [code for code, side in zip(valid, sides, strict=True) if side != "mirror"]
        read = replace(read, codes=tuple(valid))
    if not read.agree:
        place = _turned_place(valid[-1].place, reading.width, reading.height, upside_down=upside_down)
        reading.doubts.append(SheetWarning("codes_differ", "problem", place, ", ".join(read.numbers)))
        return
    reading.number, reading.kind = valid[0].number, valid[0].kind
    for address in read.addresses:
        reading.region, reading.point, reading.room = address.region, address.point, address.room
        reading.date, reading.subject = address.date.isoformat(), address.subject


def _take_marks(reading: SheetReading, marks: Marks, page: PageImage) -> None:
    if marks.dpi_x and marks.dpi_y:
        reading.dpi = round((marks.dpi_x + marks.dpi_y) / 2, 1)
    else:
        reading.dpi = page.dpi
    reading.skew = None if marks.skew is None else round(marks.skew, 2)
    if marks.missing:
        reading.doubts.append(
            SheetWarning(
                "corner_missing", "warning", _corner_place(reading, marks.missing[0]), ", ".join(marks.missing), "4"
            )
        )
    if reading.dpi is not None and reading.dpi < _LOW_DPI:
        severity: Severity = "problem" if reading.dpi < _TOO_LOW_DPI else "warning"
        reading.doubts.append(SheetWarning("low_resolution", severity, None, f"{reading.dpi:.0f}", f"{_LOW_DPI:.0f}"))
    if reading.skew is not None and abs(reading.skew) > _SKEW:
        reading.doubts.append(SheetWarning("skewed", "warning", None, f"{reading.skew:.1f}", f"{_SKEW:.1f}"))
    if page.square:
        _take_stretch(reading, marks)
    shape = reading.height / max(reading.width, 1) / (GEOMETRY.page[1] / GEOMETRY.page[0])
    if shape > _LONG_PAGE:
        reading.doubts.append(SheetWarning("double_feed", "warning", None, f"{shape:.2f}", f"{_LONG_PAGE:.2f}"))


def _take_stretch(reading: SheetReading, marks: Marks) -> None:
    """Say that the feed slipped. A longer picture shows everything; in a shorter one lines may have been lost."""
    if not (marks.dpi_x and marks.dpi_y) or abs(marks.skew or 0.0) > _MUCH_SKEW:
        return
    stretch = marks.dpi_y / marks.dpi_x - 1
    if abs(stretch) > _STRETCHED:
        kind = "stretched" if stretch > 0 else "shortened"
        severity: Severity = "problem" if stretch < -_SHORTENED else "warning"
        told = f"{100 * stretch:+.1f} %", f"{100 * _STRETCHED:.1f} %"
        reading.doubts.append(SheetWarning(kind, severity, None, *told))


def _place_unreadable(reading: SheetReading, marks: Marks) -> None:
    """Show where the code should have been."""
    box = marks.box(*GEOMETRY.code128_box)
    if box is not None:
        (x0, y0), (x1, y1) = box.min(axis=0), box.max(axis=0)
        place = (int(x0), int(y0), int(x1), int(y1))
        reading.doubts = [
            replace(doubt, place=place) if doubt.kind == "unreadable" else doubt for doubt in reading.doubts
        ]


def _corner_place(reading: SheetReading, name: str) -> Place:
    wide, high = reading.width // 6, reading.height // 8
    x = reading.width - wide if name.endswith("right") else 0
    y = reading.height - high if name.startswith("bottom") else 0
    return x, y, x + wide, y + high


def _take_turn(reading: SheetReading, turned: int, marks: Marks, read: CodesRead) -> None:
    if turned % 360:
        kind = "upside_down" if turned % 360 == 180 else "turned"
        reading.doubts.append(SheetWarning(kind, "info", None, str(turned % 360), "0"))
    elif marks.upright is None and read.upside_down is None:
        reading.doubts.append(SheetWarning("side_unknown", "warning"))


def _streak_warning(streaks: list[quality.Streak], page: PageImage) -> SheetWarning:
    first = streaks[0]
    place = (max(first.x - 8, 0), 0, first.x + first.width + 8, page.pixels.shape[0])
    return SheetWarning("streaks", "warning", place, str(len(streaks)), "0")


def _take_content(reading: SheetReading, quarter: Grey, marks: Marks) -> None:
    reading.ink = round(float((quarter < marks.dark).mean()), 5)
    eighth = cv2.resize(quarter, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    reading.picture_hash = quality.picture_hash(eighth)
    if not reading.codes and backs.is_empty(quarter, marks):
        # An empty page has nothing to read; what it lacks is not a damaged code.
        lacks = ("unreadable", "corner_missing", "side_unknown")
        reading.doubts = [doubt for doubt in reading.doubts if doubt.kind not in lacks]
        reading.doubts.append(SheetWarning("empty_page", "problem"))


def _take_writing(
    reading: SheetReading, as_scanned: Grey, grey: Grey, quarter: Grey, marks: Marks, *, bilevel: bool
) -> None:
    """Count what was written as the record will show it, and say when black and white would lose some."""
    if not bilevel:
        step, least = quality.ink_step(quarter, marks)
        reading.ink_step = round(step, 1)
        white = to_bilevel(as_scanned, reading.ink_step)
        if quality.loses_writing(as_scanned, quarter, white, step, least):
            reading.record = "grey"
            reading.doubts.append(SheetWarning("pale_writing", "problem"))
        grey = np.where(white, np.uint8(255), np.uint8(0))
    reading.written = quality.written_tiles(grey, marks)
    few = reading.written is not None and reading.written < _BLANK_TILES
    if few and reading.kind in _WRITTEN_KINDS and reading.record == "bilevel":
        reading.doubts.append(SheetWarning("blank", "info", None, str(reading.written), str(_BLANK_TILES)))


def _take_fields(reading: SheetReading, grey: Grey, marks: Marks) -> None:
    """Read the cells of a form that counts people; what is not clear is a person's to read."""
    if reading.kind is None:
        return
    read = read_fields(grey, marks, reading.kind)
    reading.fields = [each.as_dict() for each in read]
    unsure = [each for each in read if not each.sure]
    if unsure:
        share = f"{len(unsure)} / {len(read)}"
        reading.doubts.append(SheetWarning("unsure_cells", "info", unsure[0].place, share))
