"""Where the centre keeps files: packets as they arrived, their opened content, reports."""

import os
import secrets
import shutil
from pathlib import Path

from common import files, flash, space
from rcoi.errors import FileGoneError
from wire import durable
from wire.messages import Message

INBOX, OPENED, REPORTS = "inbox", "opened", "reports"


def packet_path(sha256: str) -> Path:
    """Return where the packet of a hash stands."""
    return files.inside(INBOX, sha256[:2], f"{sha256}.ppe")


def store_packet(source: Path, sha256: str, *, link: bool) -> Path:
    """Keep a packet under its hash; safe to repeat and to be killed anywhere.

    Args:
        source: The file that arrived.
        sha256: Its hash.
        link: Whether the file lies in this node's own store, so that a second name is enough.

    Raises:
        CopyMismatchError: The source changed while it was read.
        DiskError: No room, or the disk fails.
    """
    target = packet_path(sha256)
    if target.exists():
        return target
    files.folder(INBOX, sha256[:2])
    with durable.disk_errors():
        if link and _link(source, target):
            return target
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    space.require(flash.size_of(source))
    try:
        if durable.copy_verified(source, part) != sha256:
            raise durable.CopyMismatchError(
                Message("“{source_name}” changed while it was read.", source_name=source.name),
                remedy=Message("Check the drive, then repeat."),
            )
        with durable.disk_errors():
            durable.replace_durable(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        return True
    except OSError:
        return False
    durable.fsync_dir(target.parent)
    return True


def opened_folder(sha256: str, attempt: int) -> Path:
    """Return a folder of one attempt to open a packet; two attempts never share one."""
    files.folder(OPENED, sha256[:2])
    return files.inside(OPENED, sha256[:2], f"{sha256}-{attempt}")


def forget_other_attempts(sha256: str, keep_folder: str) -> None:
    """Remove the plaintext that earlier, broken-off attempts left behind."""
    for path in files.folder(OPENED, sha256[:2]).glob(f"*{sha256}-*"):
        if files.relative(path) != keep_folder:
            shutil.rmtree(path, ignore_errors=True)


def there(relative: str) -> Path:
    """Return a stored file.

    Raises:
        FileGoneError: It is not in its place.
    """
    path = files.inside(relative)
    if not path.exists():
        raise FileGoneError(
            Message("{relative} is missing from the store.", relative=relative),
            remedy=Message("Tell the administrator."),
        )
    return path


def write(kind: str, name: str, data: bytes) -> tuple[str, str]:
    """Write a file; return its relative path and SHA-256."""
    folder = files.folder(kind)
    path = folder / Path(name).name
    digest = durable.write_durable(path, data, mode=0o600)
    return files.relative(path), digest
