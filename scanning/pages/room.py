"""The page of a room: its balance, its sheets with the doubtful ones first, its card, its closing."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common.errors import language
from common.web.forms import form_on
from common.web.pages import page, render, row_number
from journals.forms import unopenable, why_sealed
from keys import access
from keys.pin import open_typed
from scanning import batches, board, cards, cross_check, folders, live, recordings, sheets, steps, undo
from scanning.expected_forms import read_expected_forms
from scanning.models import RoomCard, WatchedFolder
from scanning.pages.finding import card_of, known_card, sheet_of
from scanning.pages.forms import CardForm, ClosingActForm, card_to
from scanning.scanner import PRESETS
from scanning.states import CardState, FolderState
from scanning.tiles import tiles
from stations import rules
from stations.models import SittingRoom
from wire.room import equation

#: More pictures than this are drawn only when somebody asks for all.
THUMBS = 72


@page("scanning/<sitting:key>/<str:room>/", name="scanning-room", node="hq", files=("scanning.edit",), max_body=4 << 30)
def room_page(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Show one room; with ``?part=live`` only what changes under the eyes of whoever works in it."""
    card = card_of(request, key, room)
    if request.GET.get("part") == "live":
        return render(request, "scanning/parts.html", _live(request, card), title=str(card))
    return _whole(request, card)


def _whole(request: HttpRequest, card: RoomCard) -> HttpResponse:
    context = _live(request, card)
    may = context["may_edit"]
    context |= {
        "rooms": board.room_rows(cards.ensure_cards(card.sitting)),
        "card_form": form_on(
            request, CardForm, about=card, initial={**context["prefill"], "version": str(card.version)}
        ),
        "voice": card.sitting.rooms.filter(room=card.room, kind=SittingRoom.Kind.VOICE).exists(),
        "opinions": cross_check.cross_checks(card),
        "presets": PRESETS.values(),
        "folder_choices": folders.choices() if may else [],
    }
    return render(request, "scanning/room.html", context, title=str(card))


def _live(request: HttpRequest, card: RoomCard) -> dict[str, Any]:
    register = read_expected_forms(card.sitting)
    rows = board.sheets_of(card)
    balance = board.live_balance(card, register)
    problems = board.problem_rows(rows, board.lacking_sheets(card)) if not card.closed else []
    open_rows = list(card.discrepancies.filter(resolved_at__isnull=True))
    thumbs = board.thumbs(rows, problems)
    shown = thumbs if request.GET.get("all") else thumbs[:THUMBS]
    watched = WatchedFolder.objects.filter(card=card, state=FolderState.WATCHED)
    act_form = form_on(request, ClosingActForm, about=card)
    return {
        "sitting": card.sitting,
        "card": card,
        "chip": board.CHIPS[CardState(card.state)],
        "balance": balance,
        "why_sealed": why_sealed(card.sitting, card.room) if balance.sealed else "",
        "unopenable": unopenable(card.sitting, card.room) if balance.sealed else None,
        "access_key": access.active(card.sitting) if balance.sealed else None,
        "equation": equation(board.figures(balance)).render(language()),
        "tiles": tiles(balance, begun=card.state != CardState.WAITING),
        "progress": live.progress(card=card),
        "pulse": live.poll(card),
        "sheets": rows,
        "thumbs": shown,
        "more_thumbs": len(thumbs) - len(shown),
        "problems": problems,
        "empty_pages": sheets.empty_pages([row.sheet for row in problems]),
        "missing": [row for row in open_rows if row.kind == "missing"],
        "unlisted": [row for row in open_rows if row.severity == "warning"],
        "recordings": board.recording_rows(card),
        "prefill": cards.prefill(card, register),
        "prefilled_from": cards.prefilled_from(card, register),
        "batches": batches.rows(card),
        "last_step": steps.last_decision(card),
        "job": live.last_pass(card),
        "folders": [(each, folders.said(each)) for each in watched],
        "act_form": act_form,
        "open_rooms": cards.listed(card.sitting).exclude(pk=card.pk).order_by("room__number"),
        "may_edit": rules.allowed(request.user, "scanning.edit", card.sitting) and card.editable,
        "may_close": rules.allowed(request.user, "scanning.close", card.sitting) and card.editable,
        "may_reopen": rules.allowed(request.user, "scanning.close", card.sitting) and card.closed,
        # One that was not done is shown even where an act is no longer needed: what was typed is not taken away.
        "may_act": rules.allowed(request.user, "scanning.act", card.sitting)
        and card.editable
        and (balance.actable or bool(act_form.returned)),
    }


