"""A benchmark whose tool is not on the machine says so in a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["cms", "tus", "netem"])
@pytest.mark.parametrize(("everything", "code"), [("0", 0), ("1", 1)])
def test_a_missing_tool_is_a_sentence_and_no_traceback(tmp_path, name, everything, code):
    environment = {**os.environ, "PATH": str(tmp_path), "PPE_REQUIRE_ALL": everything}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "not run here: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
