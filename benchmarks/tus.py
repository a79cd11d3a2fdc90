"""16 parallel uploads to our server, every chunk synced before it is promised, beside `@tus/server` that syncs nothing.

The rounds of the two alternate, and so does who goes first: the first pays for the machine's memory. Our server does
all that it does for a node: login by header, rows, quotas, fdatasync, SHA-256 of the whole file at the end. CPU is that
of the server's processes alone.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.figures import ROOT, Figure
from tests.support.needs import missing
from tests.support.upload_node import HQ, UploadNode, free_port, migrated

UPLOADS = 16
SIZE = int(os.environ.get("PPE_BENCH_MIB", "1024")) << 20
ROUNDS = int(os.environ.get("PPE_BENCH_RUNS", "6"))
PACKAGES = ("@tus/server@2.4.5", "@tus/file-store@2.1.1")


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    path: str
    kept: Callable[[], int]
    clean: Callable[[], None]


@dataclass(frozen=True)
class Round:
    wall: float
    cpu: float


def measure(seed: int) -> list[Figure]:
    if shutil.which("npm") is None:
        missing("npm")
    with tempfile.TemporaryDirectory(prefix="ppe-tus-") as name:
        folder = Path(name)
        source = folder / "source"
        with source.open("wb") as file:
            for _ in range(SIZE // UPLOADS >> 20):
                file.write(os.urandom(1 << 20))
        with _ours(folder) as ours, _theirs(folder) as theirs:
            rounds: dict[str, list[Round]] = {"ours": [], "theirs": []}
            servers = [("ours", ours), ("theirs", theirs)]
            for number in range(ROUNDS + 1):
                servers.reverse()
                for who, server in servers:
                    found = _round(server, source)
                    if number:  # the first one warms both up
                        rounds[who].append(found)
    return _figures(rounds)


def _figures(rounds: dict[str, list[Round]]) -> list[Figure]:
    mib, gib = SIZE / (1 << 20), SIZE / (1 << 30)
    pairs = list(zip(rounds["ours"], rounds["theirs"], strict=True))
    figures = []
    for who, shown in (("ours", "ours, fdatasync on"), ("theirs", "@tus/server, no sync")):
        wall = statistics.median(each.wall for each in rounds[who])
        cpu = statistics.median(each.cpu for each in rounds[who])
        figures.append(Figure(f"16 parallel uploads, {shown}", mib / wall, "MiB/s", note=f"{cpu / gib:.2f} CPU s/GiB"))
    faster = statistics.median(theirs.wall / ours.wall for ours, theirs in pairs)
    cheaper = statistics.median(ours.cpu / theirs.cpu for ours, theirs in pairs)
    figures.append(Figure("16 parallel uploads: times faster, round by round", faster, "×", 1.0, at_most=False))
    figures.append(Figure("16 parallel uploads: our CPU per GiB beside theirs", cheaper, "×", 1.0))
    return figures


def _round(server: Server, source: Path) -> Round:
    os.sync()
    before, begin = _cpu(server.pid), time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.tus_work", str(server.port), server.path, HQ, str(source)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(UPLOADS)]
    failed = [each.wait() for each in running if each.wait()]
    found = Round(time.perf_counter() - begin, _cpu(server.pid) - before)
    if failed or server.kept() < UPLOADS:
        raise SystemExit(f"not everything arrived: {failed} {server.kept()}")
    server.clean()
    return found


def _cpu(pid: int) -> float:
    mother = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in (mother, *mother.children(recursive=True)))


@contextmanager
def _ours(folder: Path) -> Iterator[Server]:
    data = folder / "data"
    data.mkdir()
    migrated(data)
    node = UploadNode(data, workers=2)  # as a node is shipped
    node.start()
    assert node.process is not None
    log = data / "uploads" / "handled.log"
    try:
        yield Server(node.process.pid, node.port, "/api/v1/uploads/", lambda: len(node.handled()), lambda: log.unlink())
    finally:
        node.kill()


@contextmanager
def _theirs(folder: Path) -> Iterator[Server]:
    home, files = folder / "npm", folder / "files"
    home.mkdir()
    files.mkdir()
    ready = os.environ.get("PPE_NPM")
    if ready:
        (home / "node_modules").symlink_to(Path(ready) / "node_modules")
    else:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", *PACKAGES]
        if subprocess.run(command, cwd=home, check=False, timeout=300).returncode:
            missing("the npm registry (@tus/server)")
    shutil.copy(ROOT / "benchmarks" / "tus.mjs", home)
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "FOLDER": str(files)}
    with subprocess.Popen(["node", "tus.mjs"], cwd=home, env=environment) as process:
        try:
            time.sleep(2)
            yield Server(process.pid, port, "/files", lambda: _whole(files), lambda: _empty(files))
        finally:
            process.terminate()


def _whole(folder: Path) -> int:
    return sum(1 for path in folder.iterdir() if path.stat().st_size == SIZE // UPLOADS)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
