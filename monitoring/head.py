"""The head of the page “Today”: the point's clock, the next deadline, what is saved where."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import Event
from common.work import clock
from monitoring import words
from monitoring.facts import FINISHED, TRANSFERRED, SittingFacts
from stations.models import ExamPoint
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


def head_of(facts: SittingFacts) -> Head:
    """Return the head for a sitting."""
    sitting, point = facts.sitting, facts.sitting.point
    there = clock.local(facts.at, point.timezone)
    answered, told = last_contact(point)
    level, icon, said = link_state(facts.at, answered, told)
    return Head(
        clock=f"{there:%H:%M}",
        day=words.date_words(there.date()),
        zone=words.zone_words(there),
        sitting_day=words.date_words(sitting.date),
        rooms=len(facts.room_numbers),
        deadline=deadline_of(facts),
        saved_here=words.clock_of(last_event(point), point),
        saved_there=words.clock_of(answered, point),
        link_level=level,
        link_icon=icon,
        link_words=said,
        deadlines=[
            f"{NAMES[name]} — {facts.sitting.deadlines[name]}"
            for name in (FINISHED, TRANSFERRED)
            if facts.sitting.deadlines.get(name)
        ],
    )


def deadline_of(facts: SittingFacts) -> Deadline:
    """Return the next deadline whose status has no receipt, judged by server time in the point's zone.

    A declared status keeps its deadline: until the centre's receipt nothing has arrived there.
    """
    for name in (FINISHED, TRANSFERRED):
        if facts.confirmed(name):
            continue
        declared = _("; declared, not at the centre yet") if name in facts.statuses else ""
        due = facts.sitting.deadline(name)
        if due is None:
            return Deadline("idle", "schedule", _("no deadline set"), _("until the status %s") % NAMES[name] + declared)
        label = (
            _("until %(name)s, %(time)s")
            % {
                "name": NAMES[name],
                "time": words.clock_of(due, facts.sitting.point),
            }
            + declared
        )
        left = due - facts.at
        if left < timedelta(0):
            late = _("%(name)s was due at %(time)s") % {
                "name": NAMES[name],
                "time": words.clock_of(due, facts.sitting.point),
            }
            return Deadline("bad", "alarm", _("late by %s") % words.span(-left), late + declared)
        said = words.span(left)
        if left < SOON:
            return Deadline("warn", "hourglass_bottom", said, label)
        return Deadline("ok", "schedule", said, label)
    if facts.ending.day_over:
        return Deadline("ok", "task_alt", _("all statuses declared"), _("no more deadlines today"))
    if facts.ending.sitting_over:
        said = _("not over: %s") % facts.ending.others_words
        return Deadline("info", "event_upcoming", _("the statuses of this exam are delivered"), said)
    said = _("after the last status: %s") % facts.ending.open[0].text
    return Deadline("warn", "lock_open", _("open again"), said)


def last_event(point: ExamPoint) -> datetime | None:
    """Return when something was last written down here."""
    return Event.objects.filter(chain=point.key).order_by("-number").values_list("at", flat=True).first()


def last_contact(point: ExamPoint) -> tuple[datetime | None, str]:
    """Return when the centre last answered, and what stood in the way since."""
    row = FeedCursor.objects.filter(point=point).first()
    return (row.answered_at, str(row.trouble)) if row else (None, "")


def link_state(at: datetime, answered: datetime | None, trouble: str) -> tuple[str, str, str]:
    """Return the level, icon and words of the line to the centre."""
    if answered is None:
        return "idle", "cloud_off", _("no contact with the regional centre yet")
    if at - answered > SILENT or trouble:
        return "warn", "cloud_off", _("no line to the regional centre since")
    return "ok", "cloud_done", _("at the regional centre")
