"""Files that survive a power cut: written under a temporary name, synced, renamed, the folder synced."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from wire.errors import PpeError
from wire.messages import NOTHING, Message

BLOCK = 1 << 18
_PART = re.compile(r"\.[0-9a-f]{16}\.part")
StrPath = str | os.PathLike[str]


class DiskError(PpeError):
    """The disk did not take the file."""

    code = "disk_failed"
    http_status = 507
    permanent = False


class DiskFullError(DiskError):
    """No space is left, the quota is used up, or what would be stored would eat into the reserve.

    Args:
        message: What is wrong.
        remedy: What to do next.
        retry_after: Seconds after which asking again is worth it, where somebody asks again by himself.
    """

    code = "disk_full"

    def __init__(self, message: Message, *, remedy: Message = NOTHING, retry_after: int | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class DiskReadOnlyError(DiskError):
    """The drive or folder cannot be written."""

    code = "disk_read_only"


class FileMissingError(PpeError):
    """The file to be read is not there."""

    code = "file_missing"
    http_status = 404


class CopyMismatchError(DiskError):
    """What was read back is not what was written."""

    code = "copy_mismatch"


class SourceChangedError(PpeError):
    """The file changed, or vanished, while it was being read.

    Args:
        message: Which of several files, and how; nothing where it is the only one.
    """

    code = "source_changed"
    http_status = 409
    permanent = False

    def __init__(self, message: Message = NOTHING) -> None:
        super().__init__(
            message or Message("The file changed while it was being read."),
            remedy=NOTHING if message else Message("Repeat."),
        )


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EROFS, errno.EACCES, errno.EPERM}
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP}


def disk_refusal(error: OSError) -> PpeError:
    """Turn an operating system error into the refusal that an operator can act upon."""
    where = f" «{error.filename}»" if error.filename else ""
    if error.errno in _FULL:
        return DiskFullError(
            Message("The disk is full{where}.", where=where),
            remedy=Message("Free some space or insert another drive, then repeat."),
        )
    if error.errno in _READ_ONLY:
        return DiskReadOnlyError(
            Message("Writing is not allowed{where}.", where=where),
            remedy=Message("Remove the write protection of the drive or choose another folder."),
        )
    if error.errno in _MISSING:
        return FileMissingError(Message("The file is not there{where}.", where=where))
    return DiskError(
        Message("The disk failed{where}: {strerror}.", where=where, strerror=error.strerror or error),
        remedy=Message("Check the drive, then repeat."),
    )


@contextlib.contextmanager
def disk_errors() -> Iterator[None]:
    """Raise the operating system's errors of the block as typed refusals."""
    try:
        yield
    except OSError as error:
        raise disk_refusal(error) from error


