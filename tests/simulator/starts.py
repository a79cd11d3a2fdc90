"""How days begin: in the morning, in the afternoon with everything sent, in the evening when everything is over."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simulator.ending import come_to_its_end, settle_down
from tests.simulator.judge import Judge
from tests.simulator.morning import EXAMS
from tests.simulator.nodes import prepare
from tests.simulator.world import HQ, World


@contextmanager
def room() -> Iterator[Path]:
    """Give a folder in the memory of this machine, or on its disk where there is none; it goes with what lies in it."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="ppe-days-", dir=memory if memory.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make(folder: Path) -> Path:
    """Make the three beginnings of a day; return their folder."""
    template = prepare(folder / "starts")
    world = World(folder / "first", template)
    try:
        world.begin()
        judge = Judge(world)
        judge.begin()
        world.draw = random.Random(0)
        for key in world.stations:
            world.bring(key)
        for exam, (_subject, rooms) in enumerate(EXAMS):
            for name in (*rooms, "HQ"):
                world.do(HQ, "room", exam=exam, room=name, envelope=world.envelope((exam, name)))
        settle_down(world, judge)
        world.do(HQ, "sign_all")
        for exam in range(len(EXAMS)):
            world.do(HQ, "declare", exam=exam, status="exams_finished")
        settle_down(world, judge)
        world.leave(template / "afternoon")
        world.begin("afternoon")
        judge = Judge(world)
        judge.begin()
        come_to_its_end(world, judge)
        world.leave(template / "evening")
    finally:
        world.end()
    return template
