"""Files of bodies under way. The name of each tells its process, so whatever lives may remove what a dead one left."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from common import space

#: The suffix of a file that stands for a body under way; its length is the body's, its contents are none.
EXPECTED = ".expected"
#: What the name of a file of a form ends with.
UPLOADED = ".upload"


class OwnFile(TemporaryUploadedFile):
    """A file of a form on the disk, named for the process that reads it."""

    def __init__(self, name: str | None, content_type: str | None, charset: str | None, extra: Any) -> None:
        # The framework's own file in everything but its name, which its class does not let choose. Nothing of the
        # sender's name is in it: an ending may be longer than any name of a file.
        file = tempfile.NamedTemporaryFile(  # noqa: SIM115 (closed with the request)
            prefix=f"{_life(os.getpid())}-", suffix=UPLOADED, dir=settings.FILE_UPLOAD_TEMP_DIR
        )
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class OwnFiles(TemporaryFileUploadHandler):
    """Keeps the files of a form on the disk, each named for the process that reads it."""

    def new_file(self, *said: Any, **more: Any) -> None:
        """Begin a file."""
        FileUploadHandler.new_file(self, *said, **more)
        self.file = OwnFile(self.file_name, self.content_type, self.charset, self.content_type_extra)


@contextlib.contextmanager
def expected(size: int) -> Iterator[int]:
    """Count a body as room that is taken while it comes; yields what all bodies of the node need together.

    Each stands as an empty file of its length: every process of the node sees it, and it is void when its process is.
    """
    if size <= space.SMALL:
        yield size
        return
    sweep()
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    mine = folder / f"{_life(os.getpid())}-{secrets.token_hex(8)}{EXPECTED}"
    try:
        with contextlib.suppress(OSError):
            mine.touch(mode=0o600)
            os.truncate(mine, size)
        others = sum(_length(each) for each in folder.glob(f"*{EXPECTED}") if each != mine)
        yield size + others
    finally:
        mine.unlink(missing_ok=True)


def sweep(*, all_are_dead: bool = False) -> int:
    """Remove what bodies left whose process has ended; return how many files there were.

    Args:
        all_are_dead: No web process runs: what tells no process goes too.
    """
    gone = 0
    lives: dict[str, bool] = {}
    for each in Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir():
        if not each.name.endswith(EXPECTED) and UPLOADED not in each.name:
            continue
        owner, dash, _rest = each.name.partition("-")
        if not all_are_dead:
            if not dash or "." not in owner:
                continue
            if owner not in lives:
                lives[owner] = _life(owner.partition(".")[0]) == owner
            if lives[owner]:
                continue
        with contextlib.suppress(OSError):
            each.unlink()
            gone += 1
    return gone


def _life(pid: int | str) -> str:
    """Return the number of a process and the moment it began, which no later process of that number shares."""
    try:
        # The name of the program stands in brackets and may hold anything; the moment is the 22nd word.
        began = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
    return f"{pid}.{began}"


def _length(file: Path) -> int:
    with contextlib.suppress(OSError):
        return file.stat().st_size
    return 0
