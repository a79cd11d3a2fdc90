"""A point of 1,000 sheets: from the files of its scanner to closed rooms, on a real node with its two reading workers.

Ten rooms of 25 participants, four sheets each; a pile of 100 sheets is one multi-page TIFF, as a feeder writes it.
Every sheet has its own number, turn and dirt; 200 pictures of handwriting are cycled under them. Drawing them is not
measured. Measured on the node that `manage.py run_node` starts (web, two clusters, watchdog; SQLite): the clock runs
from the first file handed to the intake until the last room is closed; cards are filled in while the sheets are read.
"""

import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure

ROOMS, PEOPLE, A_FILE = 10, 25, 100
SHEETS = ROOMS * PEOPLE * 4
LIMIT = 60.0


def measure(seed: int) -> list[Figure]:
    from tests.support.running_desk import RunningDesk  # noqa: PLC0415 - the other benchmarks need no desk

    root = Path(tempfile.mkdtemp(prefix="ppe-point-"))
    desk = RunningDesk(root, rooms=ROOMS, people=PEOPLE, a_file=A_FILE)
    try:
        desk.start()
        return _one_day(desk)
    finally:
        desk.stop()
        shutil.rmtree(root, ignore_errors=True)


def _one_day(desk) -> list[Figure]:  # type: ignore[no-untyped-def]
    started = time.monotonic()
    for pile in desk.piles:
        desk.ask("take", *pile)
    taken = time.monotonic()
    desk.ask("fill", str(PEOPLE))
    desk.wait_read(600)
    read = time.monotonic()
    states = desk.ask("close")
    closed = time.monotonic()
    right = set(states.values()) == {"closed"} and len(states) == ROOMS
    numbers = desk.rows("select count(distinct number) from scanning_sheet where state = 'recognised'")[0][0]
    note = f"{numbers} of {SHEETS} numbers read, rooms {sorted(set(states.values()))}"
    return [
        Figure("files taken in, durable", taken - started, "s", note=f"{len(desk.piles)} files"),
        Figure("every sheet read, every room compared", read - started, "s", note=f"{SHEETS / (read - started):.1f}/s"),
        Figure("rooms closed", closed - read, "s"),
        Figure(
            f"{SHEETS} sheets, from files to closed rooms",
            closed - started if right else float("inf"),
            "s",
            LIMIT,
            note=note,
        ),
    ]
