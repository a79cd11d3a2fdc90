"""Times, durations and places in the words of the exam point."""

from datetime import date, datetime, timedelta

from django.utils import formats
from django.utils.translation import gettext as _

from common.errors import language
from common.work import clock
from stations.models import Duty, ExamPoint, Role, StationAssignment
from stations.rules import RULES


def assignment_words(post: StationAssignment) -> str:
    """Return ``print station 0005, room 0102 (replaced)``."""
    station = post.station
    kind = str(station.get_kind_display())
    said = f"{kind} {station.number}"
    if post.room_id and post.room and post.room.number != "HQ":
        said += f", {post.room}"
    if post.duty == Duty.RESERVE:
        said += " " + _("(reserve)")
    elif post.duty == Duty.REPLACED:
        said += " " + _("(replaced)")
    return said


def room_words(number: str | None) -> str:
    """Return ``HQ`` or ``room 0101``."""
    return _("HQ") if not number or number == "HQ" else _("room %s") % number


def span(delta: timedelta) -> str:
    """Return a duration as a person says it: ``3 h 58 min``."""
    minutes = max(0, int(delta.total_seconds()) // 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return _("%d d") % (hours // 24)
    if hours and rest:
        return _("%(h)d h %(m)d min") % {"h": hours, "m": rest}
    return _("%d h") % hours if hours else _("%d min") % rest


def clock_of(moment: datetime | None, point: ExamPoint, *, day: bool = False) -> str:
    """Return ``14:02`` of the point; with the date when it is not today there."""
    if moment is None:
        return "—"
    there = clock.local(moment, point.timezone)
    if day or there.date() != clock.today(point.timezone):
        return f"{there:%d.%m %H:%M}"
    return f"{there:%H:%M}"


def date_words(day: date) -> str:
    """Return ``29 May, Friday``."""
    said = formats.date_format(day, "j E, l")
    return said.lower() if language() == "ru" else said


def zone_words(there: datetime) -> str:
    """Return ``UTC+3`` of a moment that is local already."""
    offset = there.utcoffset() or timedelta(0)
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("+" if minutes >= 0 else "−"), abs(minutes)
    rest = f":{minutes % 60:02d}" if minutes % 60 else ""
    return f"UTC{sign}{minutes // 60}{rest}"


def roles_words(rule: str) -> str:
    """Return who may do an action: ``technical specialist, GEK member``."""
    order = [Role.TECHNICAL_SPECIALIST, Role.POINT_HEAD, Role.GEK_MEMBER]
    roles = sorted(RULES[rule], key=lambda role: order.index(role) if role in order else len(order))
    return ", ".join(_inside(str(role.label)) for role in roles)


def _inside(label: str) -> str:
    """Return a label as it stands inside a sentence; an abbreviation keeps its capitals."""
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]
