"""What the decoding child can do. Paths come from our own store; only the bytes in them are hostile."""

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from scanning.recognition import audio, decode, sheet
from wire.durable import write_durable

_DEFAULT_DPI = 300.0


def inspect(path: str, name: str) -> dict[str, Any]:
    """Read the headers of a received file."""
    info = decode.inspect(Path(path), name)
    return {"format": info.format, "pages": info.pages, "suffix_fits": info.suffix_fits}


def read(path: str, page: int, record: str) -> dict[str, Any]:
    """Read one page, and write its TIFF of record, standing upright, to ``record``."""
    image = decode.read_page(Path(path), page)
    reading, upright = sheet.recognise(image)
    dpi = reading.dpi or image.dpi or _DEFAULT_DPI
    if reading.record == "grey":
        # What a person settles and what goes to the centre is the picture that shows the writing.
        data = decode.encode_grey(upright, dpi)
    else:
        data = decode.encode_g4(upright, dpi, bilevel=image.bilevel, step=reading.ink_step)
    digest = write_durable(record, data)
    return {"reading": reading.as_dict(), "sha256": digest, "size": len(data)}


def listen(path: str, name: str) -> dict[str, Any]:
    """Decode a recording to its end."""
    return audio.listen(Path(path), name).as_dict()


def picture(path: str, page: int, width: int) -> dict[str, Any]:
    """Draw one page small, as PNG in base64."""
    grey = decode.read_page(Path(path), page).pixels
    share = min(width / grey.shape[1], 1.0)
    small = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1.0 else grey
    out = io.BytesIO()
    # Sixteen greys are enough for looking, and a quarter of the bytes.
    Image.fromarray(small).quantize(16).save(out, "PNG", compress_level=6)
    return {"png": base64.b64encode(out.getvalue()).decode("ascii")}


def sleep(pause: float) -> dict[str, Any]:
    """Do nothing for a while: what a hung decoder does, for tests of the limit."""
    time.sleep(pause)
    return {}


OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "inspect": inspect,
    "read": read,
    "listen": listen,
    "picture": picture,
    "sleep": sleep,
}
