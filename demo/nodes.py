"""The two nodes as a person starts them: `manage.py run_node`, each with its own data, port, log files and user."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.interpreter import ROOT, Runner
from demo.web import ActorError
from demo.words import russian
from wire.messages import Message

START_SECONDS = 240.0
#: The project's own place for a played day.
USUAL = ROOT / "var" / "demo"
STOP_SECONDS = 25.0


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class DemoNode:
    """One node: `kind` is ``hq`` or ``rcoi``."""

    kind: str
    data: Path
    logs: Path
    port: int
    runner: Runner = field(default_factory=Runner)
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the node."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """Return the environment of the node: nothing of the caller's PPE settings leaks into it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PPE_", "DJANGO_"))}
        return {
            **kept,
            **self.runner.environment,
            "PPE_NODE": self.kind,
            "PPE_DATA_DIR": str(self.data),
            "PPE_MODE": "training",
            "HOME": str(self.data),
            "OPENBLAS_NUM_THREADS": "1",
            **self.settings,
        }

    def own(self, *paths: Path) -> None:
        """Give folders to the node's user."""
        for path in paths:
            path.mkdir(parents=True, exist_ok=True)
            if self.runner.uid is not None:
                for each in (path, *path.rglob("*")):
                    os.chown(each, self.runner.uid, self.runner.uid)

    def start(self) -> None:
        """Start the node; `wait` says when it answers. It ends with us, whatever ends us: we hold its stdin."""
        self._let_go()
        self.own(self.data)
        self.data.chmod(0o700)
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.runner.uid is not None:
            self.logs.chmod(0o1777)
        command = [self.runner.python, str(ROOT / "manage.py"), "run_node", "--host", "127.0.0.1"]
        command += ["--port", str(self.port), "--logs", str(self.logs), "--log-prefix", f"{self.kind}-", "--with-stdin"]
        with (self.logs / f"{self.kind}-node.log").open("ab") as out:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                user=self.runner.uid,
                group=self.runner.uid,
                extra_groups=None if self.runner.uid is None else [],
                start_new_session=True,
            )

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Wait until the node answers.

        Raises:
            ActorError: It ended, or does not answer in time; the end of its log is told.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:  # noqa: S310 (our own node)
                    if answer.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.2)
        raise ActorError(f"the {self.kind} node does not answer:\n{self.last_words()}")

    def last_words(self, lines: int = 25) -> str:
        """Return the end of the node's logs."""
        said = []
        for name in ("node", "web"):
            path = self.logs / f"{self.kind}-{name}.log"
            if path.exists():
                said += path.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(said)

    def first_run_code(self) -> str:
        """Return the one-time code as the person at the node's terminal reads it.

        Raises:
            ActorError: The node printed none.
        """
        log = self.logs / f"{self.kind}-node.log"
        for line in reversed(log.read_text(errors="replace").splitlines()):
            if russian(Message("First-run code:")) in line:
                return line.rsplit(":", 1)[1].strip()
        raise ActorError(f"the {self.kind} node printed no first-run code")

    def command(self, *words: str) -> str:
        """Run `manage.py` with these words on this node, as its user, and return what it prints.

        Raises:
            ActorError: It ended with an error.
        """
        done = subprocess.run(
            [self.runner.python, str(ROOT / "manage.py"), *words],
            cwd=ROOT,
            env=self.environment(),
            user=self.runner.uid,
            group=self.runner.uid,
            extra_groups=None if self.runner.uid is None else [],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode != 0:
            raise ActorError(f"{self.kind}: manage.py {' '.join(words)}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def stop(self) -> None:
        """Stop the node and everything it started."""
        if self.process is None or self.process.poll() is not None:
            self._let_go()
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            # Its children die with it.
            self.process.kill()
            self.process.wait(5)
        self._let_go()

    def _let_go(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()


class FolderError(Exception):
    """The folder of the day is somebody else's."""


#: Lies in every folder that a played day made, and says that the next one may make it anew.
MADE_HERE = ".exam-day"


def fresh(folder: Path) -> None:
    """Make a folder anew: a played day starts from nothing, and deletes nothing but an earlier day.

    Raises:
        FolderError: Something lies there that no played day made; nothing is touched.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FolderError(f"{folder} is no folder: name another one (--folder), or move it away.")
    if folder.is_dir() and any(folder.iterdir()):
        if not ((folder / MADE_HERE).is_file() or folder == USUAL):
            raise FolderError(
                f"{folder} is not empty and was not made by a played day: nothing was deleted. "
                "Name another folder (--folder), or empty this one yourself."
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    (folder / MADE_HERE).write_text("A played exam day; the next one deletes this folder.\n", encoding="utf-8")
