"""Rows that are work: a lease, counted attempts, and parking for a person.

Beside the row, a small file on this machine names the process that works under the lease. A process that was killed
leaves its file behind, and the next sweep gives the row back at once: nobody waits ten minutes for a dead worker.
"""

import contextlib
import os
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common import files
from common.stored import stored
from common.work import life
from common.work.clock import now


class Leased(models.Model):
    """A row that background work takes on. The row, not the queue, is the truth."""

    lease_until = models.DateTimeField(_("being worked on until"), null=True, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    next_try_at = models.DateTimeField(_("next attempt"), default=timezone.now, editable=False)
    woken_at = models.DateTimeField(_("queued at"), null=True, default=timezone.now, editable=False)
    parked_at = models.DateTimeField(_("set aside for a person"), null=True, blank=True, editable=False)
    parked_reason = models.TextField(_("why set aside"), blank=True, default="", editable=False)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Leased)

#: Kept in the row as it stands; pages say it in the reader's language.
STARTED_TOO_OFTEN = stored("The work was started too often and never finished.")


def free(at: datetime) -> Q:
    """Return the condition of rows that may be worked on at a moment."""
    return Q(parked_at__isnull=True) & Q(next_try_at__lte=at) & (Q(lease_until__isnull=True) | Q(lease_until__lt=at))


def claim(rows: QuerySet[Row], pk: int, *, seconds: float, max_attempts: int = 8) -> Row | None:
    """Take the lease of a row, counting the attempt before the work starts.

    Args:
        rows: The rows whose state makes them due, e.g. ``Packet.objects.filter(state="sealing")``.
        pk: The row wanted.
        seconds: How long the lease holds; work must end or renew before.
        max_attempts: A row that was started this often without success is parked for a person.

    Returns:
        The row, or None when another worker has it, it is not due, or it is parked.
    """
    at = now()
    with transaction.atomic():
        row = rows.filter(free(at), pk=pk).select_for_update(of=("self",)).first()
        if row is None:
            return None
        if row.attempts >= max_attempts:
            park(row, STARTED_TOO_OFTEN)
            return None
        rows.model._default_manager.filter(pk=pk).update(
            lease_until=at + timedelta(seconds=seconds), attempts=F("attempts") + 1
        )
    row.refresh_from_db()
    _sign(row)
    return row


def _file(row: Leased) -> Path:
    return files.folder("run", "leases") / f"{row._meta.label}-{row.pk}"


def _process(pid: int) -> tuple[str, str]:
    """Return the state of a process and when it started, in ticks since boot; empty when there is none."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "", ""
    return said[0], said[19]


def _started(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty when there is no such process or only its shell."""
    state, started = _process(pid)
    return "" if state == "Z" else started


def _sign(row: Leased) -> None:
    """Name this process as the one that works under the lease; that it does is a sign of life of its cluster."""
    life.sign()
    until = row.lease_until.isoformat() if row.lease_until else ""
    with contextlib.suppress(OSError):
        _file(row).write_text(f"{os.getpid()} {_started(os.getpid())} {until}", encoding="ascii")


def at_work(pids: Collection[int]) -> bool:
    """Return whether one of these processes, neither gone nor frozen, works under a lease that holds."""
    at = now()
    for path in files.folder("run", "leases").iterdir():
        try:
            pid, started, until = path.read_text(encoding="ascii").split()
            if int(pid) not in pids or datetime.fromisoformat(until) < at:
                continue
        except (OSError, ValueError):
            continue
        state, since = _process(int(pid))
        if since == started and state not in ("Z", "T", "t"):
            return True
    return False


def free_dead() -> int:
    """Give back the leases of processes of this machine that are no more; return how many.

    A lease that another worker has taken since is a later one and stays.
    """
    freed = 0
    for path in files.folder("run", "leases").iterdir():
        label, _dash, pk = path.name.rpartition("-")
        try:
            pid, started, until = path.read_text(encoding="ascii").split()
            if _started(int(pid)) == started:
                continue
            rows = apps.get_model(label)._default_manager
            freed += rows.filter(pk=int(pk), lease_until__lte=datetime.fromisoformat(until)).update(
                lease_until=None, woken_at=None
            )
        except (OSError, ValueError, LookupError):
            # Half written, or of an older release: the lease runs out by itself.
            continue
        path.unlink(missing_ok=True)
    return freed


def renew(row: Leased, *, seconds: float) -> None:
    """Keep a lease that is still being worked under."""
    row.lease_until = now() + timedelta(seconds=seconds)
    type(row)._default_manager.filter(pk=row.pk).update(lease_until=row.lease_until)
    _sign(row)


def release(row: Leased, *, retry_in: float | None = None, reset_attempts: bool = False) -> None:
    """Give a lease back; with ``retry_in`` seconds the sweep finds the row again."""
    changes: dict[str, object] = {"lease_until": None, "woken_at": None}
    if retry_in is not None:
        changes["next_try_at"] = now() + timedelta(seconds=retry_in)
    if reset_attempts:
        changes["attempts"] = 0
    type(row)._default_manager.filter(pk=row.pk).update(**changes)
    with contextlib.suppress(OSError):
        _file(row).unlink(missing_ok=True)


def park(row: Leased, reason: str) -> None:
    """Set a poison row aside; a person looks at it and presses “Repeat”."""
    type(row)._default_manager.filter(pk=row.pk).update(lease_until=None, parked_at=now(), parked_reason=reason)


def unpark(row: Leased) -> None:
    """Let a parked row be tried again from its first attempt."""
    type(row)._default_manager.filter(pk=row.pk).update(
        parked_at=None, parked_reason="", attempts=0, next_try_at=now(), woken_at=None
    )
