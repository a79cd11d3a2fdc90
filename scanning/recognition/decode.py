"""Files of a scanner to grey pages, and pages to the TIFF of record.

Every limit is judged on headers before a single pixel is decoded.
"""

import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin

from scanning.recognition import bigtiff, pdf
from scanning.recognition.complaints import heard, inflates, jpeg_complaint, words
from scanning.recognition.errors import (
    DamagedFileError,
    EmptyFileError,
    TooManyPagesError,
    TooManyPixelsError,
    UnknownFormatError,
    UnreadCodingError,
    WrongDepthError,
)
from scanning.recognition.fax import read_fax
from scanning.recognition.picture import MAX_PAGES, MAX_PIXELS, Grey, PageImage, check_size, paper_dpi

Format = Literal["tiff", "png", "jpeg", "pdf"]

_WHITE = 255
INK_STEP = 14.0
_SOFT = 0.8
_PAPER_SHARE, _PAPER_SIDE = 8, 21  # the paper is looked for at an eighth of the page, over 14 mm
_NEAR = 5  # pixels around within which darker ink counts: as wide as an edge is soft
_EDGE = 0.38  # of the way from paper to ink an edge is drawn
_BLACK = 60
_ROWS = 256
_HEAD = 1024  # bytes within which the header of a PDF may stand
#: A mark of Unicode, empty bytes, a printer's commands may stand before the header of a PDF: it begins a line.
_PDF_LATER = re.compile(rb"(?:[\r\n\0]|^\xef\xbb\xbf|^\xfe\xff|^\xff\xfe)[ \t]*%PDF-[12]\.")
_PROFILE = 1 << 25  # bytes that a colour profile may have
#: How libtiff begins what it says of tags: no loss.
_OF_TAGS = (b"TIFFReadDirectory", b"TIFFFetch", b"TIFFAdvanceDirectory", b"TIFFReadCustomDirectory")
_JPEG_END = b"\xff\xd9"
#: Frames that libjpeg does not decode: without loss, in layers, the arithmetic ones of those.
_JPEG_UNREAD = {0xC3: "lossless JPEG", 0xC5: "hierarchical JPEG", 0xC6: "hierarchical JPEG", 0xC7: "hierarchical JPEG"}
_JPEG_UNREAD |= {0xCB: "lossless JPEG", 0xCD: "hierarchical JPEG", 0xCE: "hierarchical JPEG", 0xCF: "hierarchical JPEG"}
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TIFF_COMPRESSION, _TIFF_JPEG, _TIFF_JPEG_TABLES = 259, 7, 347
_TIFF_DEFLATE = (8, 32946)
_TIFF_BITS, _ORIENTATION = 258, 274
#: The numbers of the tags of strips, and of tiles.
_TIFF_OFFSETS, _TIFF_SIZES = (273, 324), (279, 325)
#: A reduced picture of another page: bit 0 of the new tag, 2 in the old one.
_TIFF_NEW_KIND, _TIFF_OLD_KIND = 254, 255
_LYING = range(5, 9)  # orientations that turn the page on its side
_SQUARE = 1.02  # times: pixels that differ by less are square

# One strip a page: then a page goes into a PDF as it is, without decoding. The setting is Pillow's module global.
TiffImagePlugin.STRIP_SIZE = 1 << 30
# A colour profile of megabytes says nothing against a page; Pillow takes it for a bomb.
PngImagePlugin.MAX_TEXT_CHUNK = _PROFILE

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


def sniff(head: bytes) -> Format | None:
    """The format that the first bytes tell, whatever the file is called."""
    found = next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)
    return found or ("pdf" if _PDF_LATER.search(head[:_HEAD]) else None)


