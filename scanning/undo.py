"""Taking back the last decision of a room."""

from typing import Any

from django.db import transaction

from audit.log import Actor, record
from audit.moves import move
from common.errors import both
from common.work import jobs
from common.work.clock import now
from scanning import scan_journal
from scanning.cards import lock, require_editable
from scanning.errors import NothingToUndoError
from scanning.models import COUNTS, Decision, RoomCard, Source
from scanning.reconcile import reconcile
from scanning.steps import UNDOABLE, Rows, last_decision, snapshot
from wire.messages import Message


def undo(*, card: RoomCard, step: int, actor: Actor) -> Decision:
    """Take back the last decision of a room.

    Args:
        card: The room.
        step: The step that the person saw as the last one; another one is never taken back instead.
        actor: Who takes it back.

    Raises:
        CardIsClosedError: The room, or the room a sheet was moved to, is closed.
        NothingToUndoError: There is no such decision, it is not the last one, or what it did has been changed since.
    """
    with transaction.atomic():
        card = lock(card)
        require_editable(card)
        found = last_decision(card)
        if found is None or found.pk != step:
            raise NothingToUndoError
        others = _other_rooms(card, found)
        _require_untouched(card, found)
        for name, rows in found.before.items():
            for pk, values in rows.items():
                _restore(card, name, int(pk), values, found, actor)
        Decision.objects.filter(pk=found.pk).update(undone_at=now(), undone_by=actor.name[:200])
        record(
            "scanning.undone",
            about=card,
            actor=actor,
            data={"step": found.pk, "kind": found.kind, "what": found.what, "back": found.before},
        )
        scan_journal.note(
            sitting=card.sitting,
            event="note_written",
            person=actor.name,
            room=card.room.number,
            text=Message("undone: {what}", what=both(lambda: str(found))).ru[:1000],
        )
        for pk in found.before.get("source", {}):
            # Sheets that were never read because their batch was deleted are read now.
            Source.objects.filter(pk=int(pk)).update(next_try_at=now(), attempts=0)
            jobs.enqueue("scanning.recognise", int(pk))
        for each in (card, *others):
            each.refresh_from_db()
            reconcile(each, actor=actor)
    found.refresh_from_db()
    return found


def _other_rooms(card: RoomCard, step: Decision) -> list[RoomCard]:
    """Lock the rooms that sheets of the step were moved to; a closed one keeps its sheets."""
    keys = {row["card_id"] for row in step.after.get("sheet", {}).values() if "card_id" in row} - {card.pk}
    others = [lock(each) for each in RoomCard.objects.filter(pk__in=keys)]
    for other in others:
        require_editable(other)
    return others


def _require_untouched(card: RoomCard, step: Decision) -> None:
    """Refuse when the rows are not as the decision left them: somebody's later work is never undone in passing."""
    wanted: Rows = {name: {key: {} for key in step.after.get(name, {})} for name in UNDOABLE}
    present = snapshot(card, wanted)
    for name, rows in step.after.items():
        for pk, values in rows.items():
            is_now = present[name].get(pk, {})
            if any(is_now.get(key) != value for key, value in values.items()):
                raise NothingToUndoError


def _restore(card: RoomCard, name: str, pk: int, values: dict[str, Any], step: Decision, actor: Actor) -> None:
    if name == "card":
        # Saved numbers go back as a new version: whoever has the page open learns that it changed.
        fresh: dict[str, Any] = {"version": card.version + 1, "filled_by": actor.name[:200], "filled_at": now()}
        RoomCard.objects.filter(pk=pk).update(**values, **(fresh if set(values) & set(COUNTS) else {}))
        return
    kept = UNDOABLE[name]
    rest = {key: value for key, value in values.items() if key != "state"}
    if "state" not in values:
        kept.model._default_manager.filter(pk=pk).update(**rest)
        return
    row = kept.model._default_manager.get(pk=pk)
    move(
        row,
        values["state"],
        about=card,
        table=kept.table,
        kind="scanning.undone",
        actor=actor,
        data={"step": step.pk, name: pk},
        **rest,
    )
