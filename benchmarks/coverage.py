"""How many branches of each room its own tests take; `make coverage` prints them beside their floors and keeps them.

A room that only the tests of other rooms walk through may break without one of its own failing: so each is measured by
its own folder of tests, in one process. What child processes run (the decoder, second nodes) is not counted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.figures import RESULTS, ROOT, commit, machine

#: The floor of each room in percent, a little below what was measured; a room without one is measured all the same.
FLOORS = {
    "common": 36,
    "audit": 53,
    "stations": 75,
    "uploads": 30,
    "keys": 79,
    "journals": 89,
    "transfers": 73,
    "rcoi": 82,
    "monitoring": 75,
    "station_client": 73,
    "drawing": 82,
}
ROOMS = (
    *("wire", "common", "audit", "stations", "uploads", "keys", "journals", "scanning", "transfers"),
    *("rcoi", "monitoring", "ppe_portal", "station_client", "drawing"),
)
FILE = RESULTS / "coverage.json"


def measure(room: str) -> dict[str, Any]:
    """Run the tests of a room and return what of its branches they took."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data, report = Path(folder) / "data", Path(folder) / "report.json"
        tool = [sys.executable, "-m", "coverage"]
        done = subprocess.run(
            [
                *(*tool, "run", "--branch", f"--data-file={data}", f"--source={room}", "--omit=*/migrations/*"),
                *("-m", "pytest", "-q", "--no-header", f"tests/{room}"),
            ],
            cwd=ROOT,
            env=os.environ | {"COVERAGE_CORE": "ctrace"},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout.strip().splitlines()
        if done.returncode != 0:
            return {"failed": said[-25:] or done.stderr.splitlines()[-5:]}
        subprocess.run([*tool, "json", "-q", f"--data-file={data}", "-o", str(report)], cwd=ROOT, check=True)
        found = json.loads(report.read_text("utf-8"))
    files = {
        name: {
            "taken": each["summary"]["covered_branches"],
            "branches": each["summary"]["num_branches"],
            "lines": sorted({line for line, _next in each["missing_branches"]}),
        }
        for name, each in found["files"].items()
    }
    taken, all_of_them = (found["totals"][key] for key in ("covered_branches", "num_branches"))
    return {
        "percent": round(100 * taken / all_of_them, 1),
        "taken": taken,
        "branches": all_of_them,
        "tests": said[-1],
        "seconds": round(time.monotonic() - began),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        # Where the most branches are not taken, and from which lines.
        "weakest": dict(sorted(files.items(), key=lambda item: item[1]["taken"] - item[1]["branches"])[:8]),
    }


def main() -> int:
    """Measure the rooms that are named, or all; fail where one stands below its floor."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description="branch coverage by room")
    parser.add_argument("rooms", nargs="*", metavar="room", choices=[*ROOMS, []])
    rooms = parser.parse_args().rooms or ROOMS
    code = 0
    print(f"  {'room':<16} {'branches':>8} {'taken':>7} {'floor':>6} {'seconds':>8}", flush=True)
    for room in rooms:
        row, floor = measure(room), FLOORS.get(room, 0)
        if "failed" in row:
            print(f"✗ {room:<16} its tests failed:\n" + "\n".join(row["failed"]), flush=True)
            code = 1
            continue
        held = row["percent"] >= floor
        code |= not held
        mark, said = "✓" if held else "✗", f"{row['branches']:>8} {row['percent']:>6}% {floor:>5}% {row['seconds']:>8}"
        print(f"{mark} {room:<16} {said}", flush=True)
        kept: dict[str, Any] = json.loads(FILE.read_text("utf-8"))["rooms"] if FILE.exists() else {}
        kept[room] = row
        document = {"machine": machine(), "rooms": {each: kept[each] for each in ROOMS if each in kept}}
        FILE.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"    → {FILE.relative_to(ROOT)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
