"""Journals of 200 entries taken in: verified, compared, written durably, on SQLite, in one process."""

import cProfile
import os
import pstats
import sys
import time

from benchmarks import node
from benchmarks.figures import Figure, share

JOURNALS, ENTRIES, GOAL = 300, 200, 200.0


def measure(seed: int) -> list[Figure]:
    keys = node.set_up()
    try:
        return _measure(keys, seed)
    finally:
        node.clean()


def _measure(keys: object, seed: int) -> list[Figure]:
    from journals import intake  # noqa: PLC0415 - Django must be ready
    from journals.lookups import Lookups  # noqa: PLC0415
    from tests.keys.world import OPERATOR  # noqa: PLC0415

    made = [node.journal_of(keys, number, ENTRIES, seed) for number in node.stations(keys, JOURNALS)]
    profile = cProfile.Profile() if os.environ.get("PPE_BENCH_PROFILE") else None
    lookups = Lookups()
    times, begin, cpu = [], time.perf_counter(), time.process_time()
    if profile:
        profile.enable()
    for name, data in made:
        start = time.perf_counter()
        verdict = intake.take_in(data=data, name=name, door="flash", actor=OPERATOR, lookups=lookups)
        times.append(time.perf_counter() - start)
        if verdict.state != "accepted":
            raise SystemExit(f"not accepted: {verdict.line}")
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(60)
    return [
        Figure("journals of 200 entries taken in, one process, SQLite", JOURNALS / wall, "/s", GOAL, at_most=False),
        Figure("the same for a second of one core", JOURNALS / cpu, "/s"),
        Figure("one journal, p50", share(times, 0.50) * 1000, "ms"),
        Figure("one journal, p95", share(times, 0.95) * 1000, "ms"),
        Figure("one journal, p99", share(times, 0.99) * 1000, "ms"),
    ]
