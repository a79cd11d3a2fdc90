"""An intake that is killed at any moment: what was promised stands, nothing stands twice, nothing half."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def test_an_intake_that_is_killed_loses_nothing_it_promised():
    done = subprocess.run(
        [sys.executable, "-m", "tests.journals.killing", "15", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert said["killed"] >= 3
    assert said["kept"] == {
        "rows": 80,
        "all": True,
        "lost": 0,
        "states": {"accepted": 40, "superseded": 40},
        "whole": True,
        "events": 80,
        "chain": True,
    }
