"""Moving a status: compare-and-set under the table of legal transitions, with its event, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast

from django.db import transaction
from django.db.models import Model

from audit.log import Actor, record
from audit.subjects import Audited
from wire.errors import PpeError
from wire.messages import Message

Table = Mapping[str, frozenset[str] | set[str] | tuple[str, ...]]


class IllegalMoveError(PpeError):
    """The table of the thing has no such transition."""

    code = "illegal_transition"
    http_status = 409


class StaleStateError(PpeError):
    """Somebody else moved the row first."""

    code = "stale_state"
    http_status = 409
    permanent = False


@dataclass(frozen=True)
class Moves:
    """How the status of a kind of row moves.

    Attributes:
        table: Legal transitions: status → statuses.
        kind: Kind of the event of a move.
        kinds: Statuses whose event has a kind of its own.
    """

    table: Table
    kind: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)

    def kind_of(self, status: str) -> str:
        """Return the kind of the event of a move to a status."""
        return self.kinds.get(status, self.kind)


class Moved(Audited, Protocol):
    """A row with a status in its field ``state``."""

    MOVES: ClassVar[Moves]
    pk: Any
    state: Any


def move(
    row: Moved,
    to: str,
    *,
    actor: Actor,
    kind: str = "",
    about: Audited | None = None,
    table: Table | None = None,
    data: dict[str, Any] | None = None,
    **changes: Any,
) -> None:
    """Move the status of a row and write the event.

    Args:
        row: The row; its status in memory is what the caller believes it to be. It knows its table and the kind of
            its event.
        to: The new status.
        actor: Who moves it.
        kind: Kind of the event, where it is not the one of the new status.
        about: What the event is about, where it is not the row.
        table: Legal transitions, where a row goes another way than forward.
        data: Details of the event.
        **changes: Other fields set in the same statement.

    Raises:
        IllegalMoveError: The table does not allow it.
        StaleStateError: The row is not in the believed status any more.
    """
    old = row.state
    if to not in (row.MOVES.table if table is None else table).get(old, ()):
        raise IllegalMoveError(Message("No way leads from {old} to {to}.", old=old, to=to))
    with transaction.atomic():
        rows = cast("type[Model]", type(row))._default_manager.filter(pk=row.pk, state=old)
        if rows.update(state=to, **changes) != 1:
            raise StaleStateError(Message("Somebody changed the state. Reload the page."))
        # The row in memory is the old one still: an event speaks of what was moved.
        record(
            kind or row.MOVES.kind_of(to),
            about=row if about is None else about,
            actor=actor,
            data={"from": old, "to": to, **(data or {})},
        )
    row.state = to
    for name, value in changes.items():
        setattr(row, name, value)
