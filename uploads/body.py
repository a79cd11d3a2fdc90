"""Reading a request's body so that a client that stalls never holds an upload for long."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from enum import Enum

FIRST_BLOCK, SMALLEST_BLOCK, LARGEST_BLOCK = 1 << 14, 1 << 10, 1 << 18
QUICK, SLOW = 0.02, 0.2
POLL = 0.25
#: Blocks that may have been read and not yet taken.
AHEAD = 4


class End(Enum):
    """How a body ended."""

    WHOLE = "whole"
    CUT = "cut"
    STALLED = "stalled"
    WANTED = "wanted"


class Body:
    """A body, read by a helper thread.

    A thread that waits in the server's ``read`` cannot be interrupted. The helper waits there instead; the request
    itself waits on a queue, so that it can stop when nothing comes or a newer request wants the upload, keep what
    was received and let go of the lock. Afterwards, without the lock, it waits for the helper in `close`: granian
    stops the whole worker process when a request is answered while a read of its body is under way.

    Args:
        read: Reads at most so many bytes; empty at the end, OSError when the client is gone.
        length: Bytes announced, or the most that may come.
        idle: Seconds without a byte after which the body counts as stalled.
        wanted: Asked now and then whether a newer request wants the upload.
        at_most: Whether the body may be whole before its length: it comes in chunks.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        length: int,
        *,
        idle: float,
        wanted: Callable[[], bool],
        at_most: bool = False,
    ) -> None:
        self.read, self.length, self.idle, self.wanted, self.at_most = read, length, idle, wanted, at_most
        self.end, self.stopped = End.WHOLE, False
        # Two plain queues, because they are the cheapest way between threads: blocks come, leave to read goes back.
        self._blocks: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._leave: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._helper: threading.Thread | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks that arrive; afterwards `end` says how it ended."""
        if not self.length:
            return
        for _ in range(AHEAD):
            self._leave.put(True)
        self._helper = threading.Thread(target=self._pump, name="upload-body", daemon=True)
        self._helper.start()
        try:
            yield from self._take()
        finally:
            self._stop()

    def close(self, before_waiting: Callable[[], None]) -> None:
        """Wait until no read of the body is under way: it ends with the next bytes, or with the connection.

        Args:
            before_waiting: Called when there is something to wait for.
        """
        if self._helper is not None:
            self._stop()
            self._helper.join(0.1)
            if self._helper.is_alive():
                before_waiting()
                self._helper.join()

    def _stop(self) -> None:
        self.stopped = True
        self._leave.put(False)

    def _pump(self) -> None:
        # Servers return a block only when it is full or the connection has ended. On a slow link blocks stay small,
        # so that little of what has arrived is out of sight when the link dies silently.
        left, size = self.length, FIRST_BLOCK
        while left and self._leave.get() and not self.stopped:
            began = time.monotonic()
            try:
                block = self.read(min(size, left))
            except (OSError, ValueError):  # the client is gone, or the server closed the body under us
                block = b""
            if not block:
                break
            left -= len(block)
            size = _next_size(size, time.monotonic() - began)
            self._blocks.put(block)
        self._blocks.put(None)

    def _take(self) -> Iterator[bytes]:
        got, last, asked = 0, time.monotonic(), time.monotonic()
        while got < self.length:
            try:
                block = self._blocks.get(timeout=POLL)
            except queue.Empty:
                block = b""
            now = time.monotonic()
            if block is None:
                self.end = End.WHOLE if self.at_most else End.CUT
                return
            if block:
                got, last = got + len(block), now
                yield block
                self._leave.put(True)
            elif now - last > self.idle:
                self.end = End.STALLED
                return
            if now - asked >= POLL and got < self.length:
                asked = now
                if self.wanted():
                    self.end = End.WANTED
                    return


def _next_size(size: int, seconds: float) -> int:
    if seconds < QUICK:
        return min(size * 2, LARGEST_BLOCK)
    return max(size // 2, SMALLEST_BLOCK) if seconds > SLOW else size
