"""What changes under the eyes of whoever works in a room: one small answer, asked for every second."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from common.work.clock import now
from journals.forms import unopenable
from keys import access
from scanning import steps
from scanning.expected_forms import digest
from scanning.models import Recording, RoomCard, ScanJob, Sheet, WatchedFolder
from scanning.states import ACTIVE, FolderState, RecordingState, ScanState, SheetState
from stations.models import Sitting

#: The pace of reading is taken over so many seconds.
PACE_SECONDS = 15


@dataclass(frozen=True)
class Progress:
    """How far the reading of sheets has come."""

    received: int
    unread: int
    problems: int
    seconds_left: int | None

    @property
    def read(self) -> int:
        """Sheets read."""
        return self.received - self.unread

    @property
    def share(self) -> int:
        """Per cent read."""
        return round(100 * self.read / self.received) if self.received else 0

    @property
    def words(self) -> str:
        """The progress as a line: how many of how many, and for how long."""
        if not self.unread:
            return ""
        done = _("%(read)s of %(all)s read") % {"read": self.read, "all": self.received}
        if self.seconds_left is None:
            return done
        if self.seconds_left < 60:
            return f"{done} · " + _("about %(count)s s left") % {"count": max(self.seconds_left, 1)}
        return f"{done} · " + _("about %(count)s min left") % {"count": round(self.seconds_left / 60)}


def progress(*, card: RoomCard | None = None, sitting: Sitting | None = None) -> Progress:
    """Return the progress of a room, or of a whole sitting, in one query."""
    rows = Sheet.objects.filter(card=card) if card else Sheet.objects.filter(card__sitting=sitting)
    lately = now() - timedelta(seconds=PACE_SECONDS)
    got = rows.aggregate(
        received=Count("pk", filter=Q(state__in=ACTIVE)),
        unread=Count("pk", filter=Q(state=SheetState.RECEIVED)),
        problems=Count("pk", filter=Q(state=SheetState.PROBLEM)),
        lately=Count("pk", filter=Q(read_at__gt=lately)),
    )
    return _progress(got["received"], got["unread"], got["problems"], got["lately"])


def _progress(received: int, unread: int, problems: int, lately: int) -> Progress:
    left = round(unread * PACE_SECONDS / lately) if unread and lately else None
    return Progress(received, unread, problems, left)


def poll(card: RoomCard) -> dict[str, Any]:
    """Return what a room's page must know every second; `mark` changes when its lists have to be drawn again."""
    shown = Sheet.objects.filter(card=card).order_by("pk")
    sheets = list(shown.values_list("state", "read_at", "pk", "number", "kind", "path", "decision", "reason"))
    lately = now() - timedelta(seconds=PACE_SECONDS)
    now_is = _progress(
        sum(row[0] in ACTIVE for row in sheets),
        sum(row[0] == SheetState.RECEIVED for row in sheets),
        sum(row[0] == SheetState.PROBLEM for row in sheets),
        sum(bool(row[1] and row[1] > lately) for row in sheets),
    )
    job = last_pass(card)
    step = steps.last_decision(card)
    folders = WatchedFolder.objects.filter(card=card, state=FolderState.WATCHED)
    taken = list(folders.values_list("pk", "taken", "refused"))
    recordings = list(Recording.objects.filter(card=card).values_list("pk", "state", "name", "reason"))
    waiting = sum(state == RecordingState.RECEIVED for _pk, state, _name, _reason in recordings)
    # The differences are written anew with every comparison, and `reconciled_at` with them.
    # A hash of what is shown: sums stand still when one thing goes and another comes.
    mark = digest(
        [
            card.state,
            card.version,
            card.reconciled_at,
            card.seen_journals,
            card.awaited,
            card.reopen_reason.ru,
            card.act_id,
            step.pk if step else 0,
            taken,
            recordings,
            list(card.batches.values_list("number", "state")),
            [job.pk, job.state, job.pages, job.said.ru] if job else 0,
            _sealed(card),
            sheets,
        ]
    )
    return {
        "mark": mark,
        "state": card.state,
        "received": now_is.received,
        "unread": now_is.unread,
        "read": now_is.read,
        "share": now_is.share,
        "problems": now_is.problems,
        "words": now_is.words,
        "busy": bool(now_is.unread or waiting or (job and job.running)),
        "scanning": {"pages": job.pages, "running": job.running} if job else None,
    }


def _sealed(card: RoomCard) -> list[Any]:
    """What the page says of form numbers that are not open: it changes without an event."""
    if not card.balance.get("sealed"):
        return []
    row, active = unopenable(card.sitting, card.room), access.active(card.sitting)
    return [[row.pk, row.forms_problem.ru] if row else 0, active.pk if active else 0]


def last_pass(card: RoomCard) -> ScanJob | None:
    """Return the pass of the scanner that the page shows: the running one, else the last."""
    return ScanJob.objects.filter(card=card).exclude(state=ScanState.CANCELLED, pages=0).order_by("-pk").first()
