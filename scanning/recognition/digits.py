"""A small model of hand-written digits: directions of the pen in small cells, three little networks that vote.

Numpy alone; the weights lie beside this file and are made by `python -m scanning.recognition.train_digits`.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ink = NDArray[np.uint8]

WEIGHTS = Path(__file__).with_name("digits.npz")
SIDE = 28
_INNER = 20  # the longer side of a digit within the square
_INK = 40
_SLANT = 0.8  # the most that is straightened
_DIRECTIONS = 8
_CELLS = 7
_DENSITY = 0.7  # how much the plain picture counts beside the directions
_GAIN = 6.0


def normalise(ink: Ink) -> Floats:
    """A digit (ink is bright) made upright, of one size, in the middle of a square; values from 0 to 1."""
    square = np.zeros((SIDE, SIDE), np.float32)
    moments = cv2.moments(ink)
    if moments["mu02"] > 1e-2:
        slant = float(np.clip(moments["mu11"] / moments["mu02"], -_SLANT, _SLANT))
        middle = moments["m01"] / moments["m00"]
        # Room on both sides, or a slanting stroke leaves the picture.
        room = int(ink.shape[0] * abs(slant)) + 1
        wide = np.pad(ink, ((0, 0), (room, room)))
        shear = np.array([[1, slant, -slant * middle], [0, 1, 0]], np.float32)
        flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
        ink = cv2.warpAffine(wide, shear, (wide.shape[1], wide.shape[0]), flags=flags).astype(np.uint8, copy=False)
    rows, columns = np.flatnonzero((ink > _INK).any(axis=1)), np.flatnonzero((ink > _INK).any(axis=0))
    if not rows.size:
        return square
    glyph = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = _INNER / max(glyph.shape)
    size = tuple(max(1, round(side * scale)) for side in glyph.shape[::-1])
    glyph = cv2.resize(glyph, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR).astype(np.uint8)
    top, left = (SIDE - glyph.shape[0]) // 2, (SIDE - glyph.shape[1]) // 2
    square[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    return square / np.float32(255)


@cache
def _windows() -> Floats:
    """How much each row (or column) of the square belongs to each cell: neighbouring cells overlap."""
    step = SIDE / _CELLS
    middles = (np.arange(_CELLS) + 0.5) * step
    away = np.abs(np.arange(SIDE)[None] + 0.5 - middles[:, None])
    windows: Floats = np.clip(1 - away / step, 0, 1).astype(np.float32)
    return windows


def features(squares: Floats) -> Floats:
    """Describe normalised digits: how strongly the edge runs in each direction in each cell, and where ink lies."""
    smooth = np.stack([cv2.GaussianBlur(square, (0, 0), 0.7) for square in squares])
    across, down = np.zeros_like(smooth), np.zeros_like(smooth)
    across[:, :, 1:-1] = smooth[:, :, 2:] - smooth[:, :, :-2]
    down[:, 1:-1] = smooth[:, 2:] - smooth[:, :-2]
    strength = np.hypot(across, down)
    place = (np.arctan2(down, across) % (2 * np.pi)) / (2 * np.pi) * _DIRECTIONS
    low = np.floor(place).astype(np.intp) % _DIRECTIONS
    share = place - np.floor(place)
    directions = np.zeros((*strength.shape, _DIRECTIONS), np.float32)
    n, y, x = np.indices(strength.shape)
    directions[n, y, x, low] += strength * (1 - share)
    directions[n, y, x, (low + 1) % _DIRECTIONS] += strength * share
    windows = _windows()
    edges = np.einsum("nijb,ci,dj->ncdb", directions, windows, windows, optimize=True).reshape(len(squares), -1)
    ink = np.einsum("nij,ci,dj->ncd", squares, windows, windows, optimize=True).reshape(len(squares), -1)
    parts = (_unit(np.sqrt(edges)), _unit(ink) * _DENSITY)
    described: Floats = (np.hstack(parts) * _GAIN).astype(np.float32)
    return described


def _unit(rows: Floats) -> Floats:
    scaled: Floats = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6)
    return scaled


def softmax(scores: Floats) -> Floats:
    """Scores of each row as shares of one."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


@dataclass(frozen=True, slots=True)
class Network:
    """One hidden layer."""

    hidden: Floats
    hidden_bias: Floats
    out: Floats
    out_bias: Floats

    def shares(self, described: Floats) -> Floats:
        """How likely each digit is."""
        return softmax(np.maximum(described @ self.hidden + self.hidden_bias, 0) @ self.out + self.out_bias)


@dataclass(frozen=True, slots=True)
class DigitModel:
    """The networks, and the confidence below which a person reads."""

    networks: tuple[Network, ...]
    sure: float

    def read(self, inks: list[Ink]) -> list[tuple[str, float]]:
        """Read digits (ink is bright): the likeliest one of each, and how sure that is."""
        if not inks:
            return []
        shares = self.shares(features(np.stack([normalise(ink) for ink in inks])))
        return [(str(int(row.argmax())), float(row.max())) for row in shares]

    def shares(self, described: Floats) -> Floats:
        """What the networks say together."""
        said = np.stack([network.shares(described) for network in self.networks])
        mean: Floats = said.mean(axis=0, dtype=np.float32)
        return mean


@cache
def digit_model() -> DigitModel:
    """The model that is shipped with the project."""
    with np.load(WEIGHTS) as kept:
        networks = tuple(
            Network(
                *(kept[f"{name}{number}"].astype(np.float32) for name in ("hidden", "hidden_bias", "out", "out_bias"))
            )
            for number in range(int(kept["networks"]))
        )
        return DigitModel(networks, float(kept["sure"]))
