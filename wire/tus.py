"""Client of tus 1.0: a file sent over a flaky line, in pieces, from where the server stands.

One call works until the file is whole, the deadline is reached, or going on is pointless. When to call again is the
outbox's to decide; what it needs for that (offset, location, Retry-After) is in the outcome or in the refusal.
"""

import base64
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx

from wire.durable import SourceChangedError, StrPath, disk_errors
from wire.messages import Message
from wire.tus_errors import (
    ExchangeError,
    RetryLaterError,
    SessionEndedError,
    TransferRefusedError,
    broken_line,
    foreign_location,
    refusal_of,
)

__all__ = [
    "ExchangeError",
    "RetryLaterError",
    "SessionEndedError",
    "TransferRefusedError",
    "UploadOutcome",
    "answer",
    "upload",
]

VERSION = "1.0.0"
MIN_CHUNK = 256 * 1024
MAX_CHUNK = 8 * 1024 * 1024
START_CHUNK = 1024 * 1024
LAST_CHUNK = 64 * 1024
PACED_BLOCK = 4 * 1024
QUICK_SECONDS = 2.0
SLOW_SECONDS = 10.0
MAX_FAILURES = 4
MAX_PAUSE = 2.0
TIMEOUT = 30.0
CONNECT_TIMEOUT = 10.0
_GONE = {404, 410}
# The server is at another offset, busy with an older request, or has dropped a piece: ask where it stands, go on.
_OUT_OF_STEP = {409, 423, 460}

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What came of one call.

    Attributes:
        done: Whether the server has the whole file.
        offset: How many bytes the server has.
        location: The upload's address, to go on from there.
        response: The server's last answer.
    """

    done: bool
    offset: int
    location: str | None
    response: httpx.Response | None


def upload(
    client: httpx.Client,
    url: str,
    path: StrPath,
    *,
    metadata: Mapping[str, str],
    location: str | None = None,
    chunk: int = START_CHUNK,
    on_progress: Progress | None = None,
    on_created: Callable[[str], None] | None = None,
    deadline: float | None = None,
    rate: float | None = None,
) -> UploadOutcome:
    """Send a file, going on from where the server stands.

    Args:
        client: Carries the session's token and the TLS settings.
        url: Where uploads are created.
        path: The file; it must not change while it is sent.
        metadata: Names and values for Upload-Metadata.
        location: Address of an upload begun earlier, perhaps under another name of the server; when the server has
            forgotten it, a new one is begun.
        chunk: Size of the first piece; it grows on a quick line and shrinks on a bad one.
        on_progress: Called with the server's offset and the size.
        on_created: Called with the address of a new upload, before anything is sent.
        deadline: Seconds after which the call returns with `done=False`, between two pieces.
        rate: Most bytes a second; None for as many as the line carries.

    Raises:
        TransferRefusedError: Sending again will not help.
        RetryLaterError: The line or the server is in trouble; `offset`, `location` and `retry_after` are in it.
        SessionEndedError: The session has ended: log in and call again.
        FileMissingError: The file is not there.
        SourceChangedError: The file changed its size.
    """
    with disk_errors(), Path(path).open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        sending = _Sending(client, url, file, size, dict(metadata), chunk, on_progress, deadline)
        sending.limit_to(rate)
        return sending.run(location, on_created)


def answer(client: httpx.Client, location: str) -> dict[str, Any] | None:
    """Return what became of a whole upload, as our server tells it under the upload's address.

    Returns:
        The document, or None when the server has none.

    Raises:
        ExchangeError: The server refuses, or the line is broken.
    """
    try:
        response = client.get(location, headers={"Accept": "application/json"}, timeout=_timeout(None))
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise broken_line(error) from error
    if response.status_code >= 400:
        raise refusal_of(response)
    try:
        document = response.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


class _LocationGone(Exception):  # noqa: N818 - never leaves this module
    """The server does not know the upload any more."""


class _Sending:
    """One call of `upload`."""

    def __init__(
        self,
        client: httpx.Client,
        url: str,
        file: BinaryIO,
        size: int,
        metadata: dict[str, str],
        chunk: int,
        on_progress: Progress | None,
        deadline: float | None,
    ) -> None:
        self.client, self.url, self.file, self.size, self.metadata = client, url, file, size, metadata
        self.chunk = min(max(chunk, MIN_CHUNK), MAX_CHUNK)
        self.on_progress = on_progress
        self.end = None if deadline is None else time.monotonic() + deadline
        self.location: str | None = None
        self.offset = 0
        self.failures = 0
        self.rate: float | None = None
        self.limit: float | None = None
        self.response: httpx.Response | None = None

    def limit_to(self, rate: float | None) -> None:
        """Send no faster; a piece takes a few seconds at most, so that a lost one is soon sent again."""
        self.limit = rate
        if rate is not None:
            self.chunk = min(self.chunk, max(int(rate * QUICK_SECONDS * 2), LAST_CHUNK))

    def run(self, location: str | None, on_created: Callable[[str], None] | None) -> UploadOutcome:
        self.location = None if location is None else self._rebased(location)
        if self.location is not None:
            try:
                return self._go_on(known_offset=False)
            except _LocationGone:
                self.location, self.offset, self.failures = None, 0, 0
        created = self._create()
        if created is None:
            return self._outcome()
        self.location, self.failures = created, 0
        if on_created is not None:
            on_created(created)
        try:
            return self._go_on(known_offset=True)
        except _LocationGone as error:
            raise self._later(None) from error

    def _go_on(self, *, known_offset: bool) -> UploadOutcome:
        """Send piece after piece; every turn either moves the offset or counts as a failure."""
        known = known_offset
        while not (known and self.offset == self.size):
            if self._late():
                break
            before = self.offset
            known = self._send_piece() if known else self._ask_offset()
            if self.offset > before:
                self.failures = 0
            if known and self.on_progress is not None:
                self.on_progress(self.offset, self.size)
        return self._outcome()

    def _create(self) -> str | None:
        """Begin an upload; None when the deadline came first."""
        headers = {"Upload-Length": str(self.size), "Upload-Metadata": _metadata(self.metadata)}
        while not self._late():
            response = self._request("POST", self.url, headers)
            if response is None:
                continue
            if response.status_code != 201:
                self._stumble(response)
                continue
            return self._own(response.headers.get("Location", ""))
        return None

    def _ask_offset(self) -> bool:
        response = self._request("HEAD", self._at(), {})
        if response is None:
            return False
        if response.status_code not in (200, 204):
            self._stumble(response)
            return False
        offset = _number(response.headers.get("Upload-Offset"))
        length = _number(response.headers.get("Upload-Length"))
        if offset is None or offset > self.size or (length is not None and length != self.size):
            # An upload of another file stands under this address.
            raise _LocationGone
        self.offset = offset
        return True

    def _send_piece(self) -> bool:
        """Send one piece; return whether the server's offset is known afterwards."""
        piece = self._read(self._piece_size())
        headers = {
            "Upload-Offset": str(self.offset),
            "Upload-Checksum": "sha256 " + base64.b64encode(hashlib.sha256(piece).digest()).decode("ascii"),
            "Content-Type": "application/offset+octet-stream",
        }
        began = time.monotonic()
        response = self._request("PATCH", self._at(), headers, piece)
        if response is None:
            return False
        self._adapt(len(piece), time.monotonic() - began)
        offset = _number(response.headers.get("Upload-Offset"))
        if offset == self.size and self.offset + len(piece) == self.size:
            # Whole, even when the room that took it says no: that answer stays under the location.
            self.offset = self.size
            return True
        if response.status_code != 204:
            self._stumble(response)
            return False
        if offset is None or not self.offset < offset <= self.offset + len(piece):
            self._fail(response)
            return False
        self.offset = offset
        return True

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes = b""
    ) -> httpx.Response | None:
        """Send one request; None when the line broke (counted as a failure)."""
        body: bytes | Iterator[bytes] = content
        if content:
            # An iterator at its end holds nothing. Bytes would stay in the ring that httpx ties between a response and
            # its request until the garbage collector comes: 250 MiB of pieces on a packet of a gibibyte.
            headers = {**headers, "Content-Length": str(len(content))}
            body = iter((content,)) if self.limit is None else paced(content, self.limit)
        try:
            response = self.client.request(
                method,
                url,
                headers={"Tus-Resumable": VERSION, **headers},
                content=body,
                timeout=_timeout(self._left()),
                follow_redirects=False,
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise TransferRefusedError(Message("The server's address is wrong."), offset=self.offset) from error
        except httpx.RequestError as error:
            self.chunk = max(self.chunk // 2, MIN_CHUNK)
            self._fail(None, error)
            return None
        self.response = response
        return response

    def _stumble(self, response: httpx.Response) -> None:
        """Judge an answer that is not the expected one: return to try again, raise to end the call."""
        status = response.status_code
        if status < 300:
            # The answer to another request: what stands between repeats itself. The line is not to be used again.
            raise self._later(None)
        if self.location is not None and status in _GONE:
            raise _LocationGone
        if self.location is not None and status in _OUT_OF_STEP:
            self._fail(response)
        elif status == 413 and self.location is not None and self.chunk > MIN_CHUNK:
            self.chunk = MIN_CHUNK  # a proxy on the way takes only smaller bodies
            self._fail(response)
        else:
            refusal = refusal_of(response, offset=self.offset, location=self.location)
            if refusal.permanent or refusal.retry_after is not None or status in (401, 507):
                raise refusal
            self._fail(response)

    def _fail(self, response: httpx.Response | None, error: Exception | None = None) -> None:
        """Count a turn without progress, wait a little; give up after a few."""
        self.failures += 1
        if self.failures >= MAX_FAILURES:
            raise self._later(response, error)
        pause = min(0.1 * 4 ** (self.failures - 1), MAX_PAUSE)
        left = self._left()
        time.sleep(pause if left is None else max(0.0, min(pause, left)))

    def _later(self, response: httpx.Response | None, error: Exception | None = None) -> ExchangeError:
        if response is None:
            return broken_line(error, offset=self.offset, location=self.location)
        return refusal_of(response, offset=self.offset, location=self.location, retry=True)

    def _piece_size(self) -> int:
        size = self.chunk
        left = self._left()
        if left is not None and self.rate is not None:
            # The last piece before the deadline is made to fit.
            size = min(size, max(int(self.rate * left), LAST_CHUNK))
        return min(size, self.size - self.offset)

    def _adapt(self, sent: int, seconds: float) -> None:
        self.rate = sent / max(seconds, 0.001)
        if seconds < QUICK_SECONDS and sent == self.chunk:
            self.chunk = min(self.chunk * 2, MAX_CHUNK)
        elif seconds > SLOW_SECONDS:
            self.chunk = max(self.chunk // 2, MIN_CHUNK)

    def _read(self, count: int) -> bytes:
        piece = os.pread(self.file.fileno(), count, self.offset)
        if len(piece) != count or os.fstat(self.file.fileno()).st_size != self.size:
            raise SourceChangedError
        return piece

    def _own(self, location: str) -> str:
        """Return an absolute address on the same server: the session's token is sent there."""
        try:
            base = httpx.URL(str(self.client.base_url)).join(self.url)
            target = base.join(location) if location else None
        except (httpx.InvalidURL, TypeError, ValueError):
            target = None
        if target is None or (target.scheme, target.host, target.port) != (base.scheme, base.host, base.port):
            raise foreign_location(offset=self.offset)
        return str(target)

    def _rebased(self, location: str) -> str | None:
        """Return a stored address on the server we speak with now: the reserve channel is another name of it."""
        try:
            path = httpx.URL(location).raw_path.decode("ascii")
        except (httpx.InvalidURL, TypeError, ValueError):
            return None
        return self._own("/" + path.lstrip("/"))

    def _at(self) -> str:
        if self.location is None:
            raise _LocationGone
        return self.location

    def _left(self) -> float | None:
        return None if self.end is None else self.end - time.monotonic()

    def _late(self) -> bool:
        left = self._left()
        return left is not None and left <= 0

    def _outcome(self) -> UploadOutcome:
        done = self.location is not None and self.offset == self.size
        return UploadOutcome(done, self.offset, self.location, self.response)


def paced(content: bytes, rate: float) -> Iterator[bytes]:
    """Yield a content in small blocks, no faster than so many bytes a second."""
    view, begin = memoryview(content), time.monotonic()
    for start in range(0, len(view), PACED_BLOCK):
        time.sleep(max(0.0, begin + start / rate - time.monotonic()))
        yield bytes(view[start : start + PACED_BLOCK])


def _timeout(left: float | None) -> httpx.Timeout:
    seconds = TIMEOUT if left is None else min(TIMEOUT, max(left, 1.0) + 5.0)
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT))


def _metadata(metadata: Mapping[str, str]) -> str:
    for name in metadata:
        if not name.isascii() or not name.isprintable() or not name or set(name) & {" ", ","}:
            raise ValueError(f"not a metadata name: {name!r}")
    return ",".join(
        f"{name} {base64.b64encode(value.encode()).decode('ascii')}".rstrip() for name, value in metadata.items()
    )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 20 else None
