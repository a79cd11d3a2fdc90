"""The world's side of the two nodes: their processes, clocks, wake-ups, copies, and the line between them."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulator.pipes import Answer, Channel, Done, Ended, Live, Order, Request
from tests.simulator.power import Disk

ROOT = Path(__file__).resolve().parents[2]
Line = Callable[[Request], Answer]


class NodeDiedError(Exception):
    """The node died in the middle of an order."""


class BrokenNodeError(AssertionError):
    """The node failed in a way that no person is told of."""


@dataclass
class Copy:
    """The database of a node as it was copied at some time; the data folder is not in it."""

    data: bytes
    at: datetime


@dataclass
class Node:
    """One node, its process being another one in each of its lives."""

    kind: str
    folder: Path
    flash: Path
    drift: timedelta = timedelta()
    wakes: list[tuple[str, int]] = field(default_factory=list)
    plant: str = ""
    last: Done = field(default_factory=Done)

    def __post_init__(self) -> None:
        self.data = self.folder / self.kind
        self.synced = self.folder / f"{self.kind}.synced"
        self.disk = Disk(self.data, self.synced)
        ours, theirs = socket.socketpair()
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
            "PPE_NODE": self.kind,
            "PPE_MODE": "live",
            "PPE_DATA_DIR": str(self.data),
            "PPE_TOKEN_DIRS": str(self.folder / "tokens"),
            "PPE_FLASH_DIRS": str(self.flash),
            "PPE_RCOI_URL": "http://rcoi.test",
            "PPE_DISK_RESERVE_MB": "1",
            "PPE_LOG_LEVEL": "CRITICAL",
            "PYTHONHASHSEED": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.simulator.node", self.kind, str(theirs.fileno())],
            cwd=ROOT,
            env=environment,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        self.channel = Channel(ours)
        self.alive = False
        self.pid = 0

    def ready(self) -> None:
        """Wait until the portal is imported."""
        self.channel.receive()

    def born(self) -> None:
        """Begin a life."""
        assert not self.alive
        self.channel.send(Live(self.plant, str(self.synced)))
        self.pid = self.channel.receive().result
        self.alive = True

    def do(self, act: str, at: datetime, line: Line | None = None, **order: Any) -> Done:
        """Order something; requests on the way go over the line.

        Raises:
            NodeDiedError: It died on the way.
            BrokenNodeError: It failed without words for a person.
        """
        args = order.pop("args", {})
        self.channel.send(Order(act, args, at + self.drift, order.pop("seed", 0), order.pop("serial", 1), **order))
        while True:
            said = self.channel.receive()
            if isinstance(said, Request):
                assert line is not None, f"{act} asked over the line"
                self.channel.send(line(said))
            elif isinstance(said, Ended):
                self.alive = False
                if not os.WIFSIGNALED(said.status) or os.WTERMSIG(said.status) != signal.SIGKILL:
                    raise BrokenNodeError(f"{self.kind} ended by itself in {act}: {said.status}")
                raise NodeDiedError(act)
            else:
                self.last = said
                self.wakes += said.wakes
                return said

    def kill(self) -> None:
        """End its life without a word: nothing but the disk is left."""
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)
            while not isinstance(self.channel.receive(), Ended):
                pass  # what it said last is heard by nobody
            self.alive = False

    def end(self) -> None:
        """End the process that bears its lives."""
        self.kill()
        self.channel._line.close()
        self.process.wait(10)

    def morning(self, template: Path) -> None:
        """Put the node back to the morning."""
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(template / self.kind, self.data)
        self.disk.all_is_safe()
        self.wakes.clear()

    def copy(self, at: datetime) -> Copy:
        """Copy its database, as an administrator does."""
        rows = sqlite3.connect(self.data / "db.sqlite3")
        try:
            return Copy(rows.serialize(), at)
        finally:
            rows.close()

    def power_cut(self) -> list[str]:
        """End its life and take what was never synced; return what it was."""
        self.kill()
        self.wakes.clear()
        return self.disk.cut()

    def written(self) -> tuple[int, ...]:
        """Return what changes whenever anything is committed."""
        found = []
        for name in ("db.sqlite3", "db.sqlite3-wal"):
            try:
                told = (self.data / name).stat()
            except FileNotFoundError:
                continue
            found += [told.st_size, told.st_mtime_ns]
        return tuple(found)

    def put_back(self, copy: Copy) -> None:
        """Put a copy back: the node is down meanwhile, and the rest of its folder stays."""
        self.kill()
        for each in self.data.glob("db.sqlite3*"):
            each.unlink()
        (self.data / "db.sqlite3").write_bytes(copy.data)
        self.wakes.clear()


def prepare(folder: Path) -> Path:
    """Make the morning of both nodes in a folder; return it."""
    for name in ("papers", "tokens", "flash"):
        (folder / name).mkdir(parents=True)
    for kind in ("hq", "rcoi"):
        subprocess.run(
            [sys.executable, "-m", "tests.simulator.morning", kind, str(folder / "papers")],
            cwd=ROOT,
            check=True,
            env={
                "PATH": os.environ["PATH"],
                "LANG": "C.UTF-8",
                "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
                "PPE_NODE": kind,
                "PPE_MODE": "live",
                "PPE_DATA_DIR": str(folder / kind),
                "PPE_TOKEN_DIRS": str(folder / "tokens"),
                "PPE_FLASH_DIRS": str(folder / "flash"),
                "PPE_LOG_LEVEL": "CRITICAL",
            },
        )
    return folder
