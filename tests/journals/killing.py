"""Kill an intake again and again in the middle, then let it end: argv is the number of kills and the seed.

Tells as JSON what was promised before each kill and what stands in the end.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time

from benchmarks import node

KILLS, SEED, STATIONS = int(sys.argv[1]), int(sys.argv[2]), 40
#: At most so many seconds until a kill: a quick machine is done before a slow one has begun.
MOMENTS = (0.01, 0.05, 0.2, 0.5)


def main() -> None:
    keys = node.set_up()
    try:
        sys.stdout.write(json.dumps(_play(keys)))
    finally:
        node.clean()


def _play(keys: object) -> dict[str, object]:
    from django.db import connections

    draw, armful = random.Random(SEED), []
    for number in node.stations(keys, STATIONS):
        made = node.station_with(keys, number, 30, SEED)
        armful += [(made.name, made.close())]
        # The longer one follows its shorter beginning, here and there in the same armful.
        armful.insert(draw.randrange(len(armful), len(armful) + 1), (made.name, _longer(made)))
    promised, killed = set(), 0
    for _round in range(KILLS):
        connections.close_all()
        told, was_killed = _one(armful, draw.uniform(0.0, draw.choice(MOMENTS)))
        promised |= told
        killed += was_killed
    connections.close_all()
    last, _killed = _one(armful, None)
    return {"killed": killed, "promised": len(promised), "kept": _kept(promised | last, armful)}


def _longer(made: object) -> bytes:
    return made.add("journal_reopened", reason="ещё").close()  # type: ignore[attr-defined,no-any-return]


def _one(armful: list[tuple[str, bytes]], seconds: float | None) -> tuple[set[str], bool]:
    """Take everything in; kill it after so many seconds. Return the hashes that were called accepted before."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        _work(armful, into)
        os._exit(0)
    os.close(into)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(out) as file:
        told = set(file.read().split())
    return told, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def _work(armful: list[tuple[str, bytes]], into: int) -> None:
    from journals.arrivals import Uploaded, ingest_all
    from tests.support.keys import OPERATOR

    for first in range(0, len(armful), 8):
        files = [Uploaded(name, lambda most, data=data: data[:most]) for name, data in armful[first : first + 8]]
        for verdict in ingest_all(files, door="flash", actor=OPERATOR):
            if verdict.journal is None:
                raise SystemExit(verdict.line)
            os.write(into, verdict.journal.sha256.encode() + b"\n")


def _kept(told: set[str], armful: list[tuple[str, bytes]]) -> dict[str, object]:
    from audit.log import first_broken
    from audit.models import Event
    from common import files
    from journals.models import Journal

    rows = list(Journal.objects.all())
    hashes = {hashlib.sha256(data).hexdigest() for _name, data in armful}
    return {
        "rows": len(rows),
        "all": {row.sha256 for row in rows} == hashes,
        "lost": len(told - {r.sha256 for r in rows}),
        "states": {state: sum(row.state == state for row in rows) for state in ("accepted", "superseded")},
        "whole": all(hashlib.sha256(files.inside(row.path).read_bytes()).hexdigest() == row.sha256 for row in rows),
        "events": Event.objects.filter(kind="journals.taken_in").count(),
        "chain": first_broken("78-0001") is None,
    }


if __name__ == "__main__":
    main()
