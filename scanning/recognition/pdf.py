"""Pages of a PDF, judged by the pictures in them: a scanner's program may say anything of the page around."""

from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium

from scanning.recognition.complaints import inflates, jpeg_complaint
from scanning.recognition.errors import (
    DamagedFileError,
    LockedFileError,
    TooManyPagesError,
    TooManyPixelsError,
)
from scanning.recognition.fax import fax_complaint
from scanning.recognition.picture import MAX_PAGES, MAX_PIXELS, PageImage, check_size, paper_dpi

_POINTS = 72
_VECTOR_DPI = 300
_DEEP = 5  # forms within forms
_LARGE = 0.25  # of the largest picture of the page
_COVERED = 0.4  # of the page: less is a stamp on a page of text
_HIDDEN = 9.0  # points of a picture that may lie outside its page
_GROWN = 4.0  # times: pictures that lie further outside are no part of the page
_ROUNDING = 1 - 1e-6


def _opened(path: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD:
            raise LockedFileError from error
        raise


def count(path: Path) -> int:
    """How many pages a PDF has.

    Raises:
        LockedFileError, TooManyPagesError, DamagedFileError: as their names say.
    """
    document = _opened(path)
    try:
        pages = len(document)
    finally:
        document.close()
    if pages > MAX_PAGES:
        raise TooManyPagesError(MAX_PAGES)
    if pages == 0:
        raise DamagedFileError
    return pages


def read(path: Path, index: int) -> PageImage:
    """Draw one page at the density of its largest picture.

    Raises:
        TooManyPixelsError, TooFewPixelsError, LockedFileError: as their names say.
    """
    document = _opened(path)
    try:
        page = document[index]
        items = list(page.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEEP))
        for item in items:
            columns, rows = item.get_px_size()
            if columns * rows > MAX_PIXELS:
                raise TooManyPixelsError(columns, rows, MAX_PIXELS)
        if _uncover(page, items):
            page = document[index]
            items = list(page.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEEP))
        scale = _scale(page, items)
        check_size(*(side * scale for side in page.get_size()))
        complaint = next(filter(None, map(_complaint, items)), "")
        bitmap = page.render(scale=scale * _ROUNDING, grayscale=True, no_smoothimage=False)
        pixels = np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
        return PageImage(
            pixels,
            paper_dpi(scale * _POINTS),
            bilevel=_two_levels(page, items),
            damaged=bool(complaint),
            complaint=complaint,
        )
    finally:
        document.close()


def _uncover(page: Any, items: list[Any]) -> bool:
    """Let a page show what its boxes hide of its pictures; whether anything was hidden."""
    left, bottom, right, top = shown = page.get_cropbox()
    area = (right - left) * (top - bottom)
    for item in items:
        if getattr(item, "level", 0):
            continue
        x0, y0, x1, y1 = item.get_bounds()
        if x1 <= shown[0] or y1 <= shown[1] or x0 >= shown[2] or y0 >= shown[3]:
            continue
        left, bottom, right, top = min(left, x0), min(bottom, y0), max(right, x1), max(top, y1)
    grown = (shown[0] - left, shown[1] - bottom, right - shown[2], top - shown[3])
    if max(grown) < _HIDDEN or (right - left) * (top - bottom) > _GROWN * area:
        return False
    page.set_mediabox(left, bottom, right, top)
    page.set_cropbox(left, bottom, right, top)
    page.close()
    return True


def _scale(page: Any, items: list[Any]) -> float:
    """Pixels to a point: the density of the largest pictures, or of a scanner for a page of vectors."""
    wide, high = page.get_size()
    placed = []
    for item in items:
        columns, rows = item.get_px_size()
        a, b, c, d, _, _ = item.get_matrix().get()
        # Where a picture within a form lies is the form's to say: it is taken to fill the page.
        across, down = (wide, high) if getattr(item, "level", 0) else (np.hypot(a, b), np.hypot(c, d))
        if min(across, down, columns, rows) > 0:
            placed.append((across * down, max(columns / across, rows / down)))
    usual = _VECTOR_DPI / _POINTS
    if not placed:
        return usual
    largest = max(area for area, _ in placed)
    finest = max(density for area, density in placed if area >= _LARGE * largest)
    if sum(area for area, _ in placed) < _COVERED * wide * high:
        return float(max(finest, usual))
    return float(min(finest, max((MAX_PIXELS * _ROUNDING / (wide * high)) ** 0.5, finest / 2)))


def _two_levels(page: Any, items: list[Any]) -> bool:
    """Whether a page is nothing but pictures of black and white."""
    if not items or sum(1 for _ in page.get_objects(max_depth=_DEEP)) != len(items):
        return False
    return all(item.get_metadata().bits_per_pixel == 1 for item in items)


def _complaint(item: Any) -> str:
    """What is to be said of a picture whose data are bad: pdfium fills the rest with something and says nothing."""
    filters = item.get_filters()
    if not filters:
        return ""
    if filters[0] == "FlateDecode" and not inflates(bytes(item.get_data())):
        return "zlib: incorrect data check"
    if item.get_filters(skip_simple=True) == ["DCTDecode"]:
        return jpeg_complaint(np.frombuffer(bytes(item.get_data(decode_simple=True)), np.uint8))
    if filters == ["CCITTFaxDecode"]:
        return fax_complaint(bytes(item.get_data()), *item.get_px_size())
    return ""
