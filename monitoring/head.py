"""The head of the page “Today”: the point's clock, the next deadline, what is saved where."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.work import clock
from day import judged
from day.judged import Day, SittingDay
from day.table import FINISHED, TRANSFERRED
from monitoring import words
from stations.models import ExamPoint, Sitting
from transfers.models import FeedCursor

SOON = timedelta(minutes=30)
SILENT = timedelta(minutes=10)
NAMES = {
    FINISHED: gettext_lazy("«Экзамены завершены» (exams finished)"),
    TRANSFERRED: gettext_lazy("«Бланки переданы в РЦОИ» (answer forms transferred)"),
}


@dataclass(frozen=True)
class Deadline:
    """How much time is left; a level, an icon and words, never colour alone."""

    level: str
    icon: str
    words: str
    label: str
    until: datetime | None = None
    late: str = ""


@dataclass(frozen=True)
class Head:
    """Everything above the steps."""

    clock: str
    day: str
    zone: str
    sitting_day: str
    rooms: int
    deadline: Deadline
    saved_here: str
    saved_there: str
    link_level: str
    link_icon: str
    link_words: str
    deadlines: list[str] = field(default_factory=list)


def head_of(
    sitting: Sitting, day: Day, at: datetime, last: datetime | None, contact: tuple[datetime | None, str]
) -> Head:
    """Return the head for a sitting.

    Args:
        sitting: The exam.
        day: What its day still owes.
        at: The moment of looking.
        last: When something was last written down here.
        contact: When the centre last answered, and what stood in the way since.
    """
    point = sitting.point
    there = clock.local(at, point.timezone)
    answered, trouble = contact
    level, icon, said = link_state(at, answered, trouble)
    return Head(
        clock=f"{there:%H:%M}",
        day=words.date_words(there.date()),
        zone=words.zone_words(there),
        sitting_day=words.date_words(sitting.date),
        rooms=len(day.sitting(sitting.key).exam.uses),
        deadline=deadline_of(sitting, day, at),
        saved_here=words.clock_of(last, point),
        # While the centre answers, the time of its last answer says nothing; once it does not, it is what counts.
        saved_there="" if level == "ok" else words.clock_of(answered, point),
        link_level=level,
        link_icon=icon,
        link_words=said,
        deadlines=[
            f"{NAMES[name]} — {sitting.deadlines[name]}"
            for name in (FINISHED, TRANSFERRED)
            if sitting.deadlines.get(name)
        ],
    )


def deadline_of(sitting: Sitting, day: Day, at: datetime) -> Deadline:
    """Return the next deadline whose status has no receipt, judged by server time in the point's zone.

    A declared status keeps its deadline: until the centre's receipt nothing has arrived there.
    """
    own = day.sitting(sitting.key)
    for name in (FINISHED, TRANSFERRED):
        if not judged.accepted(own.exam, name):
            return _deadline(sitting, own, name, at)
    if day.over(sitting.key):
        return Deadline("ok", "task_alt", _("all statuses declared"), _("no more deadlines today"))
    if own.over:
        others = ", ".join(each.exam.title for each in day.others(sitting.key))
        said = _("not over: %s") % others
        return Deadline("info", "event_upcoming", _("the statuses of this exam are delivered"), said)
    said = _("after the last status: %s") % own.open[0].text
    return Deadline("warn", "lock_open", _("open again"), said)


def _deadline(sitting: Sitting, own: SittingDay, name: str, at: datetime) -> Deadline:
    declared = _("; declared, not at the centre yet") if judged.stands(own.exam, name) else ""
    due = own.exam.deadlines.get(name)
    if due is None:
        return Deadline("idle", "schedule", _("no deadline set"), _("until the status %s") % NAMES[name] + declared)
    said = {"name": NAMES[name], "time": words.clock_of(due, sitting.point)}
    left = due - at
    if left < timedelta(0):
        late = _("%(name)s was due at %(time)s") % said
        return Deadline("bad", "alarm", _("late by %s") % words.span(-left), late + declared, due, _("late by %s"))
    label = _("until %(name)s, %(time)s") % said + declared
    if left < SOON:
        return Deadline("warn", "hourglass_bottom", words.span(left), label, due, _("late by %s"))
    return Deadline("ok", "schedule", words.span(left), label, due, _("late by %s"))


def last_contact(point: ExamPoint) -> tuple[datetime | None, str]:
    """Return when the centre last answered, and what stood in the way since."""
    row = FeedCursor.objects.filter(point=point).values_list("answered_at", "trouble").first()
    return (row[0], str(row[1])) if row else (None, "")


def link_state(at: datetime, answered: datetime | None, trouble: str) -> tuple[str, str, str]:
    """Return the level, icon and words of the line to the centre."""
    if answered is None:
        return "idle", "cloud_off", _("no contact with the regional centre yet")
    if at - answered > SILENT or trouble:
        return "warn", "cloud_off", _("no line to the regional centre since")
    return "ok", "cloud_done", _("at the regional centre")
