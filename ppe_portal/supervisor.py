"""Starting and supervising the processes of a node: web, two clusters, watchdog.

Every child carries a mark in its environment. The mark, not a pid file, tells which processes belong to the node:
it is inherited by grandchildren, survives the death of any parent and cannot point at a stranger's process.
"""

import contextlib
import ctypes
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ppe_portal.pulse import Pulse

log = logging.getLogger(__name__)

MARK = "PPE_CHILD"
PR_SET_PDEATHSIG = 1
STOP_SECONDS = 10.0
BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
#: A child that lived this long starts its next life without waiting.
HEALTHY_SECONDS = 20.0


def mark_of(data_dir: Path, name: str = "") -> str:
    """Return the mark of a child of the node in ``data_dir``; without a name, the beginning common to all."""
    return f"{data_dir}:{name}"


def marked(mark: str) -> list[int]:
    """Return the process ids whose environment carries a mark beginning like this, ours excepted."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(line.startswith(wanted) for line in environment):
            found.append(int(folder.name))
    return found


def kill_marked(mark: str, number: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to every process with the mark; return how many there were."""
    pids = marked(mark)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    return len(pids)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """One supervised process.

    Attributes:
        name: ``web``, ``heavy``, ``link`` or ``watchdog``.
        command: Argument list.
        mark: Its mark.
        log_file: Where its output goes.
        environment: Variables besides the node's own.
    """

    name: str
    command: Sequence[str]
    mark: str
    log_file: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    wait_until: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as out:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **self.environment, MARK: self.mark},
                preexec_fn=_die_with_parent,
            )
        self.started_at = time.monotonic()

    def tend(self) -> None:
        """Start the process again when it has died, sweeping away what it left behind."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            left = kill_marked(self.mark)
            self.deaths = 0 if time.monotonic() - self.started_at > HEALTHY_SECONDS else self.deaths + 1
            wait = BACKOFF_SECONDS[min(self.deaths, len(BACKOFF_SECONDS) - 1)]
            log.warning("%s ended with %s (%d left behind); again in %.1f s", self.name, code, left, wait)
            self.process, self.wait_until = None, time.monotonic() + wait
        if time.monotonic() >= self.wait_until:
            self.start()


def children(
    *, data_dir: Path, logs: Path, prefix: str, host: str, port: int, workers: int, threads: int
) -> list[Child]:
    """Return the processes of a node."""
    manage = [sys.executable, str(Path(__file__).resolve().parent.parent / "manage.py")]
    web = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        "--backpressure",
        "256",
        "--no-ws",
        "--respawn-failed-workers",
        "--workers-kill-timeout",
        "5",
        "ppe_portal.wsgi:application",
    ]
    commands = {
        "web": (web, {}),
        "heavy": ([*manage, "qcluster", "-n", "heavy"], {"Q_CLUSTER_NAME": "heavy"}),
        "link": ([*manage, "qcluster", "-n", "link"], {"Q_CLUSTER_NAME": "link"}),
        "watchdog": ([*manage, "watchdog"], {}),
    }
    return [
        Child(name, command, mark_of(data_dir, name), logs / f"{prefix}{name}.log", environment)
        for name, (command, environment) in commands.items()
    ]


class Supervisor:
    """Keeps the children of a node alive until it is told to stop.

    Attributes:
        lifeline: An open file of whoever started the node; when it ends, so does the node, however its starter died.
        pulse: Tells when the web server lives without answering; it is then ended and started again.
    """

    def __init__(
        self, members: Sequence[Child], data_dir: Path, lifeline: int | None = None, pulse: Pulse | None = None
    ) -> None:
        self.members, self.data_dir, self.lifeline, self.stopping = members, data_dir, lifeline, False
        self.pulse = pulse

    def stop(self, *_: object) -> None:
        """Signal handler: end after the current round."""
        self.stopping = True

    def run(self) -> None:
        """Supervise until a TERM or INT arrives, then end every child."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        left = kill_marked(mark_of(self.data_dir))
        if left:
            log.warning("ended %d processes of an earlier run of this node", left)
        while not self.stopping:
            for child in self.members:
                child.tend()
            self._feel()
            self._rest(0.2)
        self._end()

    def _feel(self) -> None:
        if self.pulse is not None and self.pulse.dead():
            self.pulse.forget()
            for child in self.members:
                if child.name == "web":
                    log.error("the web server gave no answer; ended %d processes", kill_marked(child.mark))

    def _rest(self, seconds: float) -> None:
        if self.lifeline is None:
            time.sleep(seconds)
            return
        ready, _, _ = select.select([self.lifeline], [], [], seconds)
        if ready and not os.read(self.lifeline, 1024):
            log.warning("whoever started this node is gone: ending it")
            self.stopping = True

    def _end(self) -> None:
        for child in self.members:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until and any(c.process and c.process.poll() is None for c in self.members):
            time.sleep(0.1)
        kill_marked(mark_of(self.data_dir))
