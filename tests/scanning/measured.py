"""Sheets drawn, hurt and read in several processes; counts kept in `benchmarks/results` so that a drop shows."""

import datetime as dt
import json
import random
import tempfile
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import zxingcpp

from benchmarks.figures import RESULTS, commit, machine
from drawing.draw import SheetSpec, limit_threads, paper
from drawing.scans import scan_sheet
from scanning.recognition import decode, sheet
from scanning.recognition.codes import FORMATS
from scanning.recognition.picture import PageImage
from tests.support.damage import KINDS, MIXTURE, mixture
from wire.forms import CATALOGUE, make_number, parse_sheet_code

_MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True)
class MeasuredOutcome:
    """What became of one sheet: with us, and with zxing-cpp on the whole page."""

    kind: str
    sheet: int
    found: bool
    wrong: bool
    doubts: tuple[str, ...]
    seconds: float
    rival_found: bool
    rival_wrong: bool
    rival_seconds: float


def spec(seed: int, index: int) -> SheetSpec:
    """One of the forms of the catalogue, in turn."""
    rng = random.Random(f"{seed} {index}")
    kind = list(CATALOGUE)[index % len(CATALOGUE)]
    return SheetSpec(
        kind,
        make_number(kind, rng.randrange(10**8, 10**10)),
        "78",
        "0001",
        dt.date(2026, 5, 29),
        "01",
        "Русский язык",
        "0101",
        seed,
    )


def hurt_and_read(seed: int, job: tuple[str, int]) -> MeasuredOutcome:
    """Draw a sheet, hurt it, read it both ways."""
    name, index = job
    truth = spec(seed, index)
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), index])
    kind = mixture(rng) if name == MIXTURE else _BY_NAME[name]
    pixels = kind(paper(truth), rng)
    begin = time.process_time()
    reading, _ = sheet.recognise(PageImage(pixels, kind.dpi, bilevel=False))
    middle = time.process_time()
    texts = [code.text for code in zxingcpp.read_barcodes(pixels, formats=FORMATS)]
    end = time.process_time()
    addressed = [parse_sheet_code(text) for text in texts]
    numbers = [code.number if code else text for code, text in zip(addressed, texts, strict=True)]
    return MeasuredOutcome(
        name,
        index,
        reading.number == truth.number,
        reading.number not in (None, truth.number),
        tuple(doubt.kind for doubt in reading.doubts),
        middle - begin,
        truth.number in numbers,
        any(number != truth.number for number in numbers),
        end - middle,
    )


@dataclass(frozen=True)
class MeasuredSheet:
    """What the whole way from the scanner's file to the reading made of one sheet."""

    number: str | None
    kind: str | None
    address: dict[str, str]
    picture_hash: str
    doubts: tuple[str, ...]
    problem: bool
    seconds: float


def read_scan(truth: SheetSpec) -> MeasuredSheet:
    """Draw a sheet, write the scanner's file, read that."""
    with tempfile.NamedTemporaryFile(suffix=".tif", dir=_MEMORY) as file:
        file.write(scan_sheet(truth))
        file.flush()
        begin = time.process_time()
        reading, _ = sheet.recognise(decode.read_page(Path(file.name), 0))
        seconds = time.process_time() - begin
    address = {name: getattr(reading, name) for name in ("region", "point", "date", "subject", "room")}
    return MeasuredSheet(
        reading.number,
        reading.kind,
        address if reading.region else {},
        reading.picture_hash,
        tuple(doubt.kind for doubt in reading.doubts),
        any(doubt.severity == "problem" for doubt in reading.doubts),
        seconds,
    )


def read_scans(specs: list[SheetSpec], *, workers: int = 2) -> list[MeasuredSheet]:
    with ProcessPoolExecutor(workers, initializer=limit_threads) as pool:
        return list(pool.map(read_scan, specs, chunksize=16))


def run(seed: int, jobs: list[tuple[str, int]], *, workers: int = 2) -> Iterator[MeasuredOutcome]:
    with ProcessPoolExecutor(workers, initializer=limit_threads) as pool:
        yield from pool.map(partial(hurt_and_read, seed), jobs, chunksize=4)


def keep(name: str, *, seed: int, counts: dict[str, int], notes: dict[str, object]) -> None:
    """Hold counts against the saved ones, then save them.

    Raises:
        AssertionError: A count fell.
    """
    path = RESULTS / f"{name}.json"
    saved = json.loads(path.read_text("utf-8")) if path.exists() else {"seed": seed, "counts": {}}
    assert saved["seed"] == seed, "counts of another seed say nothing about these"
    fallen = {key: (was, counts.get(key)) for key, was in saved["counts"].items() if counts.get(key, -1) < was}
    assert not fallen, f"read fewer sheets than before (saved, now): {fallen}"
    document = {"proof": name, "commit": commit(), "seed": seed, "machine": machine(), "counts": counts} | notes
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")


cv2.setNumThreads(1)
