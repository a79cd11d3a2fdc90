"""Wiping the originals of a sitting from the HQ node, file by file.

Originals are the scans and recordings as received and what was made of them. The sealed packets stay: only the centre
opens them, and they prove what was sent. Rows, journals and numbers stay too. Whether they may go, `day` judges.
"""

from pathlib import Path

from audit.log import SYSTEM, Actor, record
from audit.moves import move
from common import files
from common.work import faultpoints, jobs, leases
from common.work.clock import now
from stations.models import Sitting
from transfers.models import Wiping
from transfers.states import WipeState
from wire import durable

LEASE_SECONDS = 600.0
#: The node's own journal of the station is no original of a participant.
_STAYS = frozenset({"end-scan"})


def begin(*, sitting: Sitting, actor: Actor, cause: str) -> Wiping:
    """Begin the wiping of the originals of a sitting. Called by `day.acts.wipe`, which has judged that they may go.

    Args:
        sitting: The exam.
        actor: Who wants it.
        cause: Why now.
    """
    row = Wiping.objects.create(sitting=sitting, cause=cause, begun_at=now(), by=actor.name[:200])
    record("transfers.wiping_begun", about=row, actor=actor, data={"cause": str(cause)})
    jobs.enqueue("transfers.wipe", row.pk)
    return row


def work(pk: int) -> None:
    """Remove the files of a begun wiping; safe to run twice or be killed anywhere."""
    rows = Wiping.objects.filter(state=WipeState.BEGUN).select_related("sitting__point__region", "sitting__subject")
    row = leases.claim(rows, pk, seconds=LEASE_SECONDS, max_attempts=1_000_000)
    if row is None:
        return
    sitting = row.sitting
    for path in originals(sitting):
        with durable.disk_errors():
            size = path.stat().st_size
            path.unlink()
        faultpoints.here("wipe.removed")
        # Counted one by one: a killed run loses the count of one file at most.
        row.files, row.size = row.files + 1, row.size + size
        Wiping.objects.filter(pk=row.pk).update(files=row.files, size=row.size)
    move(row, WipeState.DONE, actor=SYSTEM, data={"files": row.files, "size": row.size}, done_at=now())
    leases.release(row)


def originals(sitting: Sitting) -> list[Path]:
    """Return the files of a sitting that hold what participants wrote or said."""
    root = files.folder("scans", sitting.key)
    found = []
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root).parts
        if inside[0] not in _STAYS and (path.is_file() or path.is_symlink()):
            found.append(path)
    return found
