"""SIGKILL of a random process of either node at random moments; a node killed whole is started again."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from demo.nodes import DemoNode
from demo.web import ActorError


def processes(node: DemoNode) -> list[int]:
    """Return the ids of every process of a node: those whose environment names its data folder."""
    wanted = f"PPE_DATA_DIR={node.data}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return sorted(found)


def title(pid: int) -> str:
    """Return the command line of a process, short."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return words.rsplit("/", 1)[-1].strip()[:70]
    return "?"


@dataclass(frozen=True, slots=True)
class Kill:
    """One process that was killed."""

    after: float
    node: str
    title: str


@dataclass
class Killer:
    """Kills a number of times within a span of seconds, in a thread of its own."""

    nodes: Sequence[DemoNode]
    seed: int
    kills: int = 1
    span: tuple[float, float] = (0.5, 12.0)
    done: list[Kill] = field(default_factory=list)
    trouble: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; the moments are drawn from the seed."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop killing and wait for the last restart."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(120)

    def _run(self) -> None:
        rng = random.Random(f"killer {self.seed}")  # noqa: S311 (a storm, not a secret)
        begun = time.monotonic()
        moments = sorted(rng.uniform(*self.span) for _kill in range(self.kills))
        for moment in moments:
            if self._stop.wait(max(0.0, begun + moment - time.monotonic())):
                return
            try:
                self._kill_one(rng, begun)
            except ActorError as error:
                self.trouble = str(error)
                return

    def _kill_one(self, rng: random.Random, begun: float) -> None:
        node = rng.choice(list(self.nodes))
        pids = processes(node)
        if not pids:
            return
        pid = rng.choice(pids)
        kill = Kill(round(time.monotonic() - begun, 2), node.kind, title(pid))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.done.append(kill)
        time.sleep(0.3)
        if node.process is not None and node.process.poll() is not None:
            node.start()
            node.wait()
