"""Packets: what a point sends to the centre.

A packet is a ZIP of three stored members: `content.p7m` (a TAR, enveloped to the centre), `packet.json` (the open
header) and `packet.json.p7s` (its detached signature). The content is sealed first, in the queue; signing, with
the token at hand, only appends. Memory does not grow with size.
"""

import datetime as dt
import hashlib
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from wire import cms, durable
from wire.cms import SignedBy, Signer
from wire.documents.signed import ForeignSignerError, same_place
from wire.errors import FieldError
from wire.messages import Message
from wire.packet.content import Content, ContentError, TarFile, extract, write_content
from wire.packet.header import (
    KINDS,
    FileKind,
    Manifest,
    ManifestFile,
    PacketHeader,
    PacketKind,
    RoomKind,
    ScanHead,
    header_bytes,
    parse_header,
)
from wire.packet.zip import (
    CONTENT,
    HEADER,
    SIGNATURE,
    ContainerError,
    Member,
    append_members,
    read_local,
    read_members,
)
from wire.pki import CertificateRole, TrustStore

__all__ = [
    "KINDS",
    "CheckedPacket",
    "ContainerError",
    "Content",
    "ContentError",
    "FileKind",
    "Manifest",
    "ManifestFile",
    "PacketHeader",
    "PacketKind",
    "RoomKind",
    "ScanHead",
    "TarFile",
    "append_signature",
    "extract",
    "read_header",
    "verify",
    "write_content",
]

_PIECE = 1 << 18
_SIGNERS: dict[str, frozenset[CertificateRole]] = {
    "status": frozenset({CertificateRole.HQ}),
    "blanks": frozenset({CertificateRole.HQ, CertificateRole.GEK}),
    "forms": frozenset({CertificateRole.HQ, CertificateRole.GEK}),
    "audio": frozenset({CertificateRole.HQ, CertificateRole.GEK}),
    "test": frozenset({CertificateRole.HQ, CertificateRole.GEK}),
}


@dataclass(frozen=True, slots=True)
class CheckedPacket:
    """A packet whose container, signatures and content hash hold."""

    header: PacketHeader
    signers: tuple[SignedBy, ...]
    sha256: str


def append_signature(path: Path | str, *, content: Content, header: PacketHeader, signers: Sequence[Signer]) -> str:
    """Sign the header and append it; may be repeated, what was appended before is cut off.

    Returns:
        SHA-256 of the finished file.

    Raises:
        ContentError: the header speaks of another content.
        SchemaError: a field of the header does not agree with the schema.
    """
    if (header.content_sha256, header.content_size) != (content.sha256, content.size):
        raise ContentError(Message("The packet's header speaks of another content."))
    data = header_bytes(header)
    parse_header(data)
    signature = cms.sign(data, signers=signers, detached=True)
    with durable.disk_errors(), Path(path).open("r+b") as file:
        member = read_local(file, 0, CONTENT)
        if (member.size, member.end) != (content.size, content.end):
            raise ContentError(Message("The packet's file is not the one that was sealed."))
        append_members(file, member, ((HEADER, data), (SIGNATURE, signature)))
        file.flush()
        os.fsync(file.fileno())
    return durable.sha256_file(path)


def read_header(path: Path | str) -> PacketHeader:
    """The open header of a packet. Nothing in it is verified.

    Raises:
        ContainerError: the file has not the shape of a packet.
        PpeError: the header is not of the schema.
    """
    with durable.disk_errors(), Path(path).open("rb") as file:
        return parse_header(_bytes(file, read_members(file)[1]))


def _bytes(file: BinaryIO, member: Member) -> bytes:
    file.seek(member.start)
    return file.read(member.size)


def verify(path: Path | str, *, trust: TrustStore, at: dt.datetime | None = None) -> CheckedPacket:
    """Check a packet from outside: container, signatures and path, then the hash of the content.

    Raises:
        ContainerError: the file has not the shape of a packet.
        ContentError: the content is not the one that was signed.
        PpeError: a signature does not hold, or a signer has no right to this packet.
    """
    with durable.disk_errors(), Path(path).open("rb") as file:
        members = read_members(file)
        data, signature = _bytes(file, members[1]), _bytes(file, members[2])
        header = parse_header(data)
        roles = _SIGNERS[header.kind]
        verified = cms.verify(signature, trust=trust, at=at, content=data, roles=roles)
        _check_signers(header, verified.signers, roles)
        return CheckedPacket(header, verified.signers, _check_bytes(file, members, header))


def _check_signers(header: PacketHeader, signers: Sequence[SignedBy], roles: frozenset[CertificateRole]) -> None:
    found = [signed.identity.role for signed in signers]
    if sorted(found) != sorted(roles):
        shown, expected = ", ".join(sorted(found)), ", ".join(sorted(roles))
        raise ForeignSignerError(
            Message(
                "The packet must be signed by {expected}, it is signed by {shown}.",
                expected=expected,
                shown=shown or Message("nobody"),
            ),
            parts=[FieldError("signers", shown, expected, Message("wrong signatures"))],
        )
    for signed in signers:
        same_place(signed, region=header.region, point=header.point)
        if signed.identity.role == CertificateRole.HQ and signed.identity.ident != header.node:
            raise ForeignSignerError(
                Message("The packet is signed by another node than its header names."),
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
        raise ContentError(
            Message("The packet's content is damaged: its hash is not the signed one."),
            remedy=Message("Send the packet's file again."),
        )
    if sums != [member.crc for member in members]:
        raise ContainerError(Message("The check sums of the archive are wrong."))
    return whole.hexdigest()
