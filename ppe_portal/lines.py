"""Bodies under way, and the lines that they come on: one that does not move ends, and its line with it.

granian reads a body in a thread of the request, and no such read can be given up: a request that is answered while its
body is being read stops the whole worker until the client moves. So the line itself is shut, which ends the read. The
server tells a request's address and no port, so the line is found by the kernel's account of it: it has brought next to
nothing for as long as the body is overdue, it brought something since the request began, and its last byte did not come
when another request of that address, which is still waiting for its answer, was last heard.
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
from typing import NamedTuple

from wire.errors import PpeError
from wire.messages import Message

#: What a body must bring within its time. It is the pace that counts: a line of 1 Mbit/s brings it in 0.13 s.
PACE = 16 << 10
#: The most of an unread body that is read only to be dropped, so that the line serves the next request: one block of an
#: upload of somebody known, a small form of anybody else. Past it the line is closed, and said to be.
DRAINED, STRANGERS_DRAINED = 16 << 20, 64 << 10
STRANGER_SECONDS, KNOWN_SECONDS = 10.0, 60.0
TICK = 0.5
#: A body whose block is awaited for so long does not move.
STILL = 2 * TICK
#: How long before a request began its last byte may have come (the server hands it to a thread), and how long after.
EARLY, LATE = 1.0, 0.1
#: A line on which a little came so many times, a tick apart, brings a body that trickles.
OFTEN = 3
#: Where the kernel's account of a line tells the milliseconds since its last byte came, and the bytes that were
#: acknowledged by the other side and received from it.
_LAST, _LAST_AT = struct.Struct("=I"), 52
_COUNTERS, _COUNTERS_AT = struct.Struct("=QQ"), 120
#: The key of a request's `Exchange` in its environment.
KEY = "ppe.exchange"
#: The key of what gives a stranger's body its place, or raises `TooManyBodiesError`.
ADMIT = "ppe.admit"


class TooManyBodiesError(PpeError):
    """As many bodies of this kind of sender are being read as may be."""

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
        who: Who sends, when it is known: a person who is logged in, or a machine.
        drained: The most of an unread body that is read only to be dropped.
        counted: Whether its body holds a place.
        whole: Whether its body has been read to its end.
        reading: Whether a read of the body is under way.
        moved: When it began, or its body last brought a block.
        began: When it began.
        queued: Whether it may have waited for a thread before.
    """

    address: str
    port: int
    who: str = ""
    drained: int = STRANGERS_DRAINED
    counted: bool = False
    whole: bool = False
    reading: bool = False
    moved: float = field(default_factory=time.monotonic)
    began: float = field(default_factory=time.monotonic)
    queued: bool = False

    def know(self, who: str) -> None:
        """Note who sends."""
        self.who, self.drained = who, DRAINED

    def still(self, now: float, seconds: float) -> bool:
        """Return whether a block of the body has been waited for that long."""
        return self.reading and now - self.moved >= seconds

    def may_have_heard(self, last: float, little: int) -> bool:
        """Return whether a line may be that of this request.

        Args:
            last: When the last byte came on it.
            little: How often a little came on it, with no answer between: a request comes at once, but for its body.
        """
        early = self.queued or last >= self.moved - EARLY
        return early and (self.reading or (last <= self.moved + LATE and little < OFTEN))


@dataclass
class _Mark:
    """How far a line was when it last moved, how far it was last seen, and how often it brought a little since."""

    at: float
    received: int
    sent: int
    seen: int
    little: int = 0


class _Line(NamedTuple):
    """A line as the kernel tells it: its inode, its other end, bytes received and sent, when its last byte came."""

    inode: int
    address: str
    received: int
    sent: int
    last: float


