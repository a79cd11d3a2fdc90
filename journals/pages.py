"""The page of one journal, the files as received, and the forms of this room on “Monitoring”."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import files
from common.errors import language
from common.web.pages import forms_on, page, render, row_number
from journals import acts, elsewhere, flash, forms, intake, verdict_list
from journals.models import Act, Journal
from keys.models import Certificate
from keys.pin import token_from
from stations import rules
from stations.lookup import sitting_for
from stations.models import Sitting, StationAssignment
from stations.replacement import ReplacementRefusedError, replace_station, replacement_named
from wire import canonical
from wire.errors import PpeError
from wire.journal.events import EVENTS
from wire.messages import Message

SHOWN = 500
DECIDABLE = (Journal.State.QUARANTINED, Journal.State.REFUSED)
_COLOURS = {
    Journal.State.ACCEPTED: "ok",
    Journal.State.QUARANTINED: "warn",
    Journal.State.REFUSED: "bad",
    Journal.State.SUPERSEDED: "idle",
    Journal.State.RECEIVED: "idle",
}


def _journal(request: HttpRequest, pk: int) -> Journal:
    rows = Journal.objects.visible_to(request.user).select_related(
        "point__region", "sitting__subject", "station", "room", "superseded_by"
    )
    return get_object_or_404(rows, pk=pk)


@page("journals/<int:pk>/", name="journal", node="hq")
def journal_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a journal: whose it is, what is odd about it, its entries."""
    row = _journal(request, pk)
    problem = ""
    entries: list[dict[str, object]] = []
    try:
        entries = [_entry(each) for each in forms.read_lines(row).entries[:SHOWN]]
    except PpeError as refusal:
        problem = refusal.text(language())
    context = {
        "journal": row,
        "colour": _COLOURS[Journal.State(row.state)],
        "entries": entries,
        "problem": problem,
        "more": max(0, row.entry_count - SHOWN),
        "doubts": [*map(_warning, row.doubts), *({"text": str(each)} for each in elsewhere.of_journal(row))],
        "clock": _clock(row.skew_seconds),
        "decide": row.state in DECIDABLE and rules.allowed(request.user, "journals.decide", row.sitting or row.point),
        "posts": _posts(row),
        "signer": _signer(row),
        "sets": row.sets.prefetch_related("sheets"),
        "answers": row.answers.all(),
    }
    return render(request, "journals/journal.html", context, title=row.name)


def _clock(skew: float | None) -> str:
    """Return how the station's clock goes: ``12 s fast``, ``3600 s slow``, ``right``."""
    seconds = round(skew or 0)
    if not seconds:
        return _("right")
    return (_("%d s ahead") if seconds > 0 else _("%d s behind")) % abs(seconds)


def _posts(row: Journal) -> list[StationAssignment]:
    posts = StationAssignment.objects.filter(sitting=row.sitting, station__kind=row.kind).select_related(
        "station", "room"
    )
    return list(posts.order_by("station__number", "room__number"))


def _signer(row: Journal) -> str:
    """Return the signer as people call it."""
    known = Certificate.objects.filter(fingerprint=row.signer_fingerprint).select_related("station").first()
    return "" if known is None else str(known.station or known.common_name)


def _decided(request: HttpRequest, pk: int) -> Journal:
    row = _journal(request, pk)
    rules.require(request.user, "journals.decide", row.sitting or row.point)
    return row


@journal_page.post("accept")
def accept(request: HttpRequest, pk: int) -> str:
    """Accept the journal for a reason, and say whose it is when the registry does not know."""
    row = _decided(request, pk)
    chosen = request.POST.get("post", "")
    post = next((each for each in _posts(row) if str(each.pk) == chosen), None)
    intake.accept(journal=row, reason=request.POST.get("reason", ""), actor=actor_of(request), post=post)
    return _("Journal accepted: %s.") % row


