"""Reading the sheets of a file, one by one, each in a transaction of its own; a killed worker's rest is read again."""

import logging
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F

from audit.log import SYSTEM, hold
from audit.moves import move
from common import files
from common.work import leases
from common.work.clock import now
from scanning import findings, scan_journal
from scanning.models import Batch, RoomCard, Sheet, Source
from scanning.recognition.decoder import decoder
from scanning.recognition.errors import DiskWantingError, FileRefusedError, PassingTroubleError
from scanning.reconcile import reconcile, scanning
from scanning.states import ACTIVE, CLOSED, BatchState, SheetState, SourceState
from wire.durable import DiskError
from wire.messages import Message

log = logging.getLogger(__name__)

LEASE_SECONDS = 90
#: After trouble of the machine a file is read again this much later.
PAUSE_SECONDS = 15.0
#: A sheet that ended its readers so often, a pause between, is shown to a person, who may have it read again.
_MAX_STARTS = 6
#: Sheets moved in the background leave no event each: the file's event counts them (see `_finish`).


def recognise(pk: int) -> None:
    """Read every unread sheet of a file; safe to run twice or be killed anywhere."""
    source = leases.claim(
        Source.objects.filter(state=SourceState.RECEIVED, batch__state=BatchState.OPEN),
        pk,
        seconds=LEASE_SECONDS,
        max_attempts=20,
    )
    if source is None:
        return
    try:
        _read_all(source)
    except (PassingTroubleError, DiskError, OperationalError) as trouble:
        # What passes by itself is no verdict about a sheet: the file waits for its turn again.
        log.warning("%s is read again in %.0f s: %s", source, PAUSE_SECONDS, trouble)
        leases.release(source, retry_in=PAUSE_SECONDS, reset_attempts=True)


def _read_all(source: Source) -> None:
    # A reader that has yet to load its libraries must not make a sheet look as if it ended its workers.
    decoder().warm()
    trouble: PassingTroubleError | None = None
    for sheet in source.sheets.filter(state=SheetState.RECEIVED).order_by("page"):
        if not Batch.objects.filter(pk=source.batch_id, state=BatchState.OPEN).exists():
            # Paused between two sheets: going on wakes the file again.
            leases.release(source, reset_attempts=True)
            return
        leases.renew(source, seconds=LEASE_SECONDS)
        try:
            _read(source, sheet)
        except DiskWantingError:
            raise
        except PassingTroubleError as found:
            # Others of the file may be read meanwhile; this one again after a pause.
            trouble = found
            continue
        if source.attempts > 1:
            # Progress was made: however often its workers are killed, a file is parked only when it stands still.
            Source.objects.filter(pk=source.pk).update(attempts=1)
            source.attempts = 1
    if trouble is not None:
        raise trouble
    _finish(source)


def _read(source: Source, sheet: Sheet) -> None:
    # Counted before the work: a sheet that ends its worker again and again goes to the operator.
    Sheet.objects.filter(pk=sheet.pk).update(starts=F("starts") + 1)
    path = files.data_dir() / source.path
    record_path = path.with_name(f"{path.stem}-{sheet.page + 1:04d}.tif")
    try:
        if sheet.starts >= _MAX_STARTS:
            raise FileRefusedError(Message("Reading broke off several times."))
        told = decoder().read(path, sheet.page, record_path)
    except (DiskWantingError, DiskError):
        _uncount(sheet)
        raise
    except PassingTroubleError as trouble:
        if sheet.starts + 1 < _MAX_STARTS:
            raise
        _give_up(sheet, trouble)
        return
    except FileRefusedError as refusal:
        _give_up(sheet, refusal)
        return
    reading = told["reading"]
    reading["codes"] = reading["codes"][:12]
    address = {key: reading.pop(key) for key in ("region", "point", "date", "subject", "room")}
    values = {
        "number": reading["number"] or "",
        "kind": reading["kind"] or "",
        "address": address if address["region"] else {},
        "path": files.relative(record_path),
        "sha256": told["sha256"],
        "size": told["size"],
        "picture_hash": reading.pop("picture_hash"),
        "read_at": now(),
    }
    doubts = reading.pop("doubts")
    try:
        _store(sheet, values, reading, doubts)
    except (OperationalError, DiskError):
        _uncount(sheet)
        raise


def _uncount(sheet: Sheet) -> None:
    """Take back the count of a start that ended for a reason of the machine."""
    Sheet.objects.filter(pk=sheet.pk).update(starts=F("starts") - 1)


def _give_up(sheet: Sheet, refusal: FileRefusedError) -> None:
    doubt = {"kind": refusal.code, "severity": "problem", "value": refusal.message}
    _store(sheet, {"read_at": now()}, {"refused": refusal.message.ru}, [doubt])


def _store(sheet: Sheet, values: dict[str, Any], reading: dict[str, Any], doubts: list[dict[str, Any]]) -> None:
    with transaction.atomic():
        hold(sheet)
        rows = Sheet.objects.select_for_update(of=("self",)).filter(pk=sheet.pk, state=SheetState.RECEIVED)
        locked = rows.select_related("card__sitting__point__region", "card__room").first()
        if locked is None:
            return
        problem = findings.store(doubts, sheet=locked)
        move(locked, SheetState.PROBLEM if problem else SheetState.RECOGNISED, actor=SYSTEM, data={"sheet": locked.pk})
        Sheet.objects.filter(pk=locked.pk).update(reading=reading, **values)
        locked.refresh_from_db()
        _replace_awaited(locked)


def _replace_awaited(sheet: Sheet) -> None:
    """A new picture of a sheet that was asked for again takes the place of the old one."""
    card = (
        RoomCard.objects.select_for_update(of=("self",))
        .select_related("sitting__point__region", "room")
        .get(pk=sheet.card_id)
    )
    if not sheet.number or sheet.number not in card.awaited:
        return
    for old in card.sheets.filter(number=sheet.number, state__in=ACTIVE).exclude(pk=sheet.pk):
        move(old, SheetState.REPLACED, actor=SYSTEM, data={"sheet": old.pk, "by": sheet.pk}, replaced_by=sheet)
    RoomCard.objects.filter(pk=card.pk).update(awaited=[each for each in card.awaited if each != sheet.number])


def _finish(source: Source) -> None:
    with transaction.atomic():
        hold(source)
        fresh = (
            Source.objects.select_for_update(of=("self",))
            .select_related("card__sitting__point__region", "card__room")
            .get(pk=source.pk)
        )
        if fresh.state != SourceState.RECEIVED or fresh.sheets.filter(state=SheetState.RECEIVED).exists():
            return
        card = fresh.card
        problems = fresh.sheets.filter(state=SheetState.PROBLEM).count()
        move(fresh, SourceState.READ, actor=SYSTEM, data={"pages": fresh.pages, "problems": problems}, lease_until=None)
        scan_journal.note(
            sitting=card.sitting,
            event="scanning_finished",
            room=card.room.number,
            sheets=fresh.pages,
            source=fresh.batch.door,
            sha256=fresh.sha256,
            problems=problems,
        )
    waiting = Source.objects.filter(card=card, state=SourceState.RECEIVED).exists()
    if not waiting and card.state not in CLOSED and not scanning(card):
        # The last file of the room: only now is it fair to say what is missing.
        reconcile(card)
