"""What the picture itself tells: streaks of dirty glass, empty answer fields, likeness of two pictures."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scanning.recognition.decode import INK_STEP
from scanning.recognition.marks import Marks, even_paper
from scanning.recognition.picture import Grey

_STREAK_MEAN = 60
_STREAK_WIDTH = 6  # pixels at 300 dpi
_STREAK_MARGIN = 0.02
_DARK = 128
_TILE_MM = 10.0
_FIELD_DPI = 75  # strokes are counted on the page laid straight at this resolution
_RULING_MM = 14.0
_STROKE_MM = (1.2, 60.0)
_STROKE_PIXELS = 5
_HASH_SIDE = 16
_PALE_SHARE = 0.6  # of the step of ink: paler strokes are looked for, thin ones are paler at a quarter of the size
_SURE, _KEPT = 1.6, 0.75  # steps; share of what was there
_GRAINS, _GRAINY = 5.0, 16.0
_LEAST_GRAINS = 3.5  # a stroke is many pixels: less than one pixel alone must have
_SOFT, _CELL = 0.8, 5  # pixels of the page
_RIM_MM = 9.0
_PALE_MM = 2.0
_PALE_STROKES = 5
_OTHER_SIDE = (174.6, 256.0, 190.0, 271.4)  # millimetres: the first DataMatrix as the other side shows it
_THROUGH = 1.4

#: Where a participant writes, millimetres: below the heads of the forms, above the codes.
ANSWER_FIELD = (17.0, 62.0, 193.0, 250.0)


@dataclass(frozen=True, slots=True)
class Streak:
    """A dark line from top to bottom that the scanner drew."""

    x: int
    width: int


def find_streaks(grey: Grey, dpi: float = 300.0) -> list[Streak]:
    """Dark vertical lines over the whole page, as the scanner saw it (before any turning)."""
    means = cv2.reduce(grey, 0, cv2.REDUCE_AVG, dtype=cv2.CV_32F)[0]
    # A printed frame ends inside the margins; what the glass draws runs through both edges of the page.
    ends = max(4, grey.shape[0] // 60)
    through = (grey[:ends].mean(axis=0) < _DARK) & (grey[-ends:].mean(axis=0) < _DARK)
    dark = np.flatnonzero((means < _STREAK_MEAN) & through)
    if not dark.size:
        return []
    margin = int(grey.shape[1] * _STREAK_MARGIN)
    widest = max(2, round(_STREAK_WIDTH * dpi / 300.0))
    runs = np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1)
    return [
        Streak(int(run[0]), int(run.size))
        for run in runs
        # The edge of the page and a black lid behind it are no dirt on the glass.
        if run.size <= widest and run[0] >= margin and run[-1] < grey.shape[1] - margin
    ]


def paint_over(grey: Grey, streaks: list[Streak]) -> Grey:
    """The page with the columns of each streak replaced by their neighbours'."""
    clean = grey.copy()
    for streak in streaks:
        left, right = max(streak.x - 2, 0), min(streak.x + streak.width + 1, grey.shape[1] - 1)
        middle = (left + right) // 2
        clean[:, left + 1 : middle + 1] = grey[:, left : left + 1]
        clean[:, middle + 1 : right] = grey[:, right : right + 1]
    return clean


def written_tiles(grey: Grey, marks: Marks, blank: NDArray[np.bool_] | None = None) -> int | None:
    """How many 10 mm tiles of the answer field hold a pen's stroke; None when the page could not be placed.

    Printed rulings are long and straight, dots of dirt are small: what is left between is writing.

    Args:
        grey: The page at full size.
        marks: Where the page lies.
        blank: The strokes of the printed form itself, when they are known.
    """
    if marks.to_pixels is None:
        return None
    strokes = stroke_map(grey, marks)
    if blank is not None:
        strokes &= ~cv2.dilate(blank.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    tile = round(_TILE_MM / 25.4 * _FIELD_DPI)
    rows, columns = strokes.shape[0] // tile, strokes.shape[1] // tile
    tiles = strokes[: rows * tile, : columns * tile].reshape(rows, tile, columns, tile).sum(axis=(1, 3))
    return int((tiles >= _STROKE_PIXELS).sum())


def stroke_map(grey: Grey, marks: Marks) -> NDArray[np.bool_]:
    """The pen-like components of the answer field, laid straight at 75 dpi."""
    x0, y0, x1, y1 = ANSWER_FIELD
    pixels_per_mm = _FIELD_DPI / 25.4
    size = (round((x1 - x0) * pixels_per_mm), round((y1 - y0) * pixels_per_mm))
    field_to_form = np.array([[1 / pixels_per_mm, 0, x0], [0, 1 / pixels_per_mm, y0], [0, 0, 1]])
    assert marks.to_pixels is not None  # noqa: S101 - the caller asked
    flat = cv2.warpPerspective(
        cv2.erode(grey, np.ones((3, 3), np.uint8)),
        marks.to_pixels @ field_to_form,
        size,
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderValue=(255,),
    )
    dark = (flat < marks.dark).astype(np.uint8)
    ruling = round(_RULING_MM * pixels_per_mm)
    across = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((1, ruling), np.uint8))
    down = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((ruling, 1), np.uint8))
    lines = cv2.bitwise_or(across, down)
    dark[cv2.dilate(lines, np.ones((3, 3), np.uint8)) > 0] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    longest = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    low, high = (limit * pixels_per_mm for limit in _STROKE_MM)
    keep = (longest >= low) & (longest <= high) & (stats[:, cv2.CC_STAT_AREA] >= _STROKE_PIXELS)
    keep[0] = False
    strokes: NDArray[np.bool_] = keep[:count][labels]
    return strokes


