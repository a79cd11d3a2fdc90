"""One thousand stations that close and send at once over HTTP to one HQ node, on SQLite and on PostgreSQL.

The node is the real one: `manage.py run_node` with its web workers, clusters and watchdog. The stations are threads of
one process on the same machine, each with its own key and its own connection, using the client of `ppe-station`: login
with a signed challenge, the journal as the body, its own retries. Whatever they take of the two cores is missing to
the node, so the rate is a lower bound.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.figures import ROOT, Figure, share
from benchmarks.node import note, require
from demo.nodes import DemoNode, free_port
from ppe_portal.supervisor import mark_of, marked
from tests.support.postgresql import server

STATIONS = int(os.environ.get("PPE_BENCH_STATIONS", "1000"))


def measure(seed: int) -> list[Figure]:
    figures = []
    for database in os.environ.get("PPE_BENCH_DATABASES", "SQLite,PostgreSQL").split(","):
        with _folder() as folder, _database(database) as url:
            figures += _burst(folder, database, url, seed)
    return figures


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ppe-burst-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(name: str) -> Iterator[str]:
    if name == "SQLite":
        yield ""
    else:
        with server(durable=True) as url:
            yield url


def _burst(folder: Path, database: str, url: str, seed: int) -> list[Figure]:
    node = DemoNode("hq", folder / "hq", folder / "logs", free_port())
    node.settings = {
        "PPE_TOKEN_DIRS": str(folder / "tokens"),
        "PPE_FLASH_DIRS": str(folder / "flash"),
        "PPE_MODE": "live",
        "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
        **({"PPE_DATABASE_URL": url} if url else {}),
    }
    node.data.mkdir()
    _run(node, "manage.py", "migrate", "-v0")
    _run(node, "-m", "benchmarks.burst_point", "make", str(folder / "stations"), str(STATIONS), str(seed))
    try:
        node.start()
        node.wait()
        note(f"{database}: {STATIONS} stations send")
        before = _cpu(node)
        answers = folder / "answers.json"
        command = ["-m", "benchmarks.burst_stations", str(folder / "stations"), node.url, str(answers)]
        _run(node, *command)
        said = json.loads(answers.read_text())
        said["node_cpu"] = _cpu(node) - before
        kept = json.loads(_run(node, "-m", "benchmarks.burst_point", "check"))
    except BaseException:
        note(node.last_words())
        raise
    finally:
        node.stop()
    return _figures(database, said, kept)


def _cpu(node: DemoNode) -> float:
    """Seconds of CPU that the living processes of a node have used."""
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0
    for pid in marked(mark_of(node.data)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / ticks


def _run(node: DemoNode, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=node.environment(), capture_output=True, text=True, check=False
    )
    require(done.returncode == 0, done.stderr[-3000:])
    return done.stdout


def _figures(database: str, said: dict[str, Any], kept: dict[str, Any]) -> list[Figure]:
    rows = said["stations"]
    failed = [row["line"] for row in rows if row["state"] != "accepted"]
    for line in failed[:5]:
        note(line)
    lost = len({row["sha256"] for row in rows} - set(kept["hashes"]))
    twice = kept["rows"] - kept["stations"]
    require(kept["chain"], "the audit chain is broken")
    require(kept["whole"] == kept["rows"], "a journal on the disk is not what was taken in")
    times = [row["sent_seconds"] for row in rows]
    retried = sum(row["retries"] > 0 for row in rows)
    return [
        Figure(f"{database}: stations told “accepted”", len(rows) - len(failed), "", STATIONS, at_most=False),
        Figure(f"{database}: journals lost", lost, "", 0),
        Figure(f"{database}: journals kept twice", twice, "", 0),
        Figure(
            f"{database}: rate, login and journal",
            len(rows) / said["seconds"],
            "/s",
            note=f"the stations took {said['client_cpu']:.1f} CPU s of the same cores",
        ),
        Figure(f"{database}: CPU of the node for a station", said["node_cpu"] / len(rows) * 1000, "ms"),
        Figure(f"{database}: a station is done, p50", share(times, 0.50), "s", note=f"{retried} had to repeat"),
        Figure(f"{database}: a station is done, p95", share(times, 0.95), "s"),
        Figure(f"{database}: a station is done, p99", share(times, 0.99), "s"),
    ]
