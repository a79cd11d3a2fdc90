"""Journals of 200 entries taken in on SQLite: verified, compared, durable; by one process and by one for each core.

Each process does what a folder of a flash drive or an armful of dropped files makes a node do (`ingest_all`): every
check of every journal, its bytes synced, its row and audit event committed before its verdict is given.
"""

import cProfile
import json
import os
import pstats
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks import node
from benchmarks.figures import Figure, share

JOURNALS, ENTRIES, GOAL, CORES, ALONE = 400, 200, 200.0, 2, 100

Named = tuple[str, bytes]


class IntakeResult(NamedTuple):
    """What came of it: journals a second, journals for a second of one core, how long each waited."""

    rate: float
    cpu_rate: float
    times: list[float]


def measure(seed: int) -> list[Figure]:
    keys = node.set_up()
    try:
        made = [node.journal_of(keys, number, ENTRIES, seed) for number in node.stations(keys, 2 * JOURNALS + ALONE)]
        alone = _one_by_one(made[:ALONE])
        single = _together([made[ALONE : ALONE + JOURNALS]])
        both = _together([made[ALONE + JOURNALS + core :: CORES] for core in range(CORES)])
    finally:
        node.clean()
    times = both.times
    return [
        Figure(f"journals of 200 entries taken in, {CORES} processes", both.rate, "/s", GOAL, at_most=False),
        Figure("  the same for a second of one core", both.cpu_rate, "/s", GOAL / CORES, at_most=False),
        Figure("  a file waits for its verdict, p50", share(times, 0.50) * 1000, "ms", note="16 are kept together"),
        Figure("  a file waits for its verdict, p95", share(times, 0.95) * 1000, "ms"),
        Figure("  a file waits for its verdict, p99", share(times, 0.99) * 1000, "ms"),
        Figure("journals of 200 entries taken in, one process", single.rate, "/s"),
        Figure("  the same for a second of one core", single.cpu_rate, "/s"),
        Figure("one journal after the other, each by itself", ALONE / sum(alone), "/s"),
        Figure("  one journal, p50", share(alone, 0.50) * 1000, "ms"),
        Figure("  one journal, p99", share(alone, 0.99) * 1000, "ms"),
    ]


def _one_by_one(made: Sequence[Named]) -> list[float]:
    from journals import intake  # noqa: PLC0415 - Django must be ready
    from tests.support.keys import OPERATOR  # noqa: PLC0415

    times = []
    for name, data in made:
        start = time.perf_counter()
        verdict = intake.ingest(data=data, name=name, door="api", actor=OPERATOR)
        times.append(time.perf_counter() - start)
        node.require(verdict.state == "accepted", verdict.line)
    return times


def _together(shares: Sequence[Sequence[Named]]) -> IntakeResult:
    """Let one process for each share take it in, all at once; the clock runs from the start to the last verdict."""
    from django.db import connections  # noqa: PLC0415

    connections.close_all()
    begin = time.perf_counter() + 0.2
    answers = []
    for made in shares:
        out, into = os.pipe()
        if os.fork() == 0:
            os.close(out)
            with os.fdopen(into, "w") as file:
                json.dump(_work(made, begin), file)
            os._exit(0)
        os.close(into)
        answers.append(out)
    said = []
    for out in answers:
        with os.fdopen(out) as file:
            said.append(json.load(file))
        node.require(os.waitstatus_to_exitcode(os.wait()[1]) == 0, "a process failed")
    count = sum(len(made) for made in shares)
    times = [time for each in said for time in each["times"]]
    return IntakeResult(count / max(each["end"] for each in said), count / sum(each["cpu"] for each in said), times)


def _work(made: Sequence[Named], begin: float) -> dict[str, object]:
    from journals.arrivals import TOGETHER, Uploaded, ingest_all  # noqa: PLC0415
    from tests.support.keys import OPERATOR  # noqa: PLC0415

    profile = cProfile.Profile() if os.environ.get("PPE_BENCH_PROFILE") else None
    files = [Uploaded(name, lambda most, data=data: data[:most]) for name, data in made]  # type: ignore[misc]
    time.sleep(max(0.0, begin - time.perf_counter()))
    cpu, times = time.process_time(), []
    if profile:
        profile.enable()
    for first in range(0, len(files), TOGETHER):
        armful, start = files[first : first + TOGETHER], time.perf_counter()
        for verdict in ingest_all(armful, door="flash", actor=OPERATOR):
            node.require(verdict.state == "accepted", verdict.line)
        times += [time.perf_counter() - start] * len(armful)
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats(os.environ["PPE_BENCH_PROFILE"]).print_stats(60)
    return {"end": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "times": times}
