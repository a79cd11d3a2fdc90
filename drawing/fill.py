"""Marks as a hand leaves them: digits in cells, words on lines. Not one of them is a person's data."""

import csv
import os
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from drawing.layout import Cells, Layout, Rule

Pixels = npt.NDArray[np.uint8]
Path2 = tuple[tuple[float, float], ...]

_SCALE = 300 / 25.4
_PEN = 5

#: Digits as strokes in a unit square, y downwards.
_STROKES: dict[str, tuple[Path2, ...]] = {
    "0": (((0.5, 0.0), (0.15, 0.2), (0.1, 0.6), (0.35, 1.0), (0.7, 0.95), (0.9, 0.55), (0.8, 0.15), (0.5, 0.0)),),
    "1": (((0.25, 0.3), (0.6, 0.0), (0.55, 1.0)),),
    "2": (((0.15, 0.25), (0.4, 0.0), (0.8, 0.15), (0.75, 0.45), (0.15, 1.0), (0.9, 0.95)),),
    "3": (((0.15, 0.1), (0.75, 0.05), (0.45, 0.42), (0.85, 0.65), (0.6, 1.0), (0.1, 0.9)),),
    "4": (((0.3, 0.0), (0.1, 0.6), (0.9, 0.6)), ((0.7, 0.2), (0.65, 1.0))),
    "5": (((0.85, 0.0), (0.25, 0.02), (0.2, 0.45), (0.7, 0.45), (0.85, 0.75), (0.5, 1.0), (0.1, 0.9)),),
    "6": (((0.75, 0.0), (0.25, 0.45), (0.15, 0.8), (0.5, 1.0), (0.85, 0.75), (0.5, 0.52), (0.2, 0.7)),),
    "7": (((0.1, 0.02), (0.9, 0.0), (0.4, 1.0)), ((0.3, 0.5), (0.8, 0.48))),
    "8": (
        (
            (0.5, 0.48),
            (0.15, 0.2),
            (0.5, 0.0),
            (0.85, 0.2),
            (0.5, 0.48),
            (0.1, 0.78),
            (0.5, 1.0),
            (0.9, 0.75),
            (0.5, 0.48),
        ),
    ),
    "9": (((0.8, 0.3), (0.45, 0.5), (0.15, 0.25), (0.5, 0.0), (0.8, 0.25), (0.7, 1.0)),),
}


