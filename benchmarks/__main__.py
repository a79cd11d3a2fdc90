"""Run the benchmarks, all or by name; print the figures and keep them."""

import importlib
import subprocess
import sys

from benchmarks.figures import keep, show

NAMES = ("verify", "intake", "burst", "recognition", "point", "cms", "tus", "netem")
SEED = 20260529


def main(names: list[str]) -> int:
    if len(names) != 1:
        # Each in a process of its own: the kernel counts the memory of the one that starts a program to that program.
        codes = [subprocess.call([sys.executable, "-m", "benchmarks", name]) for name in names or NAMES]
        return max(codes)
    (name,) = names
    print(f"{name}:", flush=True)
    figures = importlib.import_module(f"benchmarks.{name}").measure(SEED)
    if not figures:
        return 0
    show(figures)
    path = keep(name, figures, seed=SEED)
    print(f"    → {path}")
    return 1 if any(figure.held is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
