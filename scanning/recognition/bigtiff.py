"""Big-endian BigTIFF as the TIFF it would be with offsets of 32 bits: Pillow reads BigTIFF only little-endian."""

import struct

MAGIC = b"MM\x00+"
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
#: Kinds of value with 64 bits, and what they become.
_LONG = {16: 4, 17: 9, 18: 13}
_MOST_TAGS, _MOST_PAGES = 4096, 1000


def classic(data: bytes) -> bytes:
    """The same file with directories of 32 bits at its end; every picture stays where it was.

    Raises:
        ValueError: the structure is wrong.
    """
    out = bytearray(data)
    out[:8] = b"MM\x00*" + bytes(4)
    try:
        (place,), link = struct.unpack_from(">Q", data, 8), 4
        for _page in range(_MOST_PAGES):
            if not place:
                break
            (count,) = struct.unpack_from(">Q", data, place)
            if count > _MOST_TAGS:
                raise ValueError("a directory of a BigTIFF has too many tags")
            values = [_value(data, place + 8 + 20 * number) for number in range(count)]
            (place,) = struct.unpack_from(">Q", data, place + 8 + 20 * count)
            entries = b"".join(_entry(out, *value) for value in values if value is not None)
            out += bytes(len(out) % 2)
            struct.pack_into(">L", out, link, len(out))
            out += struct.pack(">H", len(entries) // 12) + entries
            link = len(out)
            out += bytes(4)
    except struct.error as error:
        raise ValueError("a BigTIFF breaks off") from error
    return bytes(out)


def _value(data: bytes, at: int) -> tuple[int, int, int, bytes] | None:
    tag, kind, count, inline = struct.unpack_from(">HHQ8s", data, at)
    size = _SIZES.get(kind, 0) * count
    if not 0 < size <= len(data):
        return None
    (offset,) = struct.unpack(">Q", inline)
    raw = inline[:size] if size <= len(inline) else data[offset : offset + size]
    if len(raw) < size:
        raise ValueError("a value of a BigTIFF lies outside the file")
    if kind in _LONG:
        numbers = struct.unpack(f">{count}Q", raw)
        return tag, _LONG[kind], count, struct.pack(f">{count}L", *numbers)
    return tag, kind, count, raw


def _entry(out: bytearray, tag: int, kind: int, count: int, raw: bytes) -> bytes:
    """A directory's line; what does not fit into it is laid at the end of the file."""
    if len(raw) <= 4:
        return struct.pack(">HHL4s", tag, kind, count, raw.ljust(4, b"\0"))
    out += bytes(len(out) % 2)
    place = len(out)
    out += raw
    return struct.pack(">HHLL", tag, kind, count, place)
