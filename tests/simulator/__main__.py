"""Play exam days: ``python -m tests.simulator --days 200 --seed 1 [--plant NAME] [--jobs 2]``."""

import argparse
import json
import sys
from datetime import UTC, datetime

from benchmarks.figures import RESULTS, commit, machine
from tests.simulator import days, running, starts
from tests.simulator.running import Summary


def main() -> int:
    """Play, print, keep; 1 when something did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first day; the others follow")
    parser.add_argument("--plant", default="", help="put this fault in, and play until it is found")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--twice", action="store_true", help="play each day twice and compare what was concluded")
    parser.add_argument("--keep", action="store_true", help="keep the figures in benchmarks/results/simulator.json")
    parser.add_argument("--whole", action="store_true", help="do not shorten a day that fails")
    said = parser.parse_args()
    with starts.room() as folder:
        template = starts.make(folder)
        found = running.play(
            folder,
            template,
            range(said.seed, said.seed + said.days),
            jobs=said.jobs,
            plant=said.plant,
            twice=said.twice,
            shorten=not said.whole,
            first=bool(said.plant),
        )
    show(found)
    if said.keep:
        keep(found, said.seed)
    return 1 if found.failed and not said.plant else 0


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def show(found: Summary) -> None:
    """Print what came of it."""
    minutes = max(found.seconds, 1e-9) / 60
    acts = sum(found.acts.values())
    say(
        f"{found.days} days, {acts} acts in {found.seconds:.0f} s: "
        f"{found.days / minutes:.0f} days/min, {acts / minutes:.0f} acts/min"
    )
    say(f"{found.cpu / max(found.days, 1):.2f} s of a processor a day, everything included")
    say("steps: " + ", ".join(f"{name} {found.steps[name]}" for name in days.ACTS))
    say("orders: " + ", ".join(f"{name} {times}" for name, times in found.acts.most_common()))
    say("refused:")
    for words, times in found.refused.most_common(40):
        say(f"  {times:>5} {words}")
    for seed in found.differ:
        say(f"seed {seed} concluded something else when it was played again")
    for each in found.failed:
        say(f"\nseed {each.seed}: {each.fault}\n{each.log}\n\n{each.python}")


def keep(found: Summary, seed: int) -> None:
    """Keep the figures beside those of the benchmarks."""
    minutes = found.seconds / 60
    document = {
        "benchmark": "simulator",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "seed": seed,
        "machine": machine(),
        "figures": {
            "days": found.days,
            "days_a_minute": round(found.days / minutes, 1),
            "cpu_seconds_a_day": round(found.cpu / max(found.days, 1), 2),
            "acts_a_minute": round(sum(found.acts.values()) / minutes),
            "steps": dict(sorted(found.steps.items())),
            "refused": sum(found.refused.values()),
            "failed": {str(each.seed): each.kind for each in found.failed},
        },
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    (RESULTS / "simulator.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
