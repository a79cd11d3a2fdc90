"""SIGKILL of the processes that read sheets, again and again: every sheet is read once, every count is exact."""

import contextlib
import hashlib
import os
import random
import signal
import time

import pytest

from ppe_portal.supervisor import mark_of, marked
from tests.support.proving import SEED
from tests.support.running_desk import RunningDesk

MANY = int(os.environ.get("PPE_KILLS", "50"))


def kill_one(desk, rng):
    """Kill a process of the reading cluster: its head, a worker, a decoding child; return whether there was one."""
    pids = marked(mark_of(desk.node.data, "heavy"))
    if not pids:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(rng.choice(pids), signal.SIGKILL)
        return True
    return False


def storm(desk, kills, rng, *, pause):
    """Hand the piles over so that there is always something to read, and kill until the number is reached."""
    piles, done, until = iter(desk.piles), 0, time.monotonic() + 40 * pause * kills + 60
    while done < kills and time.monotonic() < until:
        if desk.ask("unread")["sheets"] < 20:
            pile = next(piles, None)
            assert pile is not None, f"all sheets were read after {done} kills: too few were drawn"
            desk.ask("take", *pile)
            continue
        time.sleep(rng.uniform(0.3, 1.7) * pause)
        if desk.ask("unread")["sheets"]:
            done += kill_one(desk, rng)
    for pile in piles:
        desk.ask("take", *pile)
    return done


def assert_each_once(desk):
    """Every number that lies on paper is read on exactly one sheet; events, files, counts and rooms agree."""
    wanted = sorted(number for numbers in desk.truth.values() for number in numbers)
    assert sorted(number for (number,) in desk.rows("select number from scanning_sheet")) == wanted
    assert desk.rows("select distinct state from scanning_sheet") == [("recognised",)]
    assert desk.rows("select distinct state from scanning_source") == [("read",)]
    read = desk.rows("select count(*) from audit_event where kind = 'scanning.sheet_read'")
    assert read == [(len(wanted),)]
    assert desk.rows("select count(*) from audit_event where kind = 'scanning.source_read'") == [(len(desk.piles),)]
    assert desk.rows("select count(*) from scanning_scanentry where event = 'scanning_finished'") == [
        (len(desk.piles),)
    ]
    assert desk.rows("select count(*) from scanning_discrepancy where resolved_at is null") == [(0,)]
    for path, sha256 in desk.rows("select path, sha256 from scanning_sheet"):
        assert hashlib.sha256((desk.node.data / path).read_bytes()).hexdigest() == sha256
    desk.ask("fill", str(desk.people))
    assert set(desk.ask("close").values()) == {"closed"}
    desk.node.command("audit_verify")


def run(tmp_path, *, kills, rooms, people, pause, record_property):
    rng = random.Random(f"workers {SEED}")
    desk = RunningDesk(tmp_path, rooms=rooms, people=people, a_file=10)
    try:
        desk.start()
        done = storm(desk, kills, rng, pause=pause)
        desk.wait_read(120)
        assert done == kills
        assert_each_once(desk)
        again = desk.rows("select count(*) from scanning_sheet where starts > 1")[0][0]
        record_property("kills", done)
        record_property("sheets", len(desk.piles) * 10)
        record_property("begun again", again)
    finally:
        desk.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_kills_in_the_middle_of_reading(tmp_path, record_property):
    run(tmp_path, kills=3, rooms=2, people=15, pause=0.4, record_property=record_property)


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_fifty_kills_in_the_middle_of_reading(tmp_path, record_property):
    run(tmp_path, kills=MANY, rooms=10, people=25, pause=0.7, record_property=record_property)
