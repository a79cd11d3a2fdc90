"""What the clock of a station may say of an exam: judged by the sitting's day and by the moment of receipt."""

import datetime as dt

from wire import canonical
from wire.errors import FieldError
from wire.journal.lines import Header
from wire.journal.told_twice import CLOCKS_APART, FIELD
from wire.messages import Message

#: The zones of the country, west and east, when it is not known in which of them the point lies.
_WEST, _EAST = (dt.timezone(dt.timedelta(hours=hours)) for hours in (2, 12))
_DAY = dt.timedelta(days=1)

Span = tuple[dt.datetime, dt.datetime]


def of_another_day(exam: Span | None, header: Header, zone: dt.tzinfo | None = None) -> list[FieldError]:
    """Say that a print or voice station printed or recorded on another day than that of its exam.

    A rehearsal is played on any day. An exam that ends after midnight and a clock set to another zone are no such
    thing, nor are the days of preparation.

    Args:
        exam: When the first and the last entry of the exam itself were written; None when there are none.
        header: The journal's header.
        zone: The time zone of the point; None when it is not known.
    """
    if exam is None or header.mode != "live":
        return []
    try:
        day = dt.datetime.strptime(header.sitting.split("-")[2], "%d%m%y")  # noqa: DTZ007 (a calendar day has no zone)
    except (ValueError, IndexError):
        return []
    begin = day.replace(tzinfo=zone or _EAST) - CLOCKS_APART
    end = day.replace(tzinfo=zone or _WEST) + _DAY + CLOCKS_APART
    if begin <= exam[0] and exam[1] <= end:
        return []
    wrong = exam[0] if exam[0] < begin else exam[1]
    text = Message(
        "the exam is of {day}, and the station printed or recorded at {at}: compare its clock, and whether"
        " this is the journal of this exam",
        day=f"{day:%d.%m.%Y}",
        at=f"{wrong.astimezone(zone or dt.UTC):%d.%m.%Y %H:%M %Z}",
    )
    return [FieldError(FIELD + "day", canonical.stamp(wrong), f"{day:%Y-%m-%d}", text)]


def ahead(latest: dt.datetime, received_at: dt.datetime) -> list[FieldError]:
    """Say that an entry is of a day after that of its receipt."""
    if latest <= received_at + CLOCKS_APART:
        return []
    text = Message(
        "an entry is of {at} UTC, long after the journal was received: compare the clocks of the station and of"
        " this computer",
        at=f"{latest.astimezone(dt.UTC):%d.%m.%Y %H:%M}",
    )
    return [FieldError(FIELD + "future", canonical.stamp(latest), f"≤ {canonical.stamp(received_at)}", text)]
