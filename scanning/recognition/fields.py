"""Hand-filled cells of the forms that count people: crosses and digits. A second opinion, never the source.

The catalogue says where the cells are, the corner squares where that is on the scan. What is not clear is handed to a
person: a digit below the model's confidence, a gap inside a number, a box with a little ink.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scanning.recognition.digits import Ink, digit_model
from scanning.recognition.marks import Marks
from scanning.recognition.picture import Grey
from wire.forms import CATALOGUE, Field

_PER_MM = 300 / 25.4
_BORDER_MM = 0.55  # the printed line of a cell and how far it may be from where it should be
_STROKE_MM = 1.3  # the least length of a pen's stroke
_SPECK_PIXELS = 12
_CROSSED_OUT = 0.5  # more ink than that is no digit
_MARKED, _UNMARKED = 0.07, 0.02  # share of a box covered with ink
_PAPER = 255

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class FieldReading:
    """What stands in one field.

    Attributes:
        name: The field, as the catalogue names it.
        row: Which row of its column.
        value: Digits; `x` for a mark.
        confidence: Of the least sure of its cells.
        sure: Whether no person needs to look.
        place: The field on the page, pixels.
    """

    name: str
    row: int
    value: str
    confidence: float
    sure: bool
    place: tuple[int, int, int, int]

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain values."""
        return {
            "name": self.name,
            "row": self.row,
            "value": self.value,
            "confidence": round(self.confidence, 3),
            "sure": self.sure,
            "place": list(self.place),
        }


def read_fields(grey: Grey, marks: Marks, kind: str) -> list[FieldReading]:
    """Read the filled cells of a form; nothing when it has none or lies nobody knows how.

    Args:
        grey: The page at full size, upright.
        marks: Where the page lies.
        kind: The form, as in the catalogue.
    """
    form = CATALOGUE.get(kind)
    if form is None or not form.fields or marks.to_pixels is None:
        return []
    area = _area(form.fields)
    flat = _lay_flat(grey, marks.to_pixels, area)
    found = []
    for field in form.fields:
        for row, boxes in field.boxes():
            inks = [_ink(flat, box, area, marks.dark) for box in boxes]
            told = _mark(inks[0]) if field.kind == "mark" else _number(inks)
            if told is not None:
                found.append(FieldReading(field.name, row, *told, _on_page(boxes, marks)))
    return found


def _area(fields: tuple[Field, ...]) -> Box:
    boxes = np.array([box for field in fields for _row, boxes in field.boxes() for box in boxes])
    return (*(boxes[:, :2].min(axis=0) - 1.0).tolist(), *(boxes[:, 2:].max(axis=0) + 1.0).tolist())


def _lay_flat(grey: Grey, to_pixels: NDArray[np.float64], area: Box) -> Grey:
    x0, y0, x1, y1 = area
    size = (round((x1 - x0) * _PER_MM), round((y1 - y0) * _PER_MM))
    to_form = np.array([[1 / _PER_MM, 0, x0], [0, 1 / _PER_MM, y0], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(grey, to_pixels @ to_form, size, flags=flags, borderValue=(_PAPER,)).astype(
        np.uint8, copy=False
    )


def _ink(flat: Grey, box: Box, area: Box, dark: int) -> Ink:
    """The ink within a cell, bright on black, without its border and without specks."""
    x0, y0 = (round((side - start + _BORDER_MM) * _PER_MM) for side, start in zip(box[:2], area[:2], strict=True))
    x1, y1 = (round((side - start - _BORDER_MM) * _PER_MM) for side, start in zip(box[2:], area[:2], strict=True))
    cell = flat[y0:y1, x0:x1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats((cell < dark).astype(np.uint8), connectivity=8)
    keep = stats[:count, cv2.CC_STAT_AREA] >= _SPECK_PIXELS
    keep[0] = False
    ink: Ink = np.where(keep[labels], _PAPER - cell, 0).astype(np.uint8)
    return ink


def _longest(ink: Ink) -> float:
    """The longer side of everything that was written, millimetres."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return max(int(np.ptp(rows)), int(np.ptp(columns))) / _PER_MM if rows.size else 0.0


def _mark(ink: Ink) -> tuple[str, float, bool] | None:
    """A box is marked, empty, or a person's to judge: never one threshold for all."""
    share = float((ink > 0).mean())
    if share < _UNMARKED:
        return None
    confidence = min(share / _MARKED, 1.0)
    return "x", confidence, share >= _MARKED and _longest(ink) >= _STROKE_MM


def _number(inks: list[Ink]) -> tuple[str, float, bool] | None:
    written = [place for place, ink in enumerate(inks) if _longest(ink) >= _STROKE_MM]
    if not written:
        return None
    model = digit_model()
    read = model.read([inks[place] for place in written])
    whole = written[-1] - written[0] + 1 == len(written)
    clean = all(float((inks[place] > 0).mean()) <= _CROSSED_OUT for place in written)
    confidence = min(confidence for _digit, confidence in read)
    value = "".join(digit for digit, _confidence in read)
    return value, confidence, whole and clean and confidence >= model.sure


def _on_page(boxes: list[Box], marks: Marks) -> tuple[int, int, int, int]:
    corners = marks.box(boxes[0][0], boxes[0][1], boxes[-1][2], boxes[-1][3])
    if corners is None:
        return 0, 0, 0, 0
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return int(left), int(top), int(right), int(bottom)
