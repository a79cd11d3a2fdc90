"""The printed marks of a page: four corner squares and the little square that tells which end is up.

From them: resolution, skew, missing corners, and the mapping from millimetres of the form to pixels of the scan.
"""

import cmath
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from scanning.recognition.picture import Grey
from wire.forms import GEOMETRY

CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right")
_DARK = 128
_PALE = 205  # on a page whose paper was made even
_GRAIN = 5  # pixels of a quarter page over which specks are smoothed
_PAPER = 41  # pixels of a quarter page, more than a corner square has
_A4 = GEOMETRY.page
_WINDOW = 0.27  # share of the page, each way, in which a corner square is looked for
_MM = 25.4
_SIZE_BAND = (0.62, 1.45)  # a square may be this much smaller or bigger than expected
_FILL = 0.72
_FIT = 3.0  # millimetres by which a square may miss the place the others give it
_PARALLEL = 0.007  # radians between the upper two squares and the lower two: a little over a millimetre
_STRETCH = 0.04  # of the square of the length; three squares that tell of more are not all squares
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Marks:
    """Where the page lies in the scan.

    Attributes:
        corners: Centre of each found square in pixels, by name of the corner of the form.
        upright: Whether the orientation square proves that the page stands upright; None when nothing proves it.
        dpi_x: Resolution along the lines; None when fewer than three squares were found.
        dpi_y: Resolution down the page.
        skew: Degrees, clockwise positive.
        to_pixels: 3×3 matrix from millimetres of the form to pixels.
        dark: Below this a pixel of the page is ink.
        slip: Millimetres by which the lower squares lie sideways of their places; None when too few tell.
    """

    corners: dict[str, tuple[float, float]] = field(default_factory=dict)
    upright: bool | None = None
    dpi_x: float | None = None
    dpi_y: float | None = None
    skew: float | None = None
    to_pixels: NDArray[np.float64] | None = None
    dark: int = _DARK
    slip: float | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The corners without a square."""
        return tuple(name for name in CORNERS if name not in self.corners)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64] | None:
        """The four corners of a box of the form (millimetres) in pixels, or None when the page was not placed."""
        if self.to_pixels is None:
            return None
        points = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], dtype=np.float64)
        placed: NDArray[np.float64] = cv2.perspectiveTransform(points, self.to_pixels)[0]
        return placed

    def roughly(self) -> NDArray[np.float64] | None:
        """The mapping that two squares give, as if the page had been neither stretched nor sheared."""
        names = [name for name in CORNERS if name in self.corners]
        if len(names) != 2:
            return None
        (a, b), (u, v) = (complex(*self.corners[name]) for name in names), (complex(*p) for p in _form_points(names))
        turn = (b - a) / (v - u)
        shift = a - turn * u
        return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag], [0.0, 0.0, 1.0]])


def find_marks(quarter: Grey) -> Marks:
    """Find the squares of a portrait page, shown at a quarter of its size.

    Pale print and the shadow of an open lid hide squares from one level for the whole page; then the page is looked
    at again with its paper made even.
    """
    marks = _look(quarter, _DARK)
    if not marks.missing:
        return marks
    even = cv2.blur(even_paper(quarter), (_GRAIN, _GRAIN)).astype(np.uint8, copy=False)
    again = _look(even, _PALE)
    return again if len(again.corners) > len(marks.corners) else marks


def even_paper(quarter: Grey) -> Grey:
    """The page as if its paper were equally white everywhere."""
    paper = cv2.morphologyEx(quarter, cv2.MORPH_CLOSE, np.ones((_PAPER, _PAPER), np.uint8))
    paper = cv2.blur(paper, (_PAPER, _PAPER))
    return cv2.divide(quarter, paper, scale=255).astype(np.uint8, copy=False)


def _look(quarter: Grey, dark: int) -> Marks:
    height, width = quarter.shape
    side = _expected_side(width, height)
    found: dict[str, tuple[float, float]] = {}
    for index, name in enumerate(CORNERS):
        right, bottom = index % 2, index // 2
        x0 = int(width * (1 - _WINDOW)) if right else 0
        y0 = int(height * (1 - _WINDOW)) if bottom else 0
        window = quarter[y0 : y0 + int(height * _WINDOW) + 1, x0 : x0 + int(width * _WINDOW) + 1]
        best = _best_square(window < dark, side, (right * window.shape[1], bottom * window.shape[0]))
        if best is not None:
            found[name] = (best[0] + x0, best[1] + y0)
    squares = {name: (x * 4 + 1.5, y * 4 + 1.5) for name, (x, y) in found.items()}
    marks = replace(_place(_consistent(squares)), dark=dark, slip=_slip(squares))
    return replace(marks, upright=_upright(quarter, marks))


def _expected_side(width: int, height: int) -> float:
    """Side of a corner square in pixels of the given picture, if the picture is the whole of an A4 page."""
    return GEOMETRY.corner_size * max(width / _A4[0], height / _A4[1])


def _best_square(dark: NDArray[np.bool_], side: float, corner: tuple[int, int]) -> tuple[float, float] | None:
    """The centre of the solid square nearest to the corner of the page."""
    # Everything thinner than half a square (text, codes, lines of the scanner) is rubbed out.
    kernel = max(3, int(side * _HALF))
    solid = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((kernel, kernel), np.uint8))
    count, _, stats, centres = cv2.connectedComponentsWithStats(solid, connectivity=4)
    best: tuple[float, float] | None = None
    nearest = math.inf
    for number in range(1, count):
        w, h, area = (int(value) for value in stats[number][2:5])
        long, short = max(w, h), min(w, h)
        if not (_SIZE_BAND[0] * side <= short and long <= _SIZE_BAND[1] * side):
            continue
        if area < _FILL * w * h:
            continue
        x, y = (float(value) for value in centres[number])
        distance = math.hypot(x - corner[0], y - corner[1])
        if distance < nearest:
            nearest, best = distance, (x, y)
    return best


def _form_points(names: list[str]) -> NDArray[np.float64]:
    return np.array([GEOMETRY.corners[CORNERS.index(name)] for name in names], dtype=np.float64)


def _consistent(corners: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Drop a blot that only looked like a square: the squares must stand as on the form."""
    if len(corners) < 4:
        return corners
    errors = {name: _miss(corners, name) for name in CORNERS}
    if max(errors.values()) <= _FIT:
        return corners
    # Leave out each one in turn; the true three agree with the proportions of the form.
    best = min(CORNERS, key=lambda name: _spread({k: v for k, v in corners.items() if k != name}))
    return {name: place for name, place in corners.items() if name != best}


