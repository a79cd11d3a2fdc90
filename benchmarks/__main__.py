"""Run the benchmarks, all or by name; print the figures and keep them."""

import importlib
import os
import subprocess
import sys

import pytest

from benchmarks.figures import keep, show

NAMES = ("verify", "intake", "burst", "recognition", "point", "cms", "tus", "netem", "pages")
SEED = 20260529


def main(names: list[str]) -> int:
    if len(names) != 1:
        # Each in a process of its own: the kernel counts the memory of the one that starts a program to that program.
        codes = [subprocess.call([sys.executable, "-m", "benchmarks", name]) for name in names or NAMES]
        return max(codes)
    (name,) = names
    print(f"{name}:", flush=True)
    try:
        figures = importlib.import_module(f"benchmarks.{name}").measure(SEED)
    except (pytest.skip.Exception, pytest.fail.Exception) as missing:
        return _not_run(str(missing.msg))
    except FileNotFoundError as error:
        if "/" in str(error.filename):
            raise
        return _not_run(f"not run here: {error.filename} is not on this machine")  # a program was to be started
    if not figures:
        return 0
    show(figures)
    path = keep(name, figures, seed=SEED)
    print(f"    → {path}")
    return 1 if any(figure.held is False for figure in figures) else 0


def _not_run(why: str) -> int:
    """Say that a tool is missing; it fails where everything is asked for."""
    print(f"    {why}", flush=True)
    return 1 if os.environ.get("PPE_REQUIRE_ALL") == "1" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