class Exchanges:
    """The exchanges of a process.

    Args:
        threads: Requests that are answered at a time. A quarter of them at most reads bodies of people and machines not
            logged in, another quarter those of any one person or machine; while half of them waits for bodies of the
            logged in that do not move, no other such body is begun, and these have no more time than a stranger's.
        stranger_seconds: Within which a stranger's body must bring a block.
    """

    def __init__(self, *, threads: int = 64, stranger_seconds: float = STRANGER_SECONDS) -> None:
        self.threads, self.stranger_seconds = threads, stranger_seconds
        self.strangers, self.each, self.most_still = max(1, threads // 4), max(2, threads // 4), max(2, threads // 2)
        self._lock = threading.Lock()
        self._open: set[Exchange] = set()
        self._marks: dict[int, _Mark] = {}
        self._watcher: threading.Thread | None = None

    def begin(self, exchange: Exchange) -> None:
        """Note a request, with a body or without."""
        with self._lock:
            exchange.queued = len(self._open) + 1 >= self.threads
            self._open.add(exchange)

    def end(self, exchange: Exchange) -> None:
        """Forget a request that has been answered."""
        with self._lock:
            self._open.discard(exchange)

    def admit(self, exchange: Exchange) -> None:
        """Let the body of a request be read.

        Raises:
            TooManyBodiesError: Too many of such senders are being read.
        """
        with self._lock:
            if not exchange.counted:
                self._require_place(exchange)
                exchange.counted = True
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="lines", daemon=True)
                self._watcher.start()

    def _require_place(self, exchange: Exchange) -> None:
        if not exchange.who:
            if sum(each.counted and not each.who for each in self._open) >= self.strangers:
                raise TooManyBodiesError(
                    Message("The node is busy with requests that are not logged in: this one was not read."),
                    remedy=Message("Repeat the action in a few seconds."),
                )
            return
        mine = [each for each in self._open if each.who == exchange.who]
        if sum(each.counted and not each.whole for each in mine) >= self.each:
            raise TooManyBodiesError(
                Message("Too many transfers in your name at the same time: this one was not read."),
                remedy=Message(
                    "Wait until those under way are over, or close pages you do not need, then repeat the action."
                ),
            )
        if self._still_ones(time.monotonic()) >= self.most_still:
            raise TooManyBodiesError(
                Message("The node is busy with transfers that have stopped: this request was not read."),
                remedy=Message("Repeat the action in a few seconds."),
            )

    def _still_ones(self, now: float) -> int:
        """Return how many bodies of the logged in do not move; to be called under the lock."""
        return sum(bool(each.who) and each.still(now, STILL) for each in self._open)

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
            pressed = self._still_ones(now) >= self.most_still
        slow = [each for each in exchanges if each.still(now, STILL)]
        if not slow:
            self._marks.clear()
            return 0
        found = list(_sockets({each.port for each in slow}, now))
        self._note(now, found)
        known = self.stranger_seconds if pressed else KNOWN_SECONDS
        return sum(
            self._shut(
                now,
                [each for each in exchanges if each.address == address],
                [line for line in found if line.address == address],
                known,
            )
            for address in {each.address for each in slow}
        )

    def _note(self, now: float, found: list[_Line]) -> None:
        marks = {}
        for line in found:
            mark = self._marks.get(line.inode)
            if mark is None or line.sent != mark.sent or line.received - mark.received >= PACE:
                mark = _Mark(now, line.received, line.sent, line.received)
            elif line.received != mark.seen:
                mark.seen, mark.little = line.received, mark.little + 1
            marks[line.inode] = mark
        self._marks = marks

    def _shut(self, now: float, here: list[Exchange], found: list[_Line], known: float) -> int:
        """Shut the lines of one address that are those of overdue bodies, and no line that may be another request's."""
        patience = {each: known if each.who else self.stranger_seconds for each in here}
        overdue = [each for each in here if each.still(now, patience[each])]
        if not overdue:
            return 0
        seconds = min(patience[each] for each in overdue)
        others = [each for each in here if each not in overdue]
        lines = [
            line
            for line in found
            if now - self._marks[line.inode].at >= seconds
            and any(each.queued or line.last >= each.began - EARLY for each in overdue)
            and not any(each.may_have_heard(line.last, self._marks[line.inode].little) for each in others)
        ]
        # No more at a time than are overdue, the likeliest first: an idle line that looks like one of theirs may live.
        lines.sort(key=lambda line: min(abs(line.last - each.moved) for each in overdue))
        return sum(_shut_down(line.inode) for line in lines[: len(overdue)])


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")


def _descriptors() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError, ValueError):
            kind, _colon, inode = str(entry.readlink()).partition(":[")
            if kind == "socket":
                yield int(entry.name), int(inode.rstrip("]"))


def _sockets(ports: set[int], now: float) -> Iterator[_Line]:
    """Yield every line to one of our ports."""
    for number, inode in _descriptors():
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as line:
            if line.family in (socket.AF_INET, socket.AF_INET6) and line.getsockname()[1] in ports:
                told = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
                sent, received = _COUNTERS.unpack_from(told, _COUNTERS_AT)
                (ago,) = _LAST.unpack_from(told, _LAST_AT)
                yield _Line(inode, _plain(line.getpeername()[0]), received, sent, now - ago / 1000)


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
