"""Bodies that do not move, and bodies of strangers: behind the real server of a node."""

import os
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exam_day.nodes import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = "/people/"
BIG = 2 << 30


class Web:
    """One web process of a node over a new data folder, with one person who can log in."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.env = {
            **os.environ, "PPE_NODE": "hq", "PPE_DATA_DIR": str(folder), "PPE_SECRET_KEY": "t" * 50,
            "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
        }  # fmt: skip
        self.env.pop("PPE_DATABASE_URL", None)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.env, check=True)
        script = (
            "import django; django.setup()\n"
            "from importlib import import_module; from django.conf import settings; from django.utils import timezone\n"
            "from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, BACKEND_SESSION_KEY\n"
            "from stations.models import User; from ppe_portal import first_run\n"
            "node = first_run.this_node(); type(node).objects.update(founded_at=timezone.now())\n"
            "u = User(username='t', is_active=True); u.set_unusable_password(); u.save()\n"
            "s = import_module(settings.SESSION_ENGINE).SessionStore()\n"
            "s[SESSION_KEY] = str(u.pk); s[BACKEND_SESSION_KEY] = 'django.contrib.auth.backends.ModelBackend'\n"
            "s[HASH_SESSION_KEY] = u.get_session_auth_hash(); s.save(); print(s.session_key)"
        )
        made = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        self.cookie = f"ppe_hq_session={made.stdout.split()[-1]}"
        command = [
            sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--workers", "1", "--blocking-threads", "64", "--backpressure", "256", "--no-ws",
            "ppe_portal.wsgi:application",
        ]  # fmt: skip
        self.log = (folder / "web.log").open("ab")
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                assert self.ask("GET", "/healthz", timeout=5).startswith(b"HTTP/1.1 200")
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError((folder / "web.log").read_text())

    def send(self, method, path, *headers, body=b"", timeout=20.0):
        line = socket.create_connection(("127.0.0.1", self.port), timeout)
        head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", *headers])
        line.sendall(head.encode() + b"\r\n\r\n" + body)
        return line

    def ask(self, method, path, *headers, body=b"", timeout=20.0):
        with self.send(method, path, *headers, body=body, timeout=timeout) as line:
            return line.recv(4096)

    def page(self, timeout=20.0):
        began = time.monotonic()
        answer = self.ask("GET", "/", f"Cookie: {self.cookie}", timeout=timeout)
        return answer, time.monotonic() - began

    def stall(self, path, *headers, size=50_000):
        kind = "Content-Type: application/x-www-form-urlencoded"
        return self.send("POST", path, kind, f"Content-Length: {size}", *headers, body=b"x=1")

    def end(self):
        self.process.terminate()
        self.process.wait(20)
        self.log.close()


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    made = Web(tmp_path_factory.mktemp("web"))
    yield made
    made.end()


def closed_after(lines, seconds):
    """Wait until all lines are closed by the server; return how many are."""
    until, left = time.monotonic() + seconds, list(lines)
    while left and time.monotonic() < until:
        for line in list(left):
            line.settimeout(0.05)
            try:
                while line.recv(4096):
                    pass
                left.remove(line)
            except TimeoutError:
                pass
            except OSError:
                left.remove(line)
    return len(lines) - len(left)


def test_two_hundred_stalled_bodies_delay_nobody(web):
    calm = statistics.median(web.page()[1] for _ in range(5))
    stalled = [web.stall("/login/") for _ in range(200)]
    try:
        pages = [web.page() for _ in range(20)]
        assert all(answer.startswith(b"HTTP/1.1 200") for answer, _seconds in pages)
        times = sorted(seconds for _answer, seconds in pages)
        assert times[18] < max(1.0, 5 * calm)
        # All end, the places of strangers among them, which others may have then.
        assert closed_after(stalled, 40) == 200
    finally:
        for line in stalled:
            line.close()
    answer = web.ask("POST", "/login/", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 3",
                     body=b"x=1")  # fmt: skip
    assert not answer.startswith(b"HTTP/1.1 429")


def test_beyond_the_places_of_strangers_the_answer_is_429_unread(web):
    """Of one line more than there are places, exactly one is refused, whichever comes last."""
    stalled = [web.stall("/login/") for _ in range(17)]
    try:
        ready, _, _ = select.select(stalled, [], [], 8)
        answers = [line.recv(4096) for line in ready]
        assert len(answers) == 1
        assert answers[0].startswith(b"HTTP/1.1 429")
        assert b"connection: close" in answers[0].lower()
    finally:
        for line in stalled:
            line.close()


def test_a_still_body_ends_and_a_slow_one_goes_on(web):
    kind = "Content-Type: application/x-www-form-urlencoded"
    with web.stall("/login/") as still, web.send("POST", "/login/", kind, "Content-Length: 60000") as slow:
        for _part in range(30):  # 12 s and more, 5 kB/s
            slow.sendall(b"x" * 2_000)
            time.sleep(0.4)
        slow.settimeout(20)
        assert slow.recv(4096).startswith(b"HTTP/1.1 ")
        assert closed_after([still], 10) == 1


def test_a_strangers_form_for_a_page_is_led_to_the_login_unread(web):
    kind = "Content-Type: multipart/form-data; boundary=b"
    with web.send("POST", PAGE, kind, f"Content-Length: {BIG}", "Expect: 100-continue") as line:
        line.settimeout(5)
        answer = line.recv(4096)
    assert answer.startswith(b"HTTP/1.1 302")
    assert b"/login/" in answer
    assert b"connection: close" in answer.lower()
