"""Batches: pause, go on, delete. What went into a packet is never deleted, and what goes is said before it goes."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count

from audit.log import Actor
from audit.moves import move
from common.work import jobs
from common.work.clock import now
from scanning import scan_journal, steps
from scanning.cards import lock, require_editable
from scanning.errors import BatchRefusedError
from scanning.models import Batch, Decision, RoomCard, ScanJob, Sheet, Source
from scanning.reconcile import reconcile
from scanning.states import (
    ACTIVE,
    BatchState,
    ScanState,
    SheetState,
    SourceState,
)
from wire.messages import Message


@dataclass(frozen=True)
class Going:
    """What the deletion of a batch takes out of the room."""

    batch: Batch
    files: int
    sheets: int
    numbers: tuple[str, ...]
    unread: int
    decided: int
    scanning: bool
    refusal: BatchRefusedError | None

    @property
    def allowed(self) -> bool:
        """Whether the batch may be deleted."""
        return self.refusal is None


def going(batch: Batch) -> Going:
    """Say what deleting a batch would take out of its room, and whether the rule allows it."""
    return _goings([batch])[0]


def rows(card: RoomCard) -> list[Going]:
    """Return the batches of a room that brought something and are not deleted, newest first."""
    found = list(card.batches.exclude(state=BatchState.DELETED).order_by("-number"))
    for batch in found:
        batch.card = card
    return [each for each in _goings(found) if each.files or each.scanning]


def _goings(found: list[Batch]) -> list[Going]:
    """Gather the facts of many batches in three queries."""
    keys = [batch.pk for batch in found]
    files = dict(Source.objects.filter(batch__in=keys).values_list("batch").annotate(Count("pk")))
    jobs_running = ScanJob.objects.filter(batch__in=keys, state__in=(ScanState.WAITING, ScanState.SCANNING))
    scanned_now = set(jobs_running.values_list("batch_id", flat=True))
    sheets: dict[int, list[tuple[str, str, str, int]]] = {key: [] for key in keys}
    for key, number, state, decision, card in Sheet.objects.filter(
        source__batch__in=keys, state__in=ACTIVE
    ).values_list("source__batch_id", "number", "state", "decision", "card_id"):
        sheets[key].append((number, state, decision, card))
    made = []
    for batch in found:
        own = sheets[batch.pk]
        unread = sum(each[1] == SheetState.RECEIVED for each in own)
        moved = any(each[3] != batch.card_id for each in own)
        made.append(
            Going(
                batch=batch,
                files=files.get(batch.pk, 0),
                sheets=len(own),
                unread=unread,
                numbers=tuple(sorted({each[0] for each in own if each[0]})),
                decided=sum(bool(each[2]) for each in own),
                scanning=batch.pk in scanned_now,
                refusal=_refusal(batch, moved=moved, unread=unread, scanning=batch.pk in scanned_now),
            )
        )
    return made


def _refusal(batch: Batch, *, moved: bool, unread: int, scanning: bool) -> BatchRefusedError | None:
    if batch.sealed_at is not None or batch.card.closed:
        return BatchRefusedError(
            Message(
                "Batch {batch_number} cannot be deleted: its sheets are in a closed room or a packet.",
                batch_number=batch.number,
            ),
            remedy=Message("Leave single sheets out with a reason once the centre opens the room again."),
        )
    if moved:
        return BatchRefusedError(
            Message(
                "Batch {batch_number} cannot be deleted: sheets of it were moved to another room.",
                batch_number=batch.number,
            ),
            remedy=Message("Bring the sheets back first: undo in this room."),
        )
    if scanning:
        return BatchRefusedError(Message("Batch {batch_number} is being scanned.", batch_number=batch.number))
    if unread and batch.state != BatchState.PAUSED:
        return BatchRefusedError(
            Message("Batch {batch_number} is still being read.", batch_number=batch.number),
            remedy=Message("Pause it, or wait until it is read."),
        )
    return None


def _set(batch: Batch, state: BatchState, actor: Actor, **data: object) -> None:
    move(batch, state, actor=actor, data=dict(data))


def _locked(batch: Batch) -> Batch:
    card = lock(batch.card)
    require_editable(card)
    fresh = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    fresh.card = card
    return fresh


def pause(*, batch: Batch, actor: Actor) -> Batch:
    """Pause a batch: reading stops after the sheet in hand, nothing is lost, the room does not close over it.

    Raises:
        CardIsClosedError: The room is closed.
        IllegalMoveError: The batch is not in work.
    """
    with transaction.atomic():
        batch = _locked(batch)
        _set(batch, BatchState.PAUSED, actor)
        batch.refresh_from_db()
    return batch


def go_on(*, batch: Batch, actor: Actor) -> Batch:
    """Go on with a paused batch.

    Raises:
        CardIsClosedError: The room is closed.
        BatchRefusedError: It is not paused.
    """
    with transaction.atomic():
        batch = _locked(batch)
        if batch.state != BatchState.PAUSED:
            raise BatchRefusedError(Message("Batch {batch_number} is not paused.", batch_number=batch.number))
        _set(batch, BatchState.OPEN, actor)
        for source in Source.objects.filter(batch=batch, state=SourceState.RECEIVED):
            Source.objects.filter(pk=source.pk).update(next_try_at=now(), attempts=0)
            jobs.enqueue("scanning.recognise", source.pk)
        batch.refresh_from_db()
    return batch


def delete(*, batch: Batch, actor: Actor) -> Going:
    """Take all sheets of a batch out of the room. The files stay as received; the step can be undone.

    Raises:
        CardIsClosedError: The room is closed.
        BatchRefusedError: The rule forbids it: sealed, moved, being read or being scanned.
    """
    what = f"{batch.number}"
    with steps.undoable(card=batch.card, kind=Decision.Kind.BATCH, what=what, actor=actor):
        batch = _locked(batch)
        goes = going(batch)
        if goes.refusal is not None:
            raise goes.refusal
        _set(batch, BatchState.DELETED, actor, sheets=goes.sheets, numbers=len(goes.numbers))
        _take_out(batch, actor)
        scan_journal.note(
            sitting=batch.card.sitting,
            event="note_written",
            person=actor.name,
            room=batch.card.room.number,
            text=Message(
                "batch {number} deleted: files {files}, sheets {sheets}",
                number=batch.number,
                files=goes.files,
                sheets=goes.sheets,
            ).ru,
        )
        reconcile(batch.card, actor=actor)
    return goes


def _take_out(batch: Batch, actor: Actor) -> None:
    card, _point = batch.card, batch.card.sitting.point
    for source in batch.sources.filter(state=SourceState.RECEIVED):
        # Nobody waits for its reading any more.
        move(source, SourceState.READ, actor=actor, data={"deleted": batch.number})
    for sheet in card.sheets.filter(source__batch=batch, state__in=ACTIVE):
        move(
            sheet,
            SheetState.DISCARDED,
            actor=actor,
            data={"sheet": sheet.pk, "action": "batch_deleted"},
            decision="batch_deleted",
            reason=Message("the batch is deleted").ru,
            decided_by=actor.name[:200],
            decided_at=now(),
        )
