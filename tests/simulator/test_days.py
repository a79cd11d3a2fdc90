"""Exam days by the thousand: they hold, they are the same when played again, and what is planted is found."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator import days, running, starts
from tests.simulator.days import Day, Played, Step
from tests.simulator.plants_named import NAMES
from tests.simulator.running import Summary
from tests.simulator.world import World
from tests.support.proving import SEED

#: How many cores the long proofs may take.
JOBS = max(1, min(2, multiprocessing.cpu_count()))
#: Planted faults are to be found within so many days.
MOST = 2000


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Where both nodes live, in memory where there is a file system in it."""
    with starts.room() as made:
        yield made


@pytest.fixture(scope="session")
def template(folder: Path) -> Path:
    """How days begin."""
    return starts.make(folder)


@pytest.fixture(scope="session")
def world(folder: Path, template: Path) -> Iterator[World]:
    """Two nodes, started once for this worker."""
    made = World(folder / "world", template)
    yield made
    made.end()


@pytest.fixture
def play(world: World) -> Any:
    """Play a list of steps, as a failing seed prints it."""

    def played(start: str, mood: str, steps: list[Step], plant: str = "") -> Played:
        found = days.play(world, Day(start, mood, tuple(steps)), plant)
        if found.fault is not None and not plant:
            raise found.fault
        return found

    return played


def must_hold(found: Summary) -> None:
    """Say of each day that failed how, and how it is played again."""
    told = [f"seed {each.seed}: {each.fault}\n{each.log}\n{each.python}" for each in found.failed]
    assert not found.failed, "\n\n".join(told)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, 61, 12))
def test_sixty_days_hold(world: World, first: int) -> None:
    """Twelve days a test, so that the workers of a run share them."""
    found = Summary()
    for seed in range(first, first + 12):
        running.one(world, seed, "", shorten=True, found=found, most=12)
        must_hold(found)
    assert found.acts["job"] > 100, "nothing was played"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["closed_for_ever", "others_ignored"])
def test_a_planted_fault_is_found_and_shortened(world: World, name: str) -> None:
    found = Summary()
    for seed in range(1, 40):
        running.one(world, seed, name, shorten=True, found=found, most=25)
        if found.failed:
            break
    (failed,) = found.failed
    assert failed.python.count("\n") < days.LONGEST


@pytest.mark.slow
def test_a_power_cut_leaves_what_was_synced(play: Any) -> None:
    """The sealed content of a packet stands on the disk with its name when its row says so."""
    rooms = [("bring", each, 0) for each in range(3)] + [("whole_exam", each, 0) for each in range(2)]
    play("morning", "calm", [*rooms, ("goes_on", 5, 0), ("power_cut", 0, 0), ("sign", 0, 0), ("goes_on", 1, 0)])


@pytest.mark.slow
def test_what_a_centre_that_was_put_back_has_forgotten_is_sent_again(play: Any) -> None:
    """A packet was delivered and its row is lost: its answer is overdue, and a person repeats it."""
    play("evening", "rough", [("end_scan", 39, 0), ("goes_on", 44, 0), ("put_back", 27, 0)])


@pytest.mark.slow
def test_a_packet_on_a_drive_is_sent_again_to_a_centre_that_was_put_back(play: Any) -> None:
    """It was sent whole, and the centre has forgotten the file and its upload (seed 128)."""
    play("evening", "calm", [("same_again", 9, 0), ("goes_on", 52, 0), ("sign_and_carry", 50, 0), ("put_back", 11, 0)])


@pytest.mark.prove
def test_a_thousand_days_hold(folder: Path, template: Path, record_property: Any) -> None:
    """Each day is played again where that was asked for; PPE_SEED repeats a run."""
    first, many = SEED % 1_000_000, int(os.environ.get("PPE_DAYS", "1000"))
    found = running.play(folder, template, range(first, first + many), jobs=JOBS, most=60)
    minutes = found.seconds / 60
    record_property("days", found.days)
    record_property("days_a_minute", round(found.days / minutes))
    record_property("acts_a_minute", round(sum(found.acts.values()) / minutes))
    record_property("failed", [each.seed for each in found.failed])
    must_hold(found)


@pytest.mark.prove
def test_the_same_seed_concludes_the_same(folder: Path, template: Path, record_property: Any) -> None:
    first = SEED % 1_000_000
    found = running.play(folder, template, range(first, first + 60), jobs=JOBS, twice=True, shorten=False)
    record_property("days", found.days)
    assert not found.differ, f"another end when played again: {found.differ}"


@pytest.mark.prove
@pytest.mark.parametrize("name", NAMES)
def test_what_is_planted_is_found(folder: Path, template: Path, name: str, record_property: Any) -> None:
    found = running.play(folder, template, range(1, MOST + 1), jobs=JOBS, plant=name, shorten=False, first=True)
    record_property("days_to_find", found.days)
    assert found.failed, f"{name} was not found in {found.days} days"
    record_property("found_by", found.failed[0].kind)