def _miss(corners: dict[str, tuple[float, float]], name: str) -> float:
    """By how many millimetres a square misses the place that the other three give it."""
    others = [other for other in CORNERS if other != name]
    transform = cv2.getAffineTransform(
        np.array([corners[other] for other in others], dtype=np.float32), _form_points(others).astype(np.float32)
    )
    placed = transform @ np.array([*corners[name], 1.0])
    return float(np.hypot(*(placed - _form_points([name])[0])))


def _slip(squares: dict[str, tuple[float, float]]) -> float | None:
    """By how many millimetres the lower squares lie sideways of where the upper ones put them.

    A turned page keeps its right angles, however far it is turned or stretched along its lines or across them; where
    a scanner lost its place, all that follows is moved along the lines.
    """
    at = {name: complex(*place) for name, place in squares.items()}
    form = dict(zip(CORNERS, (complex(*point) for point in GEOMETRY.corners), strict=True))

    def both(pairs: Iterable[tuple[str, str]]) -> list[tuple[complex, complex]]:
        return [(at[b] - at[a], form[b] - form[a]) for a, b in pairs if {a, b} <= at.keys()]

    lines, sides = both((CORNERS[:2], CORNERS[2:])), both(zip(CORNERS[:2], CORNERS[2:], strict=True))
    if not lines or not sides:
        return None
    # A turned page that is stretched down the picture loses its right angles: the lengths tell by how much.
    (line, across), (side, down) = max(lines, key=lambda each: abs(each[0])), sides[0]
    a, b = line / abs(across), side / abs(down)
    squeeze = (a.real**2 - b.real**2) / max(b.imag**2 - a.imag**2, 1e-9)
    if squeeze <= 0 or (len(at) < 4 and abs(squeeze - 1) > _STRETCH):
        return None

    def flat(seen: complex) -> complex:
        return complex(seen.real, seen.imag * math.sqrt(squeeze))

    if len(lines) == 2 and abs(cmath.phase(flat(lines[1][0]) / flat(lines[0][0]))) > _PARALLEL:
        return None  # one of them is no square but a blot
    turn = flat(line) / across
    return max(((flat(seen) / turn - printed).real for seen, printed in sides), key=abs)


def _spread(corners: dict[str, tuple[float, float]]) -> float:
    """How far three squares are from the right angle and proportions of the form."""
    names = list(corners)
    scan = np.array([corners[name] for name in names])
    form = _form_points(names)
    sides = [
        float(np.linalg.norm(scan[a] - scan[b]) / np.linalg.norm(form[a] - form[b]))
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    return max(sides) / max(min(sides), 1e-6)


def _place(corners: dict[str, tuple[float, float]]) -> Marks:
    names = [name for name in CORNERS if name in corners]
    if len(names) < 3:
        return Marks(corners=corners)
    scan = np.array([corners[name] for name in names], dtype=np.float32)
    form = _form_points(names).astype(np.float32)
    if len(names) == 4:
        matrix = cv2.getPerspectiveTransform(form, scan).astype(np.float64)
    else:
        matrix = np.vstack([cv2.getAffineTransform(form, scan), [0.0, 0.0, 1.0]])
    linear = matrix[:2, :2]
    corner = cv2.perspectiveTransform(np.array([[[15.0, 15.0], [195.0, 15.0], [15.0, 282.0]]]), matrix)[0]
    across, down = corner[1] - corner[0], corner[2] - corner[0]
    if not np.isfinite(linear).all():
        return Marks(corners=corners)
    return Marks(
        corners=corners,
        dpi_x=float(np.linalg.norm(across) / 180.0 * _MM),
        dpi_y=float(np.linalg.norm(down) / 267.0 * _MM),
        skew=math.degrees(math.atan2(float(across[1]), float(across[0]))),
        to_pixels=matrix,
    )


def _upright(quarter: Grey, marks: Marks) -> bool | None:
    """Look at the place of the orientation square and at the same place of a page turned by 180°."""
    if marks.to_pixels is None:
        return None
    x, y = GEOMETRY.orientation_centre
    here = _darkness(quarter, marks, x, y)
    there = _darkness(quarter, marks, _A4[0] - x, _A4[1] - y)
    if here > _HALF > there:
        return True
    if there > _HALF > here:
        return False
    return None


def _darkness(quarter: Grey, marks: Marks, x: float, y: float) -> float:
    """Share of dark pixels in the middle of the orientation square's place."""
    half = GEOMETRY.orientation_size * 0.35
    box = marks.box(x - half, y - half, x + half, y + half)
    if box is None:
        return 0.0
    left, top = np.floor(box.min(axis=0) / 4).astype(int)
    right, bottom = np.ceil(box.max(axis=0) / 4).astype(int)
    patch = quarter[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    return float((patch < marks.dark).mean()) if patch.size else 0.0
