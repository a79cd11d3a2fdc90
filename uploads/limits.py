"""What the upload server allows; each may be set in the settings under its name with ``PPE_``."""

from typing import Any

from django.conf import settings

from common import space

MIB = 1 << 20

#: Largest file of any purpose.
UPLOAD_MAX_BYTES = 4 << 30
#: Bytes of unfinished uploads that one machine, and one exam point, may have here.
UPLOAD_STATION_QUOTA = 8 << 30
UPLOAD_POINT_QUOTA = 32 << 30
#: Disk space kept free for the database and its log: that of the whole node (`common.space`).
UPLOAD_DISK_RESERVE = space.RESERVE
#: An upload without progress is forgotten after this many hours.
UPLOAD_EXPIRE_HOURS = 72
#: A body that stops coming is given up after this many seconds.
UPLOAD_IDLE_SECONDS = 30.0
#: How long a request waits for an older one of the same client to let go.
UPLOAD_LOCK_SECONDS = 3.0
#: Bytes are made durable at least this often within one request.
UPLOAD_COMMIT_BYTES = 8 * MIB


def limit(name: str) -> Any:
    """Return a limit: the setting ``PPE_<name>``, or the value above."""
    usual = space.reserve() if name == "UPLOAD_DISK_RESERVE" else globals()[name]
    return getattr(settings, f"PPE_{name}", usual)
