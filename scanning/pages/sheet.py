"""One sheet on the whole screen: why it waits, its picture with the place marked, what to do, the legal buttons."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.web.pages import page, render, row_number
from scanning import board, cards, steps, undo
from scanning.models import RoomCard
from scanning.pages.finding import card_of
from scanning.pages.room import decided
from stations import rules


@page("scanning/<sitting:key>/<str:room>/sheets/<int:pk>/", name="scanning-stage", node="hq")
def stage(request: HttpRequest, key: str, room: str, pk: int) -> HttpResponse:
    """Show a sheet, the doubtful one before and the one after it."""
    card = card_of(request, key, room)
    context = _context(request, card, pk)
    return render(request, "scanning/stage.html", context, title=f"{card} · {context['row'].sheet}")


def _context(request: HttpRequest, card: RoomCard, pk: int) -> dict[str, Any]:
    rows = board.sheets_of(card)
    problems = board.problem_rows(rows, board.lacking_sheets(card)) if not card.closed else []
    row = next((each for each in problems if each.sheet.pk == pk), None)
    place = problems.index(row) if row else -1
    if row is None:
        sheet = next((each for each in rows if each.pk == pk), None)
        if sheet is None:
            raise Http404(str(pk))
        row = board.calm_row(sheet)
    keys = [each.sheet.pk for each in problems] if place >= 0 else [each.pk for each in rows]
    here = keys.index(pk)
    return {
        "sitting": card.sitting,
        "card": card,
        "row": row,
        "problem": place >= 0,
        "place": here + 1,
        "count": len(keys),
        "before": keys[here - 1] if here else None,
        "problems": len(problems),
        "after": keys[here + 1] if here + 1 < len(keys) else None,
        "last_step": steps.last_decision(card),
        "open_rooms": cards.listed(card.sitting).exclude(pk=card.pk).order_by("room__number"),
        "may_edit": rules.allowed(request.user, "scanning.edit", card.sitting) and card.editable,
    }


@stage.post("decide", numbered=True)
def decide(request: HttpRequest, key: str, room: str, pk: int, number: str) -> HttpResponse:
    """Decide about the sheet, or about its double beside it, and go to the next that waits."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    before = [each.sheet.pk for each in board.problem_rows(board.sheets_of(card))]
    messages.success(request, decided(request, card, number))
    left = [each.sheet.pk for each in board.problem_rows(board.sheets_of(card_of(request, key, room)))]
    if not left:
        messages.success(request, _("Every sheet is decided about."))
        return redirect("scanning-room", key=key, room=room)
    # The one after it in the order the person saw; from the first again when that was the last.
    later = before[before.index(pk) + 1 :] if pk in before else []
    return redirect("scanning-stage", key=key, room=room, pk=next((each for each in later if each in left), left[0]))


@stage.post("undo")
def take_back(request: HttpRequest, key: str, room: str, pk: int) -> HttpResponse:
    """Take back the last decision of the room and show the sheet it was about."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    step = undo.undo(card=card, step=row_number(request.POST.get("step", "")), actor=actor_of(request))
    messages.success(request, _("Taken back: %(step)s.") % {"step": step})
    about = [int(each) for each in step.before.get("sheet", {})]
    known = card.sheets.filter(pk__in=about).values_list("pk", flat=True).first()
    return redirect("scanning-stage", key=key, room=room, pk=known or pk)
