"""A request is read to its end before it is answered, or the answer says that the line closes after it.

A server that answers before it has read the body must close the line, and granian does so without a word: the client
sends its next request into a closed line and is told «server disconnected» about something that never arrived.
"""

import contextlib
from collections.abc import Callable, Iterable
from typing import Any, Protocol

#: The most that is read only to be dropped: one block of an upload. Past it the line is closed, and said to be.
MOST_DRAINED = 16 << 20
_BLOCK = 1 << 18

Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class _Readable(Protocol):
    def read(self, *size: int) -> bytes: ...

    def readline(self, *size: int) -> bytes: ...


class _Body:
    """The body of a request, counted as it is read."""

    def __init__(self, stream: _Readable, length: int | None) -> None:
        self._stream, self._left, self.touched = stream, length, False

    def read(self, *size: int) -> bytes:
        """Read as the stream does."""
        return self._note(self._stream.read(*size), whole=not size)

    def readline(self, *size: int) -> bytes:
        """Read a line as the stream does."""
        return self._note(self._stream.readline(*size))

    def _note(self, data: bytes, *, whole: bool = False) -> bytes:
        self.touched = True
        if whole or not data:
            self._left = 0
        elif self._left is not None:
            self._left -= len(data)
        return data

    def drained(self, most: int) -> bool:
        """Read what is left, up to a limit; return whether that was all."""
        with contextlib.suppress(OSError, ValueError):
            while self._left != 0 and most > 0:
                block = self.read(_BLOCK)
                if not block:
                    break
                most -= len(block)
        return self._left == 0


class WholeExchange:
    """Wraps a WSGI application."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """Answer a request."""
        length = _length(environ)
        if length == 0:
            return self.application(environ, start_response)
        body = environ["wsgi.input"] = _Body(environ["wsgi.input"], length)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            # Who asked to be told first (`Expect: 100-continue`) sends nothing after a refusal: nothing to wait for.
            unasked = body.touched or "HTTP_EXPECT" not in environ
            if not (unasked and body.drained(MOST_DRAINED)):
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *more)

        return self.application(environ, start)


def _length(environ: dict[str, Any]) -> int | None:
    """Return the announced length of the body; None when it comes in chunks of no announced length."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    text = str(environ.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
