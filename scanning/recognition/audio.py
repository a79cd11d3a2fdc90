"""Recorded answers, decoded to the last sample: only a full decode tells how long a recording really is."""

import struct
import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from scanning.recognition.errors import EmptyFileError, NotARecordingError
from scanning.recognition.sheet import SheetWarning

MAX_SECONDS = 4 * 3600
_RATE = 16_000
_FRAME = 320  # 20 ms
_SPEECH_DBFS = -45.0
_SPEECH_SHARE = 0.02
_CLIP_LEVEL = 0.999
_CLIP_SHARE = 0.002
_LENGTH_SHARE = 0.01
_LENGTH_SECONDS = 0.3
_LONG_SILENCE = 60.0
_BAR_COUNT = 120

#: What a name ending promises: the containers that ffmpeg may find under it.
_CONTAINERS: dict[str, frozenset[str]] = {
    ".wav": frozenset({"wav"}),
    ".ogg": frozenset({"ogg"}),
    ".oga": frozenset({"ogg"}),
    ".opus": frozenset({"ogg"}),
    ".mp3": frozenset({"mp3"}),
    ".m4a": frozenset({"mov", "mp4", "m4a"}),
    ".flac": frozenset({"flac"}),
}
_ALLOWED = "wav,ogg,mp3,mov,flac"


@dataclass(slots=True)
class AudioReading:
    """What a recording turned out to be."""

    container: str = ""
    codec: str = ""
    header_seconds: float | None = None
    seconds: float = 0.0
    speech_share: float = 0.0
    longest_silence: float = 0.0
    clipped_share: float = 0.0
    level: float = -120.0
    bars: list[int] = field(default_factory=list)
    doubts: list[SheetWarning] = field(default_factory=list)
    milliseconds: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The reading as plain values."""
        return asdict(self)


def listen(path: Path, name: str = "") -> AudioReading:
    """Decode a recording from beginning to end and say what is doubtful about it.

    Raises:
        EmptyFileError: zero bytes.
        NotARecordingError: no sound can be decoded.
    """
    started = time.monotonic()
    if path.stat().st_size == 0:
        raise EmptyFileError
    reading = AudioReading()
    levels = _decode(path, reading)
    _evaluate_levels(reading, levels)
    _evaluate_length(reading, path)
    _evaluate_container(reading, name)
    reading.milliseconds = round((time.monotonic() - started) * 1000)
    return reading


def _decode(path: Path, reading: AudioReading) -> NDArray[np.float32]:
    """Fill in container, codec and lengths; return the loudness of each 20 ms frame as RMS."""
    samples = clipped = 0
    levels: list[NDArray[np.float32]] = []
    rest = np.zeros(0, np.float32)
    torn = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            container = av.open(str(path), options={"format_whitelist": _ALLOWED})
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise NotARecordingError from error
    with container:
        if not container.streams.audio or any(stream.type == "video" for stream in container.streams):
            raise NotARecordingError
        stream = container.streams.audio[0]
        reading.container = container.format.name
        reading.codec = stream.codec_context.name
        reading.header_seconds = _header_seconds(container, stream)
        try:
            for block in _blocks(container):
                samples += block.size
                clipped += int((np.abs(block) >= _CLIP_LEVEL).sum())
                whole = np.concatenate([rest, block])
                frames = whole.size // _FRAME
                levels.append(np.sqrt((whole[: frames * _FRAME].reshape(-1, _FRAME) ** 2).mean(axis=1)))
                rest = whole[frames * _FRAME :]
                if samples > MAX_SECONDS * _RATE:
                    reading.doubts.append(
                        SheetWarning("too_long", "problem", None, f"{samples / _RATE:.0f}", str(MAX_SECONDS))
                    )
                    break
        except (av.error.FFmpegError, ValueError):
            torn = True
    if samples == 0:
        raise NotARecordingError
    if torn:
        reading.doubts.append(SheetWarning("damaged", "problem", None, f"{samples / _RATE:.1f}"))
    reading.seconds = round(samples / _RATE, 2)
    reading.clipped_share = round(clipped / samples, 5)
    return np.concatenate(levels) if levels else np.zeros(0, np.float32)


def _blocks(container: InputContainer) -> Iterator[NDArray[np.float32]]:
    """The sound as mono floats at 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE)
    for frame in container.decode(audio=0):
        for out in resampler.resample(frame):
            yield out.to_ndarray().reshape(-1).astype(np.float32, copy=False)
    for out in resampler.resample(None):
        yield out.to_ndarray().reshape(-1).astype(np.float32, copy=False)


