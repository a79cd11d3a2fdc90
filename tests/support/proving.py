"""The seed of the proofs, and their record: each proof that ran leaves its outcome in `benchmarks/results/prove.json`.

A proof says its figures with ``record_property(name, value)``; they are printed at the end and kept beside the
outcome, with the commit, the seed and the machine. ``PPE_SEED`` repeats a run.
"""

import json
import os
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from benchmarks.figures import RESULTS, commit, machine

SEED = int(os.environ.get("PPE_SEED") or random.SystemRandom().randrange(1 << 31))
# Child processes draw from the same one.
os.environ["PPE_SEED"] = str(SEED)
FILE = RESULTS / "prove.json"
_rows: dict[str, dict[str, Any]] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome of a proof, and how long its body took."""
    if "prove" not in report.keywords or (report.when != "call" and report.passed):
        return
    row = _rows.setdefault(report.nodeid, {"outcome": report.outcome, "seconds": 0.0, "said": {}})
    if not report.passed:
        row["outcome"] = report.outcome
    if report.skipped and isinstance(report.longrepr, tuple):
        row["why"] = report.longrepr[2]
    row["seconds"] = round(row["seconds"] + report.duration, 1)
    row["said"] |= dict(report.user_properties)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what the proofs said, and keep it."""
    if not _rows or hasattr(config, "workerinput"):
        return
    terminalreporter.write_sep("=", f"proofs, PPE_SEED={SEED}")
    for name, row in _rows.items():
        said = ", ".join(f"{key} {value}" for key, value in row["said"].items())
        terminalreporter.write_line(f"{row['outcome']:<7} {row['seconds']:>7.1f} s  {name}  {said}".rstrip())
    # A run of some proofs renews theirs; a run of all replaces the record.
    known = {} if config.args == ["tests"] and not config.option.keyword else _known()
    about = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit(), "seed": SEED}
    proofs = known | {name: row | about | {"load": machine()["load_before"]} for name, row in _rows.items()}
    document = {"machine": machine(), "proofs": dict(sorted(proofs.items()))}
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    terminalreporter.write_line(f"→ {FILE}")


def _known() -> dict[str, Any]:
    return dict(json.loads(FILE.read_text(encoding="utf-8"))["proofs"]) if FILE.exists() else {}
