"""The acts that rest on the evaluation of the day: each locks, evaluates, requires and acts, in one transaction."""

import logging
from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from audit.log import SYSTEM, Actor
from common.obligations import Obligation, standing
from common.work.clock import now
from day import keeping, table
from day.errors import (
    GateClosedError,
    OriginalsNeededError,
    ScanNotFinishedError,
    StatusElsewhereError,
    UnknownStatusError,
    listed,
    parts_of,
)
from day.evaluate import locked
from day.judged import Day, conditions_open
from day.table import END_SCAN
from scanning import scan_journal
from stations.models import Sitting
from transfers import statuses, wiping
from transfers.models import PointStatus, Wiping
from transfers.states import StatusState
from wire.errors import FieldError
from wire.messages import Message, Several

log = logging.getLogger(__name__)


def blockers(day: Day, sitting: Sitting, status: str) -> tuple[Obligation, ...]:
    """Return what keeps a status from being declared now.

    Raises:
        UnknownStatusError: There is no such status.
        StatusElsewhereError: No page of this portal declares it.
    """
    if status not in table.TITLES:
        raise UnknownStatusError(Message("There is no status {status}.", status=status))
    if status not in table.DECLARABLE:
        raise StatusElsewhereError(
            Message("The status {status} is not declared by this portal.", status=table.TITLES[status])
        )
    return conditions_open(day.sitting(sitting.key), status)


def declare(*, sitting: Sitting, status: str, actor: Actor) -> PointStatus:
    """Declare a status and start its packet.

    Args:
        sitting: The exam.
        status: ``exams_finished`` or ``blanks_transferred``.
        actor: Who declares it.

    Returns:
        The declared status; its packet is being built.

    Raises:
        GateClosedError: A condition does not hold; every blocker is named.
        UnknownStatusError: There is no such status.
        StatusElsewhereError: It is not declared here.
    """
    with transaction.atomic():
        _require(locked(sitting), [sitting], status)
        return statuses.write(sitting=sitting, status=status, actor=actor)


def _require(day: Day, sittings: Sequence[Sitting], status: str) -> None:
    """Refuse a status for exams of a day, naming everything that keeps it shut and, of several, the exam of each."""
    rows = tuple(row for each in sittings for row in blockers(day, each, status))
    if rows:
        titles = {each.exam.key: each.exam.title for each in day.sittings} if len(day.sittings) > 1 else {}
        raise GateClosedError(
            Message(
                "The status {status} cannot be declared. Conditions not met: {count}.\n{conditions}",
                status=table.TITLES[status],
                count=len(rows),
                conditions=listed(rows, titles=titles),
            ),
            parts=parts_of(rows),
        )


def declare_day(*, sitting: Sitting, status: str, actor: Actor) -> list[PointStatus]:
    """Declare a status for every sitting of the day at the point: one act, one packet for each.

    A sitting for which it was declared already is passed over, and one without people and stations.

    Raises:
        GateClosedError: A condition of one of them does not hold; nothing is declared.
        UnknownStatusError: There is no such status.
        StatusElsewhereError: It is not declared here.
    """
    with transaction.atomic():
        day = locked(sitting)
        rows = {
            row.key: row
            for row in Sitting.objects.filter(point=sitting.point, date=sitting.date)
            .select_related("point__region", "subject")
            .order_by("subject__code")
        }
        wanted = [rows[each.exam.key] for each in day.going(status)] or [sitting]
        _require(day, wanted, status)
        return [statuses.write(sitting=each, status=status, actor=actor) for each in wanted]


def form_end_scan(*, sitting: Sitting, actor: Actor) -> Path:
    """Form ``END_SCAN_….dat`` of this node: every room of it and the HQ are closed and packed.

    Returns:
        The stored file; its name is the official one.

    Raises:
        ScanNotFinishedError: A room or the HQ is not; each is named.
    """
    with transaction.atomic():
        rows = standing(locked(sitting).sitting(sitting.key).gate(END_SCAN))
        if rows:
            raise ScanNotFinishedError(
                Message(
                    "The scan journal was not formed: rooms not closed and packed — {count} ({parts}).",
                    count=len(rows),
                    parts=[each.text for each in rows],
                ),
                remedy=Message(
                    "Close these rooms and the HQ on the scanning desk, build their packets, then form the journal."
                ),
                parts=[FieldError(each.place, "", "", each.text) for each in rows],
            )
        return scan_journal.form(sitting=sitting, actor=actor)


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
        day = locked(sitting)
        known = Wiping.objects.filter(sitting=sitting).first()
        if known is not None:
            return known
        own = day.sitting(sitting.key)
        rows = own.open
        if not own.over:
            raise OriginalsNeededError(
                Message(
                    "The originals are still needed and may not be wiped. {reasons}",
                    reasons=Several([Message("{text}.", text=each.text) for each in rows], " "),
                ),
                parts=parts_of(rows),
            )
        return wiping.begin(sitting=sitting, actor=actor, cause=cause)


def wipe_due() -> int:
    """Begin the wiping of every sitting whose term is over; return how many were begun."""
    begun = 0
    accepted = PointStatus.objects.filter(status=table.TRANSFERRED, state=StatusState.ACCEPTED)
    for row in accepted.filter(sitting__wiping__isnull=True).select_related(
        "sitting__point__region", "sitting__subject"
    ):
        due = keeping.due_of(row)
        if due is None or now() < due:
            continue
        try:
            wipe(sitting=row.sitting, actor=SYSTEM, cause=Wiping.Cause.TERM)
            begun += 1
        except OriginalsNeededError as refusal:
            log.info("originals of %s are kept beyond their term: %s", row.sitting.key, refusal.text("en"))
    return begun
