"""Whether a file begins as a picture and is as long as it says: a glance, nothing is decoded here."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_HEAD = 64
_ENTRY = 12
_MAX_ENTRIES = 512
_MAX_STRIPS = 100_000
_SIZES = {1: "B", 3: "H", 4: "I"}
_WIDTH, _HEIGHT, _STRIPS, _STRIP_SIZES, _TILES, _TILE_SIZES = 256, 257, 273, 279, 324, 325


def is_picture(path: Path) -> bool:
    """Return whether a file is a TIFF whose first page lies whole inside it, or begins as another picture or PDF."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head[:4] in (b"II*\0", b"MM\0*"):
            try:
                return _tiff(file, size, "<" if head[:1] == b"I" else ">", head)
            except (struct.error, KeyError, OverflowError):
                return False
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return len(head) >= 24 and all(struct.unpack(">II", head[16:24]))
    return head.startswith((b"\xff\xd8\xff", b"%PDF-")) and size > _HEAD


def _tiff(file: BinaryIO, size: int, order: str, head: bytes) -> bool:
    (start,) = struct.unpack(order + "I", head[4:8])
    file.seek(start)
    (count,) = struct.unpack(order + "H", file.read(2))
    if not 0 < count <= _MAX_ENTRIES:
        return False
    table = file.read(count * _ENTRY)
    fields = {}
    for place in range(count):
        tag, kind, many, value = struct.unpack(order + "HHI4s", table[place * _ENTRY : (place + 1) * _ENTRY])
        fields[tag] = (kind, many, value)

    def numbers(tag: int) -> tuple[int, ...]:
        kind, many, value = fields[tag]
        letter = _SIZES[kind]
        length = struct.calcsize(f"{order}{letter}") * many
        if length > 4:
            (where,) = struct.unpack(order + "I", value)
            if many > _MAX_STRIPS or where + length > size:
                return ()
            file.seek(where)
            value = file.read(length)
        return struct.unpack(f"{order}{many}{letter}", value[:length])

    places, lengths = (_STRIPS, _STRIP_SIZES) if _STRIPS in fields else (_TILES, _TILE_SIZES)
    starts, sizes = numbers(places), numbers(lengths)
    inside = all(at and at + long <= size for at, long in zip(starts, sizes, strict=False))
    return bool(starts) and len(starts) == len(sizes) and sum(sizes) > 0 and inside and _sides(numbers)


def _sides(numbers: Callable[[int], tuple[int, ...]]) -> bool:
    return all(numbers(tag) and numbers(tag)[0] > 0 for tag in (_WIDTH, _HEIGHT))
