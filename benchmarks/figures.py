"""What a benchmark found, shown beside what was asked of it and kept as JSON."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Figure:
    """One measured value; `limit` is what it must keep (`at_most` tells on which side), None when nothing is asked."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def held(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value <= self.limit if self.at_most else self.value >= self.limit


def show(figures: Sequence[Figure]) -> None:
    for figure in figures:
        mark = {True: "✓", False: "✗", None: " "}[figure.held]
        side = (
            "" if figure.limit is None else f"   goal {'≤' if figure.at_most else '≥'} {figure.limit:g} {figure.unit}"
        )
        print(f"  {mark} {figure.name:<58} {figure.value:>10.3f} {figure.unit}{side}  {figure.note}".rstrip())


def commit() -> str:
    """Return the commit that is measured; a plus behind it when there is more than was committed."""
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()


def keep(name: str, figures: Sequence[Figure], *, seed: int) -> Path:
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "seed": seed,
        "machine": machine(),
        "figures": [asdict(figure) | {"held": figure.held} for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    return path


def machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_mb": pages * size // 2**20,
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def share(values: Sequence[float], part: float) -> float:
    """The value below which that part of the values lies."""
    rows = sorted(values)
    return rows[min(len(rows) - 1, int(len(rows) * part))]
