"""What a container itself says about how much sound it has; sizes that recorders never filled in say nothing."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

#: Left by recorders that write the header first and know the length last.
_UNKNOWN_FROM = 0x7FFFF000
_CHUNK = 8
_PAGE = 27
_MP3_FRAME = 1045


@dataclass(frozen=True)
class Account:
    """The container's own word.

    Attributes:
        seconds: How long the sound is by a count that was written after the sound; None where there is none.
        missing: What is not there, when the file ends before its sound does.
        wanted: What should be there instead.
        behind: Bytes behind the end of the sound that are neither tags nor padding.
    """

    seconds: float | None = None
    missing: str = ""
    wanted: str = ""
    behind: int = 0


def account(path: Path, container: str) -> Account:
    """Return what the container says about its sound."""
    readers = {"wav": _wav, "ogg": _ogg, "flac": _flac, "mp3": _mp3}
    with path.open("rb") as file:
        if "mov" in container:
            return _mp4(file, path.stat().st_size)
        read = readers.get(container)
        return read(file, path.stat().st_size) if read else Account()


def lacks_index(path: Path) -> bool:
    """Whether this begins as an MP4 and has no index: the index is written last."""
    size = path.stat().st_size
    with path.open("rb") as file:
        atoms = dict(_atoms(file, size))
    return b"ftyp" in atoms and (b"moov" not in atoms or atoms[b"moov"] > size)


class Unfinished:
    """An RF64 whose sizes were never filled in, shown to a decoder as the plain WAV that it also is."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin at its beginning."""
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    @classmethod
    def is_one(cls, path: Path) -> bool:
        """Whether a file is such a one."""
        with path.open("rb") as file:
            head = file.read(36)
        return head[:4] == b"RF64" and head[12:16] == b"ds64" and head[28:36] == bytes(8)

    def read(self, count: int = -1) -> bytes:
        """Read on; the first four bytes are those of a plain WAV."""
        at = self._file.tell()
        data = self._file.read(count)
        return b"RIFF"[at : at + len(data)] + data[max(4 - at, 0) :] if at < 4 else data


def _wav(file: BinaryIO, size: int) -> Account:
    if file.read(12)[8:] != b"WAVE":
        return Account()
    at, long_size, rate = 12, 0, 0
    while at + _CHUNK <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(_CHUNK))
        if name == b"ds64":
            long_size = struct.unpack("<QQ", file.read(16).ljust(16, b"\0"))[1]
        elif name == b"fmt ":
            rate = struct.unpack("<I", file.read(12).ljust(12, b"\0")[8:])[0]
        elif name == b"data":
            return _wav_data(file, size, at + _CHUNK, long_size or length, rate)
        at += _CHUNK + length + length % 2
    return Account()


def _wav_data(file: BinaryIO, size: int, at: int, length: int, rate: int) -> Account:
    here = size - at
    if length == 0 or (_UNKNOWN_FROM <= length <= 0xFFFFFFFF and length > here):
        return Account()
    if length > here:
        return Account(missing=f"-{length - here}", wanted="0")
    file.seek(at + length)
    tail = file.read(_CHUNK + 1)
    named = any(name[:4].isalnum() or name[:4].strip().isalnum() for name in (tail, tail[1:]) if len(name) >= _CHUNK)
    joined = b"RIFF" in tail
    behind = here - length
    return Account(behind=behind if behind > max(rate, 4000) and (joined or not named) else 0)


def _ogg(file: BinaryIO, size: int) -> Account:
    """Every stream that began must end, with all its pages: joined ones follow each other."""
    at, open_streams = 0, set()
    while at + _PAGE <= size:
        file.seek(at)
        head = file.read(_PAGE)
        if head[:4] != b"OggS":
            break
        table = file.read(head[26])
        serial, flags = head[14:18], head[5]
        at += _PAGE + len(table) + sum(table)
        if len(table) < head[26] or at > size:
            return Account(missing=f"-{max(at - size, 1)}", wanted="0")
        if flags & 2:
            open_streams.add(serial)
        if flags & 4:
            open_streams.discard(serial)
    return Account(missing="…", wanted="end of stream") if open_streams else Account()


def _flac(file: BinaryIO, _size: int) -> Account:
    head = file.read(26)
    if head[:4] != b"fLaC" or len(head) < 26:
        return Account()
    packed = int.from_bytes(head[18:26], "big")
    rate, count = packed >> 44, packed & 0xFFFFFFFFF
    return Account(seconds=round(count / rate, 2)) if rate and count else Account()


def _mp3(file: BinaryIO, size: int) -> Account:
    """The count of bytes in the first frame (Xing, Info), if it has one."""
    head = file.read(10)
    start = 0
    if head[:3] == b"ID3":
        start = 10 + (head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9])
    file.seek(start)
    frame = file.read(4096)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    sync = frame.find(b"\xff")
    if at < 0 or sync < 0 or at - sync > 60 or len(frame) < at + 16:
        return Account()
    flags = int.from_bytes(frame[at + 4 : at + 8], "big")
    if not flags & 2:
        return Account()
    place = at + 8 + (4 if flags & 1 else 0)
    wanted = int.from_bytes(frame[place : place + 4], "big")
    here = size - start - sync
    # Programs count the first frame or do not.
    return Account(missing=f"-{wanted - here}", wanted="0") if wanted - here > _MP3_FRAME else Account()


def _mp4(file: BinaryIO, size: int) -> Account:
    over = [end - size for _name, end in _atoms(file, size) if end > size]
    return Account(missing=f"-{over[-1]}", wanted="0") if over else Account()


def _atoms(file: BinaryIO, size: int) -> list[tuple[bytes, int]]:
    """The outermost boxes and where each ends by its own word."""
    at = 0
    found: list[tuple[bytes, int]] = []
    while at + 8 <= size and len(found) < 10000:
        file.seek(at)
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            length = int.from_bytes(file.read(8), "big")
        at = size if length == 0 else at + max(length, 8)
        found.append((name, at))
    return found
