"""What the page “Today” shows to one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Q, Subquery
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from audit.models import ChainHead, Event
from common.web.obligations import link_of
from common.work import clock
from day import evaluate
from day.judged import Day
from monitoring import words
from monitoring.head import head_of
from monitoring.incidents import incidents_of
from monitoring.moment import Live
from monitoring.steps import DayStep, StepState, current, steps_of
from stations.models import ExamPoint, Sitting, User
from transfers.models import FeedRecord

SHOWN_EVENTS = 8
SHOWN_ANNOUNCEMENTS, MOST_ANNOUNCEMENTS = 3, 100
#: Steps of the machinery: what they lead to is an event of its own, and that is what a person wants to read.
INNER_EVENTS = (
    "transfers.packet_moved",
    "transfers.feed_item",
    "transfers.status_moved",
    "scanning.card_state",
    "scanning.source_read",
    "scanning.sheet_read",
)


@dataclass(frozen=True)
class Tab:
    """One of several sittings of a point."""

    title: str
    day: str
    url: str
    current: bool
    count: str
    done: bool


@dataclass(frozen=True)
class Next:
    """The strip at the bottom: what this person does next."""

    icon: str
    lead: str
    text: str
    url: str = ""
    label: str = ""


def sittings_of(point: ExamPoint) -> list[Sitting]:
    """Return the sittings of the point's day: today's, else those of the nearest day."""
    rows = list(point.sittings.select_related("subject").order_by("date", "subject__code"))
    if not rows:
        return []
    today = clock.today(point.timezone)
    day = min({row.date for row in rows}, key=lambda day: abs((day - today).days))
    chosen = [row for row in rows if row.date == day]
    for row in chosen:
        row.point = point
    return chosen


def context_of(user: User, live: Live, chosen: str) -> dict[str, Any] | None:
    """Return everything the page shows, or None when the point has no sitting.

    Args:
        user: Who looks.
        live: What was read at the moment of looking.
        chosen: Key of the exam that is shown.
    """
    point, rows, at = live.point, live.sittings, live.at
    sitting = next((row for row in rows if row.key == chosen), rows[0] if rows else None)
    if sitting is None:
        return None
    day = evaluate.today(point, sitting.date, seen=live.seen, sittings=rows)
    steps = steps_of(sitting, day, user)
    left = sum(not step.folded for step in steps)
    last, events = events_of(point)
    return {
        "point": point,
        "sitting": sitting,
        "head": head_of(sitting, day, at, last, live.contact),
        "steps": steps,
        "current": current(steps),
        "incidents": incidents_of(sitting, day, at, live.heartbeats, live.contact),
        "announcements": announcements_of(point),
        "events": events,
        "events_url": events_url(point),
        "next": next_of(sitting, day, steps),
        "tabs": tabs_of(user, day, rows, sitting, steps) if len(rows) > 1 else [],
        "page_title": _("Today: %d steps left") % left
        if left
        else _("Today: every step is done")
        if day.over(sitting.key)
        else _("Today: the day is not over"),
    }


def tabs_of(user: User, day: Day, rows: Sequence[Sitting], shown: Sitting, steps: Sequence[DayStep]) -> list[Tab]:
    """Return a tab for each sitting of the day."""
    tabs = []
    for row in rows:
        own = steps if row.pk == shown.pk else steps_of(row, day, user)
        wanted = [step for step in own if step.state != StepState.ABSENT]
        done = sum(step.state == StepState.DONE for step in wanted)
        url = reverse("today", kwargs={"key": row.point.key}) + f"?sitting={row.key}"
        count = _("%(done)d of %(total)d steps") % {"done": done, "total": len(wanted)}
        tabs.append(
            Tab(
                f"{row.subject.code} {row.subject.name}",
                words.date_words(row.date),
                url,
                row.pk == shown.pk,
                count,
                day.sitting(row.key).over,
            )
        )
    return tabs


def next_of(sitting: Sitting, day: Day, steps: Sequence[DayStep]) -> Next:
    """Return what a person of this role does next, or for whom the day waits."""
    step = current(steps)
    if step is None:
        return _over(sitting, day)
    mine = next((each for each in steps if each.state == StepState.NOW and each.may), None)
    if mine is not None and mine.action:
        said = f"{mine.number}. {mine.title}" + (f" — {mine.missing[0]}" if mine.missing else "")
        return Next("arrow_circle_right", _("Your next step:"), said, mine.action.url, mine.action.label)
    if step.state == StepState.WAITING:
        return Next("hourglass_top", _("Now waiting for:"), f"{step.number}. {step.title} — {step.said or step.words}")
    if step.state == StepState.NOW:
        return Next("groups", _("Now it is up to the %s:") % step.who, f"{step.number}. {step.title}")
    why = step.why[0] if step.why else None
    return Next(
        "lock",
        _("Step %d waits for:") % step.number,
        why.text if why else step.title,
        why.url if why else "",
        _("Go there"),
    )


def _over(sitting: Sitting, day: Day) -> Next:
    """Return what is said when no step of this sitting is left: the day is over only when nothing is open anywhere."""
    own, others = day.sitting(sitting.key), day.others(sitting.key)
    if day.over(sitting.key):
        said = _("The regional centre has accepted the status, everybody may go home.")
        act = reverse("closing-act", kwargs={"key": sitting.key})
        return Next("task_alt", _("The day is over."), said, act, _("Print the closing act"))
    if own.over:
        url = reverse("today", kwargs={"key": sitting.point.key}) + f"?sitting={others[0].exam.key}"
        names = ", ".join(each.exam.title for each in others)
        said = _("Too early to go home: other exams of the day are not over — %s.") % names
        return Next("event_upcoming", _("This exam is over."), said, url, _("Go to the exam"))
    first = own.open[0]
    return Next(
        "lock_open",
        _("Too early to go home:"),
        f"{str(first.text).removesuffix('.')}. {first.cure}",
        link_of(first),
        _("Go there"),
    )


def announcements_of(point: ExamPoint) -> dict[str, list[dict[str, str]]]:
    """Return the announcements of the centre, newest first: the newest of each title, and the rest.

    What the centre says by itself of an exam has one title: however often it speaks, a person's words stay in sight.
    """
    rows = FeedRecord.objects.filter(point=point, kind="announcement").order_by("-number")[:MOST_ANNOUNCEMENTS]
    said = [
        {
            "title": str(row.body.get("title", "")),
            "text": str(row.body.get("text", "")),
            "at": words.clock_of(row.at, point),
        }
        for row in rows
    ]
    first: list[dict[str, str]] = []
    for each in said:
        if len(first) < SHOWN_ANNOUNCEMENTS and all(each["title"] != other["title"] for other in first):
            first.append(each)
    return {"first": first, "rest": [each for each in said if all(each is not other for other in first)]}


def events_of(point: ExamPoint) -> tuple[datetime | None, list[dict[str, Any]]]:
    """Return when something was last written down here, and the last events that a person wants to read.

    The same thing several times in a row is one line. Whoever sees the point sees its chain.
    """
    newest = ChainHead.objects.filter(chain=point.key).values("number")[:1]
    told = Q(number=Subquery(newest)) | ~Q(kind__in=INNER_EVENTS)
    rows = list(Event.objects.filter(told, chain=point.key).order_by("-number")[: SHOWN_EVENTS * 8])
    shown: list[dict[str, Any]] = []
    wanted = (row for row in rows if row.kind not in INNER_EVENTS)
    for (_kind, actor), group in groupby(wanted, key=lambda row: (row.kind, row.actor)):
        first, *others = group
        shown.append(
            {
                "at": words.clock_of(first.at, point),
                "words": first.kind_words,
                "subject": first.subject,
                "actor": _(actor),
                "times": 1 + len(others),
            }
        )
    return (rows[0].at if rows else None), shown[:SHOWN_EVENTS]


def events_url(point: ExamPoint) -> str:
    """Return where the whole log of the point is read."""
    try:
        return reverse("events", kwargs={"key": point.key})
    except NoReverseMatch:
        return reverse("admin:audit_event_changelist") + f"?chain={point.key}"
