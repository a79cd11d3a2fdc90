"""Whether the web processes of a node answer at all; a slow page, a long body and load are answers, only late."""

import contextlib
import errno
import socket
import time
from dataclasses import dataclass, field

EVERY, PATIENCE = 5.0, 60.0
#: So many questions wait in vain, within `WINDOW`, before the server counts as dead: to end one in the middle of its
#: work costs more than another half minute.
IN_VAIN, WINDOW = 6, 300.0
_ASK = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (read, not bound)


@dataclass
class Pulse:
    """Asks a server again and again, each time on a new line, and keeps count of the questions never answered.

    Every web process listens on the same port, so one that hangs among living ones meets its share of the questions.
    """

    host: str
    port: int
    every: float = EVERY
    patience: float = PATIENCE
    in_vain: int = IN_VAIN
    _waiting: list[tuple[socket.socket, float, bool]] = field(default_factory=list)
    _failed: list[float] = field(default_factory=list)
    _asked: float = float("-inf")

    def dead(self) -> bool:
        """Look at the answers, ask again when it is time; return whether the server is to be started again."""
        now = time.monotonic()
        self._waiting = [kept for probe in self._waiting if (kept := self._look(probe, now)) is not None]
        self._failed = [at for at in self._failed if now - at < WINDOW]
        if now - self._asked >= self.every:
            self._asked = now
            self._ask(now)
        return len(self._failed) >= self.in_vain

    def forget(self) -> None:
        """Begin anew, with a new server."""
        for line, *_ in self._waiting:
            line.close()
        self._waiting, self._failed = [], []

    def _ask(self, now: float) -> None:
        host = _ANY.get(self.host, self.host)
        line = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        line.setblocking(False)
        with contextlib.suppress(OSError):
            if line.connect_ex((host, self.port)) in (0, errno.EINPROGRESS):
                self._waiting.append((line, now, False))
                return
        line.close()

    def _look(self, probe: tuple[socket.socket, float, bool], now: float) -> tuple[socket.socket, float, bool] | None:
        line, began, asked = probe
        try:
            asked = asked or line.send(_ASK) > 0
            line.recv(1)
        except (BlockingIOError, InterruptedError):
            if now - began < self.patience:
                return line, began, asked
            self._failed.append(now)
        except OSError:  # nobody listens: the supervisor sees a process that ended by itself
            pass
        line.close()
        return None
