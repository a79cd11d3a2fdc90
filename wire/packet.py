"""Packets: what a point sends to the centre.

A packet is a ZIP of three stored members: `content.p7m` (a TAR, enveloped to the centre), `packet.json` (the open
header) and `packet.json.p7s` (its detached signature). The content is sealed first, in the queue; signing, with
the token at hand, only appends. Memory does not grow with size.
"""

import datetime as dt
import hashlib
import io
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, cast

from cryptography.x509 import Certificate

from wire import cms, durable, tar
from wire.cms import Recipient, SignedBy, Signer
from wire.packet_header import (
    KINDS,
    MANIFEST_NAME,
    FileKind,
    Manifest,
    ManifestFile,
    PacketHeader,
    PacketKind,
    header_bytes,
    manifest_bytes,
    parse_header,
    parse_manifest,
)
from wire.packet_zip import (
    CONTENT,
    HEADER,
    SIGNATURE,
    ContainerRefusal,
    Member,
    append_members,
    local_header,
    read_local,
    read_members,
)
from wire.pki import Role, TrustStore
from wire.refusals import Part, Refusal
from wire.signed import ForeignSigner, same_place

__all__ = [
    "KINDS",
    "CheckedPacket",
    "ContainerRefusal",
    "Content",
    "ContentRefusal",
    "FileKind",
    "Manifest",
    "ManifestFile",
    "PacketHeader",
    "PacketKind",
    "TarFile",
    "append_signature",
    "extract",
    "read_header",
    "verify",
    "write_content",
]

_PIECE = 1 << 18
_SIGNERS: dict[str, frozenset[Role]] = {
    "status": frozenset({Role.HQ}),
    "blanks": frozenset({Role.HQ, Role.GEK}),
    "forms": frozenset({Role.HQ, Role.GEK}),
    "audio": frozenset({Role.HQ, Role.GEK}),
}


class ContentRefusal(Refusal):
    """The content of a packet is not what its header or manifest says."""

    code: ClassVar[str] = "packet_content"


@dataclass(frozen=True, slots=True)
class TarFile:
    """One file to be packed."""

    name: str
    kind: FileKind
    path: Path
    sheet_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """The sealed content of a packet; signing appends at `end`."""

    sha256: str
    size: int
    end: int


@dataclass(frozen=True, slots=True)
class CheckedPacket:
    """A packet whose container, signatures and content hash hold."""

    header: PacketHeader
    signers: tuple[SignedBy, ...]
    sha256: str


class _Tally(io.RawIOBase):
    """A writer that counts, hashes and sums what passes through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0
        self.crc = 0
        self.digest = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.write(data)
        self.digest.update(data)
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
        TarRefusal: a name that may not stand in a packet, or the same name twice.
        SourceChanged: a file changed or vanished while it was read.
        DiskRefusal: no room, or the disk is read-only.
    """
    sources = _sources(files)
    src, size = tar.stream(sources, progress)
    with durable.disk_errors(), Path(path).open("wb") as file:
        start = len(local_header(CONTENT, cms.sealed_size(size, recipients), 0))
        file.write(bytes(start))
        tally = _Tally(file)
        cms.seal(src, cast(BinaryIO, tally), size=size, recipients=recipients)
        header = local_header(CONTENT, tally.size, tally.crc)
        if len(header) != start:
            # an ECDSA-sized difference at the very border of 4 GiB: the header's length was foretold wrongly
            raise ContentRefusal(
                "Размер содержимого изменился во время шифрования.", "The content changed its size while sealing."
            )
        file.seek(0)
        file.write(header)
        file.flush()
        os.fsync(file.fileno())
    return Content(tally.digest.hexdigest(), tally.size, start + tally.size)


def _sources(files: Sequence[TarFile]) -> list[tar.Source]:
    rows = []
    for item in files:
        size = _size(item)
        rows.append(ManifestFile(item.name, item.kind, size, durable.sha256_file(item.path), tuple(item.sheet_codes)))
    _check_names(rows)
    manifest = manifest_bytes(Manifest(tuple(rows)))
    head = tar.Source(MANIFEST_NAME, len(manifest), hashlib.sha256(manifest).hexdigest(), manifest)
    return [
        head,
        *(tar.Source(row.name, row.size, row.sha256, item.path) for row, item in zip(rows, files, strict=True)),
    ]


def _size(item: TarFile) -> int:
    with durable.disk_errors():
        return item.path.stat().st_size


def _check_names(rows: Sequence[ManifestFile]) -> None:
    seen = {MANIFEST_NAME}
    for row in rows:
        key = row.name.casefold()
        if key in seen or not tar.is_plain(row.name):
            raise tar.TarRefusal(
                f"Имя файла «{row.name[:80]}» недопустимо или повторяется.",
                f"The file name “{row.name[:80]}” is not allowed or occurs twice.",
            )
        seen.add(key)


