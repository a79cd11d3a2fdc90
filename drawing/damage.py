"""What a scanner and a day on a desk do to a sheet: skew, noise, blur, lines, dirt, one threshold; sometimes worse."""

import random
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from wire.forms import GEOMETRY

Pixels = npt.NDArray[np.uint8]

_SCALE = 300 / 25.4
_TILE = 512
_MIDDLE = 150


@dataclass(frozen=True, slots=True)
class Damage:
    """One pass through the scanner. The defaults are an ordinary, sound pass."""

    angle: float = 0.0
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    noise: float = 6.0
    blur: float = 0.0
    lines: int = 0
    dirt: int = 6
    threshold: int = 150
    upside_down: bool = False
    no_codes: bool = False
    cut_corner: float = 0.0


def random_damage(rng: random.Random) -> Damage:
    """Return the damage of an ordinary pass: every code of the sheet can still be read by a good reader."""
    return Damage(
        angle=round(rng.gauss(0, 0.7), 2),
        scale=round(rng.uniform(0.992, 1.008), 4),
        shift=(round(rng.gauss(0, 9), 1), round(rng.gauss(0, 9), 1)),
        noise=round(rng.uniform(3, 9), 1),
        blur=round(rng.uniform(0.5, 1.0), 2) if rng.random() < 0.3 else 0.0,
        lines=1 if rng.random() < 0.05 else 0,
        dirt=rng.randrange(14),
        threshold=rng.randint(125, 170),
    )


@cache
def _limits(level: int, height: int, width: int) -> Pixels:
    """The threshold of every pixel: the scanner's noise turned round, so that one comparison adds and cuts it."""
    tile = np.random.default_rng(level).normal(_MIDDLE, level, (_TILE, _TILE)).clip(1, 254).astype(np.uint8)
    field: Pixels = np.tile(tile, (height // _TILE + 2, width // _TILE + 2))[: height + _TILE, : width + _TILE]
    return field


def _box(page: Pixels, box: tuple[float, float, float, float]) -> Pixels:
    x0, y0, x1, y1 = (round(side * _SCALE) for side in box)
    return page[y0:y1, x0:x1]


def _destroy_codes(page: Pixels, rng: random.Random) -> None:
    """Wet ink over every code. The number printed under Code 128 stays, as a person would still read it."""
    x0, y0, x1, y1 = GEOMETRY.code128_box
    boxes = [(x0 - 1, y0 - 1, x1 + 1, y1 + 0.5)]
    boxes += [
        (x - 1, y - 1, x + 22 * GEOMETRY.datamatrix_module + 4, y + 22 * GEOMETRY.datamatrix_module + 4)
        for x, y in GEOMETRY.datamatrix_origins
    ]
    for box in boxes:
        window = _box(page, box)
        rows, columns = window.shape
        for _blot in range(26):
            centre = (rng.randrange(columns), rng.randrange(rows))
            axes = (rng.randint(40, 90), rng.randint(18, 45))
            cv2.ellipse(window, centre, axes, rng.uniform(0, 180), 0, 360, rng.choice((10, 10, 245)), -1)


def _lines(page: Pixels, rng: random.Random, count: int) -> None:
    """Dust on the glass: a thin black line down the page, between the codes' columns."""
    for _line in range(count):
        x = round(rng.uniform(100, 126) * _SCALE)
        page[:, x : x + rng.randint(1, 3)] = rng.randint(0, 60)


def _dirt(page: Pixels, rng: random.Random, count: int) -> None:
    for _speck in range(count):
        centre = (rng.randrange(page.shape[1]), rng.randrange(page.shape[0]))
        cv2.circle(page, centre, rng.randint(1, 4), rng.randint(0, 120), -1)


def _cut_corner(page: Pixels, rng: random.Random, millimetres: float) -> None:
    """A corner is torn off: its square with it, never a code."""
    side, (height, width) = round(millimetres * _SCALE), page.shape
    x, y = rng.choice((0, width)), rng.choice((0, height))
    inner = (x + (side if x == 0 else -side), y + (side if y == 0 else -side))
    cv2.fillPoly(page, [np.array([(x, y), (inner[0], y), (x, inner[1])], np.int32)], (255,))


def _warp(page: Pixels, damage: Damage) -> Pixels:
    height, width = page.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), damage.angle, damage.scale)
    matrix[0, 2] += damage.shift[0]
    matrix[1, 2] += damage.shift[1]
    warped = cv2.warpAffine(page, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=(255,))
    return np.asarray(warped, dtype=np.uint8)


def apply_damage(page: Pixels, damage: Damage, rng: random.Random) -> Pixels:
    """Return the page as the scanner hands it over: 0 and 255 only."""
    if damage.no_codes:
        _destroy_codes(page, rng)
    if damage.cut_corner:
        _cut_corner(page, rng, damage.cut_corner)
    _dirt(page, rng, damage.dirt)
    page = _warp(page, damage)
    if damage.blur:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), damage.blur), dtype=np.uint8)
    _lines(page, rng, damage.lines)
    # The page is moved to one common threshold; a rolled field of noise cuts it: no two sheets share a speck.
    level = cv2.add(page, (_MIDDLE - damage.threshold,))  # type: ignore[call-overload]
    y, x = rng.randrange(_TILE), rng.randrange(_TILE)
    field = _limits(round(damage.noise), *page.shape)[y : y + page.shape[0], x : x + page.shape[1]]
    result = np.asarray(cv2.compare(level, field, cv2.CMP_GT), dtype=np.uint8)
    return np.asarray(cv2.flip(result, -1), dtype=np.uint8) if damage.upside_down else result
