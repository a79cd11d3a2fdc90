"""Bodies that do not move, and bodies of strangers: behind the real server of a node."""

import os
import select
import signal
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.nodes import free_port
from ppe_portal import lines

ROOT = Path(__file__).resolve().parents[2]
PAGE = "/people/"
BIG = 2 << 30


class Web:
    """One web process of a node over a new data folder, with two administrators who are logged in."""

    def __init__(self, folder, kind="hq"):
        self.folder, self.port = folder, free_port()
        self.env = {
            **os.environ,
            "PPE_NODE": kind,
            "PPE_DATA_DIR": str(folder),
            "PPE_SECRET_KEY": "t" * 50,
            "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
        }
        self.env.pop("PPE_DATABASE_URL", None)
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=self.env, check=True)
        script = (
            "import django; django.setup()\n"
            "from importlib import import_module; from django.conf import settings; from django.utils import timezone\n"
            "from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, BACKEND_SESSION_KEY\n"
            "from stations.models import User; from ppe_portal import first_run\n"
            "node = first_run.this_node(); type(node).objects.update(founded_at=timezone.now())\n"
            "for name in 'tu':\n"
            "    u = User(username=name, is_active=True, is_superuser=True); u.set_unusable_password(); u.save()\n"
            "    s = import_module(settings.SESSION_ENGINE).SessionStore()\n"
            "    s[SESSION_KEY] = str(u.pk); s[BACKEND_SESSION_KEY] = 'django.contrib.auth.backends.ModelBackend'\n"
            "    s[HASH_SESSION_KEY] = u.get_session_auth_hash(); s.save(); print(s.session_key)"
        )
        made = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=self.env, check=True, capture_output=True, text=True
        )
        self.other, self.cookie = (f"ppe_{kind}_session={key}" for key in made.stdout.split()[-2:])
        command = [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--workers",
            "1",
            "--blocking-threads",
            "64",
            "--backpressure",
            "256",
            "--no-ws",
            "--respawn-failed-workers",
            "ppe_portal.wsgi:application",
        ]
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


def closed_after(stalled, seconds):
    """Wait until all lines are closed by the server; return how many are."""
    until, left = time.monotonic() + seconds, list(stalled)
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
    return len(stalled) - len(left)


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
    answer = web.ask(
        "POST", "/login/", "Content-Type: application/x-www-form-urlencoded", "Content-Length: 3", body=b"x=1"
    )
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


def bring_slowly(web, kind):
    """Bring a body at 5 kB/s, 12 s and more; return the answer, also one that comes before its end."""
    with web.send("POST", "/login/", kind, "Content-Length: 60000") as slow:
        for _part in range(30):
            if select.select([slow], [], [], 0.4)[0]:
                break
            slow.sendall(b"x" * 2_000)
        slow.settimeout(20)
        return slow.recv(4096)


def test_a_still_body_ends_and_a_slow_one_goes_on(web):
    kind = "Content-Type: application/x-www-form-urlencoded"
    # The server may not have seen yet that the strangers of the test before are gone, and refuse one more.
    answer, until = b"HTTP/1.1 429", time.monotonic() + 60
    while answer.startswith(b"HTTP/1.1 429") and time.monotonic() < until:
        with web.stall("/login/") as still:
            answer = bring_slowly(web, kind)
            if not answer.startswith(b"HTTP/1.1 429"):
                assert closed_after([still], 10) == 1
    assert answer.startswith(b"HTTP/1.1 403")  # read to its end, and found to be forged


def test_a_strangers_form_for_a_page_is_led_to_the_login_unread(web):
    kind = "Content-Type: multipart/form-data; boundary=b"
    with web.send("POST", PAGE, kind, f"Content-Length: {BIG}", "Expect: 100-continue") as line:
        line.settimeout(5)
        answer = line.recv(4096)
    assert answer.startswith(b"HTTP/1.1 302")
    assert b"/login/" in answer
    assert b"connection: close" in answer.lower()


def test_two_hundred_stalled_bodies_of_a_logged_in_person_delay_nobody_else(web):
    """Beyond the places of one person the answer is 429 at the headers; others are read as ever."""
    calm = statistics.median(web.page()[1] for _ in range(5))
    stalled = [web.stall(PAGE, f"Cookie: {web.other}") for _ in range(200)]
    try:
        times = sorted(web.page(timeout=10)[1] for _ in range(20))
        assert times[18] < max(1.0, 5 * calm)
        kind = "Content-Type: application/x-www-form-urlencoded"
        answer = web.ask("POST", PAGE, kind, f"Cookie: {web.cookie}", "Content-Length: 3", body=b"x=1", timeout=10)
        assert answer.startswith(b"HTTP/1.1 403")  # read, and found to be forged
        until, refused = time.monotonic() + 20, set()
        while len(refused) < 184 and time.monotonic() < until:
            ready, _, _ = select.select([line for line in stalled if line not in refused], [], [], 1)
            for line in ready:
                answer = line.recv(4096)
                assert answer.startswith(b"HTTP/1.1 429")
                assert b"connection: close" in answer.lower()
                assert b"retry-after: 10" in answer.lower()
                refused.add(line)
        assert len(refused) == 184
    finally:
        for line in stalled:
            line.close()


def test_many_persons_whose_bodies_stand_still_leave_threads_for_others():
    """While half of the threads waits, no more such bodies are begun and these have a stranger's patience."""
    watch = lines.Exchanges(threads=8)
    still = [lines.Exchange("192.0.2.1", 1, who=f"person:{n // 2}") for n in range(4)]
    for each in still:
        watch.begin(each)
        watch.admit(each)
        each.reading, each.moved = True, each.moved - 5
    newcomer = lines.Exchange("192.0.2.1", 1, who="person:9")
    watch.begin(newcomer)
    with pytest.raises(lines.TooManyBodiesError):
        watch.admit(newcomer)
    still[0].moved = time.monotonic()
    watch.admit(newcomer)


def test_what_a_killed_worker_was_reading_goes_when_another_takes_its_place(tmp_path):
    web, folder = Web(tmp_path, kind="rcoi"), tmp_path / "tmp"
    try:
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="r.zip"\r\n\r\n'
        kind = "Content-Type: multipart/form-data; boundary=b"
        with web.send(
            "POST",
            "/centre/requests/",
            kind,
            "Content-Length: 8000000",
            f"Cookie: {web.cookie}; ppe_rcoi_csrf={'a' * 32}",  # without it nothing of the form is looked at
            body=head + b"x" * 2_000_000,
        ):
            until = time.monotonic() + 20
            while len(left := sorted(each.name for each in folder.iterdir())) < 2 and time.monotonic() < until:
                time.sleep(0.05)
            assert [name.partition("-")[2].partition(".")[2] for name in left if "expected" in name] == ["expected"]
            assert [name for name in left if name.endswith(".upload")]
            children = Path(f"/proc/{web.process.pid}/task/{web.process.pid}/children").read_text().split()
            (worker,) = {name.partition(".")[0] for name in left} & set(children)
            os.kill(int(worker), signal.SIGKILL)
        until = time.monotonic() + 30
        while list(folder.iterdir()) and time.monotonic() < until:
            time.sleep(0.1)
        assert list(folder.iterdir()) == []
        assert web.ask("GET", "/healthz").startswith(b"HTTP/1.1 200")
    finally:
        web.end()
