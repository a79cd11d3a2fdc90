"""Two gigabytes at every entrance of two real nodes: refused in words, at once or when they are read, in little memory.

The files are sparse: they take no room on the disk, but every byte of them comes over the line.
"""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ppe_portal import bodies
from tests.conftest import PersonLogin
from tests.hostile.conftest import HostilePoint
from tests.hostile.watch import Watch, WatchedAnswer, at, files_in, must_refuse, notes, watched
from tests.rcoi.conftest import centre
from tests.support.upload_node import ROOT, UploadNode, migrated

__all__ = ["centre"]

SIZE = 2 << 30
GROWTH = 200 << 20
BOUNDARY = "ppe-hostile"


@dataclass
class Big:
    """A running node, and who comes to it."""

    node: UploadNode
    said: dict[str, Any]
    flash: Path
    tokens: Path
    sparse: Path

    @property
    def cookies(self) -> str:
        kind = self.node.env["PPE_NODE"]
        return f"ppe_{kind}_session={self.said['browser']}; ppe_{kind}_csrf={'a' * 32}"

    def form(self, path: str, form: str, *, anonymous: bool = False) -> WatchedAnswer:
        """Send the two gigabytes as the file of a form; follow to the page that answers."""
        head = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in (("form", form), ("csrfmiddlewaretoken", "a" * 32))
        )
        head += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="big.tif"\r\n\r\n'
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "X-CSRFToken": "a" * 32}
        if not anonymous:
            headers["Cookie"] = self.cookies
        status, answer, body = self.send("POST", path, headers, head.encode(), f"\r\n--{BOUNDARY}--\r\n".encode())
        return self.follow(status, answer, body)

    def post(self, path: str, **fields: str) -> WatchedAnswer:
        """Send a small form."""
        parts = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {**fields, "csrfmiddlewaretoken": "a" * 32}.items()
        )
        body = f"{parts}--{BOUNDARY}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Cookie": self.cookies}
        return self.follow(*self.send("POST", path, headers, body, b"", size=0))

    def follow(self, status: int, headers: dict[str, str], body: str) -> WatchedAnswer:
        if status == 302:
            cookies = {"Cookie": f"{self.cookies}; {headers['set-cookie']}"}  # messages travel in a cookie
            status, _headers, body = self.send("GET", headers["location"], cookies, b"", b"", size=0)
        said = notes(body)
        found = tuple(re.findall(r'data-code="code-(\w+)"', body))
        texts = said.texts or tuple(re.findall(r"<p[^>]*>(.*?)</p>", body))
        return WatchedAnswer(status, found, texts, body)

    def api(self, method: str, path: str, size: int = SIZE, **headers: str) -> WatchedAnswer:
        """Send two gigabytes as a machine."""
        headers = {"Authorization": f"Bearer {self.said['token']}", **headers}
        status, _headers, body = self.send(method, path, headers, b"", b"", size=size)
        document = json.loads(body) if body.startswith("{") else {}
        return WatchedAnswer(status, (document.get("code", ""),), (document.get("detail_ru", ""),), body, document)

    def send(
        self, method: str, path: str, headers: dict[str, str], head: bytes, tail: bytes, size: int = SIZE
    ) -> tuple[int, dict[str, str], str]:
        """Send a head, the sparse file and a tail; a server may answer before it has read them all."""
        with socket.create_connection(("127.0.0.1", self.node.port), timeout=60) as line:
            lines = {"Host": f"127.0.0.1:{self.node.port}", "Connection": "close", **headers}
            if method != "GET":
                lines["Content-Length"] = str(len(head) + size + len(tail))
            start = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in lines.items())
            try:
                line.sendall(start.encode() + b"\r\n" + head)
                if size:
                    with self.sparse.open("rb") as file:
                        line.sendfile(file, 0, size)
                line.sendall(tail)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered already
            response = http.client.HTTPResponse(line, method=method)
            response.begin()
            said = {key.lower(): value for key, value in response.getheaders()}
            cookies = [value.partition(";")[0] for key, value in response.getheaders() if key.lower() == "set-cookie"]
            return response.status, {**said, "set-cookie": "; ".join(cookies)}, response.read().decode()

    # --- what stands there ------------------------------------------------------------------------------------------

    def rows(self) -> dict[str, int]:
        """Return how many rows every table has that a refusal leaves alone."""
        with sqlite3.connect(self.node.folder / "db.sqlite3") as base:
            tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: base.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
                for name in tables
                if name not in ("audit_event", "audit_chainhead", "django_session")
            }

    def events(self) -> int:
        with sqlite3.connect(self.node.folder / "db.sqlite3") as base:
            return int(base.execute("SELECT count(*) FROM audit_event").fetchone()[0])

    def workers(self) -> list[Path]:
        """Return the processes of the node."""
        group = str(os.getpgid(self.node.process.pid))
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    if (entry / "stat").read_text().rpartition(")")[2].split()[2] == group:
                        found.append(entry)
                except OSError:
                    continue
        return found

    def memory(self, field: str) -> dict[str, int]:
        """Return a memory figure of every process, in bytes."""
        found = {}
        for process in self.workers():
            match = re.search(rf"{field}:\s+(\d+) kB", (process / "status").read_text())
            if match:
                found[process.name] = int(match[1]) << 10
        return found

    def forget_peaks(self) -> None:
        for process in self.workers():
            (process / "clear_refs").write_text("5")


