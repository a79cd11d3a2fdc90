"""The container of a packet: a ZIP of exactly three stored members, in one order, without a byte to spare.

Written by hand because signing must only append: the first member is laid down with the content, the other two and
the directory follow when the token is at hand. Read by hand because a reader that forgives (prepended bytes, a
second directory, sizes that differ between local and central header) would let two programs see two packets.
"""

import io
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from wire.errors import PpeError
from wire.messages import Message

CONTENT, HEADER, SIGNATURE = "content.p7m", "packet.json", "packet.json.p7s"
NAMES = (CONTENT, HEADER, SIGNATURE)
MAX_SMALL = 4 * 1024 * 1024
_LIMIT = 0xFFFFFFFF
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR = struct.Struct("<4sIQI")
_DOS_DATE = 0x21
_UNIX = 3 << 8


class ContainerError(PpeError):
    """The file is not a packet's container."""

    code: ClassVar[str] = "packet_container"


@dataclass(frozen=True, slots=True)
class Member:
    """One member: where its bytes start and what the headers say of them."""

    name: str
    header_at: int
    start: int
    size: int
    crc: int

    @property
    def end(self) -> int:
        """The offset just after the member's bytes."""
        return self.start + self.size


def _refuse(message: Message) -> ContainerError:
    return ContainerError(
        Message("The file is not a packet: {reason}.", reason=message),
        remedy=Message("Send the .ppe file again, unchanged."),
    )


def local_header(name: str, size: int, crc: int) -> bytes:
    """The header that stands before a member's bytes; its length depends on the name and on `size` only."""
    raw = name.encode("ascii")
    big = size >= _LIMIT
    extra = struct.pack("<HHQQ", 1, 16, size, size) if big else b""
    shown = _LIMIT if big else size
    fixed = _LOCAL.pack(b"PK\x03\x04", 45 if big else 20, 0, 0, 0, _DOS_DATE, crc, shown, shown, len(raw), len(extra))
    return fixed + raw + extra


def _central(member: Member) -> bytes:
    raw = member.name.encode("ascii")
    wide = [value for value in (member.size, member.size, member.header_at) if value >= _LIMIT]
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    need = 45 if wide else 20
    size = min(member.size, _LIMIT)
    fixed = _CENTRAL.pack(
        b"PK\x01\x02",
        _UNIX | need,
        need,
        0,
        0,
        0,
        _DOS_DATE,
        member.crc,
        size,
        size,
        len(raw),
        len(extra),
        0,
        0,
        0,
        0o100644 << 16,
        min(member.header_at, _LIMIT),
    )
    return fixed + raw + extra


def directory(members: Sequence[Member]) -> bytes:
    """What stands after the last member."""
    entries = b"".join(_central(member) for member in members)
    return entries + _end_records(len(members), len(entries), members[-1].end)


def _end_records(count: int, size: int, start: int) -> bytes:
    tail = b""
    if start >= _LIMIT:
        tail += _END64.pack(b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, size, start)
        tail += _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1)
    return tail + _END.pack(b"PK\x05\x06", 0, 0, count, count, size, min(start, _LIMIT), 0)


def append_members(file: BinaryIO, content: Member, small: Sequence[tuple[str, bytes]]) -> None:
    """Cut the file after the content, then append the small members and the directory."""
    file.truncate(content.end)
    file.seek(content.end)
    members = [content]
    for name, data in small:
        at, crc = file.tell(), zlib.crc32(data)
        header = local_header(name, len(data), crc)
        file.write(header + data)
        members.append(Member(name, at, at + len(header), len(data), crc))
    file.write(directory(members))


def read_local(file: BinaryIO, at: int, name: str) -> Member:
    """Read the header at an offset and hold it to what a packet's member must be.

    Raises:
        ContainerError: another member, compression, encryption, a data descriptor, or sizes that disagree.
    """
    file.seek(at)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size or not fixed.startswith(b"PK\x03\x04"):
        raise _refuse(Message("the member {name} is missing", name=name))
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(fixed)
    raw = file.read(name_length)
    if raw != name.encode("ascii"):
        found = raw[:60].decode("ascii", "replace")
        raise _refuse(Message("“{found}” stands in place of {name}", found=found, name=name))
    if flags or method:
        raise _refuse(Message("{name} is compressed or has odd flags", name=name))
    extra = file.read(extra_length)
    if packed == _LIMIT and size == _LIMIT and len(extra) == 20:
        tag, length, size, packed = struct.unpack("<HHQQ", extra)
        if (tag, length) != (1, 16) or size < _LIMIT:
            raise _refuse(Message("{name} carries odd fields", name=name))
    elif extra:
        raise _refuse(Message("{name} carries odd fields", name=name))
    if packed != size:
        raise _refuse(Message("the sizes of {name} disagree", name=name))
    return Member(name, at, at + _LOCAL.size + name_length + extra_length, size, crc)


def read_members(file: BinaryIO) -> tuple[Member, Member, Member]:
    """Find the three members and hold the whole file to the container's shape.

    Raises:
        ContainerError: anything else than three stored members, the directory, and the end.
    """
    total = file.seek(0, os.SEEK_END)
    members: list[Member] = []
    at = 0
    for name in NAMES:
        member = read_local(file, at, name)
        at = member.end
        if at > total:
            raise _refuse(Message("the file is cut short"))
        if name != CONTENT and member.size > MAX_SMALL:
            raise _refuse(Message("{name} is too big", name=name))
        members.append(member)
    if total - at > 1024:
        raise _refuse(Message("there are extra bytes in the archive"))
    file.seek(at)
    _check_directory(io.BytesIO(file.read()), members)
    return members[0], members[1], members[2]


def _check_directory(tail: BinaryIO, members: Sequence[Member]) -> None:
    for member in members:
        fixed = tail.read(_CENTRAL.size)
        if len(fixed) < _CENTRAL.size:
            raise _refuse(Message("the directory is cut short"))
        fields = _CENTRAL.unpack(fixed)
        ours = _CENTRAL.unpack(_central(member)[: _CENTRAL.size])
        rest = _central(member)[_CENTRAL.size :]
        # what may differ: who made it, the time stamps and the attributes; nothing that a reader acts upon
        same = all(fields[i] == ours[i] for i in (0, 3, 4, 7, 8, 9, 10, 11, 12, 13, 16))
        if not same or tail.read(len(rest)) != rest:
            raise _refuse(Message("the directory disagrees with {member_name}", member_name=member.name))
    size = tail.tell()
    if tail.read() != _end_records(len(members), size, members[-1].end):
        raise _refuse(Message("what follows the directory is wrong"))
