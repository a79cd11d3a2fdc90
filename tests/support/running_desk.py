"""A real node of a point with a desk: seeded, started by `run_node`, and driven by the services of the pages."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from demo.nodes import DemoNode, free_port

ROOT = Path(__file__).resolve().parents[2]


class RunningDesk:
    """The node, the truth about its paper, and the person at the desk."""

    def __init__(self, root: Path, *, rooms: int, people: int, a_file: int) -> None:
        settings = {
            "PPE_MODE": "live",
            "PPE_SWEEP_SECONDS": "1",
            "PPE_WATCHDOG_SECONDS": "10",
            "PPE_WEB_WORKERS": "1",
            "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
            "PPE_TOKEN_DIRS": str(root / "tokens"),
        }
        self.node = DemoNode("hq", root / "hq", root / "logs", free_port(), settings=settings)
        self.node.data.mkdir(parents=True, mode=0o700)
        self._run("manage.py", "migrate", "-v0")
        words = [str(root / "piles"), str(rooms), str(people), str(a_file)]
        said = json.loads(self._run("-m", "tests.scanning.seed_point", *words).splitlines()[-1])
        self.truth: dict[str, list[str]] = said["truth"]
        self.piles: list[tuple[str, str]] = [tuple(each) for each in said["piles"]]
        self.people = people
        self.person: subprocess.Popen[str] | None = None

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.node.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self) -> None:
        self.node.start()
        self.node.wait()
        self.person = subprocess.Popen(
            [sys.executable, "-m", "tests.scanning.desk_driver"],
            cwd=ROOT,
            env=self.node.environment(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def stop(self) -> None:
        if self.person is not None and self.person.stdin and self.person.stdout:
            with suppress(BrokenPipeError):
                self.person.stdin.write("quit\n")
                self.person.stdin.close()
            self.person.wait(20)
            self.person.stdout.close()
        self.node.stop()

    def ask(self, order: str, *words: str) -> Any:
        assert self.person is not None
        assert self.person.stdin is not None
        assert self.person.stdout is not None
        self.person.stdin.write("\t".join((order, *words)) + "\n")
        self.person.stdin.flush()
        return json.loads(self.person.stdout.readline())["said"]

    def wait_read(self, seconds: float) -> None:
        """Wait until every file is read and every room compared."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            left = self.ask("unread")
            if not left["files"] and not left["sheets"] and self.ask("settled") in (["reconciled"], ["discrepant"]):
                return
            time.sleep(0.1)
        raise AssertionError(f"not read in {seconds:.0f} s: {self.ask('unread')} {self.ask('settled')}")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the node's database, without the node."""
        with closing(sqlite3.connect(f"file:{self.node.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)) as base:
            return base.execute(query).fetchall()
