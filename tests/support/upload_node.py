"""A web server of this project in a process of its own, over a data folder; may be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

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


class UploadNode:
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
                tools / "granian",
                "--interface",
                "wsgi",
                "--workers",
                str(self.workers),
                "--blocking-threads",
                "64",
                "--port",
                str(self.port),
                "--no-ws",
                self.app,
            ]
        elif self.server == "gunicorn":
            command = [
                tools / "gunicorn",
                "--worker-class",
                "gthread",
                "--workers",
                "2",
                "--threads",
                "16",
                "--bind",
                f"127.0.0.1:{self.port}",
                "--log-level",
                "warning",
                self.app,
            ]
        else:
            command = [sys.executable, "-m", "tests.uploads.plain_server", str(self.port)]
        self.log = (self.folder / "web.log").open("ab")
        self.process = subprocess.Popen(
            [str(word) for word in (*self.under, *command)],
            cwd=ROOT,
            env=self.env,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
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
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True, env=UploadNode(folder).env)
