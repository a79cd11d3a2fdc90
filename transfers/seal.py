"""Sealing a packet: its files collected, streamed into `content.p7m`, and made durable under a temporary name."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction

from audit.log import SYSTEM
from common import files, space
from common.work import faultpoints, leases
from common.work.clock import now
from keys import node
from scanning import contents
from scanning.models import RoomCard
from transfers import enclosures, sign
from transfers.errors import RoomNotClosedError
from transfers.models import Packet, PacketKind
from transfers.moves import move_packet
from transfers.states import PacketState
from wire import durable, pki
from wire import packet as wire_packet
from wire.messages import NOTHING, Message
from wire.packet import TarFile

log = logging.getLogger(__name__)

LEASE_SECONDS = 600.0


def folder(packet: Packet) -> Path:
    """Return where the packets of a sitting stand."""
    return files.folder("packets", packet.sitting.key)


def unsigned(packet: Packet) -> Path:
    """Return the file of a packet that nobody has signed yet."""
    return folder(packet) / f"{packet.uid}.part"


def seal(packet: Packet) -> None:
    """Collect and seal a packet, then let it be signed; may be killed anywhere and run again.

    Raises:
        PpeError: A file is missing, the disk is full, the centre's certificate has not arrived.
    """
    if packet.state == PacketState.BUILDING:
        move_packet(packet, PacketState.SEALING, actor=SYSTEM, progress=0, **_kept_lease(packet))
    faultpoints.here("seal.begun")
    listed, counts = collect(packet)
    # A status is small, and what lets the originals be wiped: it may not wait for the room that only it can make.
    keep = space.floor() if packet.kind == PacketKind.STATUS else None
    space.require(sum(each.path.stat().st_size for each in listed if each.path.is_file()), keep=keep)
    recipients = node.rcoi_certificates()
    path = unsigned(packet)
    content = wire_packet.write_content(path, files=listed, recipients=recipients, progress=_progress(packet))
    # Its name too: the row that says it is there is committed next.
    durable.fsync_dir(path.parent)
    faultpoints.here("seal.written")
    with transaction.atomic():
        fields: dict[str, Any] = {
            "path": files.relative(path),
            "counts": counts,
            "content_sha256": content.sha256,
            "content_size": content.size,
            "content_end": content.end,
            "size": content.end,
            "sealed_at": now(),
            "recipients": [pki.fingerprint(each) for each in recipients],
            "progress": 100,
            "last_error": NOTHING,
            "last_error_code": "",
        }
        if packet.kind == PacketKind.STATUS:
            # A status speaks for the node alone: no PIN, and nobody waits for it.
            Packet.objects.filter(pk=packet.pk).update(**fields)
            packet.refresh_from_db()
            sign.sign_one(packet=packet, signers=[node.node_signer(packet.sitting.point)], name="", actor=SYSTEM)
        else:
            move_packet(packet, PacketState.AWAITING_SIGNATURE, actor=SYSTEM, **fields)
        faultpoints.here("seal.uncommitted")
    faultpoints.here("seal.done")


def _kept_lease(packet: Packet) -> dict[str, Any]:
    return {"lease_until": packet.lease_until, "attempts": packet.attempts, "woken_at": packet.woken_at}


def collect(packet: Packet) -> tuple[list[TarFile], dict[str, int]]:
    """Return the files of a packet and the counts for its header.

    Raises:
        RoomNotClosedError: The card is gone.
    """
    if packet.kind == PacketKind.STATUS:
        return enclosures.files_for(packet, folder(packet))
    if packet.kind == PacketKind.TEST:
        return [enclosures.test_file(packet, folder(packet))], {}
    card = (
        RoomCard.objects.filter(sitting=packet.sitting, room=packet.room)
        .select_related("room", "sitting__point__region", "sitting__subject", "act")
        .first()
    )
    if card is None:
        raise RoomNotClosedError(Message("The room has no card."))
    return contents.files_for(card), contents.counts_for(card)


def _progress(packet: Packet) -> Callable[[int, int], None]:
    last = [0.0]

    def note(done: int, total: int) -> None:
        if time.monotonic() - last[0] < 0.5:
            return
        last[0] = time.monotonic()
        Packet.objects.filter(pk=packet.pk).update(progress=int(done * 100 / total) if total else 0)
        leases.renew(packet, seconds=LEASE_SECONDS)

    return note
