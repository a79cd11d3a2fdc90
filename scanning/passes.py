"""Passes of the scanner: begun and stopped in the page, worked in the background, every whole page taken in at once.

A pass never starts again by itself: whoever stands at the scanner knows which paper lies in it. When its worker dies,
the next one takes in the pages that were whole and ends the pass in words.
"""

import shutil
import time
from pathlib import Path

from django.db import transaction
from django.db.models import Q, QuerySet

from audit.log import SYSTEM, Actor, hold, record
from audit.moves import move
from common import files
from common.work import jobs, leases
from common.work.clock import now
from scanning import scanner, sources
from scanning.cards import lock, require_editable
from scanning.errors import (
    NotScanningError,
    PassBrokenOffError,
    PresetUnavailableError,
    ScannerBusyError,
    ScannerSilentError,
)
from scanning.models import Batch, RoomCard, ScanJob, Source
from scanning.reconcile import reconcile
from scanning.scanner import PRESETS, Pass
from scanning.states import CLOSED, BatchState, ScanState, SourceState
from wire.errors import PpeError
from wire.messages import NOTHING, Message

LEASE_SECONDS = 30
#: A feeder needs two seconds a sheet, an old flatbed half a minute.
SILENT_SECONDS = 150
#: Within which a driver that has said its last word closes its device.
FAREWELL_SECONDS = 5
RETRY_SECONDS = 20
_LOOK = 0.2
_RUNNING = (ScanState.WAITING, ScanState.SCANNING)


def running() -> list[ScanJob]:
    """Return the passes of this node that are still to end."""
    return list(ScanJob.objects.filter(state__in=_RUNNING).select_related("card__room"))


def begin(*, card: RoomCard, preset: str, device: str, actor: Actor) -> ScanJob:
    """Ask for a pass of the scanner into a room.

    Args:
        card: The room.
        preset: A code of `scanner.PRESETS`.
        device: A name as SANE lists it; the first scanner found when empty.
        actor: Who stands at the scanner.

    Raises:
        CardIsClosedError: The room is closed.
        PresetUnavailableError: There is no such preset.
        ScannerBusyError: A pass is running already.
    """
    if preset not in PRESETS:
        raise PresetUnavailableError
    with transaction.atomic():
        card = lock(card)
        require_editable(card)
        for other in ScanJob.objects.select_for_update(of=("self",)).filter(state__in=_RUNNING):
            if not device or other.device in ("", device):
                raise ScannerBusyError(str(other.card))
        job = ScanJob.objects.create(
            card=card,
            batch=sources.new_batch(card=card, door="scanner", actor=actor),
            preset=preset,
            device=device[:200],
            made_by=actor.name[:200],
        )
        record("scanning.scan_asked", about=job, actor=actor, data={"preset": preset, "device": device[:200]})
        jobs.enqueue("scanning.scan", job.pk)
    return job


def stop(*, job: ScanJob, actor: Actor) -> ScanJob:
    """Stop a pass; the pages that came out whole stay.

    Raises:
        NotScanningError: It has ended already.
    """
    with transaction.atomic():
        hold(job)
        fresh = ScanJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if not fresh.running:
            raise NotScanningError
        begun = fresh.state == ScanState.SCANNING
        _end(fresh, ScanState.CANCELLED, NOTHING, actor)
        if begun:
            # Its worker takes in what is whole, and says when it is done.
            ScanJob.objects.filter(pk=fresh.pk).update(ended_at=None, woken_at=None)
        else:
            _drop_empty(fresh)
    return fresh


def due() -> QuerySet[ScanJob]:
    """Return the passes that somebody must work on or bring to their end."""
    stopped = Q(state=ScanState.CANCELLED, ended_at__isnull=True)
    return ScanJob.objects.filter(Q(state__in=_RUNNING) | stopped)


def _end(job: ScanJob, state: ScanState, said: Message, actor: Actor = SYSTEM) -> None:
    move(job, state, actor=actor, data={"job": job.pk}, ended_at=now(), said=said)


def folder_of(job: ScanJob) -> Path:
    """Return the folder into which the scanner writes the pages of a pass."""
    return files.folder("scanner", str(job.pk))


