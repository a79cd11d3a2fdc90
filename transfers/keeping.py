"""How long originals stay on the HQ node: until the final status is acknowledged, then until the button or the term.

Originals are the scans and recordings as received and what was made of them. The sealed packets stay: only the centre
opens them, and they prove what was sent. Rows, journals and numbers stay too.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from audit.log import SYSTEM, Actor, record
from audit.moves import move
from common import files
from common.work import faultpoints, jobs, leases
from common.work.clock import now
from stations.models import Sitting
from transfers.errors import OriginalsNeededError
from transfers.finished import Ending
from transfers.models import PointStatus, StatusName, Wiping
from transfers.states import StatusState, WipeState
from wire import durable
from wire.errors import FieldError
from wire.messages import Both, Message

log = logging.getLogger(__name__)

LEASE_SECONDS = 600.0
#: The node's own journal of the station is no original of a participant.
_STAYS = frozenset({"end-scan"})


@dataclass(frozen=True)
class Keeping:
    """What the page says about the originals of a sitting.

    Attributes:
        reasons: Why they are kept now; empty when they may be wiped.
        due: When they are wiped by themselves; None when a person does it, or they are kept.
        wiping: The wiping, when it was begun.
    """

    reasons: list[str]
    due: datetime | None
    wiping: Wiping | None

    @property
    def free(self) -> bool:
        """Whether they may be wiped now."""
        return not self.reasons and self.wiping is None


def keeping_of(sitting: Sitting) -> Keeping:
    """Return what becomes of the originals of a sitting."""
    wiping = Wiping.objects.filter(sitting=sitting).first()
    if wiping is not None:
        return Keeping([], None, wiping)
    reasons = _reasons(sitting)
    return Keeping(reasons, None if reasons else _due(sitting), None)


def _final(sitting: Sitting) -> PointStatus | None:
    rows = PointStatus.objects.filter(sitting=sitting, status=StatusName.BLANKS_TRANSFERRED, state=StatusState.ACCEPTED)
    return rows.first()


def _due(sitting: Sitting) -> datetime | None:
    final, days = _final(sitting), settings.PPE_KEEP_SCANS_DAYS
    if final is None or final.accepted_at is None or days <= 0:
        return None
    return final.accepted_at + timedelta(days=days)


def _reasons(sitting: Sitting) -> list[str]:
    """Return why the originals are still needed: everything, not the first alone."""
    return [f"{each.text}." for each in Ending(sitting).open]


def wipe(*, sitting: Sitting, actor: Actor, cause: str = Wiping.Cause.BUTTON) -> Wiping:
    """Begin the wiping of the originals of a sitting; a second call changes nothing.

    Args:
        sitting: The exam.
        actor: Who wants it.
        cause: Why now.

    Raises:
        OriginalsNeededError: They may be needed still; every reason is named.
    """
    with transaction.atomic():
        Sitting.objects.select_for_update(of=("self",)).get(pk=sitting.pk)
        known = Wiping.objects.filter(sitting=sitting).first()
        if known is not None:
            return known
        _require_free(sitting)
        row = Wiping.objects.create(sitting=sitting, cause=cause, begun_at=now(), by=actor.name[:200])
        record("transfers.wiping_begun", about=row, actor=actor, data={"cause": str(cause)})
        jobs.enqueue("transfers.wipe", row.pk)
    return row


def _require_free(sitting: Sitting) -> None:
    reasons = _reasons(sitting)
    if reasons:
        raise OriginalsNeededError(
            Message("The originals are still needed and may not be wiped. {reasons}", reasons=" ".join(reasons)),
            parts=[FieldError("originals", "", "", Both(each)) for each in reasons],
        )


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


def sweep() -> int:
    """Begin the wiping of every sitting whose term is over; return how many were begun."""
    begun = 0
    accepted = PointStatus.objects.filter(status=StatusName.BLANKS_TRANSFERRED, state=StatusState.ACCEPTED)
    for row in accepted.filter(sitting__wiping__isnull=True).select_related("sitting__point__region"):
        due = _due(row.sitting)
        if due is None or now() < due:
            continue
        try:
            wipe(sitting=row.sitting, actor=SYSTEM, cause=Wiping.Cause.TERM)
            begun += 1
        except OriginalsNeededError as refusal:
            log.info("originals of %s are kept beyond their term: %s", row.sitting.key, refusal.text("en"))
    return begun
