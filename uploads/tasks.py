"""Uploads whose end was interrupted, and those that nobody goes on with."""

import logging

from django.db.models import F, Q, QuerySet

from audit.log import SYSTEM
from common import files
from common.work import jobs, leases
from common.work.clock import now
from uploads import finishing, receiving
from uploads.errors import UploadBusyError
from uploads.models import Upload
from uploads.states import UploadState

log = logging.getLogger(__name__)

LEASE_SECONDS = 150.0


def due_rows() -> QuerySet[Upload]:
    """Return the uploads whose bytes are all here but which are not handled yet."""
    return Upload.objects.filter(Q(state=UploadState.COMPLETE) | Q(state=UploadState.RECEIVING, offset=F("length")))


@jobs.job("uploads.hand_over", cluster="link")
def hand_over(pk: int) -> None:
    """Finish one upload and hand it over."""
    upload = leases.claim(due_rows(), pk, seconds=LEASE_SECONDS)
    if upload is None:
        return
    try:
        if upload.state == UploadState.RECEIVING:
            finishing.finish(upload)
            upload.refresh_from_db()
        finishing.hand_over(upload)
    except Exception:
        log.exception("upload %s was not handed over; it is tried again", upload.uid)
        leases.release(upload, retry_in=min(60, 2**upload.attempts))
    else:
        leases.release(upload)


@jobs.scheduled("uploads.hand_over")
def due() -> QuerySet[Upload]:
    """Return the uploads to hand over."""
    return due_rows()


@jobs.periodic_task("uploads.forget", every=600)
def forget_answered() -> None:
    """Remove the bytes of answered uploads that a killed process left behind."""
    names = [path.name for path in files.folder("uploads", "complete").iterdir()]
    for upload in Upload.objects.filter(uid__in=names[:500], state__in=(UploadState.HANDLED, UploadState.REFUSED)):
        finishing.forget_bytes(upload)


@jobs.periodic_task("uploads.expire", every=600)
def expire_old() -> None:
    """Forget the uploads that made no progress for too long; complete files are never forgotten."""
    for upload in Upload.objects.unfinished().filter(expires_at__lt=now(), offset__lt=F("length"))[:100]:
        try:
            receiving.expire(upload=upload, actor=SYSTEM)
        except UploadBusyError:
            continue
