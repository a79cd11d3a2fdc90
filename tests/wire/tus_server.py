"""A real tus 1.0 server on a socket, that fails as it is told to: the line's and the server's faults, in order."""

import base64
import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Stored:
    length: int
    metadata: dict[str, str]
    data: bytearray = field(default_factory=bytearray)


@dataclass
class ServerFault:
    """What happens to one request instead of what should.

    Attributes:
        method: Of which method the next request suffers it.
        status: Answer with this status and nothing else.
        headers: Headers of that answer.
        body: Document of that answer.
        keep: Take so many bytes of the body, then close the line.
        silent: Do everything, then close the line without an answer.
        pause: Seconds to wait before the answer.
        times: For how many requests it holds.
    """

    method: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    keep: int | None = None
    silent: bool = False
    pause: float = 0.0
    times: int = 1


class TusServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.uploads: dict[str, Stored] = {}
        self.faults: list[ServerFault] = []
        self.requests: list[tuple[str, int]] = []
        self.received = 0
        self.largest: int | None = None
        self.verdict: dict[str, Any] = {"state": "handled", "result": {"number": 1}}
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A line that was cut is what these tests are about; it needs no report."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/files/"

    def fault(self, method: str) -> ServerFault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.times:
                    fault.times -= 1
                    return fault
        return None

    @property
    def only(self) -> Stored:
        (stored,) = self.uploads.values()
        return stored


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TusServer

    def log_message(self, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def _answer(self, status: int, headers: dict[str, str] | None = None, body: dict[str, Any] | None = None) -> None:
        content = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if content:
            self.send_header("Content-Type", "application/problem+json" if status >= 400 else "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _suffer(self) -> tuple[bool, ServerFault | None]:
        """Return whether the request has been answered already, and the fault."""
        fault = self.server.fault(self.command)
        self.server.requests.append((self.command, int(self.headers.get("Content-Length", 0))))
        if fault is None:
            return False, None
        time.sleep(fault.pause)
        if fault.status:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(fault.status, fault.headers, fault.body)
            return True, fault
        return False, fault

    def do_POST(self) -> None:
        answered, fault = self._suffer()
        if answered:
            return
        pairs = [item.split(" ") for item in self.headers["Upload-Metadata"].split(",") if item]
        metadata = {name: base64.b64decode(value[0] if value else "").decode() for name, *value in pairs}
        uid = f"{len(self.server.uploads):032x}"
        self.server.uploads[uid] = Stored(int(self.headers["Upload-Length"]), metadata)
        if fault is not None and fault.silent:
            self._cut()
            return
        self._answer(201, {"Location": f"/files/{uid}"})

    def _stored(self) -> Stored | None:
        stored = self.server.uploads.get(self.path.rsplit("/", 1)[-1])
        if stored is None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(404)
        return stored

    def do_HEAD(self) -> None:
        if self._suffer()[0]:
            return
        stored = self._stored()
        if stored is not None:
            self._answer(200, {"Upload-Offset": str(len(stored.data)), "Upload-Length": str(stored.length)})

    def do_GET(self) -> None:
        if not self._suffer()[0] and self._stored() is not None:
            self._answer(200, {}, self.server.verdict)

    def do_PATCH(self) -> None:
        answered, fault = self._suffer()
        if answered:
            return
        stored = self._stored()
        if stored is None:
            return
        size = int(self.headers["Content-Length"])
        if fault is not None and fault.keep is not None:
            part = self.rfile.read(min(fault.keep, size))
            stored.data += part
            self.server.received += len(part)
            self._cut()
            return
        body = self.rfile.read(size)
        self.server.received += len(body)
        if self.server.largest is not None and size > self.server.largest:
            self._answer(413)
        elif int(self.headers["Upload-Offset"]) != len(stored.data):
            self._answer(409)
        elif self.headers["Upload-Checksum"].split()[1] != base64.b64encode(hashlib.sha256(body).digest()).decode():
            self._answer(460)
        else:
            stored.data += body
            if fault is not None and fault.silent:
                self._cut()
                return
            self._answer(204, {"Upload-Offset": str(len(stored.data))})


@contextmanager
def running() -> Iterator[TusServer]:
    server = TusServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
