"""Two real nodes, started as a person starts them, with a faulty line between them."""

import itertools
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from demo.killer import processes
from demo.nodes import DemoNode, free_port
from ppe_portal.supervisor import mark_of, marked
from tests.proofs.proxy import FaultProxy, Faults

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("web", "heavy", "link", "watchdog")
#: What a person waits for is not what is proven here: sweeps are quick and the watchdog impatient.
SETTINGS = {
    "PPE_MODE": "live",
    "PPE_SWEEP_SECONDS": "1",
    "PPE_WATCHDOG_SECONDS": "10",
    "PPE_FEED_SECONDS": "3",
    "PPE_WEB_WORKERS": "1",
    "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
}


@dataclass
class Pair:
    """A point with signed packets in its queue, and its centre."""

    root: Path
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        common = {**SETTINGS, "PPE_TOKEN_DIRS": str(self.root / "tokens"), **self.settings}
        self.rcoi = DemoNode("rcoi", self.root / "rcoi", self.root / "logs", free_port(), settings=dict(common))
        self.proxy = FaultProxy(self.rcoi.port, self.seed, self.faults)
        self.hq = DemoNode(
            "hq",
            self.root / "hq",
            self.root / "logs",
            free_port(),
            settings={**common, "PPE_RCOI_URL": self.proxy.url},
        )
        self.packets: list[dict[str, Any]] = []

    def prepare(self, sizes: Sequence[int], *words: str) -> None:
        """Migrate both, certify both, put signed packets of these sizes into the point's queue; ``status``: one too."""
        papers = self.root / "papers"
        papers.mkdir(parents=True)
        for node in (self.hq, self.rcoi):
            node.data.mkdir(parents=True, exist_ok=True)
            self.manage(node, "migrate", "-v0")
        said = self._python(self.hq, "tests.proofs.seed_point", str(papers), *map(str, sizes), *words)
        self.packets = json.loads(said.splitlines()[-1])["packets"]
        self._python(self.rcoi, "tests.transfers.seed_centre", str(papers))

    def manage(self, node: DemoNode, *words: str) -> str:
        return self._run(node, "manage.py", *words)

    def _python(self, node: DemoNode, *words: str) -> str:
        return self._run(node, "-m", *words)

    def _run(self, node: DemoNode, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=node.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def start(self) -> None:
        for node in (self.rcoi, self.hq):
            node.start()
        for node in (self.rcoi, self.hq):
            node.wait()

    def stop(self) -> None:
        for node in (self.hq, self.rcoi):
            node.stop()
            with suppress(ProcessLookupError):
                for pid in processes(node):
                    os.kill(pid, signal.SIGKILL)
        self.proxy.close()

    def rows(self, node: DemoNode, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask a node's database, without the node."""
        if url := node.settings.get("PPE_DATABASE_URL"):
            query = query.replace("hex(body)", "upper(encode(body, 'hex'))")
            with psycopg.connect(url.replace("postgres://", "postgresql://", 1)) as base:
                return base.execute(query, values or None).fetchall()  # type: ignore[arg-type]
        with closing(sqlite3.connect(f"file:{node.data / 'db.sqlite3'}?mode=ro", uri=True, timeout=20)) as base:
            return base.execute(query, values).fetchall()

    def states(self) -> Counter[str]:
        return Counter(state for (state,) in self.rows(self.hq, "select state from transfers_packet"))

    def wait(self, goal: Callable[[], bool], seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(sqlite3.OperationalError):
                if goal():
                    return True
            time.sleep(0.5)
        return False

    def all_acknowledged(self) -> bool:
        return self.states() == {"acknowledged": len(self.packets)}

    def story(self) -> str:
        """What is known when something did not come: states, last errors, ends of the logs."""
        troubles = self.rows(
            self.hq,
            "select state, attempts, last_error_code, last_error, count(*) from transfers_packet group by 1, 2, 3, 4",
        )
        tails = [path.read_text(errors="replace")[-1500:] for path in sorted((self.root / "logs").glob("*.log"))]
        return f"{troubles} {dict(self.proxy.done)}\n" + "\n".join(tails)

    def assert_one_effect_each(self) -> None:
        """Every packet has one row, its content, two receipts, at the centre; and the same receipts at the point."""
        wanted = sorted(sha for (sha,) in self.rows(self.hq, "select sha256 from transfers_packet"))
        assert len(set(wanted)) == len(self.packets)
        assert {each["sha256"] for each in self.packets if each["sha256"]} <= set(wanted), "a signed file has changed"
        assert sorted(sha for (sha,) in self.rows(self.rcoi, "select sha256 from rcoi_inboxpacket")) == wanted
        assert {s for (s,) in self.rows(self.rcoi, "select state from rcoi_inboxpacket")} == {"acknowledged"}
        counted = self.rows(self.rcoi, "select packet_id, count(*) from rcoi_inboxsheet group by 1")
        sheets = self.rows(self.rcoi, "select count(*) from rcoi_inboxpacket where kind <> 'status'")[0][0]
        assert sorted(count for _, count in counted) == [1] * sheets
        given = self.rows(self.rcoi, "select sha256, level, hex(body) from rcoi_issuedreceipt order by 1, 2")
        taken = self.rows(
            self.hq, "select file_sha256, level, hex(document) from transfers_receiptrecord order by 1, 2"
        )
        assert [(sha, level) for sha, level, _ in given] == sorted(
            itertools.product(wanted, ("acknowledged", "delivered"))
        )
        assert set(taken) <= set(given), "the point holds a receipt that the centre did not give"
        assert {sha for sha, level, _ in taken if level == "acknowledged"} == set(wanted)


class Storm:
    """SIGKILL of every process of both nodes, one after another in an order that the seed draws."""

    def __init__(self, pair: Pair, seed: int, *, every: float, rounds: int = 1) -> None:
        self.pair, self.every, self.rounds = pair, every, rounds
        self.rng = random.Random(f"storm {seed}")
        self.killed: list[str] = []
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(60)

    def _targets(self) -> list[tuple[DemoNode, str, int]]:
        found = []
        for node in (self.pair.hq, self.pair.rcoi):
            for part in PARTS:
                found += [(node, part, index) for index in range(len(marked(mark_of(node.data, part))))]
            found.append((node, "node", 0))
        self.rng.shuffle(found)
        return found

    def _run(self) -> None:
        for node, part, index in (each for _ in range(self.rounds) for each in self._targets()):
            if self.stopped.wait(self.every * self.rng.uniform(0.5, 1.5)):
                return
            self._kill(node, part, index)

    def _kill(self, node: DemoNode, part: str, index: int) -> None:
        assert node.process is not None
        pids = [node.process.pid] if part == "node" else sorted(marked(mark_of(node.data, part)))
        if index < len(pids):
            with suppress(ProcessLookupError):
                os.kill(pids[index], signal.SIGKILL)
            self.killed.append(f"{node.kind}-{part}-{index}")
        if part == "node":
            node.process.wait()
            node.start()
