"""``ppe-station verify`` of a journal of 50,000 entries in a process of its own."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.figures import ROOT, Figure
from wire.subjects import SUBJECT_NAMES

ENTRIES, RUNS = 50_000, 7
NAME = f"END_PRINT_78_0001_290526_01_{SUBJECT_NAMES['01'].replace(' ', '_')}_0101_0001.dat"


def measure(seed: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        dat, ca = Path(folder, NAME), Path(folder, "ca.pem")
        prepare = [sys.executable, "-m", "benchmarks.verify_files", folder, NAME, str(ENTRIES)]
        subprocess.run(prepare, cwd=ROOT, check=True)
        runs = [_run(dat, ca) for _ in range(RUNS)]
    walls, cpus, sizes = ([run[place] for run in runs] for place in range(3))
    return [
        Figure("verify 50,000 entries, wall, best of 7", min(walls), "s", 1.0),
        Figure("verify 50,000 entries, wall, median", statistics.median(walls), "s"),
        Figure("verify 50,000 entries, CPU, median", statistics.median(cpus), "s"),
        Figure("verify 50,000 entries, peak memory of the process", max(sizes), "MB", 60.0),
    ]


def _run(dat: Path, ca: Path) -> tuple[float, float, float]:
    begin = time.perf_counter()
    command = [sys.executable, "-m", "station_client", "verify", str(dat), "--ca", str(ca)]
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": str(ROOT)}, file_actions=quiet)
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit("verify did not call the journal good")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
