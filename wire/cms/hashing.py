"""SHA-256 computed beside other work: hashing costs as much as sealing, and runs without the interpreter's lock."""

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

SLOTS = 4


class ParallelDigest:
    """Hashes pieces in order in one thread of its own; at most `SLOTS` pieces are under way.

    A piece must stay as it is until `SLOTS - 1` more have been given, or the digest has been asked for.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sha256")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def update(self, piece: bytes | memoryview) -> None:
        """Take a piece; waits when too many are under way."""
        self._pending.append(self._pool.submit(self._digest.update, piece))
        if len(self._pending) >= SLOTS:
            self._pending.popleft().result()

    def hexdigest(self) -> str:
        """Wait for all pieces and return the digest."""
        while self._pending:
            self._pending.popleft().result()
        return self._digest.hexdigest()
