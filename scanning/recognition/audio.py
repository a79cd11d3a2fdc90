"""Recorded answers, decoded to the last sample: only a full decode tells how long a recording really is."""

import time
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream
from numpy.typing import NDArray

from scanning.recognition import sound_data
from scanning.recognition.errors import EmptyFileError, NotARecordingError
from scanning.recognition.sheet import SheetWarning
from scanning.recognition.voice import FRAME, RATE, Voices

MAX_SECONDS = 4 * 3600
_RATE = RATE
_SPEECH_SHARE = 0.02
#: Speech below this is hard to assess; where nothing is louder than the other, nothing was recorded at all.
_QUIET_DBFS = -45.0
_SILENT_DBFS = -50.0
_CLIP_SHARE = 0.002
_LENGTH_SHARE = 0.01
_LENGTH_SECONDS = 0.3
#: Where every sample is counted.
_COUNTED_SECONDS = 0.1
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
    _evaluate_levels(reading, _decode(path, reading))
    _evaluate_length(reading, path)
    _evaluate_container(reading, name)
    reading.milliseconds = round((time.monotonic() - started) * 1000)
    return reading


def _decode(path: Path, reading: AudioReading) -> list[Voices]:
    """Fill in container, codec and lengths; return what each channel holds."""
    with path.open("rb") as file:
        source = sound_data.Unfinished(file) if sound_data.Unfinished.is_one(path) else str(path)
        return _decode_from(source, path, reading)


def _decode_from(source: Any, path: Path, reading: AudioReading) -> list[Voices]:
    if sound_data.lacks_index(path):
        # The index of an M4A is written last: its recorder was switched off, or the copy broke off.
        reading.container, reading.doubts = "mov", [SheetWarning("cut", "problem", None, "", "moov")]
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            container = av.open(source, "r", options={"format_whitelist": _ALLOWED})
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise NotARecordingError from error
    with container:
        if not container.streams.audio or any(map(_is_film, container.streams)):
            raise NotARecordingError
        stream = container.streams.audio[0]
        reading.container = container.format.name
        reading.codec = stream.codec_context.name
        # In MP4 the index tells the length; elsewhere it may be a guess from the bit rate.
        if "mov" in reading.container and stream.duration and stream.time_base:
            reading.header_seconds = round(float(stream.duration * stream.time_base), 2)
        return _hear(container, reading)


def _is_film(stream: Stream) -> bool:
    """Whether a stream is a film; the picture of a tag is one of a single frame."""
    return stream.type == "video" and not stream.disposition & Disposition.attached_pic


def _hear(container: InputContainer, reading: AudioReading) -> list[Voices]:
    samples = bad = 0
    voices: list[Voices] = []
    for block in _blocks(container):
        if block is None:
            bad += 1
            continue
        voices += [Voices() for _more in range(len(voices), len(block))]
        for voice, channel in zip(voices, block, strict=False):
            voice.add(channel)
        samples += block.shape[1]
        if samples > MAX_SECONDS * _RATE:
            reading.doubts.append(SheetWarning("too_long", "problem", None, f"{samples / _RATE:.0f}", str(MAX_SECONDS)))
            break
    if samples == 0:
        raise NotARecordingError
    if bad:
        reading.doubts.append(SheetWarning("damaged", "problem", None, f"{samples / _RATE:.1f}"))
    reading.seconds = round(samples / _RATE, 2)
    for voice in voices:
        voice.end()
    return voices


def _blocks(container: InputContainer) -> Iterator[NDArray[np.float32] | None]:
    """The sound as floats at 16 kHz, a row for each channel; None for a packet that cannot be decoded."""
    resampler, kind = None, None
    for frame in _frames(container):
        if frame is None:
            yield None
            continue
        # Joined streams may change their rate or their channels.
        if resampler is None or kind != (frame.sample_rate, frame.layout.name, frame.format.name):
            if resampler is not None:
                yield from (_floats(out) for out in resampler.resample(None))
            resampler = av.AudioResampler(format="fltp", rate=_RATE)
            kind = (frame.sample_rate, frame.layout.name, frame.format.name)
        yield from (_floats(out) for out in resampler.resample(frame))
    if resampler is not None:
        yield from (_floats(out) for out in resampler.resample(None))


