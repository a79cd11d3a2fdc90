"""A server that listens and never answers is told from one that is late, and from none."""

import socket
import sys
import threading
import time

import pytest

from demo.nodes import free_port
from ppe_portal.pulse import Pulse
from ppe_portal.supervisor import Child, Supervisor, kill_marked, mark_of

DEAF = "import socket,time,sys; s=socket.create_server(('127.0.0.1',int(sys.argv[1]))); time.sleep(60)"


def feel(pulse, until, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if pulse.dead():
            return True
        if until():
            pulse.forget()
            return False
        time.sleep(0.01)
    pulse.forget()
    return False


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_server_that_never_answers_is_dead(listening):
    pulse = Pulse("127.0.0.1", listening.getsockname()[1], every=0.05, patience=0.3, in_vain=3)
    assert feel(pulse, lambda: False, 20)
    pulse.forget()
    assert not pulse.dead()


def test_any_answer_is_life(listening):
    answered = []

    def serve():
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            line.recv(1000)
            line.sendall(b"HTTP/1.1 503 Busy\r\n\r\n")
            line.close()
            answered.append(1)

    threading.Thread(target=serve, daemon=True).start()
    pulse = Pulse("127.0.0.1", listening.getsockname()[1], every=0.02, patience=30, in_vain=1)
    assert not feel(pulse, lambda: len(answered) >= 10, 20)
    assert len(answered) >= 10


def test_nobody_listening_is_the_supervisors_to_see():
    pulse = Pulse("127.0.0.1", free_port(), every=0.0, patience=0.01, in_vain=1)
    assert not feel(pulse, lambda: False, 0.5)


def test_a_web_server_that_gives_no_answer_is_started_again(tmp_path):
    port = free_port()
    child = Child("web", [sys.executable, "-c", DEAF, str(port)], mark_of(tmp_path, "web"), tmp_path / "web.log")
    node = Supervisor([child], tmp_path, None, Pulse("127.0.0.1", port, every=0.05, patience=0.3, in_vain=3))
    child.start()
    first = child.process.pid
    until = time.monotonic() + 30
    try:
        while time.monotonic() < until and (child.process is None or child.process.pid == first):
            child.tend()
            node._feel()
            time.sleep(0.02)
        assert child.process.pid != first
        node.pulse.forget()
    finally:
        kill_marked(mark_of(tmp_path))
        child.process.wait(5)
