"""Whether a page is an empty back: print that shows through, dirt, edges and holes are no writing."""

import math

import cv2
import numpy as np

from scanning.recognition.marks import Marks, even_paper
from scanning.recognition.picture import Grey

_DARK, _PALE = 160, 205  # of paper at 255: what shows through is paler than the first, a pencil darker than the second
_STROKE_MM = 2.5
_FEW = 2  # strokes that dirt may make
_MUCH = 0.3  # of the page: no back is so dark
_EDGE_MM, _DEEP_MM = 1.5, 30.0  # shadows and folds begin at the edge and reach so far
_HOLE_MM, _HOLE_FILL = 9.0, 0.6
_LINE_MM, _LINE_WIDE = 60.0, 1.5
_RAGGED = 0.2  # steps down the bars to steps across them
_BARS = 0.1  # of the height of a bar code are left out above and below


def is_empty(quarter: Grey, marks: Marks, *, shown_through: bool = False) -> bool:
    """Whether nobody wrote or printed anything on this side of the paper.

    Args:
        quarter: The page at a quarter of its size.
        marks: The squares that were found: where they prove a front, nothing is empty.
        shown_through: Whether codes of the other side were read.
    """
    if marks.upright is not None:
        return False
    seen = shown_through or len(marks.corners) >= 2
    return _strokes(even_paper(quarter), _DARK if seen else _PALE) <= _FEW


def _strokes(even: Grey, dark: int) -> float:
    """How many dark things are as long as a stroke of a pen and nothing that a scanner or a punch makes."""
    height, width = even.shape
    per_mm = max(height, width) / 297.0
    ink = (even < dark).astype(np.uint8)
    if ink.mean() > _MUCH:
        return math.inf
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    x, y, wide, high, area = (stats[1:count, column].astype(np.float64) for column in range(5))
    sides = np.stack([wide, high])
    longest, narrow = sides.max(axis=0), sides.min(axis=0)
    # How far the far end of each lies from the edge that it is nearest to.
    near = np.stack([x, y, width - x - wide, height - y - high]).min(axis=0)
    deep = np.stack([x + wide, y + high, width - x, height - y]).min(axis=0)
    edge = (near <= _EDGE_MM * per_mm) & (deep <= _DEEP_MM * per_mm)
    hole = (longest <= _HOLE_MM * per_mm) & (area > _HOLE_FILL * wide * high) & (narrow > 0.7 * longest)
    hole &= deep <= _DEEP_MM * per_mm
    line = (longest >= _LINE_MM * per_mm) & (narrow <= _LINE_WIDE * per_mm)
    return float(np.count_nonzero((longest >= _STROKE_MM * per_mm) & ~edge & ~hole & ~line))


def ragged(pixels: Grey, place: tuple[int, int, int, int], skew: float) -> bool:
    """Whether the bars of a code in black and white are frayed, as paper shows them from its other side.

    Print has sharp edges; what shows through is blurred, and where black begins in it the paper's grain decides.

    Args:
        pixels: The page at full size.
        place: Where the bar code lies, its bars upright.
        skew: Degrees by which the page lies askew: it makes steps by itself.
    """
    x0, y0, x1, y1 = place
    rim = round((y1 - y0) * _BARS) + 1
    ink = pixels[max(y0 + rim, 0) : y1 - rim, max(x0, 0) : x1] < 128
    if min(ink.shape) < 2:
        return False
    across = int(np.count_nonzero(ink[:, 1:] != ink[:, :-1]))
    down = int(np.count_nonzero(ink[1:] != ink[:-1]))
    return down > (_RAGGED + abs(math.tan(math.radians(skew)))) * max(across, 1)
