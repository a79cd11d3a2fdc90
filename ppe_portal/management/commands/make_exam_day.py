"""``manage.py make_exam_day FOLDER``: the drawn sheets of an exam day with truth.csv beside them."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from exam_day import truth
from exam_day.days import demo_day, mini_day
from exam_day.plan import SEED
from exam_day.scans import draw_files


class Command(BaseCommand):
    """Draw an exam day without playing it."""

    help = "Draw the sheets of an exam day: scanned TIFF files and truth.csv."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--day", choices=("demo", "mini"), default="demo")
        parser.add_argument("--seed", type=int, default=SEED)
        parser.add_argument("--workers", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        plan = {"demo": demo_day, "mini": mini_day}[options["day"]](seed=options["seed"])
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        placed = truth.place(plan, folder)
        jobs = [(each.scan.spec, each.path) for each in placed]
        for done, _path in enumerate(draw_files(jobs, workers=options["workers"]), 1):
            if done % 25 == 0 or done == len(jobs):
                self.stdout.write(f"{done}/{len(jobs)}")
        truth.write(folder / "truth.csv", [each.row for each in placed])
        self.stdout.write(str(folder / "truth.csv"))
