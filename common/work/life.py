"""Signs of life of the two clusters, given by the work itself: a cluster at work is never taken for a dead one.

A sign is the modification time of a file. A worker gives it when it begins and ends a job and whenever it takes or
renews a lease; an idle cluster gives it by a task of its own queue (`common.work.jobs.ask_for_heartbeat`).
"""

import contextlib
import os
import time
from pathlib import Path

from common import files

#: Set for the processes of a cluster by whoever starts them (`ppe_portal.supervisor`).
_NAME = "Q_CLUSTER_NAME"


def sign_file(cluster: str) -> Path:
    """Return the file whose modification time is the last sign of life of a cluster."""
    return files.folder("run") / f"beat-{cluster}"


def sign(cluster: str = "") -> None:
    """Leave a sign of life of a cluster, of this process's own when none is named; a process of none leaves nothing."""
    if cluster := cluster or os.environ.get(_NAME, ""):
        # A disk without room for one more entry says nothing about the worker.
        with contextlib.suppress(OSError):
            sign_file(cluster).touch()


def age(cluster: str) -> float | None:
    """Return the seconds since a cluster's last sign of life; None when it never gave one."""
    try:
        return time.time() - sign_file(cluster).stat().st_mtime
    except OSError:
        return None