def _floats(frame: av.AudioFrame) -> NDArray[np.float32]:
    return np.asarray(frame.to_ndarray(), np.float32)


def _frames(container: InputContainer) -> Iterator[av.AudioFrame | None]:
    packets = container.demux(audio=0)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()
        except StopIteration:
            return
        except av.error.EOFError:
            return
        except (av.error.InvalidDataError, ValueError):
            yield None
        except av.error.FFmpegError:
            yield None
            return


def _evaluate_levels(reading: AudioReading, voices: list[Voices]) -> None:
    """The channel with the most speech speaks for the recording; the worst one for overload and holes."""
    if not voices:
        return
    best = max(voices, key=lambda voice: (voice.speech.sum(), voice.level))
    levels, speech = best.levels, best.speech
    reading.level = round(best.level, 1)
    reading.clipped_share = round(max(voice.clipped / max(voice.samples, 1) for voice in voices), 5)
    reading.bars = [round(float(part.max()) * 100) for part in np.array_split(levels, _BAR_COUNT) if part.size]
    if speech.size:
        reading.speech_share = round(float(speech.mean()), 4)
        edges = np.flatnonzero(np.concatenate([[True], speech, [True]]))
        reading.longest_silence = round(float(np.diff(edges).max() - 1) * FRAME / _RATE, 2)
    doubt = reading.doubts.append
    loud = 20 * np.log10(max(float(np.sqrt((levels[speech] ** 2).mean())), 1e-6)) if speech.any() else -120.0
    if reading.speech_share < _SPEECH_SHARE:
        kind = "silent" if max(voice.loudest for voice in voices) < _SILENT_DBFS else "no_speech"
        doubt(SheetWarning(kind, "problem", None, f"{reading.speech_share:.2%}", f"{_SPEECH_SHARE:.0%}"))
    elif loud < _QUIET_DBFS:
        doubt(SheetWarning("very_quiet", "warning", None, f"{loud:.0f}", f"{_QUIET_DBFS:.0f}"))
    if reading.speech_share >= _SPEECH_SHARE and reading.longest_silence > _LONG_SILENCE:
        doubt(SheetWarning("long_silence", "warning", None, f"{reading.longest_silence:.0f}", f"{_LONG_SILENCE:.0f}"))
    if reading.clipped_share > _CLIP_SHARE:
        doubt(SheetWarning("clipping", "warning", None, f"{reading.clipped_share:.2%}", f"{_CLIP_SHARE:.1%}"))
    holes = max(voice.holes for voice in voices)
    if holes:
        doubt(SheetWarning("holes", "problem", None, f"{holes:.2f}", "0"))


def _evaluate_length(reading: AudioReading, path: Path) -> None:
    """A recording is cut only when less was decoded than its container has, by the container's own account."""
    if any(doubt.kind in ("cut", "too_long") for doubt in reading.doubts):
        return
    told = sound_data.account(path, reading.container)
    head = told.seconds if told.seconds is not None else reading.header_seconds
    spare = _COUNTED_SECONDS if told.seconds is not None else max((head or 0) * _LENGTH_SHARE, _LENGTH_SECONDS)
    reading.header_seconds = head
    if told.missing:
        reading.doubts.append(SheetWarning("cut", "problem", None, told.missing, told.wanted))
    elif head is not None and head - reading.seconds > spare:
        reading.doubts.append(SheetWarning("cut", "problem", None, f"{reading.seconds:.1f}", f"{head:.1f}"))
    if told.behind:
        reading.doubts.append(SheetWarning("sound_behind", "problem", None, str(told.behind), "0"))


def _evaluate_container(reading: AudioReading, name: str) -> None:
    wanted = _CONTAINERS.get(Path(name).suffix.lower())
    found = set(reading.container.split(","))
    if wanted is None or not wanted & found:
        reading.doubts.append(
            SheetWarning("wrong_container", "warning", None, f"{reading.container}/{reading.codec}", Path(name).suffix)
        )
