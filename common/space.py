"""How much room the node's disk must keep: one reserve for every door, so that all of them close before it is full.

A door that is closed says so with 507 and takes files again by itself when there is room. What brings no files (logging
in, signing, closing a room, the status, wiping the originals) goes on below the reserve, down to a floor: it is what
makes room again, and what ends the day.
"""

import shutil
from pathlib import Path

from django.conf import settings

from wire.durable import DiskFullError
from wire.messages import Message

#: What stays free unless the node's settings say otherwise.
RESERVE = 256 << 20
#: What the database needs to write a decision down: below it nothing at all is taken.
FLOOR = 16 << 20
#: A body over this carries files; a smaller one is a form, and its page judges the files in it.
SMALL = 1 << 20
#: Below so many reserves a person is told; the doors still take files.
LITTLE = 8
#: When a sender is asked to try again.
RETRY_SECONDS = 60


class NoRoomForFormError(DiskFullError):
    """The disk has no room for a decision to be written down."""


def reserve() -> int:
    """Return the bytes that stay free: the database, its log and the packets under way need them."""
    return int(settings.PPE_DISK_RESERVE)


def floor() -> int:
    """Return the bytes that stay free whatever is asked."""
    return min(FLOOR, reserve())


def free() -> int:
    """Return how many bytes the disk of the data folder still takes."""
    return shutil.disk_usage(Path(settings.PPE_DATA_DIR)).free


def level() -> str:
    """Return ``closed`` when nothing more is taken in, ``little`` when a person should make room, else nothing."""
    left = free()
    if left < reserve():
        return "closed"
    return "little" if left < reserve() * LITTLE else ""


def require(need: int, *, keep: int | None = None) -> None:
    """Refuse to begin what the disk would not hold.

    Args:
        need: Bytes that are going to be written.
        keep: Bytes that must stay free; the reserve unless what is written helps to make room again.

    Raises:
        DiskFullError: They would eat into the reserve; it is worth trying again later.
    """
    left = free()
    if left < need + (reserve() if keep is None else keep):
        raise DiskFullError(
            Message("{left} MB are left on the node's disk: that is not enough.", left=left // 1000000),
            remedy=Message("Free some space: the work goes on by itself."),
            retry_after=RETRY_SECONDS,
        )


def require_for_form(size: int) -> None:
    """Refuse a form of so many bytes in all, by its length alone: a big one brings files, a small one a decision.

    Raises:
        DiskFullError: Its files would eat into the reserve.
        NoRoomForFormError: Nothing at all can be written down any more.
    """
    if size > SMALL:
        require_for_files(size)
    left = free()
    if size and left < size + floor():
        raise NoRoomForFormError(
            Message(
                "{left} MB are left on the node's disk: not even this action can be written down.", left=left // 1000000
            ),
            remedy=Message(
                "Free some space by the computer's own means (leave the node's data folder alone), then repeat."
            ),
        )


def require_for_files(size: int) -> None:
    """Refuse the files of a form when they would eat into the reserve.

    Raises:
        DiskFullError: They would; forms without files are still taken.
    """
    left = free()
    if not size or left >= size + reserve():
        return
    message = Message("Free some space and upload the files again.")
    if settings.PPE_NODE == "hq":
        message = Message(
            "Wipe the originals of exams that the centre has acknowledged (the page “Transfer answer"
            " forms”), or free some space otherwise, and upload the files again."
        )
    raise DiskFullError(
        Message(
            "{left} MB are left on the node's disk: the files were not taken. Forms without files work.",
            left=left // 1000000,
        ),
        remedy=message,
    )
