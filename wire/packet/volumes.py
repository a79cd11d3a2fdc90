"""A file too large for its drive, carried in pieces: `PACKET_….ppe.1of3`. Joined, they are the file, byte for byte.

FAT32, the file system of most flash drives, takes no file of 4 GiB. The pieces carry nothing of their own: what they
make together is judged like any other file, by its signature and hash.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from wire import durable
from wire.errors import FieldError, PpeError
from wire.messages import Message

#: A file up to this size goes in one; a FAT32 drive takes 4 GiB less a byte.
LIMIT = (4 << 30) - (64 << 20)
MOST = 99
_NAME = re.compile(r"(?P<whole>.+)\.(?P<number>[1-9][0-9]?)of(?P<count>[1-9][0-9]?)", re.S)


class VolumesMissingError(PpeError):
    """Not every piece of a file is there."""

    code = "pieces_missing"
    permanent = False


@dataclass(frozen=True, slots=True)
class Volumes:
    """The pieces of one file that lie in a folder, in their order."""

    name: str
    count: int
    paths: Mapping[int, Path]

    @property
    def missing(self) -> list[int]:
        """The numbers of those that are not there."""
        return [number for number in range(1, self.count + 1) if number not in self.paths]


def volume_name(whole: str, number: int, count: int) -> str:
    """`PACKET_….ppe.1of3`."""
    return f"{whole}.{number}of{count}"


def whole_name(name: str) -> str | None:
    """The name of the file that a piece belongs to; None when the name is no piece's."""
    found = _NAME.fullmatch(name)
    return found["whole"] if found else None


def grouped(paths: Iterable[Path]) -> list[Volumes]:
    """Pieces by the file they make; two ways of cutting one file stay apart."""
    groups: dict[tuple[Path, str, int], dict[int, Path]] = {}
    for path in paths:
        found = _NAME.fullmatch(path.name)
        if found and int(found["number"]) <= int(found["count"]):
            key = path.parent, found["whole"], int(found["count"])
            groups.setdefault(key, {})[int(found["number"])] = path
    return [Volumes(name, count, rows) for (_folder, name, count), rows in sorted(groups.items())]


def write(src: Path, folder: Path, name: str, *, limit: int | None = None) -> bool:
    """Write a file to a drive in pieces, each read back; those that are there already are not written again.

    Args:
        src: The file.
        folder: Where to.
        name: The name of the whole.
        limit: Bytes of a piece; `LIMIT` when None.

    Returns:
        Whether anything was written.

    Raises:
        CopyMismatchError: what was read back is not what was written.
        DiskError: the drive is full, read-only, failing or pulled out.
    """
    limit = limit or LIMIT
    with durable.disk_errors():
        size = src.stat().st_size
    count = max(1, -(-size // limit))
    if count > MOST:
        raise durable.DiskFullError(Message("The file is too large for the drive."))
    fresh = False
    for number in range(1, count + 1):
        start = (number - 1) * limit
        length = min(limit, size - start)
        target = folder / volume_name(name, number, count)
        digest = _hash(src, start, length)
        if target.is_file() and target.stat().st_size == length and durable.sha256_file(target) == digest:
            continue
        durable.copy_verified(src, target, start=start, length=length)
        fresh = True
    return fresh


def _hash(src: Path, start: int, length: int) -> str:
    digest = hashlib.sha256()
    with durable.disk_errors(), src.open("rb") as file:
        file.seek(start)
        while length and (block := file.read(min(durable.BLOCK, length))):
            digest.update(block)
            length -= len(block)
    return digest.hexdigest()


def join(pieces: Volumes, target: Path) -> str:
    """Put the pieces together into a file.

    Returns:
        SHA-256 of the whole.

    Raises:
        VolumesMissingError: one is not there; each missing one is named.
        DiskError: the disk is full or failing.
    """
    if pieces.missing:
        names = [volume_name(pieces.name, number, pieces.count) for number in pieces.missing]
        lost = _numbers(pieces.missing)
        raise VolumesMissingError(
            Message(
                "The file {pieces_name} is in pieces. Missing: {lost} of {count}.",
                pieces_name=pieces.name,
                lost=lost,
                count=pieces.count,
            ),
            remedy=Message("Put the missing pieces into the same folder and take it in again."),
            parts=[FieldError("piece", "", name, Message("{name} is missing", name=name)) for name in names],
        )
    return durable.write_durable(target, _blocks([pieces.paths[n] for n in range(1, pieces.count + 1)]), mode=0o600)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + ("…" if len(numbers) > 10 else "")


def _blocks(paths: Sequence[Path]) -> Iterable[bytes]:
    for path in paths:
        with durable.disk_errors(), path.open("rb") as file:
            while block := file.read(durable.BLOCK):
                yield block