@cache
def _real_digits() -> dict[str, tuple[Pixels, ...]]:
    """Real hand-written digits, when a folder of samples is named; strokes of our own otherwise."""
    folder = Path(os.environ.get("PPE_SAMPLES", ""))
    sheet, labels = folder / "digits/mnist_1500.png", folder / "digits/mnist_1500_labels.csv"
    if not os.environ.get("PPE_SAMPLES") or not (sheet.is_file() and labels.is_file()):
        return {}
    picture = cv2.imread(str(sheet), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        return {}
    found: dict[str, list[Pixels]] = {}
    with labels.open() as lines:
        for row in csv.DictReader(lines):
            place = int(row["index"])
            y, x = 28 * (place // 50), 28 * (place % 50)
            glyph = 255 - cv2.resize(picture[y : y + 28, x : x + 28], (72, 72), interpolation=cv2.INTER_CUBIC)
            found.setdefault(row["label"], []).append(np.where(glyph < 140, 30, 255).astype(np.uint8))
    return {digit: tuple(glyphs) for digit, glyphs in found.items()}


def _smooth(points: list[tuple[float, float]]) -> npt.NDArray[np.int32]:
    """Round the corners of a stroke, twice (Chaikin)."""
    line = np.asarray(points, dtype=np.float64)
    for _turn in range(2):
        near = 0.75 * line[:-1] + 0.25 * line[1:]
        far = 0.25 * line[:-1] + 0.75 * line[1:]
        middle = np.empty((2 * len(near), 2))
        middle[0::2], middle[1::2] = near, far
        line = np.vstack([line[:1], middle, line[-1:]])
    return np.round(line).astype(np.int32)


def _digit(page: Pixels, rng: random.Random, digit: str, x: float, y: float, size: float) -> None:
    real = _real_digits().get(digit)
    if real:
        glyph = rng.choice(real)
        top, left = round(y + (size - 72) / 2), round(x + (size - 72) / 2)
        window = page[top : top + 72, left : left + 72]
        np.minimum(window, glyph, out=window)
        return
    width, height = size * rng.uniform(0.38, 0.55), size * rng.uniform(0.55, 0.72)
    x0, y0 = x + (size - width) / 2 + rng.gauss(0, 2), y + (size - height) / 2 + rng.gauss(0, 2)
    slant = rng.gauss(0.12, 0.08)
    for stroke in _STROKES[digit]:
        points = [
            (x0 + (px_ + slant * (1 - py_)) * width + rng.gauss(0, 1.5), y0 + py_ * height + rng.gauss(0, 1.5))
            for px_, py_ in stroke
        ]
        cv2.polylines(page, [_smooth(points)], False, 30, _PEN, cv2.LINE_AA)


def _row(page: Pixels, rng: random.Random, row: Cells, value: str | None) -> None:
    size = row.size * _SCALE
    if value is None:
        written = row.count if len(row.label) > 2 else rng.randint(1, row.count)
        value = "".join(rng.choice("0123456789") for _cell in range(written))
    for cell, digit in enumerate(value[: row.count]):
        if digit != " ":
            _digit(page, rng, digit, row.x * _SCALE + cell * size, row.y * _SCALE, size)


def _word(rng: random.Random, x: float, y: float, letters: int) -> list[tuple[float, float]]:
    points = [(x, y)]
    for _letter in range(letters):
        step, rise = rng.uniform(14, 24), rng.choice((22, 26, 30, 48))
        points += [
            (x + step * 0.35, y - rise),
            (x + step * 0.75, y - rng.uniform(0, 6)),
            (x + step, y - rng.uniform(4, 14)),
        ]
        x += step
    return points


def _line(page: Pixels, rng: random.Random, rule: Rule) -> None:
    x, end = (rule.x + 3) * _SCALE, (rule.x + rule.width - 8) * _SCALE
    y = (rule.y - 1) * _SCALE
    stop = end if rng.random() < 0.8 else x + (end - x) * rng.random()
    while x < stop:
        word = _word(rng, x, y + rng.gauss(0, 2), rng.randint(2, 9))
        cv2.polylines(page, [_smooth(word)], False, 40, 4, cv2.LINE_AA)
        x = word[-1][0] + rng.uniform(22, 40)


def _cross(page: Pixels, rng: random.Random, row: Cells) -> None:
    """A cross that does not quite keep to its box."""
    size = row.size * _SCALE
    x, y = row.x * _SCALE, row.y * _SCALE
    for ends in ((0.15, 0.15, 0.85, 0.85), (0.85, 0.15, 0.15, 0.85)):
        points = [
            round(side + size * (share + rng.gauss(0, 0.06))) for side, share in zip((x, y, x, y), ends, strict=True)
        ]
        cv2.line(page, points[:2], points[2:], 30, _PEN, cv2.LINE_AA)


def _field(page: Pixels, rng: random.Random, row: Cells, values: Mapping[str, str]) -> None:
    """A cell row that the catalogue names: what it shall hold, or anything when nothing was said of any of them."""
    value = values.get(row.name, "")
    if not any("/" in name for name in values) and rng.random() < (0.2 if row.mark else 0.7):
        value = "x" if row.mark else str(rng.randrange(10**row.count))
    if row.mark and value:
        _cross(page, rng, row)
    elif value:
        _row(page, rng, row, value.rjust(row.count) if rng.random() < 0.5 else value)


def fill(page: Pixels, body: Layout, rng: random.Random, values: Mapping[str, str]) -> None:
    """Write on a form: known values by the label of their row, other cells and lines at will, never near the codes."""
    for row in body.cells:
        if row.name:
            _field(page, rng, row, values)
        elif row.label in values or rng.random() < 0.85:
            _row(page, rng, row, values.get(row.label))
    rules = body.rules
    used = len(rules) if len(rules) < 6 else rng.randint(5, len(rules))
    for rule in rules[:used]:
        _line(page, rng, rule)
