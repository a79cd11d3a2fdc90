"""The forms of a room's page that bring sheets in: files, the scanner, a watched folder; and the batches they make."""

from collections.abc import Callable

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from audit.log import actor_of
from common import errors as refusals
from common.web.pages import page, row_number
from scanning import batches, cards, folders, passes, recordings, scanner, sources
from scanning.models import Batch, RoomCard, ScanJob, WatchedFolder
from scanning.pages.finding import card_of
from scanning.pages.room import room_page
from stations import rules
from stations.lookup import sitting_or_404
from wire.errors import PpeError
from wire.messages import Message


class NothingChosenError(PpeError):
    """The form came without a file."""

    code = "nothing_chosen"


def _editable(request: HttpRequest, key: str, room: str) -> RoomCard:
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    cards.require_editable(card)
    return card


@room_page.post("upload")
def upload(request: HttpRequest, key: str, room: str) -> str | None:
    """Take in files with sheets, each with its own verdict."""
    card = _editable(request, key, room)
    actor = actor_of(request)
    batch: Batch | None = None

    def take(file: UploadedFile) -> str:
        # The first file that is taken begins the batch: files that are all refused leave no empty one behind.
        nonlocal batch
        taken = sources.ingest(card=card, name=str(file.name), content=file, door="browser", actor=actor, batch=batch)
        batch = taken.source.batch
        return taken.line

    return _each_file(request, take)


@room_page.post("recordings")
def upload_recordings(request: HttpRequest, key: str, room: str) -> str | None:
    """Take in recorded answers, each with its own verdict."""
    card = _editable(request, key, room)
    actor = actor_of(request)

    def take(file: UploadedFile) -> str:
        return recordings.ingest(card=card, name=str(file.name), content=file, actor=actor)[1]

    return _each_file(request, take)


def _each_file(request: HttpRequest, take: Callable[[UploadedFile], str]) -> str | None:
    """Take every file of a form; one bad file never stops the others."""
    chosen = request.FILES.getlist("files")
    if not chosen:
        raise NothingChosenError(Message("Choose the files."))
    lines = []
    for file in chosen:
        try:
            lines.append(take(file))
        except PpeError as refusal:
            refusals.tell(refusal, request)
            messages.error(request, f"{file.name}: {refusals.words(refusal)}", extra_tags=f"code-{refusal.code}")
    if not lines:
        return None
    shown = "\n".join(lines[:20])
    more = "\n" + _("… and %(count)s more files") % {"count": len(lines) - 20} if len(lines) > 20 else ""
    return _("Files taken in: %(count)s.") % {"count": len(lines)} + "\n" + shown + more


@room_page.post("batch")
def begin_batch(request: HttpRequest, key: str, room: str) -> HttpResponse:
    """Begin the batch of the files that the page is about to send one by one."""
    card = _editable(request, key, room)
    batch = sources.new_batch(card=card, door="browser", actor=actor_of(request))
    return JsonResponse({"batch": batch.number})


@room_page.post("scan")
def scan(request: HttpRequest, key: str, room: str) -> str:
    """Begin a pass of the scanner."""
    card = _editable(request, key, room)
    said = request.POST
    passes.begin(card=card, preset=said.get("preset", ""), device=said.get("device", "")[:200], actor=actor_of(request))
    return _("Scanning has begun: %(room)s.") % {"room": card}


@room_page.post("stop-scan", numbered=True)
def stop_scan(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Stop a pass of the scanner."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    job = ScanJob.objects.filter(card=card, pk=row_number(number)).first()
    if job is None:
        raise Http404(number)
    passes.stop(job=job, actor=actor_of(request))
    return _("Scanning was stopped; the sheets taken stay.")


@page("scanning/<sitting:key>/scanners.json", name="scanning-scanners", node="hq")
def scanners(request: HttpRequest, key: str) -> HttpResponse:
    """Look for scanners; it may take half a minute when one of them is on the network."""
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    rules.require(request.user, "scanning.edit", sitting)
    try:
        found = scanner.devices()
    except PpeError as refusal:
        return JsonResponse({"devices": [], "said": refusals.words(refusal)})
    return JsonResponse({"devices": [{"name": each.name, "label": each.label} for each in found], "said": ""})


@room_page.post("watch")
def watch(request: HttpRequest, key: str, room: str) -> str:
    """Watch a folder of the scanner's own software for this room."""
    card = _editable(request, key, room)
    folder = folders.begin(card=card, path=request.POST.get("path", ""), actor=actor_of(request))
    return _("The folder is watched: %(path)s. New files go to %(room)s.") % {"path": folder.path, "room": card}


@room_page.post("unwatch", numbered=True)
def unwatch(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Stop watching a folder."""
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    folder = WatchedFolder.objects.filter(card=card, pk=row_number(number)).first()
    if folder is None:
        raise Http404(number)
    folders.end(folder=folder, actor=actor_of(request))
    return _("The folder is not watched any more: %(path)s.") % {"path": folder.path}


def _batch(request: HttpRequest, key: str, room: str, number: str) -> Batch:
    card = card_of(request, key, room)
    rules.require(request.user, "scanning.edit", card.sitting)
    batch = card.batches.filter(number=row_number(number)).first()
    if batch is None:
        raise Http404(number)
    batch.card = card
    return batch


@room_page.post("pause-batch", numbered=True)
def pause_batch(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Pause the reading of a batch."""
    batch = batches.pause(batch=_batch(request, key, room, number), actor=actor_of(request))
    return _("Batch %(number)s is paused.") % {"number": batch.number}


@room_page.post("go-on-batch", numbered=True)
def go_on_batch(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Go on with a paused batch."""
    batch = batches.go_on(batch=_batch(request, key, room, number), actor=actor_of(request))
    return _("Batch %(number)s is read on.") % {"number": batch.number}


@room_page.post("delete-batch", numbered=True)
def delete_batch(request: HttpRequest, key: str, room: str, number: str) -> str:
    """Take a batch out of the room."""
    gone = batches.delete(batch=_batch(request, key, room, number), actor=actor_of(request))
    return _("Batch %(number)s was deleted: %(sheets)s sheets. This can be undone.") % {
        "number": gone.batch.number,
        "sheets": gone.sheets,
    }