def started(kind: str, folder: Path, blank: Path) -> Big:
    """Seed a data folder and start the node on it."""
    import shutil

    data, flash, tokens = folder / "data", folder / "flash", folder / "tokens"
    shutil.copytree(blank, data)
    flash.mkdir()
    tokens.mkdir()
    node = UploadNode(
        data,
        app="ppe_portal.wsgi:application",
        PPE_NODE=kind,
        PPE_FLASH_DIRS=str(flash),
        PPE_TOKEN_DIRS=str(tokens),
        PPE_STATIC_ROOT=str(folder),
    )
    seeded = subprocess.run(
        [sys.executable, "-m", "tests.hostile.seed"],
        cwd=ROOT,
        env=node.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert seeded.returncode == 0, seeded.stderr
    sparse = folder / "big"
    with sparse.open("wb") as file:
        file.truncate(SIZE)
    return Big(node.start(), json.loads(seeded.stdout.splitlines()[-1]), flash, tokens, sparse)


@pytest.fixture(scope="module")
def empty_node(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("hostile") / "blank"
    folder.mkdir()
    migrated(folder)
    return folder


@pytest.fixture(scope="module")
def hq(tmp_path_factory, empty_node: Path) -> Iterator[Big]:
    made = started("hq", tmp_path_factory.mktemp("hq"), empty_node)
    yield made
    made.node.kill(signal.SIGKILL)


@pytest.fixture(scope="module")
def rcoi(tmp_path_factory, empty_node: Path) -> Iterator[Big]:
    made = started("rcoi", tmp_path_factory.mktemp("rcoi"), empty_node)
    yield made
    made.node.kill(signal.SIGKILL)


def flash_journal(big: Big) -> WatchedAnswer:
    lay(big.flash / "END_PRINT_78_0001.dat")
    try:
        return big.post(f"/monitoring/{big.said['sitting']}/", form="flash", folder=str(big.flash))
    finally:
        (big.flash / "END_PRINT_78_0001.dat").unlink()


def flash_feed(big: Big) -> WatchedAnswer:
    lay(big.flash / "FEED.jsonl")
    try:
        return as_gek(big).post(f"/transfers/{big.said['sitting']}/", form="feed", folder=str(big.flash))
    finally:
        (big.flash / "FEED.jsonl").unlink()


def flash_packet(big: Big) -> WatchedAnswer:
    lay(big.flash / "PACKET.ppe")
    return big.post("/centre/inbox/import/", form="import", folder=str(big.flash))


def token_file(big: Big) -> WatchedAnswer:
    import hashlib

    path = big.tokens / "big.p12"
    lay(path)
    token = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]
    said = {"access_key": str(big.said["access_key"]), "token": token, "pin": "135790"}
    return big.post(f"/keys/{big.said['sitting']}/", form="activate", **said)


def lay(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SIZE)


def as_gek(big: Big) -> Big:
    return Big(big.node, {**big.said, "browser": big.said["gek"]}, big.flash, big.tokens, big.sparse)


def at_page(path: str, form: str, **how: bool) -> Callable[[Big], WatchedAnswer]:
    return lambda big: big.form(path.format(**big.said), form, **how)


TUS = {"Tus-Resumable": "1.0.0"}
#: Where two gigabytes come, the status of the answer, and its code.
HQ: dict[str, tuple[Callable[[Big], WatchedAnswer], int, str]] = {
    "an anonymous form": (at_page("/first-run/", "package", anonymous=True), 413, "form_too_big"),
    "a journal on a drive": (flash_journal, 200, "journal_too_big"),
    "sheets": (at_page("/scanning/{sitting}/0101/", "upload"), 200, "file_too_big"),
    "a feed on a drive": (flash_feed, 200, "nothing_on_flash"),
    "a token": (token_file, 200, "certificate_malformed"),
    "a journal over the network": (lambda big: big.api("POST", "/api/v1/journals/"), 413, "journal_too_big"),
    "a login of a machine": (
        lambda big: big.api("POST", "/api/v1/session/", **{"Content-Type": "application/json"}),
        413,
        "body_too_big",
    ),
    "a resumable journal": (
        lambda big: big.api(
            "POST",
            "/api/v1/uploads/",
            0,
            **TUS,
            **{"Upload-Length": str(SIZE), "Upload-Metadata": "purpose am91cm5hbA=="},
        ),
        413,
        "too_large",
    ),
}
RCOI: dict[str, tuple[Callable[[Big], WatchedAnswer], int, str]] = {
    "a packet by the browser": (at_page("/centre/inbox/import/", "import"), 200, "packet_container"),
    "a packet on a drive": (flash_packet, 200, "packet_container"),
    "a login of a machine": (
        lambda big: big.api("POST", "/api/v1/session/", **{"Content-Type": "application/json"}),
        413,
        "body_too_big",
    ),
}


def hold(big: Big, table: dict[str, tuple[Callable[[Big], WatchedAnswer], int, str]], pages: list[str]) -> None:
    for path in pages:  # what the first look loads is not the file's fault
        big.send("GET", path.format(**big.said), {"Cookie": big.cookies}, b"", b"", size=0)
    for name, (bring, status, code) in table.items():
        rows, events, files = big.rows(), big.events(), files_in(big.node.folder)
        big.forget_peaks()
        before = big.memory("VmRSS")
        answer = bring(big)
        assert code in answer.codes, (name, answer.status, answer.codes, answer.texts, big.node.text()[-2000:])
        assert answer.status == status, (name, answer.status)
        assert re.search("[а-яё]{3}", answer.text), (name, answer.texts)
        assert "Traceback" not in answer.body
        grown = {pid: peak - before.get(pid, peak) for pid, peak in big.memory("VmHWM").items()}
        assert max(grown.values()) < GROWTH, (name, {pid: size >> 20 for pid, size in grown.items()})
        assert big.rows() == rows, (name, {k: v for k, v in big.rows().items() if rows.get(k) != v})
        assert big.events() > events, name
        left = {path for path in files_in(big.node.folder) if path not in files and not path.endswith(".log")}
        assert not left, (name, left)
    log = big.node.text()
    assert "Traceback" not in log, log[-3000:]


POINT_PAGES = ("/login/", "/first-run/", "/people/", "/keys/{}/", "/monitoring/{}/", "/transfers/{}/", "/scanning/{}/")
CENTRE_PAGES = ("/login/", "/centre/registry/", "/centre/requests/", "/centre/packages/", "/centre/access-keys/")


def announce(client: Client, path: str, size: int, watch: Watch) -> None:
    """Say that a form of so many bytes comes; the page answers by the length alone."""
    client.raise_request_exception = False
    response = client.post(path, {"form": "x"}, headers={"Content-Length": str(size)})
    must_refuse(error_of(response), watch, "form_too_big", status=413)


def error_of(response: Any) -> WatchedAnswer:
    body = response.content.decode()
    texts = tuple(re.findall(r"<p[^>]*>(.*?)</p>", body))
    return WatchedAnswer(response.status_code, tuple(re.findall(r'data-code="code-(\w+)"', body)), texts, body)


@pytest.fixture
def undrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that are only announced here cannot be read to their end."""
    monkeypatch.setattr(bodies, "MOST_DRAINED", 0)


@pytest.mark.django_db
def test_every_page_of_a_point_goes_by_the_length(point: HostilePoint, undrained) -> None:
    for path in POINT_PAGES:
        with at(path, "two gigabytes"), watched(point.data_dir) as watch:
            announce(point.client, path.format(point.day.key), SIZE, watch)
    with at("scanning room", "five gigabytes"), watched(point.data_dir) as watch:
        announce(point.client, f"/scanning/{point.day.key}/0101/", 5 << 30, watch)


@pytest.mark.django_db
def test_every_page_of_the_centre_goes_by_the_length(
    centre, administrator: PersonLogin, data_dir: Path, undrained
) -> None:
    for path in CENTRE_PAGES:
        with at(path, "two gigabytes"), watched(data_dir) as watch:
            announce(administrator.client, path, SIZE, watch)
    with at("import", "twenty gigabytes"), watched(data_dir) as watch:
        announce(administrator.client, "/centre/inbox/import/", 20 << 30, watch)


@pytest.mark.django_db
def test_a_form_that_the_disk_does_not_hold(point: HostilePoint, settings: Any) -> None:
    settings.PPE_DISK_RESERVE = 1 << 62
    with at("monitoring", "a full disk"), watched(point.data_dir) as watch:
        sheets = SimpleUploadedFile("END_PRINT.dat", bytes(2 << 20))
        response = point.client.post(f"/monitoring/{point.day.key}/", {"form": "journals", "files": sheets})
        must_refuse(error_of(response), watch, "disk_full", status=507)


@pytest.mark.slow
def test_two_gigabytes_at_the_doors_of_a_point(hq: Big) -> None:
    hold(hq, HQ, ["/keys/{sitting}/", "/monitoring/{sitting}/", "/scanning/{sitting}/0101/", "/transfers/{sitting}/"])


@pytest.mark.slow
def test_two_gigabytes_at_the_doors_of_the_centre(rcoi: Big) -> None:
    hold(rcoi, RCOI, ["/centre/registry/", "/centre/requests/", "/centre/inbox/", "/centre/inbox/import/"])
