"""The log a station writes as the day goes: every line is on the disk before the call returns."""

import datetime as dt
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

from wire import cms, durable
from wire.cms import Signer
from wire.errors import PpeError
from wire.journal.lines import Entry, Header, JournalError, header_line, line_hash, make_line, next_entry, read_lines
from wire.messages import Message

if sys.platform != "win32":
    import fcntl

_CLOSED, _REOPENED = "journal_closed", "journal_reopened"


class JournalClosedError(PpeError):
    """An entry was to be written into a journal that is closed."""

    code: ClassVar[str] = "journal_closed"


class JournalBusyError(PpeError):
    """Another process of this station writes the log."""

    code: ClassVar[str] = "journal_busy"
    permanent: ClassVar[bool] = False


def sign_lines(lines: bytes, signer: Signer) -> bytes:
    """The `.dat` of a journal: its lines, signed by the station."""
    return cms.sign(lines, signers=[signer])


class JournalLog:
    """A station's log on its disk; one writer at a time."""

    def __init__(self, path: Path, handle: BinaryIO, header: Header, last_line: bytes, seq: int, event: str) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.header = header
        self.dropped_bytes = 0
        self._handle = handle
        self._last_line = last_line
        self._seq = seq
        self._event = event

    @classmethod
    def create(cls, path: Path | str, header: Header) -> Self:
        """Start a log; the header is durable when this returns.

        Raises:
            JournalError: there is a log at this path already.
            SchemaError: the header does not agree with its schema.
        """
        path = Path(path)
        line = header_line(header)
        try:
            handle = path.open("x+b", buffering=0)
        except FileExistsError:
            raise JournalError(Message("The log {path_name} exists already.", path_name=path.name)) from None
        _lock(handle, path)
        log = cls(path, handle, header, line, 0, "")
        log._write(line)
        durable.fsync_dir(path.parent)
        return log

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Go on with a log; a torn last line (the power went while it was written) is dropped and noted.

        Raises:
            JournalError: there is no log, or its chain is broken.
            JournalBusyError: another process writes it.
        """
        path = Path(path)
        try:
            handle = path.open("r+b", buffering=0)
        except OSError as error:
            message = Message("The log {path_name} does not open: {error}", path_name=path.name, error=error)
            raise JournalError(message) from error
        _lock(handle, path)
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        try:
            lines = read_lines(whole)
        except PpeError:
            handle.close()
            raise
        last = lines.entries[-1] if lines.entries else None
        log = cls(path, handle, lines.header, lines.last_line, last.seq if last else 0, last.event if last else "")
        if len(whole) < len(content):
            log._recover(len(whole), len(content) - len(whole))
        handle.seek(0, os.SEEK_END)
        return log

    def _recover(self, size: int, dropped: int) -> None:
        os.ftruncate(self._handle.fileno(), size)
        self._handle.seek(0, os.SEEK_END)
        self.dropped_bytes = dropped
        if self.closed:
            self.append(_REOPENED, data={"reason": "log_recovered"})
        self.append("log_recovered", data={"dropped_bytes": dropped})

    @property
    def closed(self) -> bool:
        """Whether the last entry closed the journal."""
        return self._event == _CLOSED

    @property
    def last_event(self) -> str:
        """The kind of the last entry; empty before the first."""
        return self._event

    def append(
        self,
        event: str,
        *,
        disposition: str = "success",
        person: str | None = None,
        data: Mapping[str, Any] | None = None,
        at: dt.datetime | None = None,
    ) -> Entry:
        """Write one entry; it is on the disk when this returns.

        Raises:
            EventError: the entry does not agree with the catalogue of events.
            JournalClosedError: the journal is closed and this is not `journal_reopened`.
        """
        if self.closed and event != _REOPENED:
            raise JournalClosedError(
                Message("The journal is closed; reopen it with a reason to go on."),
            )
        entry = next_entry(
            self._last_line,
            event,
            kind=self.header.kind,
            disposition=disposition,
            person=person,
            data=data,
            at=at,
        )
        line = make_line(entry)
        self._write(line)
        self._last_line, self._seq, self._event = line, entry.seq, event
        return entry

    def reopen(self, reason: str, *, person: str | None = None) -> Entry | None:
        """Go on with a closed journal; nothing happens to one that is open."""
        return self.append(_REOPENED, person=person, data={"reason": reason}) if self.closed else None

    def lines(self) -> bytes:
        """All bytes of the log as they stand on the disk."""
        return self.path.read_bytes()

    def close(self, signer: Signer, *, at: dt.datetime | None = None) -> bytes:
        """Close the journal and sign it; a closed one is signed again as it is.

        Returns:
            The bytes of the `.dat`.
        """
        if not self.closed:
            self.append(_CLOSED, at=at)
        return sign_lines(self.lines(), signer)

    def release(self) -> None:
        """Let go of the file; the log can be opened again."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    @property
    def last_hash(self) -> str:
        """SHA-256 of the last line."""
        return line_hash(self._last_line)

    def _write(self, line: bytes) -> None:
        data = line + b"\n"
        start = self._handle.seek(0, os.SEEK_END)
        try:
            done = self._handle.write(data)
            while done is not None and done < len(data):
                done += self._handle.write(data[done:])
            os.fsync(self._handle.fileno())
        except OSError:
            # a full disk may have taken half of the line: the log must end with a whole one
            os.ftruncate(self._handle.fileno(), start)
            raise


def _lock(handle: BinaryIO, path: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise JournalBusyError(Message("Another program has the log {path_name} open.", path_name=path.name)) from error
