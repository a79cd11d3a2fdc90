"""The highest numbers that this node has given out, kept in a file beside its database.

A database that is put back from an older copy forgets the numbers of its last hours; whoever holds them does not. So
every number of a series that others rely on (receipts, feeds, packets, revocation lists) stands here too, and the next
one is taken above both. The file is JSON Lines, appended to: a head that says the format, then one line for each number
(``{"series": …, "number": …, "hash": …}``) and for each gap that a restored database left. Lines of other shapes belong
to later versions and are kept.

A number is noted when its transaction has committed, so that one that was rolled back leaves no gap, and synced to the
disk before it leaves the node: `leaves` stands at every door.
"""

import contextlib
import fcntl
import json
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from django.db import transaction

from common import files
from common.work.clock import now
from wire import canonical
from wire.durable import disk_errors, fsync_dir, write_all, write_durable
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)

NAME, FAMILY, FORMAT = "numbers.jsonl", "ppe-numbers/", "ppe-numbers/1"
#: The file is written anew, one line a series, when it has grown by so many bytes.
MOST = 1 << 20


class NumbersOfALaterVersionError(PpeError):
    """The file was written by a later version of the portal."""

    code: ClassVar[str] = "numbers_of_a_later_version"
    http_status: ClassVar[int] = 500
    permanent: ClassVar[bool] = False


@dataclass(frozen=True)
class Mark:
    """The highest number of a series that was given out, and the hash of what has it."""

    number: int = 0
    hash: str = ""


@dataclass(frozen=True)
class Gap:
    """Numbers that were given out and are not in the database: those above ``after``, up to ``to``."""

    series: str
    after: int
    to: int
    at: str


