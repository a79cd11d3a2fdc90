"""SHA-256 of uploads while they arrive, so that a whole file need not be read again at its end.

The state of a hash cannot be stored: it lives in the process that took the bytes. Whenever another process took some,
or this one began anew, the states do not meet, and the file is hashed from its beginning when it is whole.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any

MOST = 1024


class RunningDigests:
    """Hashes of unfinished uploads, each with the offset up to which it has come."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[int, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, uid: str, offset: int) -> Any:
        """Take the hash of the first ``offset`` bytes out; None when it is not known here."""
        with self._lock:
            at, digest = self._kept.pop(uid, (-1, None))
        if offset == 0:
            return hashlib.sha256()
        return digest if at == offset else None

    def keep(self, uid: str, offset: int, digest: Any) -> None:
        """Put a hash back; the one that was not asked for longest gives way."""
        with self._lock:
            self._kept[uid] = (offset, digest)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


running = RunningDigests()
