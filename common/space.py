"""How much room the node's disk must keep: one reserve for every door, so that all of them close before it is full."""

import shutil
from pathlib import Path

from django.conf import settings

MIB = 1 << 20
#: Below this a person is told; the doors still take files.
LITTLE = 2000 * MIB
#: Below this nothing more is taken in: the database, its log and the packets under way need the rest.
RESERVE = 256 * MIB


def free() -> int:
    """Return how many bytes the disk of the data folder still takes."""
    return shutil.disk_usage(Path(settings.PPE_DATA_DIR)).free
