"""The codes of a page, read in the order that costs least on a clean sheet.

The page at half its size, bands, bands blurred, the codes' own places, full page blurred, full page, median, half
size with all searches, vertical erosion. A step ends the reading when it brings a valid text: right length, right
check digit, a form we know. A checksum of the symbology alone proves nothing. At half the size both kinds of codes
must be read for that, so that they can disagree.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp

from scanning.recognition.code_places import View, code_views
from scanning.recognition.marks import Marks
from scanning.recognition.picture import Grey
from wire.forms import SheetCode, check_number, parse_sheet_code

FORMATS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.DataMatrix])
_BAND = 0.17
_SMALL = "small"
_UPSIDE_DOWN = 90


@dataclass(frozen=True, slots=True)
class Code:
    """One code seen on a page."""

    symbology: str
    text: str
    number: str | None
    kind: str | None
    address: SheetCode | None
    place: tuple[int, int, int, int]
    angle: int

    @property
    def valid(self) -> bool:
        """Whether the text is a number of a form, with its check digit."""
        return self.number is not None


@dataclass(frozen=True, slots=True)
class CodesRead:
    """What the reading brought.

    Attributes:
        codes: Every code seen, valid or not, each text once.
        step: Name of the step that ended the reading; empty when none did.
        steps_tried: How many steps were taken.
        out_of_time: The time limit ended the reading.
    """

    codes: tuple[Code, ...]
    step: str
    steps_tried: int
    out_of_time: bool

    @property
    def numbers(self) -> tuple[str, ...]:
        """The different valid numbers."""
        return tuple(dict.fromkeys(code.number for code in self.codes if code.number))

    @property
    def addresses(self) -> tuple[SheetCode, ...]:
        """The different valid addresses."""
        return tuple(dict.fromkeys(code.address for code in self.codes if code.address))

    @property
    def agree(self) -> bool:
        """Whether all valid codes say the same."""
        return len(self.numbers) <= 1 and len(self.addresses) <= 1

    @property
    def upside_down(self) -> bool | None:
        """Whether the valid codes stand on their heads; None when there are none."""
        turned = [abs(code.angle) > _UPSIDE_DOWN for code in self.codes if code.valid]
        return sum(turned) * 2 > len(turned) if turned else None


def read_codes(grey: Grey, half: Grey, marks: Marks, *, deadline: float = math.inf, whole: bool = False) -> CodesRead:
    """Read the codes of a page.

    Args:
        grey: The page at full size.
        half: The same page at half the size.
        marks: Where the page lies, as far as its squares tell.
        deadline: `time.process_time()` after which no further step is begun.
        whole: Look at the whole page once more at full size: there is more on the glass than one sheet.
    """
    seen: dict[str, Code] = {}
    tried = 0
    for name, views in _steps(grey, half, marks):
        if time.process_time() > deadline:
            return CodesRead(tuple(seen.values()), "", tried, out_of_time=True)
        tried += 1
        fresh = [code for view in views() for code in _read(view)]
        for code in fresh:
            seen.setdefault(code.text, code)
        if _enough(name, fresh):
            for code in _read(View(grey)) if whole else ():
                seen.setdefault(code.text, code)
            return CodesRead(tuple(seen.values()), name, tried, out_of_time=False)
    return CodesRead(tuple(seen.values()), "", tried, out_of_time=False)


def _enough(step: str, fresh: list[Code]) -> bool:
    """Whether a step ends the reading; at half the size only when both kinds of codes were read."""
    valid = {code.symbology for code in fresh if code.valid}
    return len(valid) == 2 if step == _SMALL else bool(valid)


Views = Callable[[], Iterable[View]]


def _steps(grey: Grey, half: Grey, marks: Marks) -> Iterator[tuple[str, Views]]:
    band = int(grey.shape[0] * _BAND)
    low = grey.shape[0] - band

    def bands(change: Callable[[Grey], Grey]) -> Views:
        return lambda: (View(change(grey[:band]), quick=True), View(change(grey[low:]), 0, low, quick=True))

    def page(change: Callable[[Grey], Grey]) -> Views:
        return lambda: (View(change(grey)),)

    # Half the size is enough for a clean sheet and for what else lies on it: a label in its middle, a second sheet.
    yield _SMALL, lambda: (View(half, scale=2.0, quick=True),)
    yield "bands", bands(lambda picture: picture)
    yield "bands blurred", bands(_blur)
    yield "places", lambda: code_views(grey, marks)
    yield "page blurred", page(_blur)
    yield "page", page(lambda picture: picture)
    yield "median", page(lambda picture: cv2.medianBlur(picture, 5).astype(np.uint8, copy=False))
    yield "half size", lambda: (View(half, scale=2.0),)
    yield "erosion", page(_erode)


def _blur(picture: Grey) -> Grey:
    return cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.uint8, copy=False)


def _erode(picture: Grey) -> Grey:
    """Join bars that white lines of the printer broke."""
    return cv2.erode(picture, np.ones((9, 1), np.uint8)).astype(np.uint8, copy=False)


def _read(view: View) -> Iterator[Code]:
    picture, more = np.ascontiguousarray(view.picture), not view.quick
    for result in zxingcpp.read_barcodes(picture, formats=FORMATS, try_downscale=more, try_invert=more):
        position = result.position
        corners = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
        yield make_code(
            "Code128" if result.format == zxingcpp.BarcodeFormat.Code128 else "DataMatrix",
            result.text,
            view.place([(corner.x, corner.y) for corner in corners]),
            int(result.orientation) + view.turned,
        )


def make_code(symbology: str, text: str, place: tuple[int, int, int, int], angle: int) -> Code:
    """Judge a text: a number counts only where it may stand and with everything that guards it."""
    if symbology == "DataMatrix":
        address = parse_sheet_code(text)
        if address is not None:
            return Code(symbology, text, address.number, address.kind.code, address, place, angle)
        return Code(symbology, text, None, None, None, place, angle)
    kind = check_number(text)
    if kind is None:
        return Code(symbology, text, None, None, None, place, angle)
    return Code(symbology, text, text, kind.code, None, place, angle)