def _header_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration and stream.time_base:
        return round(float(stream.duration * stream.time_base), 2)
    if container.duration:
        return round(container.duration / 1_000_000, 2)
    return None


def _evaluate_levels(reading: AudioReading, levels: NDArray[np.float32]) -> None:
    if levels.size:
        loud = 20 * np.log10(np.maximum(levels, 1e-6)) > _SPEECH_DBFS
        reading.speech_share = round(float(loud.mean()), 4)
        edges = np.flatnonzero(np.concatenate([[True], loud, [True]]))
        reading.longest_silence = round(float(np.diff(edges).max() - 1) * _FRAME / _RATE, 2)
        reading.level = round(float(20 * np.log10(max(float(np.sqrt((levels**2).mean())), 1e-6))), 1)
        reading.bars = [round(float(part.max()) * 100) for part in np.array_split(levels, _BAR_COUNT) if part.size]
    if reading.speech_share < _SPEECH_SHARE:
        reading.doubts.append(
            SheetWarning("silent", "problem", None, f"{reading.speech_share:.2%}", f"{_SPEECH_SHARE:.0%}")
        )
    elif reading.longest_silence > _LONG_SILENCE:
        reading.doubts.append(
            SheetWarning("long_silence", "warning", None, f"{reading.longest_silence:.0f}", f"{_LONG_SILENCE:.0f}")
        )
    if reading.clipped_share > _CLIP_SHARE:
        reading.doubts.append(
            SheetWarning("clipping", "warning", None, f"{reading.clipped_share:.2%}", f"{_CLIP_SHARE:.1%}")
        )


def _evaluate_length(reading: AudioReading, path: Path) -> None:
    """Three ways a cut recording shows itself: its header, the size in RIFF, the missing last page of OGG."""
    head = reading.header_seconds
    if head is not None and abs(head - reading.seconds) > max(head * _LENGTH_SHARE, _LENGTH_SECONDS):
        reading.doubts.append(SheetWarning("cut", "problem", None, f"{reading.seconds:.1f}", f"{head:.1f}"))
        return
    missing = _missing_riff_bytes(path) if reading.container == "wav" else 0
    if missing > 0:
        reading.doubts.append(SheetWarning("cut", "problem", None, f"-{missing}", "0"))
    elif reading.container == "ogg" and not _ogg_is_ended(path):
        reading.doubts.append(SheetWarning("cut", "problem", None, "", "end of stream"))


def _missing_riff_bytes(path: Path) -> int:
    """How many bytes of a WAV the header promises and the file lacks."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0
        missing = int(struct.unpack("<I", head[4:8])[0]) + 8 - size
        # A recorder that was switched off leaves the size field at its maximum or at zero.
        return max(missing, 0)


def _ogg_is_ended(path: Path) -> bool:
    """Whether the last page carries the end-of-stream flag and is whole."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 128 * 1024))
        tail = file.read()
    last = tail.rfind(b"OggS")
    if last < 0 or last + 27 > len(tail) or not tail[last + 5] & 4:
        return False
    count = tail[last + 26]
    table = tail[last + 27 : last + 27 + count]
    return len(table) == count and last + 27 + count + sum(table) <= len(tail)


def _evaluate_container(reading: AudioReading, name: str) -> None:
    wanted = _CONTAINERS.get(Path(name).suffix.lower())
    found = set(reading.container.split(","))
    if wanted is None or not wanted & found:
        reading.doubts.append(
            SheetWarning("wrong_container", "warning", None, f"{reading.container}/{reading.codec}", Path(name).suffix)
        )
