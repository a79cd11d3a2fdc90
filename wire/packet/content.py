"""The content of a packet: files sealed into its first member, and taken out of it again."""

import hashlib
import io
import os
import shutil
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from cryptography.x509 import Certificate

from wire import cms, durable, filenames
from wire.cms import Recipient
from wire.errors import PpeError
from wire.messages import Message
from wire.packet import tar
from wire.packet.header import MANIFEST_NAME, FileKind, Manifest, ManifestFile, Record, manifest_bytes, parse_manifest
from wire.packet.zip import CONTENT, Member, local_header, read_members

_PIECE = 1 << 18


class ContentError(PpeError):
    """The content of a packet is not what its header or manifest says."""

    code: ClassVar[str] = "packet_content"


@dataclass(frozen=True, slots=True)
class TarFile:
    """One file to be packed."""

    name: str
    kind: FileKind
    path: Path
    sheet_codes: tuple[str, ...] = ()
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The sealed content of a packet; signing appends at `end`."""

    sha256: str
    size: int
    end: int


class _Tally(io.RawIOBase):
    """A writer that sums what passes through it, as the ZIP needs it; the hash is taken while sealing."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.crc = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.write(data)
        self.crc = zlib.crc32(data, self.crc)
        self.size += len(data)
        return len(data)


class _Window(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file = file
        self._left = member.size
        file.seek(member.start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._file.read(min(len(buffer), self._left))
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def write_content(
    path: Path | str,
    *,
    files: Sequence[TarFile],
    recipients: Sequence[Certificate],
    progress: Callable[[int, int], None] | None = None,
) -> Content:
    """Seal files into the first member of a packet; the file is durable when this returns.

    Args:
        path: the packet; give a temporary name, the file is complete only after `append_signature`.
        files: in the order in which they shall stand.
        recipients: certificates of the centre.
        progress: called with bytes done and bytes in all.

    Raises:
        TarError: a name that may not stand in a packet, or the same name twice.
        SourceChangedError: a file changed or vanished while it was read.
        DiskError: no room, or the disk is read-only.
    """
    sources = _sources(files)
    src, size = tar.stream(sources, progress)
    with durable.disk_errors(), Path(path).open("wb") as file:
        start = len(local_header(CONTENT, cms.sealed_size(size, recipients), 0))
        file.write(bytes(start))
        tally = _Tally(file)
        sealed = cms.seal(src, cast(BinaryIO, tally), size=size, recipients=recipients)
        header = local_header(CONTENT, tally.size, tally.crc)
        if len(header) != start:
            # an ECDSA-sized difference at the very border of 4 GiB: the header's length was foretold wrongly
            raise ContentError(Message("The content changed its size while sealing."))
        file.seek(0)
        file.write(header)
        file.flush()
        os.fsync(file.fileno())
    return Content(sealed.sha256, tally.size, start + tally.size)


def _sources(files: Sequence[TarFile]) -> list[tar.PackedFile]:
    rows = []
    for item in files:
        size = _size(item)
        digest = durable.sha256_file(item.path)
        rows.append(ManifestFile(item.name, item.kind, size, digest, tuple(item.sheet_codes), item.record))
    _check_names(rows)
    manifest = manifest_bytes(Manifest(tuple(rows)))
    head = tar.PackedFile(MANIFEST_NAME, len(manifest), hashlib.sha256(manifest).hexdigest(), manifest)
    return [
        head,
        *(tar.PackedFile(row.name, row.size, row.sha256, item.path) for row, item in zip(rows, files, strict=True)),
    ]


def _size(item: TarFile) -> int:
    with durable.disk_errors():
        return item.path.stat().st_size


def _check_names(rows: Sequence[ManifestFile]) -> None:
    seen, folders = {MANIFEST_NAME}, set[str]()
    for row in rows:
        key = unicodedata.normalize("NFC", row.name).casefold()
        parts = key.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        # A name that is a file here and a folder there would fail on the disk, as if the disk were to blame.
        if key in seen or key in folders or above & seen or not filenames.is_plain(row.name):
            raise tar.TarError(
                Message("The file name “{row_name}” is not allowed or occurs twice.", row_name=row.name[:80]),
            )
        seen.add(key)
        folders |= above


def extract(path: Path | str, folder: Path | str, *, recipients: Sequence[Recipient]) -> Manifest:
    """Open the content of a packet into a folder; the folder appears whole or not at all, and may be made again.

    The packet must have passed `verify`.

    Raises:
        ContentError: a file differs from the manifest.
        TarError: the content is not a TAR of plain files.
        PpeError: no recipient can open the content, or its tag does not hold.
    """
    folder = Path(folder)
    work = folder.parent / f".{folder.name}.part"
    with durable.disk_errors():
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            archive = work / ".content.tar"
            _decrypt(Path(path), archive, recipients)
            with archive.open("rb") as file:
                manifest = _unpack(file, work)
            archive.unlink()
            durable.fsync_dir(work)
            if folder.exists():
                shutil.rmtree(folder)
            durable.replace_durable(work, folder)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    return manifest


def _decrypt(path: Path, archive: Path, recipients: Sequence[Recipient]) -> None:
    with path.open("rb") as file, archive.open("wb") as out:
        window = io.BufferedReader(_Window(file, read_members(file)[0]), _PIECE)
        cms.open_sealed(window, out, recipients=recipients)


def _unpack(file: BinaryIO, folder: Path) -> Manifest:
    reader = tar.TarReader(file)
    first = reader.next()
    if first is None or first.name != MANIFEST_NAME or first.size > 64 * 1024 * 1024:
        raise _differs(MANIFEST_NAME)
    data = b"".join(reader.pieces())
    manifest = parse_manifest(data)
    _check_names(manifest.files)
    _store(folder / MANIFEST_NAME, iter([data]))
    for expected in manifest.files:
        entry = reader.next()
        if entry is None or (entry.name, entry.size) != (expected.name, expected.size):
            raise _differs(expected.name)
        target = folder / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _store(target, reader.pieces()) != expected.sha256:
            raise _differs(expected.name)
    if (extra := reader.next()) is not None:
        raise _differs(extra.name)
    return manifest


def _store(target: Path, pieces: Iterator[bytes]) -> str:
    # the folder gets its name only when all files stand: one sync for each file is enough
    digest = hashlib.sha256()
    with target.open("xb") as file:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _differs(name: str) -> ContentError:
    return ContentError(Message("The file “{name}” differs from the packet's manifest.", name=name))
