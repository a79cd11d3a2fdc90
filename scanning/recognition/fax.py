"""Fax-coded pages of a TIFF through libtiff itself: what Pillow keeps to itself is heard, and it is quicker.

Fax codes have no checksum. What tells of bad data is what libtiff says, and how many rows the data hold: it is asked
for two rows more than a strip has, and the data must end in the first of them.
"""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import PIL._imaging
from numpy.typing import NDArray
from PIL import Image

from scanning.recognition.complaints import words

Grey = NDArray[np.uint8]

_WIDTH, _HEIGHT, _COMPRESSION, _PHOTOMETRIC, _ORIENTATION, _ROWS = 256, 257, 259, 262, 274, 278
_GROUP4 = 4
_CODINGS = (2, 3, _GROUP4)
_MORE = 2  # rows
_UNTOUCHED = 0x55  # no page is a row of pixels black and white in turn
_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p)
_HANDLERS = ("TIFFSetErrorHandler", "TIFFSetWarningHandler")


@dataclass(frozen=True, slots=True)
class FaxPage:
    """A page of black and white, and whether its data were bad."""

    pixels: Grey
    damaged: bool
    complaint: str = ""


@cache
def _libtiff() -> ctypes.CDLL | None:
    """The libtiff that Pillow brought; None when it is no library of its own."""
    try:
        library = ctypes.CDLL(PIL._imaging.__file__)
        library.TIFFOpen.restype = ctypes.c_void_p
        library.TIFFOpen.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
        library.TIFFSetDirectory.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        for name in ("TIFFIsTiled", "TIFFNumberOfStrips", "TIFFScanlineSize", "TIFFClose"):
            getattr(library, name).argtypes = (ctypes.c_void_p,)
        library.TIFFScanlineSize.restype = library.TIFFReadEncodedStrip.restype = ctypes.c_ssize_t
        library.TIFFReadEncodedStrip.argtypes = (ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_ssize_t)
        library.TIFFSetField.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        for name in _HANDLERS:
            getattr(library, name).restype, getattr(library, name).argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
    except (OSError, AttributeError):
        return None
    return library


@contextmanager
def _heard(library: ctypes.CDLL) -> Iterator[list[bytes]]:
    """What libtiff says, errors and warnings alike."""
    said: list[bytes] = []

    def hear(_module: bytes | None, words: bytes | None, _arguments: int | None) -> None:
        said.append(words or b"")

    handler = _HANDLER(hear)
    kept = [getattr(library, name)(ctypes.cast(handler, ctypes.c_void_p)) for name in _HANDLERS]
    try:
        yield said
    finally:
        for name, before in zip(_HANDLERS, kept, strict=True):
            getattr(library, name)(before)


def read_fax(path: Path, index: int, image: Image.Image) -> FaxPage | None:
    """Decode a page; None when it is for Pillow to decode.

    Args:
        path: A TIFF.
        index: Which of its pages.
        image: That page as Pillow opened it, its limits judged and nothing decoded yet.

    Raises:
        OSError: libtiff cannot go on.
    """
    library, tags = _libtiff(), getattr(image, "tag_v2", {})
    if library is None or tags.get(_COMPRESSION) not in _CODINGS or tags.get(_ORIENTATION, 1) != 1:
        return None
    width, height = image.size
    row = (width + 7) // 8
    rows = min(int(tags.get(_ROWS, height)), height)
    if rows < 1 or image.mode != "1":
        return None
    strips = -(-height // rows)
    more = _MORE if tags[_COMPRESSION] == _GROUP4 else 0
    with _heard(library) as said:
        file = library.TIFFOpen(os.fsencode(path), b"r")
        if not file:
            return None
        try:
            fits = (
                library.TIFFSetDirectory(file, index) == 1
                and not library.TIFFIsTiled(file)
                and (library.TIFFScanlineSize(file), library.TIFFNumberOfStrips(file)) == (row, strips)
            )
            if not fits:
                return None
            if more:
                library.TIFFSetField(file, _HEIGHT, ctypes.c_uint32(strips * (rows + more)))
                library.TIFFSetField(file, _ROWS, ctypes.c_uint32(rows + more))
            said.clear()  # what was said of tags is no loss
            packed = np.full((strips, rows + more, row), _UNTOUCHED, np.uint8)
            complaint = ""
            for strip, part in enumerate(packed):
                wanted = min(rows, height - strip * rows)
                here = part if more else part[:wanted]
                if library.TIFFReadEncodedStrip(file, strip, here.ctypes.data, here.size) < 0:
                    raise OSError(f"libtiff cannot decode strip {strip}: {said[-1:]}")
                ends = not more or _ends(part, wanted, last=strip == strips - 1)
                complaint = complaint or _complaint(_loss(said) if more else said, ends=ends)
                said.clear()
        finally:
            library.TIFFClose(file)
    pixels = np.unpackbits(packed[:, :rows].reshape(-1, row)[:height], axis=1, count=width)
    if tags.get(_PHOTOMETRIC) != 1:
        np.subtract(1, pixels, out=pixels)
    return FaxPage(np.multiply(pixels, 255, out=pixels), bool(complaint), complaint)


def _complaint(lost: list[bytes], *, ends: bool) -> str:
    return words(lost[0]) if lost else "" if ends else "the data end at another row"


def _loss(said: list[bytes]) -> list[bytes]:
    """What is said of a strip's own rows: of the row after them libtiff always says that it is too short."""
    own = list(said)
    for end in (b"%s at line", b"Premature EOF"):
        if own and own[-1].startswith(end):
            own.pop()
    return own


def _ends(part: Grey, wanted: int, *, last: bool) -> bool:
    """Whether the data of a strip end right after its last row; those of a page may go on below its edge."""
    goes_on, further = (bool((part[place] != _UNTOUCHED).any()) for place in (wanted, wanted + 1))
    return goes_on and (last or not further)


def fax_complaint(data: bytes, width: int, height: int) -> str:
    """What libtiff says of fax codes that lie in another file; nothing where one way of reading them is sound.

    Args:
        data: The codes alone.
        width: Pixels of a line.
        height: Lines.
    """
    complaint = ""
    for coding, options in ((_GROUP4, 0), (3, 0), (3, 1)):
        file = os.memfd_create("fax")
        try:
            os.write(file, _wrapped(data, width, height, coding, options))
            path = Path(f"/proc/self/fd/{file}")
            with Image.open(path, formats=["TIFF"]) as image:
                page = read_fax(path, 0, image)
        except OSError as error:
            complaint = complaint or str(error)
            continue
        finally:
            os.close(file)
        if page is None or not page.damaged:
            return ""
        complaint = complaint or page.complaint
    return complaint


def _wrapped(data: bytes, width: int, height: int, coding: int, options: int) -> bytes:
    """Fax codes as a TIFF of one strip."""
    begin = 8
    tags = [(_WIDTH, width), (_HEIGHT, height), (258, 1), (_COMPRESSION, coding), (_PHOTOMETRIC, 0), (273, begin)]
    tags += [(277, 1), (_ROWS, height), (279, len(data)), (292, options)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    place = begin + len(data) + len(data) % 2
    return b"II*\0" + struct.pack("<I", place) + data.ljust(place - begin, b"\0") + directory + bytes(4)
