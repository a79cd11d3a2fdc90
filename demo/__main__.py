"""``python -m demo demo | run | draw``."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from demo.nodes import USUAL
from demo.play import play, serve
from drawing import truth
from drawing.days import demo_day, mini_day
from drawing.plan import SEED
from drawing.scans import draw_files

DAYS = {"demo": demo_day, "mini": mini_day}


def _draw(options: argparse.Namespace) -> int:
    plan = DAYS[options.day](seed=options.seed, date=options.date)
    placed = truth.place(plan, options.folder)
    jobs = [(each.scan.spec, each.path) for each in placed]
    for done, _path in enumerate(draw_files(jobs, workers=options.workers), 1):
        if done % 20 == 0 or done == len(jobs):
            sys.stdout.write(f"\r{done}/{len(jobs)}")
            sys.stdout.flush()
    truth.write(options.folder / "truth.csv", [each.row for each in placed])
    sys.stdout.write("\n")
    return 0


def main(words: list[str] | None = None) -> int:
    """Play, serve or draw a day."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="A whole exam day, played from outside.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("demo", "play the day on two nodes and prove it"), ("run", "the same day in the browser")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--folder", type=Path, default=USUAL)
        command.add_argument("--seed", type=int, default=SEED)
        command.add_argument("--day", choices=sorted(DAYS), default="demo")
    draw = commands.add_parser("draw", help="draw the sheets alone")
    draw.add_argument("folder", type=Path)
    draw.add_argument("--day", choices=sorted(DAYS), default="demo")
    draw.add_argument("--seed", type=int, default=SEED)
    draw.add_argument("--date", type=dt.date.fromisoformat, default=None)
    draw.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(words)
    if options.command == "draw":
        options.folder.mkdir(parents=True, exist_ok=True)
        return _draw(options)
    plan = DAYS[options.day](seed=options.seed)
    folder = options.folder.resolve()
    return play(plan, folder) if options.command == "demo" else serve(plan, folder)


if __name__ == "__main__":
    sys.exit(main())
