"""ASN.1: definite-length DER is written, BER is read, in memory (`parse`) and from a stream (`stream.py`).

Only what CMS needs. Tags are single bytes, depth is bounded, and every length is held against the bytes that are
really there before anything is allocated for it.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from mmap import mmap
from typing import Self

from wire.errors import PpeError
from wire.messages import Message

INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31
CONSTRUCTED = 0x20
END_OF_CONTENTS = 0x00
INDEFINITE = 0x80
MAX_DEPTH = 24
MAX_LENGTH_BYTES = 6
_HIGH_TAG = 0x1F


class DerError(PpeError):
    """The bytes are not the ASN.1 structure that was asked for."""

    code = "asn1_malformed"

    def __init__(self, reason: str = "") -> None:
        # xgettext: no-python-brace-format  # noqa: ERA001 - Russian leaves the reason out
        super().__init__(Message("The file is damaged, its structure cannot be read: {reason}.", reason=reason))


def header(tag: int, length: int) -> bytes:
    """Write a tag and a definite length."""
    if length < 0x80:
        return bytes((tag, length))
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets


def tlv(tag: int, *parts: bytes) -> bytes:
    """Write an element whose content are the parts."""
    content = b"".join(parts)
    return header(tag, len(content)) + content


def sequence(*parts: bytes) -> bytes:
    """Write a SEQUENCE."""
    return tlv(SEQUENCE, *parts)


def set_of(*parts: bytes, tag: int = SET) -> bytes:
    """Write a SET OF in DER order."""
    return tlv(tag, *sorted(parts))


def integer(value: int) -> bytes:
    """Write an INTEGER."""
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def octets(value: bytes) -> bytes:
    """Write an OCTET STRING."""
    return tlv(OCTET_STRING, value)


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(arc & 0x7F | 0x80)
        content.extend(reversed(septets))
    return tlv(OID, bytes(content))


#: What elements are read from: bytes, or a file mapped into memory.
Buffer = bytes | mmap


@dataclass(frozen=True, eq=False)
class DerNode:
    """One element read from memory; its bytes are copied out of the buffer only when they are asked for.

    Attributes:
        tag: The identifier octet.
        data: The buffer that holds it.
        start: Where the whole element begins.
        begin: Where its content begins.
        end: Where its content ends, without the end-of-contents of an indefinite length.
        stop: Where the whole element ends.
        depth: How deep it lies.
    """

    tag: int
    data: Buffer
    start: int
    begin: int
    end: int
    stop: int
    depth: int = 0

    @property
    def body(self) -> bytes:
        """The content."""
        return self.data[self.begin : self.end]

    @property
    def raw(self) -> bytes:
        """The whole element as it stood."""
        return self.data[self.start : self.stop]

    def expect(self, tag: int) -> Self:
        """Return the element itself when it has that tag.

        Raises:
            DerError: It has another.
        """
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#04x} where {tag:#04x} is due")
        return self

    @cached_property
    def _children(self) -> tuple["DerNode", ...]:
        if not self.tag & CONSTRUCTED:
            raise DerError(f"tag {self.tag:#04x} cannot hold elements")
        if self.depth >= MAX_DEPTH:
            raise DerError("nested too deeply")
        found = []
        position = self.begin
        while position < self.end:
            node, position = _read(self.data, position, self.end, self.depth + 1)
            found.append(node)
        return tuple(found)

    def children(self) -> tuple["DerNode", ...]:
        """Return the elements inside.

        Raises:
            DerError: It is not constructed, or what is inside is torn.
        """
        return self._children

    def fields(self, least: int, most: int | None = None) -> tuple["DerNode", ...]:
        """Return the elements inside when their number is right.

        Raises:
            DerError: There are fewer or more.
        """
        found = self._children
        if not least <= len(found) <= (least if most is None else most):
            raise DerError(f"{len(found)} elements in tag {self.tag:#04x}")
        return found

    def integer(self) -> int:
        """Return the value of an INTEGER in its shortest form.

        Raises:
            DerError: It is not one.
        """
        body = self.expect(INTEGER).body
        if not 0 < len(body) <= 64 or (len(body) > 1 and body[0] in (0x00, 0xFF) and body[0] >> 7 == body[1] >> 7):
            raise DerError("integer")
        return int.from_bytes(body, "big", signed=True)

    def octets(self, tag: int = OCTET_STRING) -> bytes:
        """Return an OCTET STRING (or one implicitly tagged), joining the pieces of a constructed one.

        Raises:
            DerError: It is not one.
        """
        if self.tag == tag:
            return self.body
        self.expect(tag | CONSTRUCTED)
        return b"".join(child.octets() for child in self._children)

    def octets_in_place(self) -> tuple[Buffer, int, int]:
        """Return where the value of an OCTET STRING stands, uncopied when it is in one piece.

        Raises:
            DerError: It is not one.
        """
        if self.tag == OCTET_STRING:
            return self.data, self.begin, self.end
        value = self.octets()
        return value, 0, len(value)

    def is_oid(self, dotted: str) -> bool:
        """Tell whether this is that OBJECT IDENTIFIER."""
        return self.raw == oid(dotted)


def parse(data: Buffer) -> DerNode:
    """Read exactly one element.

    Raises:
        DerError: Torn, or followed by something.
    """
    node, end = _read(data, 0, len(data), 0)
    if end != len(data):
        raise DerError("bytes after the end")
    return node


def _read(data: Buffer, start: int, limit: int, depth: int) -> tuple[DerNode, int]:
    tag, length, begin = read_header(data, start, limit)
    if length is not None:
        end = begin + length
        if end > limit:
            raise DerError("cut off")
        return DerNode(tag, data, start, begin, end, end, depth), end
    end = _find_end(data, begin, limit, depth)
    return DerNode(tag, data, start, begin, end - 2, end, depth), end


def read_header(data: Buffer, position: int, limit: int | None = None) -> tuple[int, int | None, int]:
    """Return tag, length (None when indefinite) and where the content begins.

    Raises:
        DerError: Torn, a tag of several bytes, or a length that is not one.
    """
    limit = len(data) if limit is None else limit
    if position + 2 > limit:
        raise DerError("cut off")
    tag, first = data[position], data[position + 1]
    position += 2
    if tag & _HIGH_TAG == _HIGH_TAG or tag == END_OF_CONTENTS:
        raise DerError(f"tag {tag:#04x}")
    if first < INDEFINITE:
        return tag, first, position
    if first == INDEFINITE:
        if not tag & CONSTRUCTED:
            raise DerError("indefinite length of a primitive")
        return tag, None, position
    size = first & 0x7F
    if size > MAX_LENGTH_BYTES or position + size > limit:
        raise DerError("length")
    return tag, int.from_bytes(data[position : position + size], "big"), position + size


def _find_end(data: Buffer, position: int, limit: int, depth: int) -> int:
    """Return the offset behind the end-of-contents that closes an indefinite length."""
    open_levels = 1
    while open_levels:
        if position + 2 <= limit and data[position : position + 2] == b"\0\0":
            open_levels -= 1
            position += 2
            continue
        _, length, begin = read_header(data, position, limit)
        if length is None:
            open_levels += 1
            if depth + open_levels > MAX_DEPTH:
                raise DerError("nested too deeply")
            position = begin
        else:
            position = begin + length
    return position