@room_page.post(CardForm, about=card_to("scanning.edit"))
def save_card(request: HttpRequest, form: CardForm) -> str:
    """Save the counts of the room; a card that is not whole comes back with its mistakes beside the fields."""
    version = form.cleaned_data["version"]
    saved = cards.save_card(
        card=form.about,
        counts=cards.read_counts(form.about, form.cleaned_data),
        # A card that nobody saved has version 0; whatever is no number is no version.
        version=row_number(version) if row_number(version) or version == "0" else -1,
        actor=actor_of(request),
    )
    return _("The card is saved (version %(version)s).") % {"version": saved.version}


@room_page.post("decide", numbered=True)
def decide(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Decide about a sheet."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    return decided(request, card, number)


def decided(request: HttpRequest, card: RoomCard, number: str) -> str:
    """Decide about a sheet as a form says; return the sentence about it."""
    said = request.POST
    sheet = sheets.decide(
        sheet=sheet_of(card, number),
        action=said.get("action", ""),
        number=said.get("number", ""),
        reason=said.get("reason", ""),
        room=said.get("room", ""),
        actor=actor_of(request),
    )
    return _("Decided: sheet %(sheet)s — %(state)s.") % {
        "sheet": sheet,
        "state": sheet.get_state_display().lower(),
    }


@room_page.post("discard-empty")
def discard_empty(request: HttpRequest, key: str, room: str) -> str:
    """Leave out every page that is empty and nothing else."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    count = sheets.discard_empty(card=card, actor=actor_of(request))
    return _("Empty pages left out: %(count)s.") % {"count": count}


@room_page.post("undo")
def take_back(request: HttpRequest, key: str, room: str) -> str:
    """Take back the last decision of the room."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    step = undo.undo(card=card, step=row_number(request.POST.get("step", "")), actor=actor_of(request))
    return _("Taken back: %(step)s.") % {"step": step}


@room_page.post("decide-recording", numbered=True)
def decide_recording(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Decide about a recording."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    row = card.recordings.filter(pk=row_number(number)).first()
    if row is None:
        raise Http404(number)
    said = request.POST
    recordings.decide(
        recording=row, action=said.get("action", ""), reason=said.get("reason", ""), actor=actor_of(request)
    )
    return _("Decided about recording %(name)s.") % {"name": row.name}


@room_page.post("close")
def close(request: HttpRequest, key: str, room: str) -> str:
    """Close the room at balance zero."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.close", card.sitting)
    cards.close(card=card, actor=actor_of(request))
    return _("%(room)s: closed, the balance is zero.") % {"room": card}


@room_page.post(ClosingActForm, about=card_to("scanning.act"))
def close_with_act(request: HttpRequest, form: ClosingActForm) -> str:
    """Close the room with an act that the GEK member signs."""
    said, card = form.cleaned_data, form.about
    token = open_typed(request, token=said["token"], pin=said["pin"], point=card.sitting.point)
    cards.close_with_act(
        card=card, reason=said["reason"], text=said["text"], token=token, actor=token.actor(actor_of(request))
    )
    return _("%(room)s: closed with an act.") % {"room": card}


@room_page.post("reopen")
def reopen(request: HttpRequest, key: str, room: str) -> str:
    """Open again a room that was closed by mistake, for a reason in words."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.close", card.sitting)
    cards.reopen_by_hand(card=card, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("%(room)s: open again. Close it when it is mended; its packet is built anew.") % {"room": card}


@page("scanning/<sitting:key>/<str:room>/state.json", name="scanning-state", node="hq")
def state(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Answer the live state of a room."""
    card = card_of(request, key, room)
    return JsonResponse(
        board.state_of(card, read_expected_forms(card.sitting)), json_dumps_params={"ensure_ascii": False}
    )


@page("scanning/<sitting:key>/<str:room>/pulse.json", name="scanning-room-pulse", node="hq")
def pulse(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Answer what the page of a room asks every second."""
    return JsonResponse(live.poll(known_card(request, key, room)), json_dumps_params={"ensure_ascii": False})
