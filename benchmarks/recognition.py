"""Sheets a second a core: a G4 sheet fully checked, beside the bare decoding and zxing-cpp on the whole page.

The same drawn, mildly damaged sheets for all of them, in turn, in one process; processor time, so that a busy machine
does not decide. A checked sheet is told in decodings by Pillow, of which the limit speaks, and in those by our own
decoder: that gives the very same pixels, but so much quicker that the checks cost many times as much as it does.
Then the memory of a worker with its decoding child, and the slowest sheet, hurt ones included.
"""

import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from PIL import Image

from benchmarks.figures import ROOT, Figure, share
from drawing.damage import random_damage
from drawing.draw import SheetSpec, limit_threads, paper
from drawing.scans import scan_sheet
from scanning.recognition import decode, sheet
from scanning.recognition.codes import FORMATS
from scanning.recognition.picture import Grey, PageImage
from tests.support.damage import KINDS, mixture
from wire.forms import CATALOGUE, make_number
from wire.subjects import SUBJECT_NAMES

SHEETS, ROUNDS, HURT = 200, 5, 44


def measure(seed: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="ppe-sheets-", dir="/dev/shm") as name:
        paths = [Path(name, f"{index:04d}.tif") for index in range(SHEETS)]
        specs = [_spec(seed, index) for index in range(SHEETS)]
        with ProcessPoolExecutor(2, initializer=limit_threads) as pool:
            for path, data in zip(paths, pool.map(scan_sheet, specs, chunksize=8), strict=True):
                path.write_bytes(data)
        cv2.setNumThreads(1)
        return [*_speed(paths, specs), *_slowest(seed), *_memory(paths)]


def _spec(seed: int, index: int) -> SheetSpec:
    rng = random.Random(f"{seed} {index}")
    # As a room's pile lies: four blanks of each participant, now and then another form.
    kind = list(CATALOGUE)[index % len(CATALOGUE)] if index % 10 == 0 else ("R", "AB", "C1", "C2")[index % 4]
    return SheetSpec(
        kind,
        make_number(kind, rng.randrange(10**8, 10**10)),
        "78",
        "0001",
        dt.date(2026, 5, 29),
        "01",
        SUBJECT_NAMES["01"],
        "0101",
        seed,
        damage=random_damage(rng),
    )


def _speed(paths: list[Path], specs: list[SheetSpec]) -> list[Figure]:
    pages = [decode.read_page(path, 0) for path in paths]
    differ = [
        path.name for path, page in zip(paths, pages, strict=True) if not np.array_equal(page.pixels, _pillow(path))
    ]
    assert not differ, f"decoded otherwise than by Pillow: {differ}"
    found = 0

    def checked(index: int) -> None:
        nonlocal found
        reading, _ = sheet.recognise(decode.read_page(paths[index], 0))
        found += reading.number == specs[index].number

    def recorded(index: int) -> None:
        page = decode.read_page(paths[index], 0)
        reading, upright = sheet.recognise(page)
        decode.encode_g4(upright, reading.dpi or 300, bilevel=page.bilevel)

    ways: dict[str, Callable[[int], object]] = {
        "checked": checked,
        "recorded": recorded,
        "bare": lambda index: decode.read_page(paths[index], 0),
        "pillow": lambda index: _pillow(paths[index]),
        "rival": lambda index: zxingcpp.read_barcodes(pages[index].pixels, formats=FORMATS),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            begin = time.process_time()
            for index in range(turn * SHEETS // (ROUNDS + 1), (turn + 1) * SHEETS // (ROUNDS + 1)):
                way(index)
            count = (turn + 1) * SHEETS // (ROUNDS + 1) - turn * SHEETS // (ROUNDS + 1)
            if turn:
                spent[name].append(count / (time.process_time() - begin))
    middle = {name: statistics.median(rates) for name, rates in spent.items()}
    return [
        Figure(
            "a G4 sheet fully checked",
            middle["checked"],
            "/s/core",
            30,
            at_most=False,
            note="decode, marks, codes, quality, fields",
        ),
        Figure("the same and its TIFF of record written", middle["recorded"], "/s/core"),
        Figure("bare decoding of the same G4 sheets", middle["bare"], "/s/core"),
        Figure("zxing-cpp, whole page, already decoded", middle["rival"], "/s/core", note="codes alone"),
        Figure(
            "a G4 sheet fully checked, in decodings of it by Pillow",
            middle["pillow"] / middle["checked"],
            "×",
            4.0,
            note="one run",
        ),
        Figure(
            "the same, in bare decodings of it by ours",
            middle["bare"] / middle["checked"],
            "×",
            note=f"which is {middle['bare'] / middle['pillow']:.1f} times as quick as Pillow for the same pixels",
        ),
        Figure(
            "times faster than zxing-cpp, whole page and decoding",
            middle["checked"] / (1 / (1 / middle["rival"] + 1 / middle["bare"])),
            "×",
            1.0,
            at_most=False,
        ),
        Figure("identified", 100 * found / SHEETS, "%", 99, at_most=False),
    ]


def _pillow(path: Path) -> Grey:
    with Image.open(path) as image:
        return np.array(image.convert("L"))


def _hurt(job: tuple[int, int]) -> float:
    seed, index = job
    rng = np.random.default_rng([seed, index])
    kind = KINDS[index] if index < len(KINDS) else mixture(rng)
    pixels = kind(paper(_spec(seed, index)), rng)
    begin = time.process_time()
    sheet.recognise(PageImage(pixels, kind.dpi, bilevel=False))
    return time.process_time() - begin


def _slowest(seed: int) -> list[Figure]:
    with ProcessPoolExecutor(2, initializer=limit_threads) as pool:
        seconds = list(pool.map(_hurt, [(seed, index) for index in range(len(KINDS) + HURT)], chunksize=4))
    return [
        Figure("slowest of 88 damaged sheets", max(seconds), "s", 2.0, note="then the operator"),
        Figure("damaged sheets, 95 % are read within", share(seconds, 0.95), "s"),
    ]


WORKER = """
import json, os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ppe_portal.settings")
import django
django.setup()
from pathlib import Path
from scanning import recognise
from scanning.recognition.decoder import decoder
for path in sys.argv[2:]:
    decoder().read(Path(path), 0, Path(sys.argv[1]))
peak = lambda pid: next(int(l.split()[1]) for l in open(f"/proc/{pid}/status") if l.startswith("VmHWM:")) / 1024
print(json.dumps([peak("self"), peak(decoder().pid)]))
"""


def _memory(paths: list[Path]) -> list[Figure]:
    """A worker's process with everything a node loads, and its child after a hundred sheets."""
    command = [sys.executable, "-c", WORKER, str(paths[0].with_suffix(".record")), *map(str, paths[:100])]
    with tempfile.TemporaryDirectory() as data:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            check=True,
            text=True,
            env={"PATH": "/usr/bin:/bin", "PPE_NODE": "hq", "PPE_DATA_DIR": data},
        )
    worker, child = json.loads(done.stdout.splitlines()[-1])
    return [
        Figure(
            "memory of a worker with its decoding child", worker + child, "MB", 600, note=f"{worker:.0f} + {child:.0f}"
        ),
    ]
