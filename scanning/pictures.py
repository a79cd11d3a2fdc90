"""Small pictures of sheets for pages, drawn by the decoding child."""

from pathlib import Path

from common import files
from scanning.errors import NothingToShowError
from scanning.models import Sheet
from scanning.recognition.decoder import decoder
from scanning.recognition.errors import FileRefusedError
from wire.messages import Message

WIDTHS = (240, 900, 1800)


def png(path: Path, *, width: int, page: int = 0) -> bytes:
    """Return a page of a picture file as PNG.

    Args:
        path: TIFF, PDF, JPEG or PNG; its bytes are decoded in the bounded child.
        width: Wanted width in pixels; the next of `WIDTHS` is drawn, never more than the picture has.
        page: Which page, from zero.

    Raises:
        FileRefusedError: It is no picture, or beyond the limits.
    """
    wanted = next((each for each in WIDTHS if each >= width), WIDTHS[-1])
    return decoder().picture(path, page, wanted)


def there(path: str) -> bool:
    """Whether a picture of record lies on the disk: nothing without one counts, closes a room or goes into a packet."""
    return bool(path) and (files.data_dir() / path).is_file()


def of_sheet(sheet: Sheet, *, width: int) -> bytes:
    """Return a sheet of the desk as PNG.

    Raises:
        NothingToShowError: The sheet has no picture, or it cannot be read.
    """
    if not sheet.path:
        raise NothingToShowError(Message("The sheet has no picture."))
    try:
        return png(files.inside(sheet.path), width=width)
    except (FileRefusedError, OSError) as error:
        raise NothingToShowError(Message("The picture cannot be read.")) from error
