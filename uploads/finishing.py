"""A complete file: hashed, synced, renamed, and handed to its room exactly once."""

import contextlib
import logging
import os
from typing import Any

from django.db import transaction

from audit.moves import move
from common.errors import problem
from common.files import relative
from common.work import faultpoints, jobs
from common.work.clock import now
from uploads import handlers, limits, store
from uploads.errors import ContentMismatchError
from uploads.models import Upload
from uploads.states import UploadState
from wire import durable
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)


def complete_under_lock(handle: int, upload: Upload, digest: str | None = None) -> None:
    """Turn the data file, whose lock is held and whose bytes are all there, into a complete file.

    Its SHA-256 may be known from the bytes as they came. Every step may be repeated: a process killed between the
    rename and the commit finds the file under its new name.
    """
    os.fsync(handle)
    source, target = store.incoming(upload.uid), store.complete(upload.uid)
    digest = digest or durable.sha256_file(source)
    faultpoints.here("finish.hashed")
    source.replace(target)
    faultpoints.here("finish.renamed")
    durable.fsync_dir(target.parent)
    durable.fsync_dir(source.parent)
    _completed(upload, digest)
    faultpoints.here("finish.complete")


def _completed(upload: Upload, digest: str) -> None:
    actor = upload.actor
    facts: dict[str, Any] = {
        "sha256": digest,
        "relative_path": relative(store.complete(upload.uid)),
        "completed_at": now(),
    }
    promised = str(upload.metadata.get("sha256", "")).lower()
    with transaction.atomic():
        if promised and promised != digest:
            refusal = ContentMismatchError(
                Message("The file received is not the one that the sender named. Send it again."),
            )
            move(
                upload,
                UploadState.REFUSED,
                actor=actor,
                data={"uid": upload.uid, "code": refusal.code},
                problem=problem(refusal),
                **facts,
            )
            transaction.on_commit(lambda: forget_bytes(upload))
            return
        move(
            upload,
            UploadState.COMPLETE,
            actor=actor,
            data={"uid": upload.uid, "sha256": digest},
            woken_at=now(),
            next_try_at=now(),
            **facts,
        )
        jobs.enqueue("uploads.hand_over", upload.pk)


def finish(upload: Upload) -> None:
    """Complete an upload whose last byte is durable but whose completion was interrupted."""
    source, target = store.incoming(upload.uid), store.complete(upload.uid)
    with contextlib.suppress(FileNotFoundError):
        with store.locked(source, seconds=limits.limit("UPLOAD_LOCK_SECONDS")) as handle:
            upload.refresh_from_db()
            if handle is not None and upload.state == UploadState.RECEIVING and upload.offset == upload.length:
                store.cut_to(handle, upload.offset, upload.length)
                complete_under_lock(handle, upload)
        return
    upload.refresh_from_db()
    if upload.state == UploadState.RECEIVING and target.exists() and target.stat().st_size == upload.length:
        _completed(upload, durable.sha256_file(target))


def hand_over(upload: Upload) -> Upload:
    """Give a complete file to the handler of its purpose; the row remembers that it was done, and the answer.

    The handler runs inside the transaction that stores its answer, under the row's lock: whatever it does to the
    database happens once. What it does to files must bear repetition.

    Raises:
        PpeError: The handler cannot take it now; it is tried again.
    """
    actor = upload.actor
    with transaction.atomic():
        row = Upload.objects.select_for_update().get(pk=upload.pk)
        if row.state != UploadState.COMPLETE:
            return row
        try:
            purpose = handlers.purpose_of(row.purpose)
            with transaction.atomic():
                result = purpose.handler(row)
        except PpeError as refusal:
            if not refusal.permanent:
                raise
            move(
                row,
                UploadState.REFUSED,
                actor=actor,
                data={"uid": row.uid, "code": refusal.code},
                problem=problem(refusal),
            )
        else:
            move(
                row,
                UploadState.HANDLED,
                actor=actor,
                data={"uid": row.uid},
                result=result,
            )
        faultpoints.here("hand_over.uncommitted")
        transaction.on_commit(lambda: forget_bytes(row))
    faultpoints.here("hand_over.done")
    return row


def forget_bytes(upload: Upload) -> None:
    """Remove our name of a file that its room has answered for.

    A room that takes a file has moved, linked or copied it; of one that was refused only the row stays, or whoever
    may send could fill the disk with what nobody wants.
    """
    with contextlib.suppress(OSError):
        upload.path.unlink()
