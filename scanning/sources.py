"""Files coming in. Kept as received; judged by their headers before anything is decoded; one line about each."""

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, record
from common import files, space
from common.work import jobs
from scanning import scan_journal
from scanning.cards import lock, open_card, require_editable
from scanning.errors import AlreadyTakenError, FileTooBigError
from scanning.models import Batch, RoomCard, Sheet, Source
from scanning.recognition.decoder import decoder
from scanning.reconcile import go
from scanning.states import ACTIVE, CardState
from wire.durable import DiskFullError, replace_durable, sha256_file
from wire.messages import Message

MAX_BYTES = 512 * 1024 * 1024
_BLOCK = 1 << 20


@dataclass(frozen=True)
class StoredFile:
    """A file that was taken in."""

    source: Source
    line: str


def new_batch(*, card: RoomCard, door: str, actor: Actor) -> Batch:
    """Begin a batch: the files of one handing over."""
    with transaction.atomic():
        lock(card)
        last = card.batches.order_by("-number").first()
        return Batch.objects.create(
            card=card, number=(last.number if last else 0) + 1, door=door[:16], made_by=actor.name[:200]
        )


def ingest(
    *,
    card: RoomCard,
    name: str,
    content: "Path | UploadedFile | BinaryIO",
    door: str,
    actor: Actor,
    batch: Batch | None = None,
    again: bool = False,
) -> StoredFile:
    """Take one file with sheets into a room.

    Args:
        card: The room.
        name: The file's name as received; kept, never used as a path.
        content: Its bytes: a file on disk, an upload or an open file.
        door: How it came: ``browser``, ``api``, ``folder``, ``scanner``.
        actor: Who brought it.
        batch: The batch it belongs to; a new one is begun without it.
        again: Whether equal bytes are another page: two empty backs from one scanner are the same to the last bit.

    Raises:
        FileRefusedError: Not sheets, or beyond the limits.
        AlreadyTakenError: These very bytes are here.
        CardIsClosedError: The room is closed.
        FileTooBigError, DiskFullError: No room for it.
    """
    require_editable(card)
    name = Path(name.replace("\\", "/")).name[:255] or Message("without a name").ru
    part = store_part(content)
    try:
        digest = sha256_file(part)
        if not again:
            refuse_same_bytes(card, digest)
        told = decoder().inspect(part, name)
        final = files.folder("scans", card.sitting.key, card.room.number) / f"{uuid.uuid4().hex}.{told['format']}"
        replace_durable(part, final)
    finally:
        part.unlink(missing_ok=True)
    try:
        with transaction.atomic():
            card = lock(card)
            require_editable(card)
            if not again:
                refuse_same_bytes(card, digest)
            source = _rows(
                card, batch or new_batch(card=card, door=door, actor=actor), name, final, digest, told, actor
            )
    except BaseException:
        final.unlink(missing_ok=True)
        raise
    line = _("%(name)s: accepted, sheets: %(pages)d") % {"name": name, "pages": source.pages}
    if not told["suffix_fits"]:
        line += " " + _("(the extension does not fit the content: it is %s)") % told["format"].upper()
    return StoredFile(source, line)


def _rows(
    card: RoomCard, batch: Batch, name: str, path: Path, digest: str, told: dict[str, object], actor: Actor
) -> Source:
    source = Source.objects.create(
        batch=batch,
        card=card,
        name=name,
        path=files.relative(path),
        sha256=digest,
        size=path.stat().st_size,
        format=str(told["format"]),
        pages=int(str(told["pages"])),
    )
    Sheet.objects.bulk_create([Sheet(card=card, source=source, page=page) for page in range(source.pages)])
    record(
        "scanning.source_taken",
        about=source,
        actor=actor,
        data={"sha256": digest, "pages": source.pages, "door": batch.door},
    )
    open_card(card, actor=actor)
    go(card, CardState.SCANNING, actor=actor)
    scan_journal.note(
        sitting=card.sitting,
        event="scanning_started",
        person=actor.name,
        room=card.room.number,
        source=batch.door,
        sha256=digest,
    )
    jobs.enqueue("scanning.recognise", source.pk)
    return source


def refuse_same_bytes(card: RoomCard, digest: str) -> None:
    """Refuse a file whose bytes are here already and whose sheets still count."""
    same = Source.objects.filter(card__sitting=card.sitting, sha256=digest, sheets__state__in=ACTIVE)
    first = same.select_related("card__room").first()
    if first is not None:
        raise AlreadyTakenError(
            Message(
                "This file is here already: {name}, {card}. It was not taken again.", name=first.name, card=first.card
            ),
        )


def store_part(content: "Path | UploadedFile | BinaryIO") -> Path:
    """Copy incoming bytes to a file of ours, synced, under a temporary name.

    Raises:
        FileTooBigError: More bytes than a file may have.
        DiskFullError: The disk is nearly full.
    """
    told = content.stat().st_size if isinstance(content, Path) else getattr(content, "size", None) or 0
    if told > MAX_BYTES:
        # Said before it is copied: half a gigabyte that is dropped in the end takes the operator's minute.
        raise FileTooBigError(MAX_BYTES)
    folder = files.folder("tmp")
    left = shutil.disk_usage(folder).free
    if left < space.reserve():
        raise DiskFullError(
            Message("{left} MB are left on the node's disk: the file was not taken.", left=left // 1000000),
            remedy=Message("Free some space and upload the file again."),
        )
    part = folder / f"{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as out:
            if isinstance(content, Path):
                with content.open("rb") as stream:
                    _copy(stream, out)
            else:
                _copy(content, out)
            out.flush()
            os.fsync(out.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def _copy(stream: "UploadedFile | BinaryIO", out: BinaryIO) -> None:
    total = 0
    while block := stream.read(_BLOCK):
        total += len(block)
        if total > MAX_BYTES:
            raise FileTooBigError(MAX_BYTES)
        out.write(block)
