"""An answer given before the body was read leaves the line usable, or says that it closes: behind the real server."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import httpx
import pytest

from demo.nodes import free_port
from ppe_portal.exchange import WholeExchange
from ppe_portal.lines import DRAINED, KEY, STRANGERS_DRAINED

APP = """
import time
from ppe_portal.exchange import WholeExchange
def answer(environ, start):
    if environ["PATH_INFO"] != "/stranger":
        environ["ppe.exchange"].know("somebody")
    if environ["PATH_INFO"] == "/reads":
        environ["wsgi.input"].read()
    time.sleep(0.02)  # as a page does: the line has filled with the body meanwhile
    start("401 No", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"no"]
whole = WholeExchange(answer)
"""


def serve(folder, name, app=APP):
    """Serve the application with granian; yields a client that keeps its line."""
    (folder / "answers.py").write_text(app)
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": f"{folder}:{Path.cwd()}"}
    with subprocess.Popen([*command, f"answers:{name}"], env=environment, stderr=subprocess.DEVNULL) as server:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as client:
            yield client
        server.terminate()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    yield from serve(tmp_path_factory.mktemp("whole"), "whole")


def chunks(count):
    for _each in range(count):
        yield b"x" * 65536


def test_the_body_is_read_before_the_answer_begins():
    """What the server does with a body left unread is its own race; that nothing is left is ours."""
    body, left = BytesIO(b"x" * 3_000_000), []

    def answer(environ, start):
        environ[KEY].know("somebody")
        start("401 No", [])
        return []

    environ = {"CONTENT_LENGTH": "3000000", "wsgi.input": body}
    WholeExchange(answer)(environ, lambda _status, headers: left.append((len(body.read()), headers)))
    assert left == [(0, [])]


def test_a_body_that_was_cut_is_an_error_and_not_a_shorter_body():
    def answer(environ, _start):
        return [environ["wsgi.input"].read()]

    with pytest.raises(ConnectionError):
        WholeExchange(answer)({"CONTENT_LENGTH": "50", "wsgi.input": BytesIO(b"x" * 49)}, None)


@pytest.mark.parametrize("size", [1, 60_000, 3_000_000, DRAINED - 1])
def test_the_line_serves_the_next_request(whole, size):
    for _round in range(3):
        answer = whole.post("/", content=b"x" * size)
        assert (answer.status_code, answer.text) == (401, "no")
        assert "close" not in answer.headers.get("Connection", "")
        assert whole.get("/").status_code == 401


def test_a_body_beyond_the_limit_closes_the_line_and_says_so(whole):
    for body in (b"x" * (DRAINED + 1_000_000), chunks(300)):
        answer = whole.post("/", content=body)
        assert answer.status_code == 401
        assert answer.headers["Connection"] == "close"
        assert whole.get("/").status_code == 401


def test_a_body_in_chunks_is_read_to_its_end_too(whole):
    for path in ("/", "/reads"):
        assert "close" not in whole.post(path, content=chunks(20)).headers.get("Connection", "")
        assert whole.get(path).status_code == 401


def test_who_asks_before_sending_is_not_waited_for():
    started = []

    class Never(BytesIO):
        def read(self, *_size):
            raise AssertionError("nothing will come")

    def answer(_environ, start):
        start("401 No", [])
        return []

    environ = {"CONTENT_LENGTH": "5000000", "HTTP_EXPECT": "100-continue", "wsgi.input": Never()}
    WholeExchange(answer)(environ, lambda *said: started.append(said))
    assert started == [("401 No", [("Connection", "close")])]


@pytest.mark.parametrize(("size", "read"), [(60_000, 60_000), (STRANGERS_DRAINED + 1, 0), (8_000_000, 0)])
def test_of_a_stranger_no_more_than_a_small_form_is_read_to_be_dropped(size, read):
    body, told = BytesIO(b"x" * size), []

    def answer(_environ, start):
        start("401 No", [])
        return []

    WholeExchange(answer)(
        {"CONTENT_LENGTH": str(size), "wsgi.input": body}, lambda _status, headers: told.append(headers)
    )
    assert (body.tell(), told) == (read, [[] if read else [("Connection", "close")]])


def test_a_strangers_body_of_no_announced_length_is_cut_too():
    body, told = BytesIO(b"x" * 8_000_000), []

    def answer(_environ, start):
        start("401 No", [])
        return []

    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}
    WholeExchange(answer)(environ, lambda _status, headers: told.append(headers))
    assert (body.tell(), told) == (STRANGERS_DRAINED, [[("Connection", "close")]])


def test_a_stranger_reads_the_answer_before_the_line_is_cut(whole):
    answer = whole.post("/stranger", content=b"x" * 3_000_000)
    assert (answer.status_code, answer.text, answer.headers["Connection"]) == (401, "no", "close")
    assert "close" not in whole.post("/stranger", content=b"x" * 1000).headers.get("Connection", "")


SLOW = """
import time
from ppe_portal.exchange import WholeExchange
from ppe_portal.lines import Exchanges
def answer(environ, start):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(9)
    environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
whole = WholeExchange(answer, Exchanges(stranger_seconds=2))
"""


@pytest.fixture
def slow(tmp_path):
    yield from serve(tmp_path, "whole", SLOW)


def test_a_still_body_is_cut_beside_a_request_that_waits_for_its_answer_on_a_used_line(slow):
    """All of them come from one address, as behind a proxy."""
    assert slow.get("/").text == "ok"
    still = socket.create_connection(("127.0.0.1", slow.base_url.port))
    still.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\nx")
    began = time.monotonic()
    time.sleep(1.3)
    answers = []
    waits = threading.Thread(target=lambda: answers.append(slow.get("/slow").text))
    waits.start()
    still.settimeout(20)
    with still, contextlib.suppress(ConnectionError):
        while still.recv(1000):
            pass
    cut = time.monotonic() - began
    waits.join(30)
    assert answers == ["ok"]
    assert 2 <= cut < 8
