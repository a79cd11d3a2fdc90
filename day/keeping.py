"""Whether the originals of a sitting are still needed on this node, and until when they are kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from common.obligations import Obligation
from day import evaluate
from day.table import TRANSFERRED
from stations.models import Sitting
from transfers.models import PointStatus, Wiping
from transfers.states import StatusState


@dataclass(frozen=True)
class Keeping:
    """What the page says about the originals of a sitting.

    Attributes:
        over: Whether the exam is over: nothing of it needs them.
        reasons: Why they are kept now.
        due: When they are wiped by themselves; None when a person does it, or they are kept.
        wiping: The wiping, when it was begun.
    """

    over: bool
    reasons: tuple[Obligation, ...]
    due: datetime | None
    wiping: Wiping | None

    @property
    def free(self) -> bool:
        """Whether they may be wiped now."""
        return self.over and self.wiping is None


def keeping_of(sitting: Sitting) -> Keeping:
    """Return what becomes of the originals of a sitting: they stay until everything of it has its receipt."""
    wiping = Wiping.objects.filter(sitting=sitting).first()
    if wiping is not None:
        return Keeping(True, (), None, wiping)
    own = evaluate.today(sitting.point, sitting.date).sitting(sitting.key)
    if not own.over:
        return Keeping(False, own.open, None, None)
    final = PointStatus.objects.filter(sitting=sitting, status=TRANSFERRED, state=StatusState.ACCEPTED).first()
    return Keeping(True, (), due_of(final) if final else None, None)


def due_of(final: PointStatus) -> datetime | None:
    """Return when the term of the originals ends, counted from the acceptance of the last status."""
    days = settings.PPE_KEEP_SCANS_DAYS
    if final.accepted_at is None or days <= 0:
        return None
    return final.accepted_at + timedelta(days=days)
