"""«Станция сканирования»: the desk with its rooms, and the page of a room."""

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import files, refusals
from common.pages import page, render, row_number
from keys import access
from keys.pin import token_from
from keys.tokens import list_tokens
from scanning import board, cards, pictures, recordings, scan_journal, sheets, sources
from scanning.equation import equation
from scanning.models import Batch, Recording, RoomCard, Sheet
from scanning.register import read_register
from scanning.states import CardState
from stations import rules
from stations.lookup import open_sitting, sitting_or_404
from stations.scope import ScopedQuerySet
from wire.refusals import Refusal

M = TypeVar("M", Sheet, Recording)
_MEDIA = {".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".flac": "audio/flac"}


class NothingChosen(Refusal):
    """The form came without a file."""

    code = "nothing_chosen"


def _card(request: HttpRequest, key: str, room: str) -> RoomCard:
    sitting = open_sitting(request, key)
    for card in cards.ensure_cards(sitting):
        if card.room.number == room:
            return card
    raise Http404(room)


@page("scanning/<sitting:key>/", name="scanning", node="hq")
def desk(request: HttpRequest, key: str) -> HttpResponse:
    """Show the rooms of a sitting."""
    sitting = open_sitting(request, key)
    rows = board.room_rows(cards.ensure_cards(sitting))
    closed = sum(row.card.closed for row in rows)
    context = {
        "sitting": sitting, "rows": rows, "closed": closed, "total": len(rows),
        "register": read_register(sitting), "access_key": access.active(sitting),
        "may_end": rules.allowed(request.user, "scanning.end", sitting),
        "entries": sitting.scan_entries.count(), "station": scan_journal.station_number(),
        "ended": sitting.scan_entries.filter(event="journal_closed").exists(),
    }  # fmt: skip
    return render(request, "scanning/desk.html", context, title=_("Станция сканирования"))


@desk.post("end-scan")
def end_scan(request: HttpRequest, key: str) -> str:
    """Form the scan journal of this station."""
    sitting = open_sitting(request, key)
    rules.require(request.user, "scanning.end", sitting)
    path = scan_journal.form_end_scan(sitting=sitting, actor=actor_of(request))
    return _("Журнал сканирования сформирован и принят: %(name)s.") % {"name": path.name}


@page("scanning/<sitting:key>/<str:room>/", name="scanning-room", node="hq", max_body=4 << 30)
def room_page(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Show one room: balance, problems first, card, uploads, closing."""
    card = _card(request, key, room)
    register = read_register(card.sitting)
    rows = board.sheets_of(card)
    balance = board.live_balance(card, register)
    may_edit = rules.allowed(request.user, "scanning.edit", card.sitting)
    open_rows = card.discrepancies.filter(resolved_at__isnull=True)
    context = {
        "sitting": card.sitting, "card": card, "chip": board.CHIPS[CardState(card.state)], "balance": balance,
        "equation": equation(asdict(balance), refusals.language()),
        "rooms": board.room_rows(cards.ensure_cards(card.sitting)), "sheets": rows,
        "problems": board.problem_rows(rows) if not card.closed else [],
        "missing": [row for row in open_rows if row.kind == "missing"],
        "unlisted": [row for row in open_rows if row.severity == "warning"],
        "recordings": board.recording_rows(card), "values": cards.prefill(card, register),
        "voice": card.sitting.rooms.filter(room=card.room, voice=True).exists(), "tokens": list_tokens(),
        "may_edit": may_edit and card.editable,
        "may_close": rules.allowed(request.user, "scanning.close", card.sitting) and card.editable,
        "may_act": rules.allowed(request.user, "scanning.act", card.sitting) and card.editable and balance.actable,
    }  # fmt: skip
    return render(request, "scanning/room.html", context, title=str(card))


@room_page.post("card")
def save_card(request: HttpRequest, key: str, room: str) -> str:
    """Save the counts of the room."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    version = request.POST.get("version", "")
    saved = cards.save_card(
        card=card, counts=cards.read_counts(card, request.POST.dict()),
        # A card that nobody saved has version 0; whatever is no number is no version.
        version=row_number(version) if row_number(version) or version == "0" else -1, actor=actor_of(request),
    )  # fmt: skip
    return _("Карточка сохранена (версия %(version)s).") % {"version": saved.version}


@room_page.post("upload")
def upload(request: HttpRequest, key: str, room: str) -> str | None:
    """Take in files with sheets, each with its own verdict."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    cards.require_editable(card)
    actor = actor_of(request)
    batch: Batch | None = None

    def take(file: UploadedFile) -> str:
        # The first file that is taken begins the batch: files that are all refused leave no empty one behind.
        nonlocal batch
        taken = sources.take_in(card=card, name=str(file.name), content=file, door="browser", actor=actor, batch=batch)
        batch = taken.source.batch
        return taken.line

    return _each_file(request, take)


@room_page.post("recordings")
def upload_recordings(request: HttpRequest, key: str, room: str) -> str | None:
    """Take in recorded answers, each with its own verdict."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    cards.require_editable(card)
    actor = actor_of(request)

    def take(file: UploadedFile) -> str:
        return recordings.take_in(card=card, name=str(file.name), content=file, actor=actor)[1]

    return _each_file(request, take)


def _each_file(request: HttpRequest, take: Callable[[UploadedFile], str]) -> str | None:
    """Take every file of a form; one bad file never stops the others."""
    chosen = request.FILES.getlist("files")
    if not chosen:
        raise NothingChosen("Выберите файлы.", "Choose the files.")
    lines = []
    for file in chosen:
        try:
            lines.append(take(file))
        except Refusal as refusal:
            refusals.tell(refusal, request)
            messages.error(request, f"{file.name}: {refusals.words(refusal)}", extra_tags=f"code-{refusal.code}")
    if not lines:
        return None
    shown = "\n".join(lines[:20])
    more = "\n" + _("… и ещё файлов: %(count)s") % {"count": len(lines) - 20} if len(lines) > 20 else ""
    return _("Принято файлов: %(count)s.") % {"count": len(lines)} + "\n" + shown + more


@room_page.post("decide", numbered=True)
def decide(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Decide about a sheet."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    said = request.POST
    sheet = card.sheets.filter(pk=row_number(number)).first()
    if sheet is None:
        raise Http404(number)
    decided = sheets.decide(
        sheet=sheet, action=said.get("action", ""), number=said.get("number", ""), reason=said.get("reason", ""),
        room=said.get("room", ""), actor=actor_of(request),
    )  # fmt: skip
    return _("Решение принято: лист %(sheet)s — %(state)s.") % {
        "sheet": decided, "state": decided.get_state_display().lower(),
    }  # fmt: skip


@room_page.post("decide-recording", numbered=True)
def decide_recording(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Decide about a recording."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    row = card.recordings.filter(pk=row_number(number)).first()
    if row is None:
        raise Http404(number)
    said = request.POST
    recordings.decide(
        recording=row, action=said.get("action", ""), reason=said.get("reason", ""), actor=actor_of(request)
    )
    return _("Решение по аудиофайлу %(name)s принято.") % {"name": row.name}


@room_page.post("close")
def close(request: HttpRequest, key: str, room: str) -> str:
    """Close the room at balance zero."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.close", card.sitting)
    cards.close(card=card, actor=actor_of(request))
    return _("%(room)s: закрыта, баланс сошёлся.") % {"room": card}


@room_page.post("close-act")
def close_with_act(request: HttpRequest, key: str, room: str) -> str:
    """Close the room with an act that the GEK member signs."""
    card = _card(request, key, room)
    rules.require(request.user, "scanning.act", card.sitting)
    token = token_from(request, card.sitting.point)
    cards.close_with_act(
        card=card, reason=request.POST.get("reason", ""), text=request.POST.get("text", ""), token=token,
        actor=token.actor(actor_of(request)),
    )  # fmt: skip
    return _("%(room)s: закрыта с актом.") % {"room": card}


@page("scanning/<sitting:key>/<str:room>/state.json", name="scanning-state", node="hq")
def state(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Answer the live state of a room."""
    card = _card(request, key, room)
    return JsonResponse(board.state_of(card, read_register(card.sitting)), json_dumps_params={"ensure_ascii": False})


@page("scanning/<sitting:key>/sheets/<int:pk>.png", name="scanning-sheet", node="hq")
def sheet_picture(request: HttpRequest, key: str, pk: int) -> HttpResponse:
    """Answer the picture of a sheet within the person's scope."""
    sheet = _scoped(request, key, Sheet.objects.all(), pk)
    etag = f'"{sheet.sha256[:32]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304)
    width = request.GET.get("w", "900")
    try:
        data = pictures.of_sheet(sheet, width=row_number(width) or 900)
    except Refusal as refusal:
        raise Http404(refusal.ru) from refusal
    return HttpResponse(
        data, content_type="image/png", headers={"ETag": etag, "Cache-Control": "private, max-age=3600"}
    )


@page("scanning/<sitting:key>/recordings/<int:pk>/", name="scanning-recording", node="hq")
def recording_sound(request: HttpRequest, key: str, pk: int) -> HttpResponseBase:
    """Answer a recording for the player of the page."""
    row = _scoped(request, key, Recording.objects.all(), pk)
    path = files.inside(row.path)
    if not path.exists():
        raise Http404(row.name)
    return FileResponse(path.open("rb"), content_type=_MEDIA.get(path.suffix, "audio/ogg"), filename=row.name)


def _scoped(request: HttpRequest, key: str, rows: ScopedQuerySet[M], pk: int) -> M:
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    row = rows.visible_to(request.user).filter(card__sitting=sitting, pk=pk).first()
    if row is None:
        raise Http404(str(pk))
    return row
