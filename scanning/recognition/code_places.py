"""Codes read where the form has them, module by module, when no reader finds them in the picture.

The corner squares tell where each module of each code lies. A module is the mean of its pixels, a bar the middle of
all its rows, so noise, pale print, lines and a pen take little away. What was sampled is drawn anew and handed to the
same reader: its error correction and our own rules of validity decide, as for every other picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scanning.recognition.marks import Marks
from scanning.recognition.picture import Grey
from wire.forms import GEOMETRY

Floats = NDArray[np.float32]
Place = tuple[int, int, int, int]
Box = tuple[float, float, float, float]

_CELL = 8  # pixels a module is laid out on
_MARGIN = 4  # modules around a code
_FAR, _NEAR = (range(-24, 25, 3), range(-2, 3))  # pixels each way in which the grid of a matrix is looked for
_BAR = 6
_QUIET = 4
_ROWS = 40


@dataclass(frozen=True, slots=True)
class View:
    """A picture to look for codes in, and where it lies on the page.

    Attributes:
        picture: The pixels.
        left: Where the picture begins on the page.
        top: Where the picture begins on the page.
        scale: Pixels of the page to one of the picture.
        box: For a picture that was drawn anew: the code's place on the page.
        turned: Degrees by which a code stands turned on the page although it stands upright in the picture.
        quick: Whether to look only for codes as our forms print them: dark on light, at this size.
    """

    picture: Grey
    left: int = 0
    top: int = 0
    scale: float = 1.0
    box: Place | None = None
    turned: int = 0
    quick: bool = False

    def place(self, corners: list[tuple[int, int]]) -> Place:
        """The rectangle on the page around corners in the picture."""
        if self.box is not None:
            return self.box
        xs = [int(x * self.scale) + self.left for x, _ in corners]
        ys = [int(y * self.scale) + self.top for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)


def code_views(grey: Grey, marks: Marks) -> Iterator[View]:
    """The codes of a page drawn anew from what lies in their places; nothing when the page could not be placed."""
    placed = marks.to_pixels if marks.to_pixels is not None else marks.roughly()
    if placed is None:
        return
    for upside_down in (False, True) if marks.upright is None else (not marks.upright,):
        matrix = placed @ _half_turn() if upside_down else placed
        turned = 180 if upside_down else 0
        for picture, box in _matrices(grey, matrix):
            yield View(picture, box=_on_page(matrix, box), turned=turned)
        box = GEOMETRY.code128_box
        for picture in _bars(grey, matrix, box):
            yield View(picture, box=_on_page(matrix, box), turned=turned)


def _half_turn() -> NDArray[np.float64]:
    wide, high = GEOMETRY.page
    return np.array([[-1.0, 0.0, wide], [0.0, -1.0, high], [0.0, 0.0, 1.0]])


def _on_page(matrix: NDArray[np.float64], box: Box) -> Place:
    x0, y0, x1, y1 = box
    points = cv2.perspectiveTransform(np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]), matrix)[0]
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def _lay_out(grey: Grey, matrix: NDArray[np.float64], box: Box, per_mm: float) -> Grey:
    """A box of the form, straight, at so many pixels a millimetre."""
    x0, y0, x1, y1 = box
    size = (round((x1 - x0) * per_mm), round((y1 - y0) * per_mm))
    to_form = np.array([[1 / per_mm, 0, x0], [0, 1 / per_mm, y0], [0, 0, 1]])
    return cv2.warpPerspective(
        grey, matrix @ to_form, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=(255,)
    ).astype(np.uint8, copy=False)


def _matrices(grey: Grey, matrix: NDArray[np.float64]) -> Iterator[tuple[Grey, Box]]:
    """Each DataMatrix alone, then both together: what a pen or a line took from one is mostly left on the other."""
    side, count = GEOMETRY.datamatrix_module, GEOMETRY.datamatrix_modules
    grids: list[Floats] = []
    box: Box = (0.0, 0.0, 0.0, 0.0)
    for x, y in GEOMETRY.datamatrix_origins:
        box = (x, y, x + side * count, y + side * count)
        rim = side * _MARGIN
        flat = _lay_out(grey, matrix, (x - rim, y - rim, box[2] + rim, box[3] + rim), _CELL / side)
        grid = _sample(flat, count)
        grids.append(grid)
        yield _draw_matrix(grid), box
    both = np.stack(grids)
    for grid in (both.mean(axis=0), both.max(axis=0), both.min(axis=0)):
        yield _draw_matrix(grid), box


def _frame(count: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which modules the symbology itself makes dark and light: the solid and the dotted sides."""
    dark, light = np.zeros((count, count), bool), np.zeros((count, count), bool)
    dark[:, 0] = dark[-1] = True
    dark[0, ::2] = dark[1::2, -1] = True
    light[0, 1::2] = light[0:-1:2, -1] = True
    return dark, light


def _sample(flat: Grey, count: int) -> Floats:
    """The lightness of each module, 0 the darkness of the frame, 1 its light; the grid sits where the frame shows."""
    smooth = cv2.blur(flat, (_CELL - 2, _CELL - 2))
    dark, light = _frame(count)
    first = _MARGIN * _CELL + _CELL // 2
    y, x, best, contrast = first, first, smooth[:count, :count], -np.inf
    for reach in (_FAR, _NEAR):
        centre_y, centre_x = y, x
        for dy in reach:
            for dx in reach:
                grid = smooth[centre_y + dy :: _CELL, centre_x + dx :: _CELL][:count, :count]
                found = float(grid[light].mean() - grid[dark].mean())
                if found > contrast:
                    y, x, best, contrast = centre_y + dy, centre_x + dx, grid, found
    low, high = float(np.median(best[dark])), float(np.median(best[light]))
    scaled: Floats = (best.astype(np.float32) - low) / max(high - low, 1.0)
    return scaled


def _draw_matrix(grid: Floats) -> Grey:
    bits = np.where(grid > 0.5, 255, 0).astype(np.uint8)
    big = np.repeat(np.repeat(bits, _CELL, axis=0), _CELL, axis=1)
    return np.pad(big, _CELL * _QUIET, constant_values=255)


def _bars(grey: Grey, matrix: NDArray[np.float64], box: Box) -> Iterator[Grey]:
    """Code 128 from the middle of all its rows, of a third of them, and from sharper profiles."""
    module = GEOMETRY.code128_module
    rim = module * 10
    x0, y0, x1, y1 = box
    flat = _lay_out(grey, matrix, (x0 - rim, y0 + 0.6, x1 + rim, y1 - 0.6), _BAR / module)
    profiles = [np.median(flat, axis=0), flat.mean(axis=0), flat.max(axis=0), flat.min(axis=0)]
    profiles += [np.median(part, axis=0) for part in np.array_split(flat, 3, axis=0)]
    for profile in profiles:
        yield _draw_bars(profile.astype(np.float32))
    middle = profiles[0].astype(np.float32)[None]
    yield _draw_bars((2.5 * middle - 1.5 * cv2.GaussianBlur(middle, (0, 0), _BAR * 0.8))[0])


def _draw_bars(profile: Floats) -> Grey:
    low, high = np.percentile(profile, (5, 95))
    line = np.clip((profile - low) / max(high - low, 1.0) * 255, 0, 255).astype(np.uint8)
    return np.repeat(line[None], _ROWS, axis=0)