@journal_page.post("refuse")
def refuse(request: HttpRequest, pk: int) -> str:
    """Refuse the journal for a reason."""
    row = _decided(request, pk)
    intake.refuse(journal=row, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Journal rejected: %s.") % row


@journal_page.post("recheck")
def recheck(request: HttpRequest, pk: int) -> str:
    """Judge the journal again by what the registry says now."""
    row = _decided(request, pk)
    if intake.recheck(journal=row, actor=actor_of(request)):
        return _("Journal accepted: %s.") % row
    return _("Checked: the remarks stand, a decision is needed.")


def _entry(entry: object) -> dict[str, object]:
    event = getattr(entry, "event", "")
    known = EVENTS.get(event)
    data = {name: value for name, value in getattr(entry, "data", {}).items() if name not in ("p7m", "recipients")}
    return {
        "seq": getattr(entry, "seq", 0),
        "at": getattr(entry, "at", None),
        "person": getattr(entry, "person", ""),
        "words": str(known.message) if known else event,
        "failed": getattr(entry, "disposition", "") == "failure",
        "data": canonical.dumps(data).decode()[1:-1][:400] if data else "",
    }


def _warning(said: dict[str, object]) -> dict[str, object]:
    return {"text": said.get(language()) or said.get("ru", ""), "blocks": bool(said.get("blocks"))}


@page("journals/<int:pk>/file/", name="journal-file", node="hq")
def journal_file(request: HttpRequest, pk: int) -> FileResponse:
    """Return a journal as received, under its official name."""
    row = _journal(request, pk)
    return _file(row.path, row.name)


def _file(path: str, name: str) -> FileResponse:
    try:
        content = files.inside(path).open("rb")
    except OSError:
        raise Http404(name) from None
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/octet-stream")


@page("acts/<int:pk>/file/", name="act-file", node="hq")
def act_file(request: HttpRequest, pk: int) -> FileResponse:
    """Return an act as signed."""
    row = get_object_or_404(Act.objects.visible_to(request.user), pk=pk)
    return _file(row.path, row.name)


@page("acts/<int:pk>/photo/", name="act-photo", node="hq")
def act_photo(request: HttpRequest, pk: int) -> FileResponse:
    """Return the photo that belongs to an act."""
    row = get_object_or_404(Act.objects.visible_to(request.user).exclude(photo=""), pk=pk)
    return _file(row.photo, row.name.removesuffix(".p7m") + acts.photo_suffix(row))


#: The forms of this room on the page “Monitoring”, which shows what they change.
_monitoring = forms_on("monitoring")


@_monitoring.post("journals")
def take_journals(request: HttpRequest, key: str) -> str:
    """Take in the files that were dropped on the page; each gets its verdict."""
    sitting = sitting_for(request, key, "journals.take_in")
    return verdict_list.take_uploads(request, sitting)


@_monitoring.post("flash")
def take_flash(request: HttpRequest, key: str) -> str:
    """Take in every journal of a folder of a flash drive."""
    sitting = sitting_for(request, key, "journals.take_in")
    verdicts = flash.take_folder(folder=request.POST.get("folder", ""), actor=actor_of(request), point=sitting.point)
    return verdict_list.keep(request, sitting, verdicts)


@_monitoring.post("accept", numbered=True)
def accept_on_monitoring(request: HttpRequest, key: str, number: str) -> str:
    """Accept a doubtful journal for a reason."""
    sitting = sitting_for(request, key, "journals.decide")
    journal = _journal_of(request, sitting, number)
    intake.accept(journal=journal, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Journal accepted: %s.") % journal


@_monitoring.post("rename", numbered=True)
def rename_on_monitoring(request: HttpRequest, key: str, number: str) -> str:
    """Accept under its right name a journal that has only a wrong one."""
    sitting = sitting_for(request, key, "journals.decide")
    journal = _journal_of(request, sitting, number)
    intake.accept_named(journal=journal, actor=actor_of(request))
    return _("The journal is accepted under its right name: %s.") % journal


@_monitoring.post("refuse", numbered=True)
def refuse_on_monitoring(request: HttpRequest, key: str, number: str) -> str:
    """Refuse a doubtful journal for a reason; its file stays as evidence."""
    sitting = sitting_for(request, key, "journals.decide")
    journal = _journal_of(request, sitting, number)
    intake.refuse(journal=journal, reason=request.POST.get("reason", ""), actor=actor_of(request))
    return _("Journal rejected: %s.") % journal


@_monitoring.post("act", numbered=True)
def sign_act(request: HttpRequest, key: str, number: str) -> str:
    """Sign an act instead of a journal that cannot be had."""
    sitting = sitting_for(request, key, "journals.act")
    post = get_object_or_404(StationAssignment, sitting=sitting, pk=row_number(number))
    token = token_from(request, sitting.point)
    said, photo = request.POST, request.FILES.get("photo")
    made = acts.make(
        sitting=sitting,
        kind="journal_missing",
        post=post,
        reason=said.get("reason", ""),
        text=said.get("text", ""),
        photo=photo.read(acts.MAX_PHOTO + 1) if photo else None,
        token=token,
        actor=actor_of(request),
    )
    return _("Act signed: %s.") % made


@_monitoring.post("replace")
def replace(request: HttpRequest, key: str) -> str:
    """Put a station in the place of another."""
    sitting = sitting_for(request, key, "stations.replace")
    post = replacement_named(sitting, request.POST)
    if post is None:
        raise ReplacementRefusedError(Message("Choose both stations and the room."))
    old, new, room = post
    replace_station(sitting=sitting, old=old, new=new, room=room, actor=actor_of(request))
    # A journal that named a room nobody expected its station in may be sound now.
    intake.recheck_all(sitting=sitting, actor=actor_of(request))
    return _("%(old)s is replaced: %(new)s goes on. Journals are needed of both.") % {"old": old, "new": new}


def _journal_of(request: HttpRequest, sitting: Sitting, number: str) -> Journal:
    rows = Journal.objects.visible_to(request.user).filter(point=sitting.point)
    return get_object_or_404(rows, pk=row_number(number))
