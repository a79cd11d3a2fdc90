"""Flash drives: the folders of `PPE_FLASH_DIRS`, what lies in them, and nothing outside them."""

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from wire.errors import PpeError
from wire.messages import Message

MAX_DEPTH = 3
MAX_FOLDERS = 200
MAX_FILES = 2000


class NoSuchFolderError(PpeError):
    """The chosen folder is not on a drive of this machine."""

    code = "flash_folder_missing"
    http_status = 404
    permanent = False


@dataclass(frozen=True)
class Folder:
    """A folder of a drive.

    Attributes:
        path: Its path: the value of a form's ``folder``.
        label: What a person reads.
        files: How many of the wanted files lie right in it.
    """

    path: str
    label: str
    files: int


def shown(name: str | Path) -> str:
    """Return a file's name as pages and tables can hold it: a drive may carry names that are no text."""
    text = name.name if isinstance(name, Path) else name
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def roots() -> list[Path]:
    """Return the drives that are there now."""
    return [root for root in map(Path, settings.PPE_FLASH_DIRS) if root.is_dir()]


def folders(suffixes: Collection[str] = (), *, empty: bool = False) -> list[Folder]:
    """Return the drives and their folders that hold files of some kinds: those from which something can be read.

    Args:
        suffixes: Wanted endings, e.g. ``(".dat", ".p7m")``; none wants every file.
        empty: Also those without such files: to write to.
    """
    found = []
    for root in roots():
        for folder in _walk(root, MAX_DEPTH):
            count = len(listed(folder, suffixes))
            if count or empty:
                inside = folder.relative_to(root).as_posix()
                label = shown(root.name if inside == "." else f"{root.name}/{inside}")
                found.append(Folder(str(folder), label, count))
            if len(found) >= MAX_FOLDERS:
                return found
    return found


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    yield folder
    if depth:
        # A drive may be pulled out at any moment.
        with contextlib.suppress(OSError):
            for path in sorted(folder.iterdir()):
                # A folder whose name is no text cannot be named by a form.
                named = not path.name.startswith(".") and shown(path) == path.name
                if named and not path.is_symlink() and path.is_dir():
                    yield from _walk(path, depth - 1)


def listed(folder: Path, suffixes: Collection[str] = ()) -> list[Path]:
    """Return the plain files of a folder with one of the endings, in order of their names."""
    wanted = tuple(suffix.lower() for suffix in suffixes)
    found = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.is_file(follow_symlinks=False):
                continue
            if not wanted or entry.name.lower().endswith(wanted):
                found.append(Path(entry.path))
            if len(found) >= MAX_FILES:
                break
    return sorted(found)


def size_of(path: Path) -> int:
    """Return the size of a file on a drive; 0 when the drive is gone, which reading it will say."""
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0


def folder_of(value: str) -> Path:
    """Return the folder that a form names; proven to lie on a drive.

    Raises:
        NoSuchFolderError: It lies elsewhere, or the drive is gone.
    """
    with contextlib.suppress(OSError, ValueError):
        path = Path(value).resolve(strict=True)
        if path.is_dir() and any(path.is_relative_to(root.resolve()) for root in roots()):
            return path
    raise NoSuchFolderError(
        Message("The chosen folder is not on a flash drive."),
        remedy=Message("Insert the drive, reload the page and choose the folder again."),
    )