def ink_step(quarter: Grey, marks: Marks) -> tuple[float, float]:
    """By how much ink is darker than its paper here: more than the grain of the paper and what shows through it.

    Args:
        quarter: The page at a quarter of its size.
        marks: Where the page lies: a code of the other side that shows through says how dark its print is here.

    Returns:
        The step, and by how much at least a stroke is darker that may be lost.
    """
    even = even_paper(quarter)
    middle = float(np.median(even))
    through = 0.0
    box = marks.box(*_OTHER_SIDE)
    if box is not None:
        (x0, y0), (x1, y1) = (box / 4).min(axis=0).astype(int), (box / 4).max(axis=0).astype(int)
        patch = even[max(y0, 0) : y1, max(x0, 0) : x1]
        through = _THROUGH * (middle - float(np.percentile(patch, 5))) if patch.size else 0.0
    grain = _grain(even, middle)
    step = max(INK_STEP, _GRAINS * grain, through)
    return step, max(_PALE_SHARE * INK_STEP, _LEAST_GRAINS * grain, through)


def loses_writing(grey: Grey, quarter: Grey, white: NDArray[np.bool_], step: float, least: float) -> bool:
    """Whether strokes of the grey page are lost, wholly or by a good part, in its black-and-white record.

    Args:
        grey: The page at full size.
        quarter: The same at a quarter of its size.
        white: The record, True where it is white.
        step: By how much ink is darker than paper, see `ink_step`.
        least: The same of a stroke that may be lost.
    """
    even = even_paper(quarter)
    middle = float(np.median(even))
    darker = np.clip(middle - even.astype(np.float32), 0.0, None)
    # What is much darker stays whatever happens, its soft edges with it; a thin line is so at full size alone.
    darkest = cv2.erode(cv2.GaussianBlur(grey, (3, 3), _SOFT), np.ones((_CELL, _CELL), np.uint8))
    darkest = cv2.resize(darkest, quarter.shape[::-1], interpolation=cv2.INTER_NEAREST)
    full = middle - even * (darkest / np.maximum(quarter, 1).astype(np.float32))
    sure = ((darker > _SURE * step) | (full > _SURE * step)).astype(np.uint8)
    sure = cv2.dilate(sure, np.ones((3, 3), np.uint8))
    pale = (darker > least) & (sure == 0)
    if np.count_nonzero(pale) < _PALE_STROKES:
        return False
    kept = cv2.resize((~white).astype(np.float32), quarter.shape[::-1], interpolation=cv2.INTER_AREA)
    before, after = cv2.blur(np.minimum(darker, step), (3, 3)), cv2.blur(kept, (3, 3)) * step
    lost = (pale & (after < _KEPT * before)).astype(np.uint8)
    per_mm = quarter.shape[0] / 297.0
    # Nobody writes at the edge of the paper, where its shadow lies.
    rim = round(_RIM_MM * per_mm)
    lost[:rim], lost[-rim:], lost[:, :rim], lost[:, -rim:] = 0, 0, 0, 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(lost, connectivity=8)
    longest = stats[1:, cv2.CC_STAT_WIDTH : cv2.CC_STAT_HEIGHT + 1].max(axis=1)
    # A stroke is long for its area; a stain or a shadow is not.
    strokes = (longest >= _PALE_MM * per_mm) & (stats[1:, cv2.CC_STAT_AREA] < 0.5 * longest * longest)
    return int(strokes.sum()) >= _PALE_STROKES


def _grain(even: Grey, middle: float) -> float:
    """How much the paper varies by itself, told by what is not far from it."""
    away = np.abs(even.astype(np.float32) - middle)
    return 1.25 * float(away[away < _GRAINY].mean())


def picture_hash(eighth: Grey) -> str:
    """256 bits that stay nearly the same when one sheet is scanned twice."""
    small = cv2.resize(eighth, (_HASH_SIDE + 1, _HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.int16)
    return np.packbits(small[:, 1:] > small[:, :-1]).tobytes().hex()
