"""The files of unfinished and complete uploads, their locks and their room on the disk."""

import contextlib
import ctypes
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from common import files
from uploads.errors import NoDiskRoomError, UploadDamagedError
from wire.messages import Message

_KEEP_SIZE = 1
_libc = ctypes.CDLL(None, use_errno=True)
_fallocate = getattr(_libc, "fallocate", None)
if _fallocate is not None:
    _fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def incoming(uid: str) -> Path:
    """Return where the bytes of an unfinished upload stand."""
    return files.folder("uploads", "incoming") / uid


def complete(uid: str) -> Path:
    """Return where a complete file stands until its handler has it; on the same file system."""
    return files.folder("uploads", "complete") / uid


def free_bytes() -> int:
    """Return how much the disk of the store still takes."""
    room = os.statvfs(files.folder("uploads", "incoming"))
    return room.f_bavail * room.f_frsize


def no_room(detail: str = "") -> NoDiskRoomError:
    """Return the refusal of a full disk."""
    return NoDiskRoomError(
        Message("The node's disk has no room{detail}. The transfer goes on when there is some.", detail=detail),
        remedy=Message("Free some space on the node's disk."),
    )


def reserve(handle: int, length: int) -> None:
    """Take the disk space of a whole upload now, without changing the file's size.

    The size stays what was written: bytes past the row's offset can be told, and cut.

    Raises:
        NoDiskRoomError: The disk cannot hold the file.
    """
    if not length or _fallocate is None:
        return
    if _fallocate(handle, _KEEP_SIZE, 0, length) != 0:
        code = ctypes.get_errno()
        if code in FULL:
            raise no_room()
        # EOPNOTSUPP and the like: the file system does not reserve; a full disk is met while writing instead.


@contextlib.contextmanager
def locked(path: Path, *, seconds: float = 0.0, create: bool = False) -> Iterator[int | None]:
    """Open the data file and hold its lock.

    The lock is the kernel's and dies with its process: there is no lock file that could be left behind.

    Args:
        path: The data file.
        seconds: How long to wait for the lock.
        create: Make the file when it is missing.

    Yields:
        The file's descriptor, or None when another request holds the lock.

    Raises:
        FileNotFoundError: The file is missing.
    """
    flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    handle = os.open(path, flags, 0o600)
    try:
        yield handle if _lock(handle, seconds) else None
    finally:
        os.close(handle)


def _lock(handle: int, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.05)
        else:
            return True


def cut_to(handle: int, offset: int, length: int) -> None:
    """Make the file exactly as long as the row says: bytes past it were never promised.

    Raises:
        UploadDamagedError: The file is shorter than what was promised.
    """
    size = os.fstat(handle).st_size
    if size < offset:
        raise UploadDamagedError(
            Message(
                "The stored part is shorter than what was confirmed ({size} < {offset}). Send the file again.",
                size=size,
                offset=offset,
            ),
        )
    if size > offset:
        os.ftruncate(handle, offset)
        # Cutting gives the space behind the cut back; it is taken again so that the end of the file has its room.
        reserve(handle, length)


def write_at(handle: int, block: bytes, offset: int) -> int:
    """Write a block and return how much the disk took; short only when the disk is full."""
    done = 0
    view = memoryview(block)
    while done < len(view):
        try:
            done += os.pwrite(handle, view[done:], offset + done)
        except OSError as error:
            if error.errno in FULL:
                return done
            raise
    return done
