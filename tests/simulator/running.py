"""Many days, in as many processes as wanted: each has two nodes of its own."""

import multiprocessing
import queue
import resource
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator import days
from tests.simulator.days import Day, Played
from tests.simulator.world import World


@dataclass
class Failed:
    """A day that failed, as short as it was found, as Python to be kept."""

    seed: int
    kind: str
    fault: str
    python: str
    log: str


@dataclass
class Summary:
    """What came of many days."""

    days: int = 0
    seconds: float = 0.0
    #: Of the processors, by all processes together.
    cpu: float = 0.0
    acts: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: list[Failed] = field(default_factory=list)
    #: Days that concluded something else when they were played again.
    differ: list[int] = field(default_factory=list)

    def add(self, day: Day, played: Played) -> None:
        """Count a day."""
        self.days += 1
        self.acts += played.acts
        self.refused += played.refused
        self.steps.update(name for name, _which, _luck in day.steps[: played.done])


def python(day: Day, plant: str = "") -> str:
    """Return a day as a line of a test."""
    steps = "".join(f"    {step!r},\n" for step in day.steps)
    more = f", plant={plant!r}" if plant else ""
    return f"play({day.start!r}, {day.mood!r}, [\n{steps}]{more})"


def one(world: World, seed: int, plant: str, *, shorten: bool, found: Summary, most: int = 150) -> None:
    """Play a day and count it; shorten it when it fails."""
    day = days.draw(seed)
    played = days.play(world, day, plant)
    found.add(day, played)
    if played.fault is None:
        return
    short = day
    if shorten:
        done = Day(day.start, day.mood, day.steps[: played.done + 1])
        short = days.shorten(world, done, played.fault, plant, most=most)
        again = days.play(world, short, plant)
        played = again if again.fault else played
    assert played.fault is not None
    text = "\n".join(played.log[-60:])
    found.failed.append(Failed(seed, played.fault.kind, str(played.fault)[:4000], python(short, plant), text))


def _worker(folder: Path, template: Path, seeds: Any, out: Any, stop: Any, options: dict[str, Any]) -> None:
    found, twice, first = Summary(), options.pop("twice"), options.pop("first")
    world, seed = World(folder, template), 0
    try:
        while not stop.is_set():
            try:
                seed = seeds.get_nowait()
            except queue.Empty:
                break
            one(world, seed, found=found, **options)
            if twice:
                day = days.draw(seed)
                if days.play(world, day).conclusions != days.play(world, day).conclusions:
                    found.differ.append(seed)
            if found.failed and first:
                stop.set()
    except Exception:  # what breaks the simulator itself is told as a day that failed
        text = traceback.format_exc()
        found.failed.append(Failed(seed, "the simulator", text, python(days.draw(seed), options["plant"]), ""))
    finally:
        world.end()
        shutil.rmtree(folder, ignore_errors=True)
        found.cpu = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        out.put(found)


def play(
    folder: Path,
    template: Path,
    seeds: Iterable[int],
    *,
    jobs: int = 2,
    plant: str = "",
    twice: bool = False,
    shorten: bool = True,
    first: bool = False,
    most: int = 150,
) -> Summary:
    """Play days in processes beside each other.

    Args:
        folder: Where they may write.
        template: How days begin.
        seeds: The days.
        jobs: How many processes.
        plant: The fault that the nodes carry.
        twice: Whether each is played again and must conclude the same.
        shorten: Whether a day that fails is shortened.
        first: Whether the first failure ends it.
        most: So many days are played to shorten one.
    """
    context, began = multiprocessing.get_context("fork"), time.monotonic()
    waiting, out, stop = context.Queue(), context.Queue(), context.Event()
    for seed in seeds:
        waiting.put(seed)
    time.sleep(0.05)
    options = {"plant": plant, "twice": twice, "first": first, "shorten": shorten, "most": most}
    workers = [
        context.Process(target=_worker, args=(folder / f"job-{number}-{plant}", template, waiting, out, stop, options))
        for number in range(jobs)
    ]
    for each in workers:
        each.start()
    found = Summary()
    for _each in workers:
        part: Summary = out.get()
        found.days += part.days
        found.cpu += part.cpu
        for name in ("acts", "steps", "refused"):
            getattr(found, name).update(getattr(part, name))
        found.failed += part.failed
        found.differ += part.differ
    for each in workers:
        each.join()
    waiting.cancel_join_thread()
    found.seconds = time.monotonic() - began
    return found
