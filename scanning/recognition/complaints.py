"""What decoders in C say of bad data before they fill the rest with something and go on."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np
from numpy.typing import NDArray

_HEARD = 1 << 16  # bytes of complaints
_JPEG_END = (0xFF, 0xD9)
_JPEG_RESTARTS = frozenset(b"0xd%d" % number for number in range(8))


@contextmanager
def heard() -> Iterator[list[bytes]]:
    """Listen to what a library in C writes to the standard error; the lines are there at the end."""
    lines: list[bytes] = []
    kept, ear = os.dup(2), os.memfd_create("heard")
    try:
        os.dup2(ear, 2)
        yield lines
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        lines += os.pread(ear, _HEARD, 0).splitlines()
        os.close(ear)


def jpeg_complaint(data: NDArray[np.uint8]) -> str:
    """What libjpeg says of bad data, where it filled the rest with something and went on; nothing of sound data.

    Pillow keeps that to itself; OpenCV's libjpeg writes it to the standard error, so the picture is decoded once more.
    """
    # A picture that only lacks its end mark is whole.
    marked = np.append(data, np.array(_JPEG_END, np.uint8))
    with heard() as lines:
        picture = cv2.imdecode(marked, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        return "no picture"
    return next((words(line) for line in lines if _of_loss(line, data.tobytes())), "")


def words(line: bytes) -> str:
    """A complaint as it is shown."""
    return line.decode("ascii", "replace").strip()[:200]


def _of_loss(line: bytes, data: bytes) -> bool:
    """Whether a complaint of libjpeg tells of loss: padding between two markers is none, coded data left over are."""
    if b"extraneous" not in line:
        return b"Corrupt JPEG" in line
    count, _, marker = line.rpartition(b": ")[2].partition(b" extraneous bytes before marker ")
    if marker in _JPEG_RESTARTS:
        return True
    if marker != b"0xd9" or not count.isdigit():
        return False
    end = data.rfind(bytes(_JPEG_END))
    left = data[: end if end >= 0 else len(data)][-int(count) :]
    return bool(left.strip(b"\x00\xff"))


def inflates(strip: bytes) -> bool:
    """Whether a strip ends with the check sum of what it holds: libtiff does not read so far."""
    try:
        inflater = zlib.decompressobj()
        while strip and not inflater.eof:
            inflater.decompress(strip, 1 << 20)
            strip = inflater.unconsumed_tail
    except zlib.error:
        return False
    return inflater.eof
