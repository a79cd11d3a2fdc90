"""The centre's home: what arrived, what is awaited, what needs a person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from common.web.pages import page, render
from common.work.clock import today
from keys.models import SigningRequest
from keys.states import RequestState
from rcoi import board
from rcoi.answering import sequence
from rcoi.day.evaluation import Matter
from rcoi.models import InboxPacket
from rcoi.pages.access import needs
from rcoi.states import WORKING, InboxState
from stations import rules
from stations.models import Region

#: Arrivals, and tasks of one kind, that the page names one by one.
RECENT, SHOWN = 8, 20
#: Of what one point has open again, so much is said on the home page.
FEW = 3
#: Findings that may mean a lost sheet: each is named among the tasks.
NAMED = ("fewer_sheets", "second_packet", "after_last_status", "seats_differ", "sets_undelivered", "sets_unplaced")


@dataclass(frozen=True)
class Task:
    """Something that only a person can settle."""

    tone: str
    text: str
    link: str
    cure: str


@page("centre/", name="centre", node="rcoi")
@needs("rcoi.inbox")
def centre(request: HttpRequest) -> HttpResponse:
    """Show the day: counters, tasks, points, arrivals."""
    user: Any = request.user
    days = board.days_of(user)
    day = _day(request, days)
    known = board.boards(board.sittings_of(user, day, also=board.with_troubles(user))) if day else []
    boards = [each for each in known if each.sitting.date == day]
    packets = InboxPacket.objects.visible_to(user)
    context = {
        "days": days,
        "day": day,
        "boards": boards,
        "tasks": _tasks(user, known, boards),
        "recent": packets.for_page().order_by("-received_at", "-pk")[:RECENT],
        "counts": _counts(boards),
        "working": packets.filter(state__in=WORKING, parked_at__isnull=True).count(),
        "preparing": _preparing(boards),
        "may_prepare": rules.allowed(user, "rcoi.requests"),
    }
    return render(request, "rcoi/centre.html", context, title=_("Regional centre (RCOI)"))


def _day(request: HttpRequest, days: list[date]) -> date | None:
    try:
        asked = date.fromisoformat(request.GET.get("date", ""))
    except ValueError:
        asked = None
    if asked in days:
        return asked
    return board.nearest(days, today(_zone()))


def _zone() -> str:
    region = Region.objects.first()
    return region.timezone if region else "UTC"


def _counts(boards: list[board.SittingBoard]) -> dict[str, int]:
    cells = [cell for each in boards for cell in each.cells]
    statuses = [status for each in boards for status in each.statuses]
    return {
        "expected": len(cells),
        "acknowledged": sum(cell.done for cell in cells),
        "rejected": sum(cell.state == InboxState.REJECTED for cell in cells),
        "rescan": sum(cell.state == "rescan" for cell in cells),
        "statuses": sum(status.reported for status in statuses),
        "statuses_expected": len(statuses),
        "closed": sum(each.closed for each in boards),
    }


def _preparing(boards: list[board.SittingBoard]) -> bool:
    return not any(cell.packet for each in boards for cell in each.cells)


def _tasks(user: Any, known: list[board.SittingBoard], boards: list[board.SittingBoard]) -> list[Task]:
    return [
        *_put_back(user),
        *_queue_tasks(user),
        *_reopened_tasks(known),
        *_matter_tasks(known),
        *_late_tasks(boards),
        *_desk_tasks(user),
    ]


def _put_back(user: Any) -> list[Task]:
    """Say for two weeks that the database was put back from an older copy, and what has to come again."""
    gaps = sequence.missing(timedelta(days=14))
    if not gaps or user.point_keys() is not None:
        return []
    receipts = [f"{gap.after + 1}–{gap.to}" for gap in gaps if gap.series == "receipt"]
    feeds = len({gap.series for gap in gaps if gap.series.startswith(sequence.FEED)})
    text = _(
        "The database was put back from an older copy. Given out but not recorded here: receipts "
        "no. %(n)s, feeds of points: %(f)d"
    )
    cure = _(
        "The numbers go on, none comes twice. Ask the points to write the packets of these days to "
        "a drive and take them in: what is here already does not count again. Repeat the "
        "revocations, rescan requests and announcements made after the copy."
    )
    return [Task("bad", text % {"n": ", ".join(receipts) or "—", "f": feeds}, reverse("centre-import"), cure)]


def _queue_tasks(user: Any) -> list[Task]:
    """Say what does not open, and what was turned away at the door: of any day, and of none."""
    rows = InboxPacket.objects.visible_to(user).for_page()
    parked = rows.filter(state__in=WORKING, parked_at__isnull=False)
    cure = _("Open the packet, remove the cause and press “Try again”.")
    tasks = [Task("bad", _("Cannot be opened: %s") % row.title, link_of(row), cure) for row in parked[:SHOWN]]
    tasks += _rest(parked.count(), "bad", _("More that do not open: %d"), "open")
    refused = rows.filter(state=InboxState.REJECTED, uid__isnull=True).count()
    if refused:
        text = _("Files turned away: %d") % refused
        link = reverse("centre-inbox") + "?state=rejected"
        tasks.append(
            Task("warn", text, link, _("Look at the reasons: these files are foreign, damaged or superfluous."))
        )
    return tasks


def _reopened_tasks(boards: list[board.SittingBoard]) -> list[Task]:
    """Say what points have opened again after their statuses: they cure it, the centre waits."""
    tasks = []
    for each in boards:
        if rows := each.at_point:
            text = "; ".join(dict.fromkeys(row.text for row in rows[:FEW])) + (" …" if len(rows) > FEW else "")
            link = reverse("centre-status", kwargs={"key": each.sitting.key})
            tasks.append(Task("warn", f"{each.sitting.point}: {text}", link, rows[0].cure))
    return tasks


def _matter_tasks(boards: list[board.SittingBoard]) -> list[Task]:
    """Say what is open about packets, as the evaluation of their exams has it."""
    by_code: dict[str, list[Matter]] = defaultdict(list)
    for each in boards:
        for matter in each.open:
            by_code[matter.code].append(matter)
    rejected = by_code.pop("packet_rejected", [])
    cure = _("The exam point has the refusal with its reasons and will form a new version; if none comes, call.")
    tasks = [
        Task("bad", _("Rejected, no new version: %s") % matter.packet.title, link_of(matter.packet), cure)
        for matter in rejected[:SHOWN]
    ]
    tasks += _rest(len(rejected), "bad", _("More rejected without a new version: %d"), "rejected")
    named = [matter for code in NAMED for matter in by_code.pop(code, [])]
    points = {each.sitting.pk: each.sitting.point for each in boards}
    for matter in named[:SHOWN]:
        where = _("room %s") % matter.room + ": " if matter.room else ""
        text = f"{points[matter.packet.sitting_id or 0]}: {where}{matter.text}"
        tasks.append(Task("bad", text, link_of(matter.packet), matter.cure))
    tasks += _rest(len(named), "bad", _("More findings behind which may be a lost sheet: %d"), "findings")
    awaited = by_code.pop("rescan_awaited", [])
    for code in ("packet_checked", "packet_stuck"):  # the one needs nobody, the other stands in the queue
        by_code.pop(code, None)
    if findings := sum(map(len, by_code.values())):
        text = _("Remarks about contents: %d") % findings
        link = reverse("centre-inbox") + "?state=findings"
        tasks.append(
            Task("warn", text, link, _("Decide whether a rescan is needed; mark as settled what was found out."))
        )
    tasks += [
        Task("info", f"{matter.packet.title}: {matter.text}", link_of(matter.packet), matter.cure)
        for matter in awaited[:SHOWN]
    ]
    return tasks + _rest(len(awaited), "info", _("More rescans awaited: %d"), "rescan")


def _late_tasks(boards: list[board.SittingBoard]) -> list[Task]:
    packets = [
        Task(
            "bad",
            _("%(point)s: packets have not come: %(rooms)s") % {"point": each.sitting.point, "rooms": ", ".join(late)},
            reverse("centre-status", kwargs={"key": each.sitting.key}),
            _("Call the head of the exam point."),
        )
        for each in boards
        if (late := [cell.label for cell in each.cells if cell.late])
    ]
    return packets + [
        Task(
            "bad",
            _("%(point)s: the status %(status)s was not declared by %(time)s")
            % {"point": each.sitting.point, "status": status.label, "time": f"{status.deadline:%H:%M}"},
            reverse("centre-status", kwargs={"key": each.sitting.key}),
            _("Call the head of the exam point."),
        )
        for each in boards
        for status in each.statuses
        if status.late
    ]


def _rest(count: int, tone: str, words: str, state: str) -> list[Task]:
    """Return the line that leads to what a list of tasks does not show."""
    if count <= SHOWN:
        return []
    link = reverse("centre-inbox") + f"?state={state}"
    return [Task(tone, words % (count - SHOWN), link, _("Open the list of arrived packets: all of them are there."))]


def _desk_tasks(user: Any) -> list[Task]:
    if not rules.allowed(user, "rcoi.requests"):
        return []
    pending = SigningRequest.objects.filter(state=RequestState.PENDING).count()
    if not pending:
        return []
    text = _("Certificate requests waiting for a decision: %d") % pending
    return [Task("warn", text, reverse("centre-requests"), _("Compare the key fingerprints and sign."))]


def link_of(packet: InboxPacket) -> str:
    """Return the address of a packet's page."""
    return reverse("centre-packet", kwargs={"uid": packet.uid or packet.sha256})
