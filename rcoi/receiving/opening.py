"""Opening: received → opening → verified → acknowledged or rejected. Every step may run twice or be killed anywhere.

The content is decrypted into a folder of this attempt; a transaction then names the folder and writes the rows.
A killed attempt leaves a nameless folder, which is removed when the packet is decided.
"""

import logging

from django.db import transaction

from audit.log import SYSTEM
from audit.moves import StaleStateError
from common import files, space
from common.work import faultpoints, leases
from common.work.clock import now
from keys import node
from rcoi.answering import notices, receipts, rescan, statuses
from rcoi.checking import content, findings, verify
from rcoi.day import evaluation
from rcoi.errors import NotFoundedError
from rcoi.models import InboxKind, InboxPacket, IssuedReceipt
from rcoi.moves import move_packet
from rcoi.receiving import store
from rcoi.states import WORKING, InboxState
from wire import durable
from wire import packet as wire_packet
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
FULL_SECONDS = 20.0
_RATE = 5_000_000  # bytes a second that even a busy machine opens


def lease_seconds(size: int) -> float:
    """Return how long a packet of a size may be worked on: short ones come back soon after a killed worker."""
    return 20 + size / _RATE


def open_packet(pk: int) -> None:
    """Bring a packet as far as it goes."""
    size = InboxPacket.objects.filter(pk=pk).values_list("size", flat=True).first()
    if size is None:
        return
    rows = InboxPacket.objects.filter(state__in=WORKING)
    row = leases.claim(rows, pk, seconds=lease_seconds(size), max_attempts=MAX_ATTEMPTS)
    if row is None:
        return
    try:
        _steps(row)
    except StaleStateError:
        # The lease ran out under a slow worker and another one went on; what this one unpacked belongs to nobody.
        log.info("packet %s was taken further by another worker", row.uid)
        row.refresh_from_db(fields=["folder", "state"])
        if not row.is_working:
            store.forget_other_attempts(row.sha256, row.folder)
    except PpeError as refusal:
        # What is wrong with the packet itself was judged in `_open`; this is our own trouble: disk, keys, store.
        _later(row, refusal.text("ru"), full=isinstance(refusal, durable.DiskError))
    except Exception:
        log.exception("opening of packet %s failed", row.uid)
        _later(row, Message("fault of the program").ru)


def _later(row: InboxPacket, why: str, *, full: bool = False) -> None:
    log.warning("packet %s will be tried again: %s", row.uid, why)
    # A full disk is waited out: it says nothing against the packet, which is never parked for it.
    leases.release(row, retry_in=FULL_SECONDS if full else min(60, 2**row.attempts), reset_attempts=full)


def _steps(row: InboxPacket) -> None:
    if row.state == InboxState.RECEIVED:
        move_packet(row, InboxState.OPENING, actor=SYSTEM)
        faultpoints.here("open.begun")
    if row.state == InboxState.OPENING:
        _open(row)
        faultpoints.here("open.verified")
    if row.state == InboxState.VERIFIED:
        acknowledge(row)
        faultpoints.here("open.acknowledged")
        store.forget_other_attempts(row.sha256, row.folder)


def _open(row: InboxPacket) -> None:
    """Decrypt, unpack, check against the manifest, count, and hold to the rules."""
    folder = store.opened_folder(row.sha256, row.attempts)
    recipients, path = node.node_recipients(), store.there(row.path)
    if not recipients:
        raise NotFoundedError(Message("The centre has no key to open packets with."))
    space.require(row.size)
    try:
        opened = content.read(row, folder, wire_packet.extract(path, folder, recipients=recipients))
        verify.hold(row, opened)
        faultpoints.here("open.extracted")
    except PpeError as refusal:
        if not refusal.permanent or isinstance(refusal, durable.FileMissingError):
            raise
        reject(row, refusal)
        return
    with transaction.atomic():
        content.save(row, opened)
        faultpoints.here("open.uncommitted")
        move_packet(
            row,
            InboxState.VERIFIED,
            actor=SYSTEM,
            data={"counts": opened.counts},
            folder=files.relative(folder),
            counts=opened.counts,
            document=opened.room or opened.status,
            opened_at=now(),
        )


def acknowledge(row: InboxPacket) -> None:
    """Confirm the packet, with everything that follows from it, in one transaction.

    The word is about this packet alone. What is open in the exam because of it is told to the point in the same breath:
    of this packet in its receipt, of others by an announcement.
    """
    with transaction.atomic():
        move_packet(row, InboxState.ACKNOWLEDGED, actor=SYSTEM, decided_at=now(), lease_until=None)
        supersede(row)
        rescan.answered(row)
        if row.kind == InboxKind.STATUS:
            statuses.accept(row, row.document)
        before = notices.newest()
        findings.remark(row)
        if row.sitting is not None:
            evaluation.remember([row.sitting])
        receipts.issue(
            packet=row,
            level=IssuedReceipt.Level.ACKNOWLEDGED,
            actor=SYSTEM,
            counts=row.counts,
            still_open=notices.still_open(row),
        )
        notices.announce(row, after=before)


def supersede(row: InboxPacket) -> None:
    """Let the newest acknowledged version stand for its older ones, in whatever order they came."""
    family = [each for each in row.lineage() if each.version is not None]
    family.sort(key=lambda each: (each.version or 0, each.pk))
    newest = max(
        (each for each in family if each.pk == row.pk or each.state == InboxState.ACKNOWLEDGED),
        key=lambda each: (each.version or 0, each.pk),
    )
    older = [each.pk for each in family if (each.version or 0) < (newest.version or 0)]
    InboxPacket.objects.filter(pk__in=older, superseded_by__isnull=True).update(superseded_by=newest)
    row.refresh_from_db(fields=["superseded_by"])


def reject(row: InboxPacket, refusal: PpeError) -> None:
    """Reject the packet with typed reasons; the packet stays as evidence, its plaintext does not."""
    reasons = receipts.reasons_of(refusal, room=row.room)
    with transaction.atomic():
        move_packet(
            row,
            InboxState.REJECTED,
            actor=SYSTEM,
            data={"code": refusal.code, "text": refusal.text("ru")},
            reasons=reasons,
            decided_at=now(),
            lease_until=None,
        )
        receipts.issue(packet=row, level=IssuedReceipt.Level.REJECTED, actor=SYSTEM, reasons=reasons)
    store.forget_other_attempts(row.sha256, row.folder)
