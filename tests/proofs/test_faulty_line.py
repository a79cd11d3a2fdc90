"""Packets over a line that fails in every way, between two real nodes whose processes are killed all the while."""

import random
import sys
import time

import pytest

from benchmarks.figures import Figure, keep
from tests.proofs.nodes import PARTS, Pair, Storm
from tests.proofs.proxy import Faults
from tests.services.conftest import postgresql_url, redis_url  # noqa: F401 (fixtures)
from tests.support.proving import SEED
from wire.tus import MAX_CHUNK

KIB, MIB = 1 << 10, 1 << 20


def sizes_for(rng: random.Random, count: int, total: int, slow: int) -> list[int]:
    """Sizes from 1 KB to 8 MB that come to a total, small ones more often; the first few fit a slow line."""
    sizes = [rng.randrange(KIB, 58 * KIB) for _ in range(slow)] + [KIB, 8 * MIB]
    free = [KIB * 2 ** rng.uniform(0, 13) for _ in range(count - len(sizes))]
    for _ in range(50):
        factor = (total - sum(sizes)) / sum(free)
        free = [min(max(size * factor, KIB), 8 * MIB) for size in free]
    return [*sizes, *map(int, free)]


def play(pair, sizes, *, seconds, storm):
    """Send everything through; return how long it took."""
    pair.prepare(sizes)
    pair.start()
    begin = time.monotonic()
    storm.start()
    arrived = pair.wait(pair.all_acknowledged, seconds)
    took = time.monotonic() - begin
    storm.stop()
    assert arrived, pair.story()
    pair.assert_one_effect_each()
    return took


def told(pair, storm, took, record=lambda *_: None):
    """Say what happened; return the bytes sent again and the number of faults that can have cost some."""
    whole = sum(each["size"] for each in pair.packets)
    broken = sum(pair.proxy.done[name] for name in ("cut", "stall", "drop", "duplicate", "reorder"))
    again = max(pair.proxy.sent - whole, 0)
    words = (
        f"{len(pair.packets)} packets, {whole / 1e6:.0f} MB in {took:.0f} s; {dict(pair.proxy.done)};"
        f" {len(storm.killed)} kills; re-sent {again / 1e6:.1f} MB"
    )
    sys.stdout.write(f"\nseed {SEED}: {words}\n")
    record("story", words)
    return again, broken


@pytest.fixture
def pair(tmp_path):
    made = []

    def make(**options):
        made.append(Pair(tmp_path, SEED, **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.mark.slow
def test_ten_packets_over_a_bad_line(pair):
    nodes = pair(faults=Faults(cut=4, stall=1, stall_seconds=3, drop=2, duplicate=2, reorder=2))
    storm = Storm(nodes, SEED, every=60)
    took = play(nodes, [KIB, 3 * MIB, *[200 * KIB] * 8], seconds=300, storm=storm)
    again, broken = told(nodes, storm, took)
    assert again <= broken * MAX_CHUNK


@pytest.mark.prove
@pytest.mark.timeout(400)
def test_on_a_line_of_one_megabit_the_sender_is_left_alone_and_answers_come_beside_it(pair):
    """GIVEN a watchdog six times as impatient as a real one, and four packets of more than a minute each."""
    nodes = pair(
        faults=Faults(slow_uploads=4, slow_limit=8 * MIB, slow_rate=62_500, likely=1.0),
        settings={"PPE_WATCHDOG_SECONDS": "20"},
    )
    nodes.prepare([4 * MIB] * 4)
    nodes.start()
    asked = "select (julianday('now') - julianday(answered_at)) * 86400 from transfers_feedcursor"
    ages = []

    def done():
        ages.extend(age for (age,) in nodes.rows(nodes.hq, asked) if age is not None)
        return nodes.all_acknowledged()

    arrived = nodes.wait(done, 300)
    ended = nodes.rows(nodes.hq, "select data from audit_event where kind = 'node.cluster_restarted'")
    sys.stdout.write(f"\nanswers at most {max(ages):.0f} s apart; clusters ended: {ended}\n")
    assert arrived, nodes.story()
    assert nodes.proxy.done["slow upload"] == 4
    assert ended == []
    assert max(ages) < 30
    nodes.assert_one_effect_each()


@pytest.mark.prove
@pytest.mark.services
@pytest.mark.timeout(400)
def test_a_centre_on_postgresql_and_redis_keeps_the_same_promises(pair, postgresql_url, redis_url, record_property):  # noqa: F811
    nodes = pair(faults=Faults(cut=6, stall=1, stall_seconds=3, drop=4, duplicate=4, reorder=4))
    nodes.rcoi.settings = {**nodes.rcoi.settings, "PPE_DATABASE_URL": postgresql_url, "PPE_REDIS_URL": redis_url}
    storm = Storm(nodes, SEED, every=2)
    took = play(nodes, [KIB, 3 * MIB, *[200 * KIB] * 18], seconds=250, storm=storm)
    again, broken = told(nodes, storm, took, record_property)
    assert again <= (broken + 2 * len(storm.killed)) * MAX_CHUNK


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_two_hundred_packets_through_cuts_stalls_and_kills_of_every_process(pair, record_property):
    nodes = pair(faults=Faults(cut=40, stall=5, drop=10, duplicate=10, reorder=10, slow_uploads=10))
    storm = Storm(nodes, SEED, every=2)
    took = play(nodes, sizes_for(random.Random(SEED), 200, 250_000_000, 10), seconds=360, storm=storm)
    again, broken = told(nodes, storm, took, record_property)
    keep(
        "network_faults",
        [
            Figure("200 packets of 1 KB to 8 MB, 250 MB in all, through every fault", took, "s", 360),
            Figure("processes killed meanwhile", len(storm.killed), ""),
            Figure("cuts, stalls, dropped, doubled and delayed answers", broken, ""),
            Figure("sent again", again / 1e6, "MB", (broken + 2 * len(storm.killed)) * MAX_CHUNK / 1e6),
        ],
        seed=SEED,
    )
    assert took < 360
    assert nodes.proxy.done["stall"] == 5
    assert nodes.proxy.done["slow upload"] == 10
    assert nodes.proxy.done["cut"] == 40
    hit = {name.rsplit("-", 1)[0] for name in storm.killed}
    assert hit == {f"{kind}-{part}" for kind in ("hq", "rcoi") for part in (*PARTS, "node")}
    # A kill breaks what is under way: two deliveries at most.
    assert again <= (broken + 2 * len(storm.killed)) * MAX_CHUNK
