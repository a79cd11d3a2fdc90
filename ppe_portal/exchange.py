"""A request is read to its end before it is answered, or the answer says that the line closes after it.

A server that answers before it has read the body must close the line, and granian does so without a word: the client
sends its next request into a closed line and is told «server disconnected» about something that never arrived.
A body ends when it stops moving (`ppe_portal.lines`), and a body that was cut is an error, never a shorter body.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from common.web.api import UNANNOUNCED, is_address
from ppe_portal import lines
from wire.errors import PpeError

_BLOCK = 1 << 18
#: What the framework is told of a body in chunks, or it would take the body for none; each door bounds what it reads.
_UNKNOWN = str(1 << 40)
UPLOADS = "/api/v1/uploads/"

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class _Readable(Protocol):
    def read(self, *size: int) -> bytes: ...

    def readline(self, *size: int) -> bytes: ...


class _Body:
    """The body of a request, counted and watched as it is read."""

    def __init__(
        self, stream: _Readable, length: int | None, exchange: lines.Exchange, watch: lines.Exchanges, step: int
    ) -> None:
        self._stream, self._left, self.touched, self._step = stream, length, False, step
        self._exchange, self._lines = exchange, watch

    def read(self, size: int = -1) -> bytes:
        """Read as the stream does, block by block: the time of a block is bounded.

        Raises:
            ConnectionError: The body ended before its announced length.
            TooManyBodiesError: Too many strangers' bodies are being read.
        """
        blocks: list[bytes] = []
        while size and self._left != 0:
            block = self._block(self._step if size < 0 else min(size, self._step))
            if not block:
                break
            blocks.append(block)
            size = size if size < 0 else size - len(block)
        return b"".join(blocks)

    def readline(self, *size: int) -> bytes:
        """Read a line as the stream does."""
        with self._reading():
            return self._note(self._stream.readline(*size))

    def _block(self, size: int) -> bytes:
        with self._reading():
            return self._note(self._taken(size if self._left is None else min(size, self._left)))

    def _taken(self, size: int) -> bytes:
        try:
            return self._stream.read(size)
        except (OSError, PpeError):
            raise
        except Exception as error:  # each server has errors of its own for chunks that are none
            raise ConnectionError("the body is malformed") from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        self._lines.admit(self._exchange)
        self._exchange.moved, self._exchange.reading = time.monotonic(), True
        try:
            yield
        finally:
            self._exchange.reading, self._exchange.moved = False, time.monotonic()

    def _note(self, data: bytes) -> bytes:
        self.touched = True
        if not data:
            left, self._left = self._left, 0
            if left:
                raise ConnectionError(f"the body ended {left} bytes early")
        elif self._left is not None:
            self._left -= len(data)
        self._exchange.whole = self._left == 0
        return data

    def drained(self, most: int) -> bool:
        """Read what is left, up to a limit; return whether that was all. What announces more is not begun."""
        if self._left is not None and self._left > most:
            return False
        with contextlib.suppress(OSError, ValueError, PpeError):
            while self._left != 0 and most > 0:
                block = self._block(lines.PACE)
                if not block:
                    break
                most -= len(block)
            return self._left == 0
        return False


class WholeExchange:
    """Wraps a WSGI application.

    Args:
        application: Answers the requests.
        watch: Bounds the bodies; one for each process.
    """

    def __init__(self, application: Application, watch: lines.Exchanges | None = None) -> None:
        self.application, self.lines = application, watch or lines.Exchanges()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer a request."""
        exchange = environ[lines.KEY] = lines.exchange_of(environ)
        self.lines.begin(exchange)
        try:
            return self._answer(environ, start_response, exchange)
        finally:
            self.lines.end(exchange)

    def _answer(self, environ: dict[str, Any], start_response: Start, exchange: lines.Exchange) -> Iterable[bytes]:
        length = _length(environ)
        if length == 0:
            return self.application(environ, start_response)
        if length is None and is_address(str(environ.get("PATH_INFO", ""))):
            environ[UNANNOUNCED], environ["CONTENT_LENGTH"] = True, _UNKNOWN
        environ[lines.ADMIT] = lambda: self.lines.admit(exchange)
        # Uploads choose their blocks by the pace of the line (`uploads.body`); everything else is read in small ones.
        step = _BLOCK if str(environ.get("PATH_INFO", "")).startswith(UPLOADS) else lines.PACE
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], length, exchange, self.lines, step)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            # Who asked to be told first (`Expect: 100-continue`) sends nothing after a refusal: nothing to wait for.
            unasked = body.touched or "HTTP_EXPECT" not in environ
            if status.startswith("429") or not (unasked and body.drained(exchange.drained)):
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *more)

        return self.application(environ, start)


def _length(environ: dict[str, Any]) -> int | None:
    """Return the announced length of the body; None when it comes in chunks of no announced length."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    text = str(environ.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
