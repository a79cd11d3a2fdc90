"""Whether a file is there to its end: read by its own structure, nothing is decoded."""

import struct
from pathlib import Path
from typing import BinaryIO

_MOST_PAGES = 5000
_TAIL = 2048
#: Tags of a picture's pieces: strips and tiles, where they begin and how long they are.
_PLACES, _LENGTHS = (273, 324), (279, 325)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 16: 8}


def whole(path: Path) -> bool | None:
    """Return whether a picture or a PDF reaches its own end; None for what has no end that is known here."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        if not head.strip(b"\0"):
            # A place that a program keeps for what it is about to write.
            return False
        if head[:2] in (b"II", b"MM"):
            try:
                return _tiff(file, size)
            except (struct.error, KeyError):
                return False
        file.seek(max(0, size - _TAIL))
        tail = file.read().rstrip(b"\0\r\n ")
    if head.startswith(b"\xff\xd8"):
        return tail.endswith(b"\xff\xd9")
    if head.startswith(b"\x89PNG"):
        return b"IEND\xaeB`\x82" in tail
    if b"%PDF" in head:
        return b"%%EOF" in tail
    return None


def many_pages(path: Path) -> bool:
    """Whether the file is of a kind to which a program may add pages."""
    with path.open("rb") as file:
        head = file.read(4)
    return head[:2] in (b"II", b"MM") or head == b"%PDF"


def _tiff(file: BinaryIO, size: int) -> bool:
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    at = struct.unpack(order + "Q", head[8:16])[0] if big else struct.unpack(order + "I", head[4:8])[0]
    seen: set[int] = set()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        if at >= size:
            return False
        file.seek(at)
        count = struct.unpack(order + ("Q" if big else "H"), file.read(8 if big else 2))[0]
        length = 20 if big else 12
        table = file.read(count * length)
        if len(table) < count * length:
            return False
        after = struct.unpack(order + ("Q" if big else "I"), file.read(8 if big else 4))[0]
        entries = [table[place : place + length] for place in range(0, len(table), length)]
        if not _pieces(file, size, order, big, entries):
            return False
        at = after
    return bool(seen)


def _pieces(file: BinaryIO, size: int, order: str, big: bool, entries: list[bytes]) -> bool:
    values: dict[int, tuple[int, ...]] = {}
    for entry in entries:
        tag, kind = struct.unpack(order + "HH", entry[:4])
        if tag not in _PLACES + _LENGTHS:
            continue
        count = struct.unpack(order + ("Q" if big else "I"), entry[4 : 12 if big else 8])[0]
        data = entry[12:] if big else entry[8:]
        room = count * _SIZES[kind]
        if room > size:
            return False
        if room > len(data):
            file.seek(struct.unpack(order + ("Q" if big else "I"), data)[0])
            data = file.read(room)
        values[tag] = struct.unpack(f"{order}{count}{'BBHIQ'[(1, 2, 3, 4, 16).index(kind)]}", data[:room])
    for places, lengths in zip(_PLACES, _LENGTHS, strict=True):
        pairs = zip(values.get(places, ()), values.get(lengths, ()), strict=False)
        if any(place + length > size for place, length in pairs):
            return False
    return any(values.get(places) for places in _PLACES)
