"""``manage.py make_exam_day FOLDER``: the drawn sheets of an exam day with truth.csv beside them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from drawing import truth
from drawing.days import demo_day, mini_day
from drawing.large import RATES, large_day
from drawing.plan import SEED, DayPlan
from drawing.scans import draw_files


class Command(BaseCommand):
    """Draw an exam day without playing it."""

    help = "Draw the sheets of an exam day: scanned TIFF files and truth.csv."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--day", choices=("demo", "mini", "large"), default="demo")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--workers", type=int, default=1)
        large = parser.add_argument_group("a large day")
        large.add_argument("--points", type=int, default=1)
        large.add_argument("--rooms", type=int, default=16)
        large.add_argument("--seats", type=int, default=15)
        large.add_argument(
            "--fault",
            action="append",
            default=[],
            metavar="KIND=SHARE",
            help=f"share of the sheets with a trouble; kinds: {', '.join(RATES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        plan = _plan(options)
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        placed = truth.place(plan, folder)
        jobs = [(each.scan.spec, each.path) for each in placed]
        for done, _path in enumerate(draw_files(jobs, workers=options["workers"]), 1):
            if done % 25 == 0 or done == len(jobs):
                self.stdout.write(f"{done}/{len(jobs)}")
        truth.write(folder / "truth.csv", [each.row for each in placed])
        self.stdout.write(str(folder / "truth.csv"))


def _plan(options: dict[str, Any]) -> DayPlan:
    seed = options["seed"]
    if options["day"] != "large":
        return {"demo": demo_day, "mini": mini_day}[options["day"]](seed=seed)
    rates = dict(RATES)
    for word in options["fault"]:
        kind, _, share = word.partition("=")
        if kind not in RATES:
            raise CommandError(f"no such trouble: {kind}; known: {', '.join(RATES)}")
        try:
            rates[kind] = float(share)
        except ValueError:
            raise CommandError(f"not a share: {word}") from None
    try:
        return large_day(
            points=options["points"], rooms=options["rooms"], seats=options["seats"], seed=seed, rates=rates
        )
    except ValueError as error:
        raise CommandError(str(error)) from None