def write_durable(path: StrPath, data: bytes | Iterable[bytes], *, mode: int = 0o644) -> str:
    """Write a file so that after a power cut it is there whole or not at all.

    Args:
        path: Where the file shall stand; an existing file is replaced.
        data: The bytes, or pieces of them.
        mode: Permissions of the file.

    Returns:
        SHA-256 of what was written, in hex.

    Raises:
        DiskError: The disk is full, read-only or failing.
    """
    target = Path(path)
    pieces = (data,) if isinstance(data, bytes | bytearray | memoryview) else data
    digest = hashlib.sha256()
    with disk_errors():
        part = _part_name(target)
        try:
            with _create(part, mode) as file:
                for piece in pieces:
                    digest.update(piece)
                    file.write(piece)
                _sync(file)
            replace_durable(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return digest.hexdigest()


def write_durable_all(blobs: Mapping[Path, bytes], *, mode: int = 0o644) -> None:
    """Write many files as `write_durable` does, each folder synced once: after a power cut each is whole or not there.

    Raises:
        DiskError: The disk is full, read-only or failing; of the files some may stand, each whole.
    """
    parts: dict[Path, Path] = {}
    with disk_errors(), contextlib.ExitStack() as opened:
        try:
            files = []
            for target, data in blobs.items():
                parts[target] = _part_name(target)
                files.append(opened.enter_context(_create(parts[target], mode)))
                files[-1].write(data)
                files[-1].flush()
            # All are written before the first is synced: the file system brings them to the disk in one go.
            for file in files:
                os.fsync(file.fileno())
            for target, part in parts.items():
                part.replace(target)
            for folder in {target.parent for target in parts}:
                fsync_dir(folder)
        except BaseException:
            for part in parts.values():
                part.unlink(missing_ok=True)
            raise


def copy_verified(src: StrPath, dst: StrPath, *, start: int = 0, length: int | None = None) -> str:
    """Copy a file, or a piece of one, and read it back from the drive before calling it done.

    Returns:
        SHA-256 of the file, in hex.

    Raises:
        CopyMismatchError: The copy differs from the original; it has been removed.
        DiskError: The drive is full, read-only or failing.
        FileMissingError: The original is not there.
    """
    target = Path(dst)
    with disk_errors():
        part = _part_name(target)
        try:
            with Path(src).open("rb") as source, _create(part, 0o644) as file:
                source.seek(start)
                written = _copy(source, file, length)
            found = _read_back(part)
            if found != written:
                raise CopyMismatchError(
                    Message(
                        "The copy «{target_name}» differs from the original and was removed.", target_name=target.name
                    ),
                    remedy=Message("Take another drive and write again."),
                )
            replace_durable(part, target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return written


def write_all(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write every byte: an unbuffered file on a nearly full disk takes a part and says so."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def sha256_file(path: StrPath) -> str:
    """Return SHA-256 of a file in hex, reading it in blocks.

    Raises:
        FileMissingError: The file is not there.
        DiskError: It cannot be read.
    """
    with disk_errors(), Path(path).open("rb") as file:
        return _hash(file)


def fsync_dir(path: StrPath) -> None:
    """Sync a folder, so that the names in it survive a power cut."""
    with disk_errors():
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        except OSError as error:
            # Some flash file systems and FUSE mounts cannot sync a folder; the file itself has been synced.
            if error.errno not in {errno.EINVAL, errno.ENOTSUP}:
                raise
        finally:
            os.close(handle)


def replace_durable(tmp: StrPath, path: StrPath) -> None:
    """Give a finished, synced file its name and sync the folder.

    Raises:
        DiskError: The rename failed.
    """
    with disk_errors():
        Path(tmp).replace(path)
        fsync_dir(Path(path).parent)


def forget_parts(folder: StrPath, *, older: float) -> int:
    """Remove the temporary files that killed writers left in a folder and below it; return how many.

    Args:
        folder: The folder; it may be missing.
        older: Only those that nobody has touched for so many seconds: a writer may be at work upon the others.

    Raises:
        DiskError: The disk fails.
    """
    count, before = 0, time.time() - older
    with disk_errors():
        for path in Path(folder).rglob(".*.part"):
            if _PART.fullmatch(path.name) and path.is_file() and path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
                count += 1
    return count


def _part_name(target: Path) -> Path:
    # Cyrillic names may fill the 255 bytes of a file name by themselves: the temporary name does not carry them.
    return target.parent / f".{secrets.token_hex(8)}.part"


def _create(path: Path, mode: int) -> BinaryIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    return os.fdopen(handle, "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _copy(source: BinaryIO, file: BinaryIO, length: int | None = None) -> str:
    digest = hashlib.sha256()
    while block := source.read(BLOCK if length is None else min(BLOCK, length)):
        digest.update(block)
        file.write(block)
        length = None if length is None else length - len(block)
    _sync(file)
    return digest.hexdigest()


def _read_back(path: Path) -> str:
    with path.open("rb") as file:
        # Without this the answer would come from memory and prove nothing about the drive.
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return _hash(file)


def _hash(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
