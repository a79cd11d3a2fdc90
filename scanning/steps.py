"""What a decision changed in a room, row by row, so that it can be taken back until the room is closed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.log import Actor, hold
from audit.moves import Table
from common.work.clock import now
from scanning.models import COUNTS, Batch, Decision, Recording, RoomCard, Sheet, Source
from scanning.states import BATCH_UNDO, RECORDING_UNDO, SHEET_UNDO, SOURCE_UNDO

_DECIDED = ("state", "decision", "reason", "decided_by", "decided_at")
Rows = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True)
class Undoable:
    """What of a model a step remembers, and which table its status goes back by."""

    model: type[Sheet] | type[Recording] | type[Batch] | type[Source]
    fields: tuple[str, ...]
    table: Table


UNDOABLE = {
    "sheet": Undoable(Sheet, (*_DECIDED, "card_id", "number", "kind", "replaced_by_id"), SHEET_UNDO),
    "recording": Undoable(Recording, ("state", "reason", "decided_by", "decided_at"), RECORDING_UNDO),
    "batch": Undoable(Batch, ("state",), BATCH_UNDO),
    "source": Undoable(Source, ("state",), SOURCE_UNDO),
}
_CARD = (*COUNTS, "awaited")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def snapshot(card: RoomCard, known: Rows | None = None) -> Rows:
    """Return the rows of a room as they are; with ``known``, those very rows wherever they are now."""
    rows: Rows = {}
    for name, kept in UNDOABLE.items():
        wanted: dict[str, Any] = {"pk__in": known[name]} if known else {"card": card}
        found = kept.model._default_manager.filter(**wanted).values("pk", *kept.fields)
        rows[name] = {str(row.pop("pk")): {key: _plain(value) for key, value in row.items()} for row in found}
    rows["card"] = {str(card.pk): dict(RoomCard.objects.filter(pk=card.pk).values(*_CARD).get())}
    return rows


def _changed(before: Rows, after: Rows) -> tuple[Rows, Rows]:
    old: Rows = {}
    new: Rows = {}
    for name, rows in before.items():
        for pk, values in rows.items():
            now_is = after[name].get(pk, {})
            differ = [key for key in values if now_is.get(key) != values[key]]
            if differ:
                old.setdefault(name, {})[pk] = {key: values[key] for key in differ}
                new.setdefault(name, {})[pk] = {key: now_is.get(key) for key in differ}
    return old, new


@contextmanager
def undoable(*, card: RoomCard, kind: Decision.Kind, what: str, actor: Actor) -> Iterator[None]:
    """Run a decision about a room in one transaction and keep what it changed as a step.

    Args:
        card: The room.
        kind: What is decided about.
        what: The thing in words, for the button and the log.
        actor: Who decides.
    """
    with transaction.atomic():
        # The card's row serialises whoever decides in its room.
        hold(card)
        RoomCard.objects.select_for_update(of=("self",)).get(pk=card.pk)
        before = snapshot(card)
        yield
        old, new = _changed(before, snapshot(card, before))
        if old:
            Decision.objects.create(
                card=card, kind=kind, what=what[:300], before=old, after=new, made_by=actor.name[:200]
            )


def last_decision(card: RoomCard) -> Decision | None:
    """Return the decision that may be taken back now, if any."""
    if card.closed:
        return None
    rows = Decision.objects.filter(card=card, undone_at__isnull=True, settled_at__isnull=True)
    return rows.order_by("-pk").first()


def settle(card: RoomCard) -> None:
    """Make the decisions of a room final: it was closed."""
    Decision.objects.filter(card=card, undone_at__isnull=True, settled_at__isnull=True).update(settled_at=now())
