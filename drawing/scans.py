"""Scanned files as a feeder scanner makes them: one-strip G4 TIFF, named by a counter and never by a number."""

import io
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, TiffImagePlugin

from drawing.draw import DPI, SheetSpec, draw_sheet, limit_threads

Pixels = npt.NDArray[np.uint8]

# One strip a page: packing into PDF is then a copy of the strip. A module global of Pillow, so set once, here.
TiffImagePlugin.STRIP_SIZE = 1 << 30


def to_tiff(*pages: Pixels) -> bytes:
    """Return one TIFF of the pages, G4, one strip a page, 300 dpi."""
    pictures = [Image.fromarray(page).convert("1", dither=Image.Dither.NONE) for page in pages]
    out = io.BytesIO()
    pictures[0].save(
        out, "TIFF", compression="group4", dpi=(DPI, DPI), save_all=len(pictures) > 1, append_images=pictures[1:]
    )
    return out.getvalue()


def scan_sheet(spec: SheetSpec) -> bytes:
    """Return the file a scanner makes of a sheet."""
    return to_tiff(draw_sheet(spec))


def file_names(seed: int, point: str) -> Iterator[str]:
    """Yield the names a point's scanner gives: a counter that goes on from some earlier job."""
    rng = random.Random(f"names {seed} {point}")  # noqa: S311 (a drawing)
    start = rng.randint(12, 7000)
    counter = 0
    while True:
        yield f"SCAN{start + counter:05d}.TIF"
        counter += 1


def _draw_one(job: tuple[SheetSpec, Path]) -> Path:
    spec, path = job
    path.write_bytes(scan_sheet(spec))
    return path


def draw_files(jobs: Iterable[tuple[SheetSpec, Path]], *, workers: int = 1) -> Iterator[Path]:
    """Draw many sheets to their files, in several processes when asked; yields each path as it is done."""
    listed = list(jobs)
    for folder in {path.parent for _spec, path in listed}:
        folder.mkdir(parents=True, exist_ok=True)
    if workers <= 1:
        limit_threads()
        yield from map(_draw_one, listed)
        return
    with ProcessPoolExecutor(workers, initializer=limit_threads) as pool:
        yield from pool.map(_draw_one, listed, chunksize=4)
