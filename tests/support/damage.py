"""What may happen to a sheet between the printer and the file: 44 kinds of damage, and mixtures of them.

Each kind takes a sheet in greys as it lies on the table and returns the scanner's pixels; everything random comes from
the generator it is given.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from wire.forms import GEOMETRY

MM = 300 / 25.4
MIXTURE = "mixture"
Hurt = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class DamageKind:
    name: str
    steps: tuple[Hurt, ...]
    dpi: float = 300.0

    def __call__(self, page: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        for step in self.steps:
            page = step(page, rng)
        return np.ascontiguousarray(page)


def bw(level=140) -> Hurt:
    return lambda page, rng: np.where(page > level, 255, 0).astype(np.uint8)


def skew(angle, border=255) -> Hurt:
    def turn(page, rng):
        high, wide = page.shape
        matrix = cv2.getRotationMatrix2D((wide / 2, high / 2), angle, 1.0)
        return cv2.warpAffine(page, matrix, (wide, high), borderValue=(border,))

    return turn


def rotated(quarters) -> Hurt:
    return lambda page, rng: np.rot90(page, quarters).copy()


def noise(sigma) -> Hurt:
    return lambda page, rng: np.clip(page + rng.normal(0, sigma, page.shape), 0, 255).astype(np.uint8)


def salt(share) -> Hurt:
    def strew(page, rng):
        page = page.copy()
        dice = rng.random(page.shape, np.float32)
        page[dice < share / 2] = 0
        page[dice > 1 - share / 2] = 255
        return page

    return strew


def blur(sigma) -> Hurt:
    return lambda page, rng: cv2.GaussianBlur(page, (0, 0), sigma)


def jpeg(quality) -> Hurt:
    def press(page, rng):
        return cv2.imdecode(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_GRAYSCALE)

    return press


def toner(lost) -> Hurt:
    """So much of the blackness is gone."""
    return lambda page, rng: (255 - (255 - page.astype(np.float32)) * (1 - lost)).astype(np.uint8)


def dropout(share) -> Hurt:
    """The drum leaves grains of the print out."""

    def leave_out(page, rng):
        return np.where(rng.random(page.shape, np.float32) < share, 255, page).astype(np.uint8)

    return leave_out


def columns(count, value, widest=4) -> Hurt:
    """Lines down the page: black ones from dirt on the glass, white ones from a scratched drum."""

    def draw(page, rng):
        page = page.copy()
        for x in rng.integers(30, page.shape[1] - 30, count):
            page[:, x : x + int(rng.integers(1, widest + 1))] = value
        return page

    return draw


def rows(count, value, widest=4) -> Hurt:
    def draw(page, rng):
        page = page.copy()
        for y in rng.integers(30, page.shape[0] - 30, count):
            page[y : y + int(rng.integers(1, widest + 1))] = value
        return page

    return draw


def _boxes():
    x0, y0, x1, y1 = GEOMETRY.code128_box
    side = 22 * GEOMETRY.datamatrix_module
    return [(x0, y0, x1, y1), *((x, y, x + side, y + side) for x, y in GEOMETRY.datamatrix_origins)]


def pen(strokes) -> Hurt:
    """So many strokes of a pen over every code."""

    def cross(page, rng):
        page = page.copy()
        for x0, y0, x1, y1 in (tuple(side * MM for side in box) for box in _boxes()):
            for _stroke in range(strokes):
                start = (int(x0 - 20), int(rng.uniform(y0, y1)))
                middle = (int(rng.uniform(x0, x1)), int(rng.uniform(y0, y1)))
                end = (int(x1 + 20), int(rng.uniform(y0, y1)))
                line = np.array([start, middle, end], np.int32)
                cv2.polylines(page, [line], isClosed=False, color=35, thickness=6, lineType=cv2.LINE_AA)
        return page

    return cross


def resolution(dpi) -> Hurt:
    def scale(page, rng):
        return cv2.resize(page, None, fx=dpi / 300, fy=dpi / 300, interpolation=cv2.INTER_AREA)

    return scale


def crop(mm) -> Hurt:
    edge = round(mm * MM)
    return lambda page, rng: page[edge:-edge, edge:-edge].copy()


def fold(mm) -> Hurt:
    """One corner is folded over: its back is white paper."""

    def turn_over(page, rng):
        page, (high, wide), side = page.copy(), page.shape, round(mm * MM)
        x, y = int(rng.choice([0, wide])), int(rng.choice([0, high]))
        inner = (x + (side if x == 0 else -side), y + (side if y == 0 else -side))
        cv2.fillPoly(page, [np.array([(x, y), (inner[0], y), (x, inner[1])], np.int32)], 255)
        cv2.line(page, (inner[0], y), (x, inner[1]), 90, 3)
        return page

    return turn_over


def shadow(depth) -> Hurt:
    """The lid was open: the light falls off towards one side."""

    def darken(page, rng):
        fall = np.linspace(1.0, 1.0 - depth, page.shape[1], dtype=np.float32)
        return (page * (fall if rng.random() < 0.5 else fall[::-1])).astype(np.uint8)

    return darken


def stain(count) -> Hurt:
    """Coffee: half-transparent blots over the page and one over each code."""

    def spill(page, rng):
        tint = np.full(page.shape, 255, np.uint8)
        spots = [(rng.uniform(0, page.shape[1]), rng.uniform(0, page.shape[0])) for _ in range(count)]
        spots += [(rng.uniform(x0, x1) * MM, rng.uniform(y0, y1) * MM) for x0, y0, x1, y1 in _boxes()]
        for x, y in spots:
            axes = (int(rng.integers(60, 160)), int(rng.integers(60, 160)))
            cv2.ellipse(tint, (int(x), int(y)), axes, 0, 0, 360, int(rng.integers(150, 190)), -1)
        return np.minimum(page, tint)

    return spill


def stretch(share) -> Hurt:
    """The feeder pulled the sheet too slowly."""
    return lambda page, rng: cv2.resize(page, None, fx=1.0, fy=1 + share, interpolation=cv2.INTER_LINEAR)


KINDS: tuple[DamageKind, ...] = (
    DamageKind("clean, grey", ()),
    DamageKind("clean, b/w", (bw(),)),
    DamageKind("skew 2°, b/w", (skew(2), bw())),
    DamageKind("skew 5°, b/w", (skew(-5), bw())),
    DamageKind("skew 10°, b/w", (skew(10), bw())),
    DamageKind("180° + skew 3°, b/w", (skew(3), rotated(2), bw())),
    DamageKind("90°", (rotated(1),)),
    DamageKind("270°, b/w", (rotated(3), bw())),
    DamageKind("skew 3° on black background", (skew(3, border=0),)),
    DamageKind("grey noise 10", (noise(10),)),
    DamageKind("grey noise 25", (noise(25),)),
    DamageKind("grey noise 40", (noise(40),)),
    DamageKind("grey noise 60", (noise(60),)),
    DamageKind("salt and pepper 2 %", (salt(0.02),)),
    DamageKind("salt and pepper 5 %", (salt(0.05),)),
    DamageKind("blur 1.5 px", (blur(1.5),)),
    DamageKind("blur 2.5 px", (blur(2.5),)),
    DamageKind("blur 3.5 px", (blur(3.5),)),
    DamageKind("JPEG q=30", (jpeg(30),)),
    DamageKind("JPEG q=10", (jpeg(10),)),
    DamageKind("toner -70 %, grey", (toner(0.7),)),
    DamageKind("toner -50 % + 5 % dropout, b/w", (toner(0.5), dropout(0.05), blur(0.6), noise(6), bw(150))),
    DamageKind("toner -50 % + 15 % dropout, b/w", (toner(0.5), dropout(0.15), blur(0.6), noise(6), bw(150))),
    DamageKind("toner -50 %, b/w cut too low", (toner(0.5), noise(8), bw(126))),
    DamageKind("b/w too light (thin bars)", (blur(1.2), bw(50))),
    DamageKind("b/w too dark (thick bars)", (blur(1.2), bw(215))),
    DamageKind("5 black scanner lines", (columns(5, 0), bw())),
    DamageKind("20 black scanner lines", (columns(20, 0), bw())),
    DamageKind("10 white print lines", (columns(10, 255), bw())),
    DamageKind("30 white print lines", (columns(30, 255), bw())),
    DamageKind("30 white lines across", (rows(30, 255), bw())),
    DamageKind("pen stroke over every code", (pen(1),)),
    DamageKind("3 pen strokes over every code", (pen(3),)),
    DamageKind("200 dpi grey", (resolution(200),), 200),
    DamageKind("150 dpi grey", (resolution(150),), 150),
    DamageKind("100 dpi grey", (resolution(100),), 100),
    DamageKind("200 dpi, b/w", (resolution(200), bw()), 200),
    DamageKind("15 mm cropped on all sides", (crop(15),)),
    DamageKind("folded corner, b/w", (fold(45), bw())),
    DamageKind("shadow of an open lid", (shadow(0.6),)),
    DamageKind("stains", (stain(6), noise(5))),
    DamageKind("stretched by 4 %, b/w", (stretch(0.04), bw())),
    DamageKind("combined moderate, b/w", (toner(0.3), skew(1.5), blur(1.0), noise(10), columns(2, 0, 2), bw(150))),
    DamageKind("combined severe, grey JPEG", (toner(0.5), skew(-3), blur(1.8), noise(25), salt(0.01), jpeg(25))),
)


def mixture(rng: np.random.Generator) -> DamageKind:
    """A random mixture: fading, skew, blur, noise, lines, pen, salt, crop, 150-240 dpi, 180°, b/w or JPEG."""
    dpi = float(rng.uniform(150, 240)) if rng.random() < 0.3 else 300.0
    likely: tuple[tuple[float, Hurt], ...] = (
        (0.4, pen(int(rng.integers(1, 3)))),
        (0.5, toner(float(rng.uniform(0.1, 0.5)))),
        (0.3, columns(int(rng.integers(2, 20)), 255)),
        (1.0, skew(float(rng.normal(0, 2)))),
        (0.5, blur(float(rng.uniform(0.6, 2.4)))),
        (0.6, noise(float(rng.uniform(5, 40)))),
        (0.3, salt(float(rng.uniform(0.002, 0.04)))),
        (0.4, columns(int(rng.integers(1, 12)), 0)),
        (0.25, crop(float(rng.uniform(2, 14)))),
        (float(dpi < 300), resolution(dpi)),
        (0.3, rotated(2)),
    )
    steps = [step for share, step in likely if rng.random() < share]
    steps.append(bw(int(rng.uniform(120, 175))) if rng.random() < 0.6 else jpeg(int(rng.uniform(15, 80))))
    return DamageKind(MIXTURE, tuple(steps), dpi)
