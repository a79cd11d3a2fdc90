"""Moving a status: compare-and-set under the table of legal transitions, with its event, in one transaction."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Model

from audit.log import Actor, record
from wire.errors import Refusal
from wire.messages import Message

Table = Mapping[str, frozenset[str] | set[str] | tuple[str, ...]]


class IllegalMove(Refusal):
    """The table of the thing has no such transition."""

    code = "illegal_transition"
    http_status = 409


class StaleState(Refusal):
    """Somebody else moved the row first."""

    code = "stale_state"
    http_status = 409
    permanent = False


def move(
    row: Model,
    to: str,
    *,
    table: Table,
    kind: str,
    actor: Actor,
    region: str = "",
    point: str = "",
    subject: str = "",
    data: dict[str, Any] | None = None,
    field: str = "state",
    **changes: Any,
) -> None:
    """Move the status of a row and write the event.

    Args:
        row: The row; its status in memory is what the caller believes it to be.
        to: The new status.
        table: Legal transitions: status → statuses.
        kind: Kind of the event.
        actor: Who moves it.
        region: Region of the event's chain.
        point: Point of the event's chain.
        subject: What the event is about, in words.
        data: Details of the event.
        field: Name of the status field.
        **changes: Other fields set in the same statement.

    Raises:
        IllegalMove: The table does not allow it.
        StaleState: The row is not in the believed status any more.
    """
    old = getattr(row, field)
    if to not in table.get(old, ()):
        raise IllegalMove(Message("No way leads from {old} to {to}.", old=old, to=to))
    with transaction.atomic():
        rows = type(row)._default_manager.filter(**{"pk": row.pk, field: old})
        if rows.update(**{field: to, **changes}) != 1:
            raise StaleState(Message("Somebody changed the state. Reload the page."))
        record(
            kind, actor=actor, region=region, point=point, subject=subject, data={"from": old, "to": to, **(data or {})}
        )
    setattr(row, field, to)
    for name, value in changes.items():
        setattr(row, name, value)
