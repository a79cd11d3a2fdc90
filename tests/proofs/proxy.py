"""A line between two nodes that cuts, stalls, loses, doubles, delays and throttles, as a seed tells it to."""

import random
import re
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

BLOCK = 1 << 14
LENGTH = re.compile(rb"\r\nContent-Length: *([0-9]+)", re.IGNORECASE)
UPLOAD_LENGTH = re.compile(rb"\r\nUpload-Length: *([0-9]+)", re.IGNORECASE)
LOCATION = re.compile(rb"\r\nLocation: *[^\r]*?([0-9a-f]{32})", re.IGNORECASE)
UID = re.compile(rb"/uploads/([0-9a-f]{32})")


class LineCutError(Exception):
    """The line is to be cut here."""


@dataclass
class Faults:
    """How often each fault shall happen, and how likely it is at each request while some are left."""

    cut: int = 0
    stall: int = 0
    drop: int = 0
    duplicate: int = 0
    reorder: int = 0
    slow_uploads: int = 0
    stall_seconds: float = 30.0
    slow_limit: int = 64 << 10
    slow_rate: int = 8000
    likely: float = 0.4


@dataclass
class Exchange:
    """One request and what is to happen to it."""

    head: bytes
    fault: str = ""
    at: int = 0
    rate: int = 0

    @property
    def method(self) -> bytes:
        return self.head.split(b" ", 1)[0]

    @property
    def length(self) -> int:
        found = LENGTH.search(self.head)
        return int(found[1]) if found else 0


@dataclass
class FaultProxy:
    """Listens on a free port and passes requests to another one."""

    target: int
    seed: int
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"line {self.seed}")
        self.left = {name: getattr(self.faults, name) for name in ("cut", "stall", "drop", "duplicate", "reorder")}
        self.slow_left = self.faults.slow_uploads
        self.done: Counter[str] = Counter()
        self.slow: set[bytes] = set()
        self.sent = 0
        self.lock = threading.Lock()
        self.passed = threading.Condition()
        self.answers = 0
        self.open = True
        self.server = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}"

    def close(self) -> None:
        """Let nothing pass any more."""
        self.open = False
        # A close alone does not wake the thread that waits in accept.
        with suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def _listen(self) -> None:
        while self.open:
            with suppress(OSError):
                client, _ = self.server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, LineCutError):
            upstream = socket.create_connection(("127.0.0.1", self.target), timeout=60)
            client.settimeout(120)
            with upstream:
                while self.open and (head := _head(client)) is not None:
                    exchange = self._draw(head)
                    self._pass(client, upstream, exchange)

    def _draw(self, head: bytes) -> Exchange:
        exchange = Exchange(head)
        uid = UID.search(head.split(b"\r\n", 1)[0])
        with self.lock:
            if exchange.method == b"PATCH" and uid is not None and uid[1] in self.slow:
                exchange.rate = self.faults.slow_rate
            elif self.rng.random() < self.faults.likely:
                names = [name for name, left in self.left.items() if left]
                if exchange.method != b"PATCH":
                    names = [name for name in names if name not in ("cut", "stall")]
                if names:
                    exchange.fault = self.rng.choice(names)
                    exchange.at = self.rng.randrange(exchange.length + 1)
                    self.left[exchange.fault] -= 1
                    self.done[exchange.fault] += 1
        return exchange

    def _pass(self, client: socket.socket, upstream: socket.socket, exchange: Exchange) -> None:
        if not self.open:
            raise LineCutError
        upstream.sendall(exchange.head)
        body = self._body(client, upstream, exchange)
        head = _head(upstream)
        if head is None:
            raise LineCutError
        answer = head + _exactly(upstream, _answer_length(exchange, head))
        self._learn(exchange, head)
        self._answer(client, exchange, answer)
        if exchange.fault == "duplicate":
            self._again(exchange, body)
            raise LineCutError
        if b"connection: close" in head.lower():
            raise LineCutError

    def _body(self, client: socket.socket, upstream: socket.socket, exchange: Exchange) -> bytes:
        left, kept, passed, stalled = exchange.length, b"", 0, False
        while left:
            block = client.recv(min(BLOCK if not exchange.rate else 1000, left))
            if not block:
                raise LineCutError
            if exchange.method == b"PATCH":
                with self.lock:
                    self.sent += len(block)
            if exchange.fault == "cut" and passed + len(block) > exchange.at:
                upstream.sendall(block[: exchange.at - passed])
                raise LineCutError
            if exchange.fault == "stall" and not stalled and passed + len(block) > exchange.at:
                stalled = True
                time.sleep(self.faults.stall_seconds)
            if exchange.rate:
                time.sleep(len(block) / exchange.rate)
            upstream.sendall(block)
            passed, left = passed + len(block), left - len(block)
            if exchange.fault == "duplicate":
                kept += block
        if exchange.fault == "cut":
            raise LineCutError
        return kept

    def _learn(self, exchange: Exchange, head: bytes) -> None:
        """A new small upload may be one of those that go over a slow line."""
        size, made = UPLOAD_LENGTH.search(exchange.head), LOCATION.search(head)
        if exchange.method == b"POST" and size and made and int(size[1]) <= self.faults.slow_limit:
            with self.lock:
                if self.slow_left:
                    self.slow_left -= 1
                    self.done["slow upload"] += 1
                    self.slow.add(made[1])

    def _answer(self, client: socket.socket, exchange: Exchange, answer: bytes) -> None:
        if exchange.fault == "drop":
            raise LineCutError
        if exchange.fault == "reorder":
            # Held back until the answer of another connection has overtaken it.
            with self.passed:
                before = self.answers
                self.passed.wait_for(lambda: self.answers > before, timeout=5)
        client.sendall(answer)
        with self.passed:
            self.answers += 1
            self.passed.notify_all()
        if exchange.fault == "duplicate":
            client.sendall(answer)

    def _again(self, exchange: Exchange, body: bytes) -> None:
        """The request itself comes a second time too, as a proxy that repeats would send it."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.target), timeout=20) as other:
            other.sendall(exchange.head + body)
            _head(other)


def _head(source: socket.socket) -> bytes | None:
    """Read up to the empty line, byte by byte at its end; None when the line ended first."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        # Nothing behind the head may be swallowed: look first, then take.
        seen = source.recv(4096, socket.MSG_PEEK)
        if not seen:
            return None
        end = (head + seen).find(b"\r\n\r\n", max(len(head) - 3, 0))
        take = len(seen) if end < 0 else end + 4 - len(head)
        head += source.recv(take)
    return head


def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        block = source.recv(min(1 << 16, count - len(data)))
        if not block:
            raise LineCutError
        data += block
    return data


def _answer_length(exchange: Exchange, head: bytes) -> int:
    status = int(head.split()[1])
    found = LENGTH.search(head)
    if exchange.method == b"HEAD" or status in (204, 304) or found is None:
        return 0
    return int(found[1])