def append_signature(path: Path | str, *, content: Content, header: PacketHeader, signers: Sequence[Signer]) -> str:
    """Sign the header and append it; may be repeated, what was appended before is cut off.

    Returns:
        SHA-256 of the finished file.

    Raises:
        ContentRefusal: the header speaks of another content.
        SchemaRefusal: a field of the header does not agree with the schema.
    """
    if (header.content_sha256, header.content_size) != (content.sha256, content.size):
        raise ContentRefusal(
            "Заголовок пакета описывает другое содержимое.", "The packet's header speaks of another content."
        )
    data = header_bytes(header)
    parse_header(data)
    signature = cms.sign(data, signers=signers, detached=True)
    with durable.disk_errors(), Path(path).open("r+b") as file:
        member = read_local(file, 0, CONTENT)
        if (member.size, member.end) != (content.size, content.end):
            raise ContentRefusal(
                "Файл пакета не тот, что был зашифрован.", "The packet's file is not the one that was sealed."
            )
        append_members(file, member, ((HEADER, data), (SIGNATURE, signature)))
        file.flush()
        os.fsync(file.fileno())
    return durable.sha256_file(path)


def read_header(path: Path | str) -> PacketHeader:
    """The open header of a packet. Nothing in it is verified.

    Raises:
        ContainerRefusal: the file has not the shape of a packet.
        Refusal: the header is not of the schema.
    """
    with durable.disk_errors(), Path(path).open("rb") as file:
        return parse_header(_bytes(file, read_members(file)[1]))


def _bytes(file: BinaryIO, member: Member) -> bytes:
    file.seek(member.start)
    return file.read(member.size)


def verify(path: Path | str, *, trust: TrustStore, at: dt.datetime | None = None) -> CheckedPacket:
    """Check a packet from outside: container, signatures and path, then the hash of the content.

    Raises:
        ContainerRefusal: the file has not the shape of a packet.
        ContentRefusal: the content is not the one that was signed.
        Refusal: a signature does not hold, or a signer has no right to this packet.
    """
    with durable.disk_errors(), Path(path).open("rb") as file:
        members = read_members(file)
        data, signature = _bytes(file, members[1]), _bytes(file, members[2])
        header = parse_header(data)
        roles = _SIGNERS[header.kind]
        verified = cms.verify(signature, trust=trust, at=at, content=data, roles=roles)
        _check_signers(header, verified.signers, roles)
        return CheckedPacket(header, verified.signers, _check_bytes(file, members, header))


def _check_signers(header: PacketHeader, signers: Sequence[SignedBy], roles: frozenset[Role]) -> None:
    found = [signed.identity.role for signed in signers]
    if sorted(found) != sorted(roles):
        shown, expected = ", ".join(sorted(found)), ", ".join(sorted(roles))
        raise ForeignSigner(
            f"Пакет должны подписать {expected}, подписали {shown or 'никто'}.",
            f"The packet must be signed by {expected}, it is signed by {shown or 'nobody'}.",
            parts=[Part("signers", shown, expected, "не те подписи", "wrong signatures")],
        )
    for signed in signers:
        same_place(signed, region=header.region, point=header.point)
        if signed.identity.role == Role.HQ and signed.identity.ident != header.node:
            raise ForeignSigner(
                "Пакет подписан другим узлом, чем назван в заголовке.",
                "The packet is signed by another node than its header names.",
            )


def _check_bytes(file: BinaryIO, members: Sequence[Member], header: PacketHeader) -> str:
    """Hash the whole file in one pass; the content on the way, and the small members' check sums."""
    content = members[0]
    whole, inner, crc = hashlib.sha256(), hashlib.sha256(), 0
    file.seek(0)
    whole.update(file.read(content.start))
    left = content.size
    while left:
        piece = file.read(min(left, _PIECE))
        if not piece:
            break
        whole.update(piece)
        inner.update(piece)
        crc = zlib.crc32(piece, crc)
        left -= len(piece)
    rest = file.read()
    whole.update(rest)
    sums = [crc, *(zlib.crc32(_bytes(file, member)) for member in members[1:])]
    if (inner.hexdigest(), content.size) != (header.content_sha256, header.content_size):
        raise ContentRefusal(
            "Содержимое пакета повреждено: хэш не совпадает с подписанным.",
            "The packet's content is damaged: its hash is not the signed one.",
            cure_ru="Передайте файл пакета ещё раз.",
            cure_en="Send the packet's file again.",
        )
    if sums != [member.crc for member in members]:
        raise ContainerRefusal("Контрольные суммы архива неверны.", "The check sums of the archive are wrong.")
    return whole.hexdigest()


def extract(path: Path | str, folder: Path | str, *, recipients: Sequence[Recipient]) -> Manifest:
    """Open the content of a packet into a folder; the folder appears whole or not at all, and may be made again.

    The packet must have passed `verify`.

    Raises:
        ContentRefusal: a file differs from the manifest.
        TarRefusal: the content is not a TAR of plain files.
        Refusal: no recipient can open the content, or its tag does not hold.
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


def _differs(name: str) -> ContentRefusal:
    return ContentRefusal(
        f"Файл «{name}» в пакете расходится с описью.", f"The file “{name}” differs from the packet's manifest."
    )
