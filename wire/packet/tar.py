"""The TAR inside a packet: plain regular files with plain names, written as a stream of known length.

The reader knows ustar headers and the one PAX record `path`; links, devices, sparse files and every other
invention of the format are refused, so nothing can be written outside the folder.
"""

import hashlib
import io
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar

from wire.durable import SourceChangedError
from wire.errors import PpeError
from wire.filenames import is_plain
from wire.messages import Message

BLOCK = 512
MAX_SIZE = 8**11 - 1
_PIECE = 1 << 18


class TarError(PpeError):
    """The content of a packet is not a TAR of plain files."""

    code: ClassVar[str] = "packet_tar"


def _refuse(message: Message) -> TarError:
    return TarError(Message("The packet's content is not accepted: {reason}.", reason=message))


@dataclass(frozen=True, slots=True)
class PackedFile:
    """One file on its way into a TAR."""

    name: str
    size: int
    sha256: str
    data: bytes | Path


def _header(name: str, size: int) -> bytes:
    if not is_plain(name) or size > MAX_SIZE:
        raise _refuse(Message("bad name or size of “{name}”", name=name[:80]))
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _padding(size: int) -> int:
    return -size % BLOCK


def tar_size(sources: Sequence[PackedFile]) -> int:
    """The exact length of the TAR."""
    return sum(len(_header(s.name, s.size)) + s.size + _padding(s.size) for s in sources) + 2 * BLOCK


def _pieces(sources: Sequence[PackedFile]) -> Iterator[bytes]:
    for source in sources:
        yield _header(source.name, source.size)
        digest, done = hashlib.sha256(), 0
        for piece in _read(source):
            digest.update(piece)
            done += len(piece)
            if done > source.size:
                break
            yield piece
        if done != source.size or digest.hexdigest() != source.sha256:
            raise SourceChangedError(
                Message("The file “{source_name}” changed while the packet was being built.", source_name=source.name),
            )
        yield bytes(_padding(source.size))
    yield bytes(2 * BLOCK)


def _read(source: PackedFile) -> Iterator[bytes]:
    if isinstance(source.data, bytes):
        yield source.data
        return
    try:
        with source.data.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise SourceChangedError(
            Message(
                "The file “{source_name}” cannot be read: {strerror}.", source_name=source.name, strerror=error.strerror
            ),
        ) from error


class TarStream(io.RawIOBase):
    """A TAR as a readable stream that never holds more than one piece."""

    def __init__(self, sources: Sequence[PackedFile], progress: Callable[[int, int], None] | None = None) -> None:
        """Lay out the stream; files are opened when their turn comes."""
        self.size = tar_size(sources)
        self._pieces = _pieces(sources)
        self._piece = memoryview(b"")
        self._progress = progress
        self._done = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill a buffer, as `io.RawIOBase` demands."""
        while not len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._piece = memoryview(piece)
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self.size)
        return count


def stream(sources: Sequence[PackedFile], progress: Callable[[int, int], None] | None = None) -> tuple[BinaryIO, int]:
    """A TAR as a buffered stream, and its exact length."""
    raw = TarStream(sources, progress)
    return io.BufferedReader(raw, _PIECE), raw.size


@dataclass(frozen=True, slots=True)
class TarEntry:
    """The header of one file; its bytes are read from the reader that yielded it, before the next one."""

    name: str
    size: int


class TarReader:
    """Reads the files of a TAR one after another."""

    def __init__(self, file: BinaryIO) -> None:
        """Read from the file's current position."""
        self._file = file
        self._left = 0
        self._pad = 0

    def next(self) -> TarEntry | None:
        """The next file; None at the end of the archive.

        Raises:
            TarError: anything but a regular file with a plain name.
        """
        for _ in self.pieces():
            pass
        self._exactly(self._pad)
        self._pad = 0
        block = self._exactly(BLOCK)
        if not any(block):
            self._finish()
            return None
        kind, name, size = _parse(block)
        if kind == b"x":
            name = self._pax_path(size)
            kind, _, size = _parse(self._exactly(BLOCK))
        if kind != b"0" or not is_plain(name):
            raise _refuse(Message("a forbidden entry “{name}”", name=name[:80]))
        self._left, self._pad = size, _padding(size)
        return TarEntry(name, size)

    def pieces(self) -> Iterator[bytes]:
        """The bytes of the current file, piece by piece."""
        while self._left:
            piece = self._file.read(min(self._left, _PIECE))
            if not piece:
                raise _refuse(Message("the archive is cut short"))
            self._left -= len(piece)
            yield piece

    def _exactly(self, count: int) -> bytes:
        data = self._file.read(count) if count else b""
        if len(data) != count:
            raise _refuse(Message("the archive is cut short"))
        return data

    def _finish(self) -> None:
        rest = self._file.read(20 * BLOCK + 1)
        if len(rest) < BLOCK or len(rest) > 20 * BLOCK or any(rest):
            raise _refuse(Message("bytes follow the end of the archive"))

    def _pax_path(self, size: int) -> str:
        if size > 2 * BLOCK:
            raise _refuse(Message("an extended header is too long"))
        record = self._exactly(size)
        self._exactly(_padding(size))
        match = re.fullmatch(rb"([0-9]{1,4}) path=([^\n]+)\n", record)
        if match is None or int(match[1]) != len(record):
            raise _refuse(Message("a forbidden extended header"))
        try:
            return match[2].decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refuse(Message("a name is not UTF-8")) from error


def _parse(block: bytes) -> tuple[bytes, str, int]:
    """Kind, name and size of a ustar header."""
    size, checksum = _octal(block[124:136]), _octal(block[148:156])
    blank = block[:148] + b" " * 8 + block[156:]
    if checksum != sum(blank) or block[257:263] != b"ustar\0" or any(block[157:257]) or any(block[345:500]):
        raise _refuse(Message("a bad file header in the archive"))
    return block[156:157], block[:100].rstrip(b"\0").decode("ascii", "replace"), size


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,12}", text):
        raise _refuse(Message("a bad number in a header"))
    return int(text, 8)
