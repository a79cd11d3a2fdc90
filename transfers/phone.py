"""Telling a final status by telephone when there is neither a line nor a way for a flash drive."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from audit import numbers
from audit.log import Actor, hold, record
from common import marks
from common.work.clock import now
from keys import phone as keys_phone
from stations.models import ExamPoint, Sitting
from transfers.errors import PhoneAnswerWrongError, PhoneNotNeededError
from transfers.models import PhoneCode, PointStatus
from transfers.states import StatusState
from wire.documents import phone
from wire.documents.phone import PhoneBinding
from wire.messages import Message

BY_PHONE = frozenset(phone.STATUSES.values())


@dataclass(frozen=True)
class ShownCode:
    """A code as the person at the telephone sees it."""

    row: PhoneCode
    code: str

    @property
    def groups(self) -> list[str]:
        """The code in groups of four."""
        return list(phone.groups(self.code))


def told(sitting: Sitting, status: str) -> PhoneCode | None:
    """Return the code by which the standing status of a sitting was told, when the centre has answered it."""
    row = PointStatus.objects.filter(sitting=sitting, status=status).exclude(state=StatusState.UNDONE).first()
    if row is None:
        return None
    codes = PhoneCode.objects.filter(point=sitting.point, date=sitting.date, status=status, told_at__isnull=False)
    return codes.filter(made_at__gte=row.at).order_by("-counter").first()


def code_for(*, sitting: Sitting, status: str, actor: Actor) -> ShownCode:
    """Return the code of a declared status; the same one until the status is undone.

    Args:
        sitting: A sitting of the day; the code speaks for every sitting of the point that day.
        status: ``exams_finished`` or ``blanks_transferred``.
        actor: Who is going to dictate it.

    Raises:
        PhoneNotNeededError: The status is not declared, or the centre has it already.
        PhoneSecretMissingError: No exam package brought the phone secret.
    """
    secret = keys_phone.stored_secret(sitting.point, sitting.date)
    with transaction.atomic():
        hold(sitting.point)
        ExamPoint.objects.select_for_update(of=("self",), no_key=True).get(pk=sitting.point_id)
        declared = _declared(sitting, status)
        if declared is None:
            raise _not_needed(sitting, status)
        row = _made(declared) or _next(sitting, status, actor)
    return _shown(row, secret, sitting)


def known(sitting: Sitting, status: str) -> ShownCode | None:
    """Return the code that was made for a standing status, if one was; nothing is made."""
    declared = _declared(sitting, status)
    row = _made(declared) if declared else None
    return _shown(row, keys_phone.stored_secret(sitting.point, sitting.date), sitting) if row else None


def _shown(row: PhoneCode, secret: bytes, sitting: Sitting) -> ShownCode:
    point = sitting.point
    place = PhoneBinding(sitting.mode, point.region.code, point.code, sitting.date)
    return ShownCode(row, phone.make(secret, place, status=row.status, counter=row.counter))


def _of_day(sitting: Sitting, status: str) -> QuerySet[PointStatus]:
    rows = PointStatus.objects.filter(sitting__point=sitting.point, sitting__date=sitting.date, status=status)
    return rows.exclude(state=StatusState.UNDONE)


def _declared(sitting: Sitting, status: str) -> PointStatus | None:
    """Return the declared status of the day that the centre has not answered; the oldest: one code serves them all."""
    rows = _of_day(sitting, status).filter(state=StatusState.DECLARED) if status in BY_PHONE else None
    return rows.select_related("sitting").order_by("at").first() if rows is not None else None


def _made(declared: PointStatus) -> PhoneCode | None:
    codes = PhoneCode.objects.filter(point=declared.sitting.point_id, date=declared.sitting.date)
    return codes.filter(status=declared.status, made_at__gte=declared.at).order_by("-counter").first()


def _not_needed(sitting: Sitting, status: str) -> PhoneNotNeededError:
    if _of_day(sitting, status).exists():
        return PhoneNotNeededError(Message("The centre has this status already: no call is needed."))
    return PhoneNotNeededError(
        Message("The status is not declared yet."),
        remedy=Message("Declare it on the page “Monitoring” first."),
    )


def _next(sitting: Sitting, status: str, actor: Actor) -> PhoneCode:
    point = sitting.point
    last = PhoneCode.objects.filter(point=point, date=sitting.date).order_by("-counter").first()
    series, counter = f"phone:{point.key}:{sitting.date}", last.counter if last else 0
    mark = numbers.ahead(series, counter, about=point)
    row = PhoneCode.objects.create(
        point=point,
        date=sitting.date,
        status=status,
        counter=(mark.number if mark else counter) + 1,
        made_at=now(),
        made_by=actor.name[:200],
    )
    marks.note(series, row.counter)
    record("transfers.phone_code", about=row, actor=actor, data={"status": status, "counter": row.counter})
    return row


def confirm(*, sitting: Sitting, status: str, answer: str, actor: Actor) -> PhoneCode:
    """Note that the centre has taken a code: its four characters prove that it did.

    Raises:
        PhoneNotNeededError: The status is not declared, or the centre has it already.
        PhoneAnswerWrongError: They are not the centre's answer to this code.
    """
    shown = code_for(sitting=sitting, status=status, actor=actor)
    row, point = shown.row, sitting.point
    if phone.plain(answer) != phone.answer(keys_phone.stored_secret(point, sitting.date), shown.code):
        raise PhoneAnswerWrongError(
            Message("The answer is wrong: the centre has probably written the code down wrongly."),
            remedy=Message("Dictate the code again, four characters at a time, and note the operator's answer."),
        )
    if row.told_at is None:
        with transaction.atomic():
            row.told_at, row.told_by = now(), actor.name[:200]
            row.save(update_fields=["told_at", "told_by"])
            record("transfers.phone_told", about=row, actor=actor, data={"status": status, "counter": row.counter})
    return row
