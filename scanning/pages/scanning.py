"""“Scanning station”: the rooms of a sitting and how far each has come."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.forms import form_on
from common.web.pages import page, render
from journals.forms import unopenable, why_sealed
from journals.models import Act, Journal
from keys import access
from keys.pin import open_typed
from scanning import board, cards, live, preparation, scan_journal
from scanning.expected_forms import ExpectedForms, digest, read_expected_forms
from scanning.pages.forms import LostSetsForm, sitting_to
from stations import rules
from stations.lookup import open_sitting, sitting_or_404
from stations.models import Sitting


@page("scanning/<sitting:key>/", name="scanning", node="hq")
def desk(request: HttpRequest, key: str) -> HttpResponse:
    """Show the rooms of a sitting."""
    sitting = open_sitting(request, key)
    rows = board.room_rows(cards.ensure_cards(sitting))
    closed = sum(row.card.closed for row in rows)
    progress = live.progress(sitting=sitting)
    context = {
        "mark": _version_tag(sitting, rows),
        "sitting": sitting,
        "rows": rows,
        "closed": closed,
        "total": len(rows),
        "sheets": sum(row.sheets for row in rows),
        "waiting": sum(row.problems + row.differences for row in rows),
        "progress": progress,
        "register": (register := read_expected_forms(sitting)),
        **_lost(request, sitting, register),
        "why_sealed": why_sealed(sitting) if register.sealed_rooms else "",
        "unopenable": unopenable(sitting) if register.sealed_rooms else None,
        "access_key": access.active(sitting),
        "may_end": rules.allowed(request.user, "scanning.end", sitting),
        "entries": sitting.scan_entries.count(),
        "station": scan_journal.station_number(),
        **desk.added(sitting),
        "ended": scan_journal.ended(sitting),
        "formed": sitting.scan_entries.filter(event="journal_closed").exists(),
    }
    template = "scanning/_rooms.html" if request.GET.get("part") == "live" else "scanning/desk.html"
    return render(request, template, context, title=_("Scanning station"))


def _lost(request: HttpRequest, sitting: Sitting, register: ExpectedForms) -> dict[str, Any]:
    """The sets of preparation rooms that lie nowhere; an act about them once every voice journal has spoken."""
    lost = preparation.lost_of(sitting, register)
    heard = register.preparation is not None and not register.voices_awaited
    may = bool(lost) and heard and rules.allowed(request.user, "scanning.act", sitting)
    return {
        "lost": lost,
        "heard": heard,
        "lost_form": form_on(request, LostSetsForm, about=sitting) if may else None,
    }


@desk.post(LostSetsForm, about=sitting_to("scanning.act"))
def lost_sets(request: HttpRequest, form: LostSetsForm) -> str:
    """Sign an act about sets whose forms cannot be had."""
    said, sitting = form.cleaned_data, form.about
    token = open_typed(request, token=said["token"], pin=said["pin"], point=sitting.point)
    made = preparation.make_act(
        sitting=sitting,
        numbers=said["sets"],
        reason=said["reason"],
        text=said["text"],
        token=token,
        actor=actor_of(request),
    )
    return _("Act signed: %s.") % made


@page("scanning/<sitting:key>/pulse.json", name="scanning-pulse", node="hq")
def pulse(request: HttpRequest, key: str) -> HttpResponse:
    """Answer what the page of the rooms asks every two seconds."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    progress = live.progress(sitting=sitting)
    rows = board.room_rows(list(cards.listed(sitting)))
    return JsonResponse(
        {
            "mark": _version_tag(sitting, rows),
            "unread": progress.unread,
            "share": progress.share,
            "words": progress.words,
            "busy": bool(progress.unread),
        }
    )


def _version_tag(sitting: Sitting, rows: list[board.RoomRow]) -> str:
    """What changes when the table of the rooms has to be drawn again: the tag of what it and its notes show."""
    shown = sorted(
        [row.card.room.number, row.card.state, row.sheets, row.unread, row.problems, row.differences, row.note]
        for row in rows
    )
    columns = ("pk", "state", "room_id", "station_id", "forms_opened_at", "forms_problem")
    journals = Journal.objects.filter(sitting=sitting).order_by("pk").values_list(*columns)
    active = access.active(sitting)
    acts = Act.objects.filter(sitting=sitting).order_by("pk")
    return digest(
        [
            shown,
            [[*row, problem.ru] for *row, problem in journals],
            active.pk if active else 0,
            list(acts.values_list("pk", flat=True)),
        ]
    )
