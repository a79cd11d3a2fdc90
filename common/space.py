"""How much room the node's disk must keep: one reserve for every door, so that all of them close before it is full.

A door that is closed says so with 507 and takes files again by itself when there is room.
"""

import shutil
from pathlib import Path

from django.conf import settings

from wire.durable import DiskFull

#: What stays free unless the node's settings say otherwise.
RESERVE = 256 << 20
#: Below so many reserves a person is told; the doors still take files.
LITTLE = 8


class NearlyFull(DiskFull):
    """What is to be stored would leave the database and the work under way without room."""

    code = "disk_full"
    retry_after = 60


def reserve() -> int:
    """Return the bytes that stay free: the database, its log and the packets under way need them."""
    return int(settings.PPE_DISK_RESERVE)


def free() -> int:
    """Return how many bytes the disk of the data folder still takes."""
    return shutil.disk_usage(Path(settings.PPE_DATA_DIR)).free


def level() -> str:
    """Return ``closed`` when nothing more is taken in, ``little`` when a person should make room, else nothing."""
    left = free()
    if left < reserve():
        return "closed"
    return "little" if left < reserve() * LITTLE else ""


def require(need: int) -> None:
    """Refuse to begin what the disk would not hold.

    Args:
        need: Bytes that are going to be written.

    Raises:
        NearlyFull: They would eat into the reserve; it is worth trying again later.
    """
    left = free()
    if left < need + reserve():
        raise NearlyFull(
            f"На диске узла осталось {left // 1_000_000} МБ: этого не хватит.",
            f"{left // 1_000_000} MB are left on the node's disk: that is not enough.",
            cure_ru="Освободите место: работа продолжится сама.",
            cure_en="Free some space: the work goes on by itself.",
        )
