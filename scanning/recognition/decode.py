"""Files of a scanner to grey pages, and pages to the TIFF of record.

Every limit is judged on headers before a single pixel is decoded.
"""

import io
import os
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin

from scanning.recognition.errors import (
    DamagedFileError,
    EmptyFileError,
    TooManyPagesError,
    TooManyPixelsError,
    UnknownFormatError,
    WrongDepthError,
)
from scanning.recognition.fax import read_fax

Grey = NDArray[np.uint8]
Format = Literal["tiff", "png", "jpeg", "pdf"]

MAX_PIXELS = 40_000_000
MAX_PAGES = 500
PDF_DPI = 300
_SCREEN_DPI = 96.0
_WHITE = 255
_ROWS = 256
_HEARD = 1 << 16  # bytes of complaints
#: How libtiff begins what it says of tags: no loss.
_OF_TAGS = (b"TIFFReadDirectory", b"TIFFFetch", b"TIFFAdvanceDirectory", b"TIFFReadCustomDirectory")
_JPEG_END = (0xFF, 0xD9)
_JPEG_RESTARTS = frozenset(b"0xd%d" % number for number in range(8))
_TIFF_COMPRESSION, _TIFF_JPEG, _TIFF_JPEG_TABLES = 259, 7, 347
_TIFF_DEFLATE = (8, 32946)
#: The numbers of the tags of strips, and of tiles.
_TIFF_OFFSETS, _TIFF_SIZES = (273, 324), (279, 325)
_SQUARE = 1.1  # times: pixels that differ by less are square

# One strip a page: then a page goes into a PDF as it is, without decoding. The setting is Pillow's module global.
TiffImagePlugin.STRIP_SIZE = 1 << 30

_MAGIC: tuple[tuple[bytes, Format], ...] = (
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),
    (b"MM\x00+", "tiff"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"%PDF-", "pdf"),
)
_SUFFIXES: dict[Format, tuple[str, ...]] = {
    "tiff": (".tif", ".tiff"),
    "png": (".png",),
    "jpeg": (".jpg", ".jpeg"),
    "pdf": (".pdf",),
}
_PILLOW_FORMAT: dict[Format, str] = {"tiff": "TIFF", "png": "PNG", "jpeg": "JPEG"}
_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"})


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What the headers of a file say."""

    format: Format
    pages: int
    suffix_fits: bool


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page as pixels, the way the scanner saw it; `damaged` when its decoder complained and went on."""

    pixels: Grey
    dpi: float | None
    bilevel: bool
    damaged: bool = False


def sniff(head: bytes) -> Format | None:
    """The format that the first bytes tell, whatever the file is called."""
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def inspect(path: Path, name: str = "") -> FileInfo:
    """Read the headers of a file and hold them against the limits.

    Args:
        path: The file as received.
        name: The name it came under; only its ending is judged.

    Raises:
        EmptyFile, UnknownFormat, TooManyPages, TooManyPixels, WrongDepth, DamagedFile: as their names say.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise EmptyFileError
    kind = sniff(head)
    if kind is None:
        raise UnknownFormatError
    pages = _pdf_pages(path) if kind == "pdf" else _raster_pages(path, kind)
    suffix = Path(name).suffix.lower()
    return FileInfo(kind, pages, not suffix or suffix in _SUFFIXES[kind])


@contextmanager
def _damage_is_refused(page: int | None = None) -> Iterator[None]:
    """Turn whatever a decoder throws at bad bytes into a refusal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise TooManyPixelsError(0, 0, MAX_PIXELS) from error
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, OverflowError, EOFError) as error:
            raise DamagedFileError(page) from error
        except (pdfium.PdfiumError, MemoryError, IndexError, AttributeError, cv2.error) as error:
            raise DamagedFileError(page) from error


def _open(path: Path, kind: Format) -> Image.Image:
    # Our own limit is judged below with the real numbers; Pillow's stands guard behind it.
    Image.MAX_IMAGE_PIXELS = 4 * MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(path, formats=[_PILLOW_FORMAT[kind]])
        except Image.DecompressionBombError as error:
            raise TooManyPixelsError(*_claimed_size(path), MAX_PIXELS) from error


def _claimed_size(path: Path) -> tuple[int, int]:
    """The size in the header of a picture that Pillow will not even open."""
    keep = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(path) as image:
            return image.size
    finally:
        Image.MAX_IMAGE_PIXELS = keep