def inspect(path: Path, name: str = "") -> FileInfo:
    """Read the headers of a file and hold them against the limits.

    Args:
        path: The file as received.
        name: The name it came under; only its ending is judged.

    Raises:
        EmptyFileError, UnknownFormatError, TooManyPagesError, TooManyPixelsError, TooFewPixelsError, WrongDepthError,
        UnreadCodingError, LockedFileError, DamagedFileError: as their names say.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        raise EmptyFileError
    kind = sniff(head)
    if kind is None:
        raise UnknownFormatError
    with _damage_is_refused():
        pages = pdf.count(path) if kind == "pdf" else _raster_pages(path, kind)
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
        except (
            OSError,
            SyntaxError,
            ValueError,
            TypeError,
            KeyError,
            ArithmeticError,
            EOFError,
            struct.error,
        ) as error:
            raise DamagedFileError(page) from error
        except (pdfium.PdfiumError, MemoryError, IndexError, AttributeError, cv2.error) as error:
            raise DamagedFileError(page) from error


def _open(path: Path, kind: Format) -> Image.Image:
    # Our own limit is judged below with the real numbers; Pillow's stands guard behind it.
    Image.MAX_IMAGE_PIXELS = 4 * MAX_PIXELS
    source: Any = path
    if kind == "jpeg":
        _check_jpeg(path)
    elif kind == "tiff":
        with path.open("rb") as file:
            if file.read(len(bigtiff.MAGIC)) == bigtiff.MAGIC:
                file.seek(0)
                source = io.BytesIO(bigtiff.classic(file.read()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Image.open(source, formats=[_PILLOW_FORMAT[kind]])
        except Image.DecompressionBombError as error:
            raise TooManyPixelsError(*_claimed_size(path), MAX_PIXELS) from error


def _check_jpeg(path: Path) -> None:
    """Refuse the kinds of JPEG that libjpeg does not decode, each by its name."""
    with path.open("rb") as file:
        file.seek(2)
        while len(head := file.read(4)) == 4 and head[0] == 0xFF:
            if head[1] == 0xFF:
                file.seek(-3, io.SEEK_CUR)  # fill bytes before a marker
                continue
            if head[1] in _JPEG_FRAMES:
                bits = file.read(1)
                if head[1] in _JPEG_UNREAD:
                    raise UnreadCodingError(_JPEG_UNREAD[head[1]])
                if bits and bits[0] != 8:
                    raise WrongDepthError(str(bits[0]))
                return
            file.seek(max(int.from_bytes(head[2:], "big") - 2, 0), io.SEEK_CUR)


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
    if image.mode not in _MODES:
        raise WrongDepthError(str(image.mode))
    bits = getattr(image, "tag_v2", {}).get(_TIFF_BITS, (8,))
    if any(depth not in (1, 8) for depth in (bits if isinstance(bits, tuple) else (bits,))):
        raise WrongDepthError(", ".join(map(str, bits if isinstance(bits, tuple) else (bits,))))
    check_size(*image.size)


def _raster_pages(path: Path, kind: Format) -> int:
    with _open(path, kind) as image:
        frames = _frames(image)
        if len(frames) == 1:
            image.seek(frames[0])
            _check_frame(image)
        return len(frames)


def _frames(image: Image.Image) -> list[int]:
    """Which pictures of a file are pages: not the thumbnails that some programs put beside each page."""
    sizes: list[tuple[int, int]] = []
    reduced: list[int] = []
    while True:
        _check_pixels(image)
        sizes.append(image.size)
        tags = getattr(image, "tag_v2", {})
        if int(tags.get(_TIFF_NEW_KIND, 0)) & 1 or tags.get(_TIFF_OLD_KIND) == 2:
            reduced.append(len(sizes) - 1)
        if len(sizes) - len(reduced) > MAX_PAGES or len(reduced) > MAX_PAGES:
            raise TooManyPagesError(MAX_PAGES)
        if image.format != "TIFF":
            break
        try:
            image.seek(len(sizes))
        except EOFError:
            break
    # A driver may call every page reduced: one that is as large as a page is one.
    largest = max(height for _, height in sizes)
    return [frame for frame, (_, height) in enumerate(sizes) if frame not in reduced or height * 2 > largest]


def _check_pixels(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise TooManyPixelsError(image.width, image.height, MAX_PIXELS)


def read_page(path: Path, index: int) -> PageImage:
    """Decode one page to grey pixels.

    Raises:
        FileRefusedError: a limit is broken or the page is damaged.
    """
    with path.open("rb") as file:
        kind = sniff(file.read(_HEAD))
    if kind is None:
        raise UnknownFormatError
    with _damage_is_refused(index):
        return pdf.read(path, index) if kind == "pdf" else _raster_page(path, kind, index)


def _raster_page(path: Path, kind: Format, index: int) -> PageImage:
    if kind == "jpeg":
        return _jpeg_page(path)
    with _open(path, kind) as opened:
        image: Image.Image = opened
        frame = _frames(image)[index]
        image.seek(frame)
        _check_frame(image)
        dpi = _dpi(image)
        complaint = ""
        if kind == "tiff":
            fax = read_fax(path, frame, image)
            if fax is not None:
                size = _square_size(image)
                pixels = fax.pixels if size is None else _stretched(fax.pixels, size)
                return PageImage(pixels, dpi, True, fax.damaged, fax.complaint, square=size is None)
            lying = image.tag_v2.get(_ORIENTATION) in _LYING  # type: ignore[attr-defined]
            # The turn is Pillow's to make.
            complaint = _tiff_complaint(image, path)
            return _page_of(image, dpi, complaint, lying=lying)
        return _page_of(image, dpi, complaint)


def _jpeg_page(path: Path) -> PageImage:
    data = path.read_bytes()
    complaint = jpeg_complaint(np.frombuffer(data, np.uint8))
    with _open(path, "jpeg") as asked:
        _check_frame(asked)
    # A picture that only lacks its end mark is whole; with it libjpeg takes it, and refuses one that breaks off.
    whole = data if complaint or _JPEG_END in data[-_HEAD:] else data + _JPEG_END
    with Image.open(io.BytesIO(whole), formats=["JPEG"]) as image:
        return _page_of(image, _dpi(image), complaint)


def _page_of(image: Image.Image, dpi: float | None, complaint: str, *, lying: bool = False) -> PageImage:
    # A camera or a driver may only note how the picture is to be turned.
    lying = lying or image.getexif().get(_ORIENTATION) in _LYING
    ImageOps.exif_transpose(image, in_place=True)
    size = _square_size(image, lying=lying)
    if size is not None:
        image = image.resize(size, Image.Resampling.NEAREST)
    heard: dict[str, Any] = {"damaged": bool(complaint), "complaint": complaint, "square": size is None}
    if image.mode == "1":
        white_pixels = np.asarray(image).view(np.uint8) != 0
        return PageImage(white_pixels.view(np.uint8) * np.uint8(_WHITE), dpi, bilevel=True, **heard)
    if image.mode in ("LA", "RGBA", "P"):
        return PageImage(_on_white(image.convert("RGBA")), dpi, bilevel=False, **heard)
    return PageImage(np.array(image.convert("L")), dpi, bilevel=False, **heard)


def _tiff_complaint(image: Image.Image, path: Path) -> str:
    """What libtiff says of bad data, where it went on; an unknown tag of a driver is no bad data.

    Of a JPEG inside it says nothing, of a wrong check sum neither: strips are looked at one by one.
    """
    with heard() as lines:
        image.load()
    said = next((line for line in lines if line and not line.startswith(_OF_TAGS)), b"")
    if said:
        return words(said)
    tags = getattr(image, "tag_v2", {})
    compression = tags.get(_TIFF_COMPRESSION)
    if compression == _TIFF_JPEG:
        # The tables stand before the strip, each without the mark at which the two meet.
        tables = bytes(tags.get(_TIFF_JPEG_TABLES, b""))[:-2]
        strips = (np.frombuffer(tables + each[2:] if tables else each, np.uint8) for each in _strips(tags, path))
        return next(filter(None, map(jpeg_complaint, strips)), "")
    if compression in _TIFF_DEFLATE and not all(map(inflates, _strips(tags, path))):
        return "zlib: incorrect data check"
    return ""


def _strips(tags: Any, path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for offset, size in zip(_numbers(tags, _TIFF_OFFSETS), _numbers(tags, _TIFF_SIZES), strict=False):
            file.seek(offset)
            yield file.read(min(size, MAX_PIXELS))


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


def _stretched(pixels: Grey, size: tuple[int, int]) -> Grey:
    return cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8, copy=False)


def _square_size(image: Image.Image, *, lying: bool = False) -> tuple[int, int] | None:
    """The size with square pixels; None when they are square already.

    A fax has fewer lines than columns; the page is given its own shape before anything is judged by shape.

    Args:
        image: The page, upright.
        lying: Whether it lay on its side in the file, where the resolution is noted.
    """
    try:
        across, down = (float(each) for each in image.info.get("dpi", (1, 1)))
        if lying:
            across, down = down, across
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
    return paper_dpi(dpi)


def to_bilevel(grey: Grey, step: float = INK_STEP) -> NDArray[np.bool_]:
    """Black-and-white pixels (True is white), judged by the paper around each: pale pens stay, edges stay sharp.

    What is darker than its paper by the step is ink; beside darker ink it must lie well on the way
    from paper to that, so that nothing grows.

    Args:
        grey: The page.
        step: By how much ink is darker than paper, 255 being white: above the grain and what shows through.
    """
    height, width = grey.shape
    soft = cv2.GaussianBlur(grey, (3, 3), _SOFT)
    small = cv2.resize(
        soft, (max(width // _PAPER_SHARE, 1), max(height // _PAPER_SHARE, 1)), interpolation=cv2.INTER_AREA
    )
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((_PAPER_SIDE, _PAPER_SIDE), np.uint8))
    paper = cv2.resize(cv2.blur(paper, (_PAPER_SIDE, _PAPER_SIDE)), (width, height), interpolation=cv2.INTER_LINEAR)
    # Where the paper itself is darker a pen is darker by less.
    darkest = cv2.erode(soft, np.ones((_NEAR, _NEAR), np.uint8))
    middle = cv2.addWeighted(paper, 1.0 - _EDGE, darkest, _EDGE, 0.0)
    level = np.minimum(middle, cv2.convertScaleAbs(paper, alpha=1.0 - step / _WHITE))
    white: NDArray[np.bool_] = soft > level
    # Black that is wider than the paper around is known to be no paper.
    white &= cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST) > _BLACK
    return white


def encode_g4(grey: Grey, dpi: float, *, bilevel: bool = False, step: float = INK_STEP) -> bytes:
    """The sheet of record: one-strip Group 4 TIFF.

    Args:
        grey: The page.
        dpi: Its resolution.
        bilevel: The page has no greys, so nothing is left to decide.
        step: For a page of greys, see `to_bilevel`.
    """
    out = io.BytesIO()
    white = grey > _WHITE // 2 if bilevel else to_bilevel(grey, step)
    Image.fromarray(white).save(out, format="TIFF", compression="group4", dpi=(round(dpi), round(dpi)))
    return out.getvalue()


def encode_grey(grey: Grey, dpi: float) -> bytes:
    """The sheet of record with its greys, for a page whose writing black and white would lose."""
    out = io.BytesIO()
    Image.fromarray(grey).save(out, format="TIFF", compression="tiff_adobe_deflate", dpi=(round(dpi), round(dpi)))
    return out.getvalue()
