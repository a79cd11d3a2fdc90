"""Where the node keeps its files. Every path is proven to lie inside the data folder."""

from pathlib import Path

from django.conf import settings

from wire.errors import PpeError
from wire.messages import Message


class OutsideStoreError(PpeError):
    """A name led out of the node's data folder."""

    code = "outside_store"


def data_dir() -> Path:
    """Return the data folder of this node (`PPE_DATA_DIR`)."""
    return Path(settings.PPE_DATA_DIR)


def folder(*parts: str) -> Path:
    """Return a folder below the data folder, made when it is missing (0700).

    Raises:
        OutsideStoreError: The parts lead out of the data folder.
    """
    path = inside(*parts)
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def inside(*parts: str) -> Path:
    """Return a path below the data folder.

    Raises:
        OutsideStoreError: The parts lead out of the data folder.
    """
    root = data_dir()
    path = root.joinpath(*parts)
    if not path.resolve().is_relative_to(root.resolve()):
        raise OutsideStoreError(Message("The file name leads out of the store."))
    return path


def relative(path: Path) -> str:
    """Return a stored path as text relative to the data folder, the way models keep it."""
    return path.resolve().relative_to(data_dir().resolve()).as_posix()
