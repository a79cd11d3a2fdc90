"""Background work of the desk, and what is due."""

from django.db.models import QuerySet

from common.work import jobs
from scanning import folders, passes, watch
from scanning import recognise as reading
from scanning import recordings as listening
from scanning.models import Recording, ScanJob, Source
from scanning.states import BatchState, RecordingState, SourceState


@jobs.job("scanning.recognise", cluster="heavy")
def recognise(pk: int) -> None:
    """Read the sheets of a file."""
    reading.recognise(pk)


@jobs.scheduled("scanning.recognise")
def unread_sources() -> "QuerySet[Source]":
    """Return the files with unread sheets."""
    return Source.objects.filter(state=SourceState.RECEIVED, batch__state=BatchState.OPEN)


@jobs.job("scanning.listen", cluster="heavy")
def listen(pk: int) -> None:
    """Decode a recording."""
    listening.listen(pk)


@jobs.scheduled("scanning.listen")
def unread_recordings() -> "QuerySet[Recording]":
    """Return the recordings nobody has decoded yet."""
    return Recording.objects.filter(state=RecordingState.RECEIVED)


@jobs.job("scanning.scan", cluster="heavy")
def scan(pk: int) -> None:
    """Work a pass of the scanner."""
    passes.run(pk)


@jobs.scheduled("scanning.scan")
def waiting_passes() -> "QuerySet[ScanJob]":
    """Return the passes that wait, or whose worker died."""
    return passes.due()


@jobs.periodic_task("scanning.watch_folders", every=2)
def watch_folders() -> None:
    """Take in what the scanners' own software has put into the watched folders."""
    folders.look_at_all()


@jobs.periodic_task("scanning.watch_journals", every=5)
def watch_journals() -> None:
    """Compare the open rooms again when the journals say something new."""
    watch.watch_journals()
