"""One page as pixels, and the limits that every format keeps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scanning.recognition.errors import TooFewPixelsError, TooManyPixelsError

Grey = NDArray[np.uint8]

#: A sheet of Legal length at 600 dpi has 43 million.
MAX_PIXELS = 45_000_000
MAX_PAGES = 500
_MIN_SIDE = 100  # less than 13 dots per inch on A4
_LONGEST = 20  # times as long as wide: longer than any roll a feeder takes for a sheet
_SCREEN_DPI = 96.0
_FINEST_DPI = 1200.0


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels, the way the scanner saw it.

    Attributes:
        pixels: Greys, 0 is black.
        dpi: What the file notes; None when that is no resolution of paper.
        bilevel: Whether there are no greys between.
        damaged: Whether the decoder complained and went on.
        complaint: Its words.
        square: Whether the pixels were square as they came.
    """

    pixels: Grey
    dpi: float | None
    bilevel: bool
    damaged: bool = False
    complaint: str = ""
    square: bool = True


def check_size(width: float, height: float) -> None:
    """Refuse a page by its size.

    Raises:
        TooManyPixelsError, TooFewPixelsError: as their names say.
    """
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(int(width), int(height), MAX_PIXELS)
    if min(width, height) < _MIN_SIDE or max(width, height) > _LONGEST * min(width, height):
        raise TooFewPixelsError(int(width), int(height))


def paper_dpi(dpi: float) -> float | None:
    """A noted resolution, if it can be one of paper: pictures without a scanner's mark say 1, 72 or 96."""
    return dpi if _SCREEN_DPI < dpi <= _FINEST_DPI else None
