"""Statuses told by telephone: the code is checked, taken once, answered; the packet that comes later joins it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from audit.log import Actor, record
from common.work.clock import local, now
from keys import phone as keys_phone
from rcoi.answering import sequence
from rcoi.errors import PhoneCodeUsedError, PhoneCodeWrongError, PhoneLockedError
from rcoi.models import PhoneReport, PointStatusRecord
from rcoi.states import PointStatusState
from stations.models import Sitting
from wire.documents import phone
from wire.documents.phone import PhoneBinding, Spoken
from wire.messages import Message

#: So many wrong codes of a point within the window close its door for the rest of it: 2⁻⁶⁰ stays 2⁻⁶⁰.
WRONG_LIMIT, WINDOW = 5, timedelta(minutes=15)
Outcome = PhoneReport.Outcome


@dataclass(frozen=True)
class AcceptedCode:
    """A code that was taken, and whether the packet has come since."""

    row: PhoneReport
    joined: bool = False


def accept(*, sitting: Sitting, typed: str, actor: Actor) -> AcceptedCode:
    """Take a code for the day of a sitting; it speaks for every sitting of the point that day.

    Args:
        sitting: A sitting of the point and day.
        typed: What the operator typed.
        actor: The operator.

    Raises:
        PhoneCodeRefusedError: It has not the shape of a code.
        PhoneLockedError: Too many wrong codes of this point.
        PhoneCodeUsedError: It was taken before, or the packet itself has come.
        PhoneCodeWrongError: This point did not make it on this day.
    """
    spoken = phone.read(typed)
    with transaction.atomic():
        # One at a time for a point: neither a code nor the count of wrong ones can be raced.
        sequence.lock(f"phone:{sitting.point.key}")
        _require_calm(sitting)
        secret = _secret(sitting, spoken)
        if secret is not None:
            _require_fresh(sitting, spoken)
        row = _write(sitting, spoken, actor, secret)
    if secret is None:
        raise PhoneCodeWrongError(
            Message(
                "The code is wrong: point {point} did not make it for {date}.",
                point=sitting.point.key,
                date=f"{sitting.date:%d.%m.%Y}",
            ),
            remedy=Message(
                "Check the point and the day, ask for the code again and repeat it aloud in groups of four."
            ),
        )
    return AcceptedCode(row)


def _secret(sitting: Sitting, spoken: Spoken) -> bytes | None:
    secrets = keys_phone.secrets_of(sitting.point, sitting.date)
    return next((each for each in secrets if phone.holds(spoken, each, _place(sitting))), None)


def _require_calm(sitting: Sitting) -> None:
    since = now() - WINDOW
    wrong = PhoneReport.objects.filter(point=sitting.point, outcome=Outcome.WRONG, at__gt=since).order_by("at")
    if wrong.count() < WRONG_LIMIT:
        return
    first = wrong.reverse()[WRONG_LIMIT - 1]
    minutes = max(1, -(-int((first.at + WINDOW - now()).total_seconds()) // 60))
    raise PhoneLockedError(
        Message("Too many wrong codes of this point: closed for {minutes} more minutes.", minutes=minutes),
        remedy=Message("Call the head of the point back at the number of the registry and make sure who dictates."),
    )


def _require_fresh(sitting: Sitting, spoken: Spoken) -> None:
    accepted = PhoneReport.objects.filter(
        point=sitting.point, date=sitting.date, outcome=Outcome.ACCEPTED, status=spoken.status
    )
    # Numbers only grow: a code that was never told does not come back after the one made later.
    known = accepted.filter(counter__gte=spoken.counter).order_by("counter").first()
    if known is not None:
        at = local(known.at, sitting.point.timezone)
        raise PhoneCodeUsedError(
            Message("This code was taken at {at} ({by}).", at=f"{at:%H:%M}", by=known.by),
            remedy=Message("The answer for the point stands on this page. After an undo the point gets a new code."),
        )
    rows = PointStatusRecord.objects.filter(
        sitting__point=sitting.point, sitting__date=sitting.date, status=spoken.status, state=PointStatusState.REPORTED
    )
    if rows.filter(sitting=sitting).exists():
        raise PhoneCodeUsedError(Message("The packet of this status has come: no code is needed."))


def _write(sitting: Sitting, spoken: Spoken, actor: Actor, secret: bytes | None) -> PhoneReport:
    point, right = sitting.point, secret is not None
    row = PhoneReport.objects.create(
        point=point,
        date=sitting.date,
        outcome=Outcome.ACCEPTED if right else Outcome.WRONG,
        status=spoken.status if right else "",
        counter=spoken.counter if right else None,
        at=now(),
        by=actor.name[:200],
        answer=phone.answer(secret, spoken.text) if secret else "",
    )
    record(
        "rcoi.phone_status" if right else "rcoi.phone_wrong",
        about=row,
        actor=actor,
        data={"status": row.status, "counter": row.counter, "date": sitting.date.isoformat()},
    )
    return row


def listed(sitting: Sitting) -> list[AcceptedCode]:
    """Return what was told by telephone on the day of a sitting, newest first."""
    rows = PhoneReport.objects.filter(point=sitting.point, date=sitting.date, outcome=Outcome.ACCEPTED)
    here = {row.status: row for row in sitting.status_records.filter(state=PointStatusState.REPORTED)}
    return [AcceptedCode(row, row.status in here) for row in rows]


def told_by(sitting: Sitting, status: str, deadline: datetime) -> bool:
    """Return whether a status was told by telephone in time."""
    rows = PhoneReport.objects.filter(point=sitting.point, date=sitting.date, outcome=Outcome.ACCEPTED, status=status)
    return rows.filter(at__lte=deadline).exists()


def _place(sitting: Sitting) -> PhoneBinding:
    point = sitting.point
    return PhoneBinding(sitting.mode, point.region.code, point.code, sitting.date)