def run(pk: int) -> None:
    """Work a pass to its end; a pass that another worker had begun is only brought to its end."""
    job = leases.claim(due(), pk, seconds=LEASE_SECONDS)
    if job is None:
        return
    if job.state != ScanState.WAITING:
        _finish(job, PassBrokenOffError())
        return
    try:
        device = scanner.choose(job.device)
        _start(job, device.name)
        scan = Pass(device, PRESETS[job.preset], folder_of(job))
    except PpeError as problem:
        _finish(job, problem)
        return
    refusal: PpeError | None = None
    try:
        refusal = _follow(job, scan)
    except PpeError as problem:
        refusal = problem
    finally:
        scan.stop()
    _finish(job, refusal)


def _start(job: ScanJob, device: str) -> None:
    with transaction.atomic():
        move(job, ScanState.SCANNING, actor=SYSTEM, data={"job": job.pk, "device": device}, device=device[:200])


def _follow(job: ScanJob, scan: Pass) -> PpeError | None:
    """Take each whole page in as it comes; return what ended the pass badly, if anything did."""
    last = renewed = time.monotonic()
    while scan.running:
        if _take_pages(job):
            last = time.monotonic()
        if time.monotonic() - renewed > LEASE_SECONDS / 6:
            leases.renew(job, seconds=LEASE_SECONDS)
            renewed = time.monotonic()
        if not ScanJob.objects.filter(pk=job.pk, state=ScanState.SCANNING).exists():
            return None
        silent = time.monotonic() - last
        if silent > FAREWELL_SECONDS and scan.over:
            scan.stop()
        elif silent > SILENT_SECONDS:
            return ScannerSilentError()
        time.sleep(_LOOK)
    _take_pages(job)
    return scan.refusal(ScanJob.objects.get(pk=job.pk).pages)


def _take_pages(job: ScanJob) -> int:
    """Take the whole pages of a pass into its room; each once, whoever is killed between.

    Raises:
        PpeError: The room or the disk takes no more.
    """
    taken = 0
    for path in sorted(folder_of(job).glob("[0-9]*.tif")):
        name = f"scan-{job.pk}-{path.stem}.tif"
        if not Source.objects.filter(batch=job.batch, name=name).exists():
            sources.ingest(
                card=job.card,
                name=name,
                content=path,
                door="scanner",
                actor=Actor(job.made_by, "page"),
                batch=job.batch,
                again=True,
            )
            taken += 1
        ScanJob.objects.filter(pk=job.pk).update(pages=Source.objects.filter(batch=job.batch).count())
        path.unlink()
    return taken


def _finish(job: ScanJob, refusal: PpeError | None) -> None:
    """Bring a pass to its end: what is whole is taken in, and the room is told."""
    try:
        _take_pages(job)
    except PpeError as problem:
        # What the disk does not take now stays in the pass's folder and is tried again.
        ScanJob.objects.filter(pk=job.pk).update(said=_words(problem))
        leases.release(job, retry_in=RETRY_SECONDS, reset_attempts=not problem.permanent)
        return
    shutil.rmtree(folder_of(job), ignore_errors=True)
    with transaction.atomic():
        hold(job)
        fresh = ScanJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if fresh.running:
            said = NOTHING if refusal is None else _words(refusal)
            _end(fresh, ScanState.DONE if refusal is None else ScanState.FAILED, said)
        ScanJob.objects.filter(pk=fresh.pk, ended_at__isnull=True).update(ended_at=now())
        if fresh.pages == 0 and fresh.batch and fresh.batch.state == BatchState.OPEN:
            _drop_empty(fresh)
    leases.release(job)
    card = RoomCard.objects.get(pk=job.card_id)
    if card.state not in CLOSED and not Source.objects.filter(card=card, state=SourceState.RECEIVED).exists():
        reconcile(card)


def _words(refusal: PpeError) -> Message:
    return refusal.whole()


def _drop_empty(job: ScanJob) -> None:
    """A pass that brought nothing leaves no empty batch behind."""
    batch = job.batch
    ScanJob.objects.filter(pk=job.pk).update(batch=None)
    if batch is not None and not batch.sources.exists():
        Batch.objects.filter(pk=batch.pk).delete()
