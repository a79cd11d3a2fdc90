import base64
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

DS = {"DJANGO_SETTINGS_MODULE": "ppe_portal.settings"}
ROOT = Path(__file__).parents[2]
HQ = "hq:78:0001:node"
OTHER = "hq:78:0002:node"
PRINT = "print:78:0001:0001"
TUS = {"Tus-Resumable": "1.0.0"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """A web server on a free port over a data folder; may be killed and started again."""

    def __init__(self, folder, server="granian", app="tests.uploads.app:application", workers=1, under=(), **env):
        self.folder, self.server, self.app, self.port = folder, server, app, free_port()
        self.workers, self.under = workers, under
        self.env = {
            **os.environ,
            "PPE_NODE": "rcoi",
            "PPE_DATA_DIR": str(folder),
            "PPE_SECRET_KEY": "test",
            **DS,
            **env,
        }
        self.env.pop("PPE_DATABASE_URL", None)
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        tools = Path(sys.executable).parent
        if self.server == "granian":
            command = [
                tools / "granian", "--interface", "wsgi", "--workers", str(self.workers), "--blocking-threads", "64",
                "--port", str(self.port), "--no-ws", self.app,
            ]  # fmt: skip
        elif self.server == "gunicorn":
            command = [
                tools / "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "16",
                "--bind", f"127.0.0.1:{self.port}", "--log-level", "warning", self.app,
            ]  # fmt: skip
        else:
            command = [sys.executable, "-m", "tests.uploads.plain_server", str(self.port)]
        self.log = (self.folder / "web.log").open("ab")
        self.process = subprocess.Popen(
            [str(word) for word in (*self.under, *command)], cwd=ROOT, env=self.env, stdout=self.log, stderr=self.log,
            start_new_session=True,
        )  # fmt: skip
        for _ in range(1200):
            try:
                httpx.request("OPTIONS", f"{self.url}/api/v1/uploads/", timeout=5)
                return self
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError((self.folder / "web.log").read_text())

    def kill(self, sign=signal.SIGKILL):
        os.killpg(self.process.pid, sign)
        self.process.wait()
        self.log.close()

    def client(self, who=HQ):
        return httpx.Client(base_url=self.url, headers={**TUS, "Authorization": f"Bearer {who}"}, timeout=20)

    def text(self):
        return (self.folder / "web.log").read_text()

    def handled(self):
        path = self.folder / "uploads" / "handled.log"
        return path.read_text().splitlines() if path.exists() else []


def migrated(folder):
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True, env=Node(folder).env)


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """A data folder with an empty, migrated database."""
    folder = tmp_path_factory.mktemp("blank")
    migrated(folder)
    return folder


@pytest.fixture(scope="session")
def node(blank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    node = Node(folder).start()
    yield node
    node.kill()


@pytest.fixture
def own_node(blank, tmp_path):
    """A node of this test alone, to be killed at will."""
    shutil.copytree(blank, tmp_path / "data")
    node = Node(tmp_path / "data").start()
    yield node
    if node.process.poll() is None:
        node.kill()


def pack(**pairs):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}".strip() for key, value in pairs.items())


def begin(client, length, **metadata):
    answer = client.post(
        "/api/v1/uploads/",
        headers={"Upload-Length": str(length), "Upload-Metadata": pack(**{"purpose": "probe", **metadata})},
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"]


def send(client, location, offset, data, **headers):
    return client.patch(
        location, content=data,
        headers={"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset), **headers},
    )  # fmt: skip


def offset_of(client, location):
    answer = client.head(location)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["Upload-Offset"])


class RawPatch:
    """A PATCH whose body comes as slowly, and ends as badly, as the test wishes."""

    def __init__(self, node, location, length, offset=0, who=HQ):
        self.socket = socket.create_connection(("127.0.0.1", node.port))
        self.socket.sendall(
            f"PATCH {location} HTTP/1.1\r\nHost: 127.0.0.1\r\nTus-Resumable: 1.0.0\r\n"
            f"Authorization: Bearer {who}\r\nContent-Type: application/offset+octet-stream\r\n"
            f"Upload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n".encode()
        )

    def send(self, data):
        self.socket.sendall(data)
        return self

    def vanish(self, reset=False):
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def status(self):
        self.socket.settimeout(20)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.socket.recv(4096)
            if not piece:
                break
            head += piece
        return int(head.split()[1]) if head else 0
