"""The same tests on PostgreSQL: locking and constraints are the database's own work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.services, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
CHOSEN = "not services and not browser and not prove"
#: The tests that lock rows, race threads or lean on constraints: what a database does by itself.
ROOMS = [
    "tests/audit",
    "tests/common",
    "tests/stations",
    "tests/scanning/test_lock_order.py",
    "tests/journals/test_intake.py",
    "tests/transfers/test_packets.py",
    "tests/transfers/test_feed.py",
    "tests/transfers/test_versions.py",
    "tests/rcoi/test_receiving.py",
    "tests/rcoi/test_opening.py",
]


def test_the_rooms_that_lock_rows_pass_on_postgresql(postgresql_url):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PPE_TEST_DIR"))}
    environment["PPE_DATABASE_URL"] = postgresql_url
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", CHOSEN, *ROOMS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