@dataclass
class _Known:
    """What this process has read of the file."""

    path: Path
    file: tuple[int, int] = (0, 0)
    offset: int = 0
    marks: dict[str, Mark] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    synced: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Be ready to read the file from its start."""
        self.file, self.offset = (0, 0), 0
        self.marks, self.gaps, self.others, self.synced = {}, [], [], {}


_lock = threading.RLock()
_known: dict[Path, _Known] = {}


def there() -> bool:
    """Return whether the file exists."""
    return (files.data_dir() / NAME).exists()


def get(series: str) -> Mark:
    """Return the highest number of a series that was given out."""
    with _lock:
        return _read().marks.get(series, Mark())


def known() -> dict[str, Mark]:
    """Return the marks of all series."""
    with _lock:
        return dict(_read().marks)


def gaps() -> list[Gap]:
    """Return the gaps that restored databases left, oldest first."""
    with _lock:
        return list(_read().gaps)


def note(series: str, number: int, digest: str = "") -> None:
    """Note a number once its transaction has committed; call inside the transaction that takes it."""
    transaction.on_commit(partial(_append, {series: Mark(number, digest)}), robust=True)


def leaves(series: str, number: int, digest: str = "") -> None:
    """Make sure that a number survives the database before it leaves the node.

    Raises:
        DiskError: The disk does not take it; the number must not leave.
    """
    transaction.on_commit(partial(_append, {series: Mark(number, digest)}, sync=True))


def raise_to(marks: Mapping[str, Mark]) -> None:
    """Note many numbers at once, on the disk when it returns.

    Raises:
        DiskError: The disk does not take them.
    """
    _append(marks, sync=True)


def lost(series: str, *, after: int, to: int) -> None:
    """Note a gap once the transaction that found it has committed."""
    gap = Gap(series, after, to, canonical.stamp(now()))
    transaction.on_commit(partial(_append, {}, gap=gap, sync=True), robust=True)


def _append(marks: Mapping[str, Mark], *, gap: Gap | None = None, sync: bool = False) -> None:
    with _lock, disk_errors():
        seen = _known.get(files.data_dir() / NAME)
        if (
            sync
            and gap is None
            and seen
            and all(seen.synced.get(name, 0) >= each.number for name, each in marks.items())
        ):
            return
        with _alone():
            state = _read()
            fresh = {name: each for name, each in marks.items() if each.number > state.marks.get(name, Mark()).number}
            lines = [_mark_line(name, each) for name, each in fresh.items()] + ([_gap_line(gap)] if gap else [])
            _write(state, b"".join(lines), sync=sync)
            _read()
            if sync:
                state.synced = {name: each.number for name, each in state.marks.items()}


def _write(state: _Known, lines: bytes, *, sync: bool) -> None:
    if not state.path.exists() or not state.path.stat().st_size or state.offset > MOST + len(state.marks) * 200:
        kept = [_mark_line(name, each) for name, each in state.marks.items()] + [_gap_line(each) for each in state.gaps]
        write_durable(state.path, [_head(), *state.others, *kept, lines], mode=0o600)
        return
    handle = os.open(state.path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        if lines:
            # A writer that was killed left half a line: it is ended, and read by nobody.
            file.seek(-1, os.SEEK_END)
            write_all(file, lines if file.read(1) == b"\n" else b"\n" + lines)
        if sync:
            os.fsync(file.fileno())


def _head() -> bytes:
    return _line({"format": FORMAT, "made_at": canonical.stamp(now())})


def _mark_line(series: str, mark: Mark) -> bytes:
    return _line({"series": series, **asdict(mark)})


def _gap_line(gap: Gap) -> bytes:
    return _line({"gap": asdict(gap)})


def _line(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode() + b"\n"


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the file against the other processes of the node."""
    handle = os.open(files.folder() / f"{NAME}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _read() -> _Known:
    """Return what the file says, reading what was added since the last look."""
    path = files.data_dir() / NAME
    state = _known.setdefault(path, _Known(path))
    with disk_errors():
        try:
            found = path.stat()
        except FileNotFoundError:
            state.forget()
            return state
        if (found.st_dev, found.st_ino) != state.file or found.st_size < state.offset:
            state.forget()
            state.file = (found.st_dev, found.st_ino)
        if found.st_size > state.offset:
            with path.open("rb") as file:
                file.seek(state.offset)
                added = file.read()
            whole = added[: added.rfind(b"\n") + 1]
            if state.offset == 0 and not _is_ours(whole.partition(b"\n")[0]):
                _set_aside(path, state.file)
                state.forget()
                return state
            for line in whole.splitlines(keepends=True)[0 if state.offset else 1 :]:
                _take(state, line)
            state.offset += len(whole)
    return state


def _is_ours(head: bytes) -> bool:
    try:
        said = str(json.loads(head)["format"])
    except (ValueError, KeyError, TypeError):
        return False
    if said.startswith(FAMILY) and said != FORMAT:
        raise NumbersOfALaterVersionError(
            Message(
                "The file {name} was written by a later version of the portal ({said}): this one must"
                " give out no number.",
                name=NAME,
                said=said,
            ),
            remedy=Message("Install the version that ran last."),
        )
    return said == FORMAT


def _set_aside(path: Path, read: tuple[int, int]) -> None:
    """Keep a file that cannot be read, under another name; the next number makes a new one."""
    found = path.stat()
    if (found.st_dev, found.st_ino) != read:
        return  # Another process has made it anew in the meantime.
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    log.error("%s cannot be read; it is kept as %s and made anew from the database", path.name, aside.name)
    with contextlib.suppress(FileNotFoundError):
        path.replace(aside)
        fsync_dir(path.parent)


def _take(state: _Known, line: bytes) -> None:
    try:
        said = json.loads(line)
        if "series" in said:
            mark = Mark(int(said["number"]), str(said.get("hash", "")))
            if mark.number > state.marks.get(str(said["series"]), Mark()).number:
                state.marks[str(said["series"])] = mark
        elif "gap" in said:
            state.gaps.append(Gap(**said["gap"]))
        elif isinstance(said, dict):
            state.others.append(line)
    except (ValueError, KeyError, TypeError):
        log.warning("a line of %s cannot be read: %r", NAME, line[:200])
