"""Whether somebody speaks: speech changes its spectrum from moment to moment; hum, hiss, tones and beeps do not."""

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAME = 320  # 20 ms
_WINDOW = 512
_SEGMENT = 10 * RATE
#: Edges of 16 bands from 125 to 4000 Hz: below lie mains hum, steps of the microphone and what is no voice.
_EDGES = np.geomspace(4, 128, 17).round().astype(int)
#: A band is up when it stands so far above what it holds in the quiet moments of its ten seconds.
_UP_DB = 6.0
_FLOOR_DB = -95.0
_UP_BANDS = 4
_SECOND = 50
_ACTIVE_FRAMES = 5
#: Frames within 25 dB of the loudest.
_LOUD = 10**2.5
#: Noise exceeds this multiple of its lowest tenth in one moment of thirty.
_NOISE = 30
#: How much the shape of the spectrum varies within a second: noise of any colour 2-3 dB, speech 4.7-10.
SHAPE_DB = 3.9
#: The share of energy in the three highest peaks of a second: tones and dialling beeps 0.991-1, speech 0.67-0.985.
PEAKS = 0.988
_CLIP_LEVEL = 0.999
_ZERO = 4e-5
_HOLE = int(0.02 * RATE)
_EDGE = int(0.005 * RATE)
_EDGE_LEVEL = 0.01


class Voices:
    """What one channel holds, gathered in pieces of any size."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        self.samples = 0
        self.clipped = 0
        self.holes = 0.0
        self.levels: NDArray[np.float32] = np.zeros(0, np.float32)
        self.speech: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._parts: list[NDArray[np.float32]] = []
        self._held = 0
        self._found: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []

    def add(self, block: NDArray[np.float32]) -> None:
        """Hear a piece."""
        self.samples += block.size
        self.clipped += int((np.abs(block) >= _CLIP_LEVEL).sum())
        self._parts.append(block)
        self._held += block.size
        if self._held >= 2 * _SEGMENT:
            whole = np.concatenate(self._parts)
            self._judge(whole[:_SEGMENT])
            self._parts, self._held = [whole[_SEGMENT:]], whole.size - _SEGMENT

    def end(self) -> None:
        """Judge what is left."""
        if self._held:
            self._judge(np.concatenate(self._parts))
        if self._found:
            self.levels = np.concatenate([levels for levels, _ in self._found])
            self.speech = np.concatenate([speech for _, speech in self._found])

    @property
    def level(self) -> float:
        """The loudness of the whole, without its constant part, in dBFS."""
        return _decibel(float((self.levels**2).mean()) if self.levels.size else 0.0)

    @property
    def loudest(self) -> float:
        """The loudness that one frame in twenty exceeds, in dBFS."""
        return _decibel(float(np.percentile(self.levels, 95)) ** 2 if self.levels.size else 0.0)

    def _judge(self, samples: NDArray[np.float32]) -> None:
        self.holes += _holes(samples)
        count = samples.size // FRAME
        whole = samples[: count * FRAME].reshape(-1, FRAME)
        levels = whole.std(axis=1)
        speech = np.zeros(count, np.bool_)
        if count > _SECOND // 5:
            found = speaking(samples)
            speech[: found.size] = found[:count]
        self._found.append((levels, speech))


def _decibel(power: float) -> float:
    return float(10 * np.log10(max(power, 1e-12)))


def speaking(samples: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for each frame of 20 ms whether it belongs to speech."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::FRAME]
    spectrum = np.abs(np.fft.rfft((frames - frames.mean(axis=1, keepdims=True)) * np.hanning(_WINDOW), axis=1)) ** 2
    power = spectrum[:, :128] / (_WINDOW * 96)
    power[:, :4] = 0
    bands = 10 * np.log10(np.add.reduceat(power, _EDGES[:-1], axis=1) + 1e-10)
    floor = np.maximum(np.percentile(bands, 10, axis=0), _FLOOR_DB)
    active = (bands > floor + _UP_DB).sum(axis=1) >= _UP_BANDS
    # What is there all the time is taken away before the peaks are weighed: hiss must not hide that a beep is one.
    clear = np.maximum(power - _NOISE * np.percentile(power, 10, axis=0), 0)
    peaks, total = _peaks(clear), clear.sum(axis=1)
    speech = np.zeros(len(bands), np.bool_)
    for start in range(0, max(1, len(bands) - _SECOND // 2), _SECOND // 2):
        part = slice(start, start + _SECOND)
        # Between two beeps there is only noise: what is judged is what is loud in this second.
        up = active[part] & (total[part] > total[part].max() / _LOUD)
        if up.sum() < _ACTIVE_FRAMES:
            continue
        shape = bands[part][up] - bands[part][up].mean(axis=1, keepdims=True)
        share = peaks[part][up].sum() / total[part][up].sum()
        if shape.std(axis=0).mean() > SHAPE_DB and share < PEAKS:
            speech[part] |= active[part]
    return speech


def _peaks(power: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = np.arange(len(power))
    left, found = power.copy(), np.zeros(len(power), power.dtype)
    for _peak in range(3):
        top = left.argmax(axis=1)
        for step in range(-2, 3):
            place = np.clip(top + step, 0, power.shape[1] - 1)
            found += left[rows, place]
            left[rows, place] = 0
    return found


def _holes(samples: NDArray[np.float32]) -> float:
    """Seconds of nothing at all that begin and end in the middle of sound: lost blocks, not pauses."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (np.abs(samples) < _ZERO).astype(np.int8), [0]])))
    lost = 0
    for start, stop in edges.reshape(-1, 2):
        if stop - start < _HOLE or start < _EDGE or stop + _EDGE > samples.size:
            continue
        before, after = samples[start - _EDGE : start], samples[stop : stop + _EDGE]
        if min(float(np.abs(before).max()), float(np.abs(after).max())) > _EDGE_LEVEL:
            lost += stop - start
    return lost / RATE
