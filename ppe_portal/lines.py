"""Bodies under way, and the lines that they come on: one that does not move ends, and its line with it.

granian reads a body in a thread of the request, and no such read can be given up: a request that is answered while its
body is being read stops the whole worker until the client moves. So the line itself is shut, which ends the read. The
server does not tell which socket a request came on; whoever has sent next to nothing and was sent nothing for as long,
from the address of the body that is overdue, is it.
"""

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from wire.refusals import Refusal

#: What a body must bring within its time. It is the pace that counts: a line of 1 Mbit/s brings it in 0.13 s.
PACE = 16 << 10
STRANGER_SECONDS, KNOWN_SECONDS = 10.0, 60.0
TICK = 0.5
#: Where the kernel's account of a line tells the bytes that were acknowledged by the other side and received from it.
_COUNTERS = struct.Struct("=QQ")
_COUNTERS_AT = 120
#: The key of a request's `Exchange` in its environment.
KEY = "ppe.exchange"
#: The key of what gives a stranger's body its place, or raises `TooManyBodies`.
ADMIT = "ppe.admit"


class TooManyBodies(Refusal):
    """As many bodies of people and machines not logged in are being read as may be."""

    code = "too_many_bodies"
    http_status = 429
    permanent = False
    retry_after = 10


@dataclass(eq=False)
class Exchange:
    """A request that is being answered.

    Attributes:
        address: Of the client, as the server tells it.
        port: Of this node.
        known: Whether it is known who sends: a person who is logged in, or a machine.
        counted: Whether it holds one of the places for strangers' bodies.
        reading: Whether a read of the body is under way.
        moved: When it began, or its body last brought a block.
    """

    address: str
    port: int
    known: bool = False
    counted: bool = False
    reading: bool = False
    moved: float = field(default_factory=time.monotonic)

    def patience(self, stranger: float) -> float:
        """Return the seconds within which a block of the body must come."""
        return KNOWN_SECONDS if self.known else stranger


@dataclass
class _Mark:
    """How far a line was when it last moved."""

    at: float
    received: int
    sent: int


class Lines:
    """The exchanges of a process.

    Args:
        strangers: Bodies of people and machines not logged in that may be read at a time.
        stranger_seconds: Within which such a body must bring a block.
    """

    def __init__(self, *, strangers: int = 16, stranger_seconds: float = STRANGER_SECONDS) -> None:
        self.strangers, self.stranger_seconds = strangers, stranger_seconds
        self._lock = threading.Lock()
        self._open: set[Exchange] = set()
        self._marks: dict[int, _Mark] = {}
        self._watcher: threading.Thread | None = None

    def begin(self, exchange: Exchange) -> None:
        """Note a request, with a body or without."""
        with self._lock:
            self._open.add(exchange)

    def end(self, exchange: Exchange) -> None:
        """Forget a request that has been answered."""
        with self._lock:
            self._open.discard(exchange)

    def admit(self, exchange: Exchange) -> None:
        """Let the body of a request be read.

        Raises:
            TooManyBodies: It is a stranger's, and too many of theirs are being read.
        """
        with self._lock:
            if not exchange.known and not exchange.counted:
                if sum(each.counted for each in self._open) >= self.strangers:
                    raise TooManyBodies(
                        "Узел занят запросами без входа: этот не прочитан.",
                        "The node is busy with requests that are not logged in: this one was not read.",
                        cure_ru="Повторите действие через несколько секунд.",
                        cure_en="Repeat the action in a few seconds.",
                    )
                exchange.counted = True
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="lines", daemon=True)
                self._watcher.start()

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            with contextlib.suppress(OSError):  # a process out of descriptors looks again later
                self.look()

    def look(self) -> int:
        """Shut the lines whose bodies are overdue; return how many."""
        now = time.monotonic()
        with self._lock:
            exchanges = list(self._open)
        slow = [each for each in exchanges if each.reading and now - each.moved > 2 * TICK]
        if not slow:
            self._marks.clear()
            return 0
        found = list(_sockets({each.port for each in slow}))
        self._note(now, found)
        return sum(
            self._shut(now, address, [each for each in exchanges if each.address == address], found)
            for address in {each.address for each in slow}
        )

    def _note(self, now: float, found: list[tuple[int, str, int, int]]) -> None:
        marks = {}
        for inode, _address, received, sent in found:
            mark = self._marks.get(inode)
            moved = mark is None or sent != mark.sent or received - mark.received >= PACE
            marks[inode] = _Mark(now, received, sent) if moved or mark is None else mark
        self._marks = marks

    def _shut(self, now: float, address: str, here: list[Exchange], found: list[tuple[int, str, int, int]]) -> int:
        """Shut the still lines of one address, unless one of them may be waiting for an answer of ours."""
        overdue = [each for each in here if each.reading and now - each.moved >= each.patience(self.stranger_seconds)]
        if not overdue:
            return 0
        seconds = min(each.patience(self.stranger_seconds) for each in overdue)
        if any(each not in overdue and now - each.moved >= seconds for each in here):
            # Its line is as still as theirs: it is spared until nothing has moved for as long as a person's body may.
            if now - min(each.moved for each in overdue) < seconds + KNOWN_SECONDS:
                return 0
            seconds = max(seconds, KNOWN_SECONDS)
        still = {inode for inode, other, *_ in found if other == address and now - self._marks[inode].at >= seconds}
        return sum(_shut_down(inode) for inode in still)


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")


def _descriptors() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError, ValueError):
            kind, _colon, inode = str(entry.readlink()).partition(":[")
            if kind == "socket":
                yield int(entry.name), int(inode.rstrip("]"))


def _sockets(ports: set[int]) -> Iterator[tuple[int, str, int, int]]:
    """Yield inode, peer's address, bytes received and bytes sent of every line to one of our ports."""
    for number, inode in _descriptors():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
            if line.family in (socket.AF_INET, socket.AF_INET6) and line.getsockname()[1] in ports:
                told = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                sent, received = _COUNTERS.unpack_from(told, _COUNTERS_AT)
                yield inode, _plain(line.getpeername()[0]), received, sent


def _shut_down(wanted: int) -> bool:
    for number, inode in _descriptors():
        if inode == wanted:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
                line.shutdown(socket.SHUT_RDWR)
                return True
    return False


def exchange_of(environ: dict[str, object]) -> Exchange:
    """Return the exchange of a request as the server describes it."""
    port = str(environ.get("SERVER_PORT", ""))
    return Exchange(_plain(str(environ.get("REMOTE_ADDR", ""))), int(port) if port.isdecimal() else 0)