def _check_frame(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise TooManyPixelsError(width, height, MAX_PIXELS)
    if image.mode not in _MODES:
        raise WrongDepthError(str(image.mode))
    bits = getattr(image, "tag_v2", {}).get(258, (8,))
    if any(depth not in (1, 8) for depth in (bits if isinstance(bits, tuple) else (bits,))):
        raise WrongDepthError(", ".join(map(str, bits if isinstance(bits, tuple) else (bits,))))


def _raster_pages(path: Path, kind: Format) -> int:
    pages = 0
    with _damage_is_refused(), _open(path, kind) as image:
        while True:
            _check_frame(image)
            pages += 1
            if pages > MAX_PAGES:
                raise TooManyPagesError(MAX_PAGES)
            if kind != "tiff":
                return pages
            try:
                image.seek(pages)
            except EOFError:
                return pages


def _pdf_pages(path: Path) -> int:
    with _damage_is_refused():
        document = pdfium.PdfDocument(path)
        try:
            pages = len(document)
        finally:
            document.close()
    if pages > MAX_PAGES:
        raise TooManyPagesError(MAX_PAGES)
    if pages == 0:
        raise DamagedFileError
    return pages


def read_page(path: Path, index: int) -> PageImage:
    """Decode one page to grey pixels.

    Raises:
        FileRefusedError: a limit is broken or the page is damaged.
    """
    with path.open("rb") as file:
        kind = sniff(file.read(8))
    if kind is None:
        raise UnknownFormatError
    with _damage_is_refused(index):
        return _pdf_page(path, index) if kind == "pdf" else _raster_page(path, kind, index)


def _raster_page(path: Path, kind: Format, index: int) -> PageImage:
    with _open(path, kind) as opened:
        image: Image.Image = opened
        damaged = kind == "jpeg" and _jpeg_complains(np.fromfile(path, np.uint8))
        if index:
            image.seek(index)
        _check_frame(image)
        dpi = _dpi(image)
        if kind == "tiff":
            fax = read_fax(path, index, image)
            if fax is not None:
                return PageImage(_stretched(fax.pixels, image), dpi, bilevel=True, damaged=fax.damaged)
            damaged = _tiff_complains(image, path)
        if kind == "jpeg":
            # A camera or a driver may only note how the picture is to be turned.
            image = ImageOps.exif_transpose(image)
        image = _square_pixels(image)
        if image.mode == "1":
            white_pixels = np.asarray(image).view(np.uint8) != 0
            return PageImage(white_pixels.view(np.uint8) * np.uint8(_WHITE), dpi, bilevel=True, damaged=damaged)
        if image.mode in ("LA", "RGBA", "P"):
            return PageImage(_on_white(image.convert("RGBA")), dpi, bilevel=False, damaged=damaged)
        return PageImage(np.array(image.convert("L")), dpi, bilevel=False, damaged=damaged)


@contextmanager
def _heard() -> Iterator[list[bytes]]:
    """Listen to what a library in C writes to the standard error; the lines are there at the end."""
    lines: list[bytes] = []
    kept, heard = os.dup(2), os.memfd_create("heard")
    try:
        os.dup2(heard, 2)
        yield lines
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        lines += os.pread(heard, _HEARD, 0).splitlines()
        os.close(heard)


def _jpeg_complains(data: NDArray[np.uint8]) -> bool:
    """Whether libjpeg met bad data, filled the rest with something and went on.

    Pillow keeps that to itself; OpenCV's libjpeg writes it to the standard error, so the picture is decoded once more.
    """
    # A picture that only lacks its end mark is whole.
    marked = np.append(data, np.array(_JPEG_END, np.uint8))
    with _heard() as lines:
        picture = cv2.imdecode(marked, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    return picture is None or any(_of_loss(line, data.tobytes()) for line in lines)


def _of_loss(line: bytes, data: bytes) -> bool:
    """Whether a complaint of libjpeg tells of loss: padding between two markers is none, coded data left over are."""
    if b"extraneous" not in line:
        return b"Corrupt JPEG" in line
    count, _, marker = line.rpartition(b": ")[2].partition(b" extraneous bytes before marker ")
    if marker in _JPEG_RESTARTS:
        return True
    if marker != b"0xd9" or not count.isdigit():
        return False
    end = data.rfind(bytes(_JPEG_END))
    left = data[: end if end >= 0 else len(data)][-int(count) :]
    return bool(left.strip(b"\x00\xff"))


def _tiff_complains(image: Image.Image, path: Path) -> bool:
    """Whether libtiff met bad data and went on; an unknown tag of a driver is no bad data.

    Of a JPEG inside it says nothing, of a wrong check sum neither: strips are looked at one by one.
    """
    with _heard() as lines:
        image.load()
    if any(line and not line.startswith(_OF_TAGS) for line in lines):
        return True
    tags = getattr(image, "tag_v2", {})
    compression = tags.get(_TIFF_COMPRESSION)
    if compression == _TIFF_JPEG:
        # The tables stand before the strip, each without the mark at which the two meet.
        tables = bytes(tags.get(_TIFF_JPEG_TABLES, b""))[:-2]
        return any(
            _jpeg_complains(np.frombuffer(tables + strip[2:] if tables else strip, np.uint8))
            for strip in _strips(tags, path)
        )
    return compression in _TIFF_DEFLATE and not all(map(_inflates, _strips(tags, path)))


def _strips(tags: Any, path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for offset, size in zip(_numbers(tags, _TIFF_OFFSETS), _numbers(tags, _TIFF_SIZES), strict=False):
            file.seek(offset)
            yield file.read(min(size, MAX_PIXELS))


def _inflates(strip: bytes) -> bool:
    """Whether a strip ends with the check sum of what it holds: libtiff does not read so far."""
    try:
        inflater = zlib.decompressobj()
        while strip and not inflater.eof:
            inflater.decompress(strip, 1 << 20)
            strip = inflater.unconsumed_tail
    except zlib.error:
        return False
    return inflater.eof


def _numbers(tags: Any, names: tuple[int, int]) -> tuple[int, ...]:
    found = next((tags[name] for name in names if name in tags), ())
    return found if isinstance(found, tuple) else (found,)


def _on_white(rgba: Image.Image) -> Grey:
    """A picture with transparency as it looks on white paper, a few rows at a time to spare memory."""
    cover = np.asarray(rgba.getchannel("A"))
    grey = np.array(rgba.convert("L"))
    for top in range(0, grey.shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        share = cover[rows].astype(np.uint16)
        grey[rows] = (grey[rows] * share + _WHITE * (_WHITE - share) + _WHITE // 2) // _WHITE
    return grey


def _square_pixels(image: Image.Image) -> Image.Image:
    """A fax has fewer lines than columns; the page is given its own shape before anything is judged by shape."""
    size = _square_size(image)
    return image if size is None else image.resize(size, Image.Resampling.NEAREST)


def _stretched(pixels: Grey, image: Image.Image) -> Grey:
    """The same for a page that was decoded without Pillow."""
    size = _square_size(image)
    if size is None:
        return pixels
    return cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _square_size(image: Image.Image) -> tuple[int, int] | None:
    """The size with square pixels; None when they are square already."""
    try:
        across, down = (float(each) for each in image.info.get("dpi", (1, 1)))
        finest = max(across, down)
        width, height = round(image.width * finest / across), round(image.height * finest / down)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if finest < _SQUARE * min(across, down) or width * height > MAX_PIXELS:
        return None
    return width, height


def _dpi(image: Image.Image) -> float | None:
    try:
        dpi = float(max(image.info.get("dpi", (0.0,))))
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    # Pictures without a scanner's mark say 1, 72 or 96: no resolution of paper.
    return dpi if _SCREEN_DPI < dpi <= 1200 else None


def _pdf_page(path: Path, index: int) -> PageImage:
    document = pdfium.PdfDocument(path)
    try:
        page = document[index]
        width, height = (side / 72 * PDF_DPI for side in page.get_size())
        if not 0 < width * height <= MAX_PIXELS:
            raise TooManyPixelsError(int(width), int(height), MAX_PIXELS)
        damaged = False
        for item in page.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=5):
            columns, rows = item.get_px_size()
            if columns * rows > MAX_PIXELS:
                raise TooManyPixelsError(columns, rows, MAX_PIXELS)
            damaged = damaged or _jpeg_inside_complains(item)
        bitmap = page.render(scale=PDF_DPI / 72, grayscale=True, no_smoothimage=False)
        pixels = np.array(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width)
        return PageImage(pixels, PDF_DPI, bilevel=False, damaged=damaged)
    finally:
        document.close()


def _jpeg_inside_complains(item: Any) -> bool:
    """Whether a picture of a page is a JPEG with bad data: pdfium fills the rest with something and says nothing."""
    if item.get_filters(skip_simple=True) != ["DCTDecode"]:
        return False
    return _jpeg_complains(np.frombuffer(bytes(item.get_data(decode_simple=True)), np.uint8))


def to_bilevel(grey: Grey) -> NDArray[np.bool_]:
    """Black-and-white pixels (True is white) by one threshold between paper and ink."""
    level, _ = cv2.threshold(cv2.resize(grey, None, fx=0.25, fy=0.25), 0, _WHITE, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    # On an empty page Otsu splits the noise of the paper; keep the threshold where ink can be.
    white: NDArray[np.bool_] = grey > min(max(level, 110.0), 190.0)
    return white


def encode_g4(grey: Grey, dpi: float, *, bilevel: bool = False) -> bytes:
    """The sheet of record: one-strip Group 4 TIFF.

    Args:
        grey: The page.
        dpi: Its resolution.
        bilevel: The page has no greys, so nothing is left to decide.
    """
    out = io.BytesIO()
    white = grey > _WHITE // 2 if bilevel else to_bilevel(grey)
    Image.fromarray(white).save(out, format="TIFF", compression="group4", dpi=(round(dpi), round(dpi)))
    return out.getvalue()


def encode_grey(grey: Grey, dpi: float) -> bytes:
    """The sheet of record with its greys, for a page whose writing black and white would lose."""
    out = io.BytesIO()
    Image.fromarray(grey).save(out, format="TIFF", compression="tiff_adobe_deflate", dpi=(round(dpi), round(dpi)))
    return out.getvalue()
