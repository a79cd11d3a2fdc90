"""Run the benchmarks, all or by name; print the figures and keep them."""

import importlib
import sys

from benchmarks.figures import keep, show

NAMES = ("verify", "intake", "burst", "recognition", "point", "cms", "tus", "netem")
SEED = 20260529


def main(names: list[str]) -> int:
    failed = False
    for name in names or NAMES:
        print(f"{name}:", flush=True)
        figures = importlib.import_module(f"benchmarks.{name}").measure(SEED)
        if figures:
            show(figures)
            path = keep(name, figures, seed=SEED)
            print(f"    → {path}")
            failed |= any(figure.held is False for figure in figures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
