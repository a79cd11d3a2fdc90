"""Receipts of the centre, held against what was sent."""

import hashlib
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.log import SYSTEM, Actor, hold, record
from common.errors import both
from common.work import faultpoints
from common.work.clock import now
from keys.trust import trust_store
from scanning import cards
from scanning.models import RoomCard
from stations.lookup import this_node
from stations.models import ExamPoint
from transfers import statuses
from transfers.errors import ForeignReceiptError
from transfers.models import FeedCursor, Packet, PacketKind, ReceiptLevel, ReceiptRecord
from transfers.moves import move_packet, replaced_by
from transfers.states import SENDING, PacketState
from wire.documents import receipt as wire_receipt
from wire.documents.receipt import Receipt
from wire.messages import NOTHING, Message, Several

#: What a receipt makes of a packet. A withdrawn word leaves the packet rejected, with its reasons.
_STATE: dict[str, PacketState] = {
    ReceiptLevel.DELIVERED: PacketState.DELIVERED,
    ReceiptLevel.ACKNOWLEDGED: PacketState.ACKNOWLEDGED,
    ReceiptLevel.REJECTED: PacketState.REJECTED,
    ReceiptLevel.WITHDRAWN: PacketState.REJECTED,
}


def ingest(*, document: bytes, point: ExamPoint, door: str, actor: Actor = SYSTEM) -> ReceiptRecord:
    """Take in a receipt; the same one twice changes nothing, and an older one never undoes a newer.

    Args:
        document: The signed receipt.
        point: The point it was given to.
        door: ``feed``, ``answer`` or ``flash``.
        actor: Who brought it.

    Returns:
        The stored receipt; without a packet when it speaks of something this node never sent.

    Raises:
        ForeignReceiptError: It is another point's, or of the other mode.
        PpeError: The signature does not hold, or the shape is wrong.
    """
    digest = hashlib.sha256(document).hexdigest()
    known = ReceiptRecord.objects.filter(sha256=digest).select_related("packet").first()
    if known is not None:
        return known if known.packet_id else _adopt(known, actor)
    receipt = wire_receipt.read(document, trust_store())
    _require_ours(receipt, point)
    with transaction.atomic():
        hold(point)
        rows = Packet.objects.select_for_update(of=("self",)).full()
        packet = rows.filter(sha256=receipt.sha256, sitting__point=point).exclude(sha256="").first()
        row, made = ReceiptRecord.objects.get_or_create(
            sha256=digest,
            defaults={
                "packet": packet,
                "point": point,
                "level": receipt.level,
                "number": receipt.number,
                "file_sha256": receipt.sha256,
                "reasons": [dict(each) for each in receipt.reasons],
                "open": [dict(each) for each in receipt.open],
                "counts": dict(receipt.counts),
                "operator": receipt.operator[:200],
                "node": str(receipt.extra.get("node", ""))[:36],
                "document": document,
                "door": door,
                "issued_at": receipt.issued_at,
            },
        )
        if made:
            _note(row, receipt, actor)
            if packet is not None:
                apply(packet, row, actor=actor)
            faultpoints.here(f"receipt.taken-{receipt.level}")
    faultpoints.here(f"receipt.kept-{receipt.level}")
    return row


def said_again(packet: Packet, row: ReceiptRecord) -> None:
    """Let the newest word of the centre stand again for a packet that was sent once more after it had been answered.

    Args:
        packet: The packet that is being sent.
        row: What the centre has just answered when it was asked about this file.
    """
    with transaction.atomic():
        hold(packet)
        packet = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        if packet.state in SENDING and (row.packet_id, row.number) == (packet.pk, packet.receipt_number):
            move_packet(packet, _STATE[row.level], actor=SYSTEM, text=_words(row), last_error=NOTHING)


def _adopt(row: ReceiptRecord, actor: Actor) -> ReceiptRecord:
    """Let a receipt that came before its packet speak: the packet was taken in from another machine since."""
    with transaction.atomic():
        hold(row.point)
        rows = Packet.objects.select_for_update(of=("self",)).full()
        packet = rows.filter(sha256=row.file_sha256, sitting__point=row.point).exclude(sha256="").first()
        if packet is not None:
            row.packet = packet
            row.save(update_fields=["packet"])
            apply(packet, row, actor=actor)
    return row


def alarms(point: ExamPoint) -> QuerySet[ReceiptRecord]:
    """Return the receipts of this node, or of nobody's, for files that it never sent.

    An HQ of two machines reads one feed: receipts for the packets of the other one are no alarm.
    """
    node = this_node()
    own = ["", *([node.uid] if node else [])]
    return ReceiptRecord.objects.filter(point=point, packet__isnull=True, node__in=own)


def _require_ours(receipt: Receipt, point: ExamPoint) -> None:
    if (receipt.region, receipt.point) != (point.region.code, point.code):
        raise ForeignReceiptError(
            Message(
                "The receipt is of {region}-{point}, not of {point_key}.",
                region=receipt.region,
                point=receipt.point,
                point_key=point.key,
            ),
        )
    if receipt.mode != settings.PPE_MODE:
        raise ForeignReceiptError(
            Message(
                "The receipt is of mode {mode}, this node of {ppe_mode}.", mode=receipt.mode, ppe_mode=settings.PPE_MODE
            ),
        )


def _note(row: ReceiptRecord, receipt: Receipt, actor: Actor) -> None:
    known = row.packet is not None
    alarm = not known and alarms(row.point).filter(pk=row.pk).exists()
    record(
        "transfers.foreign_receipt" if alarm else "transfers.receipt",
        about=row,
        actor=actor,
        data={
            "level": row.level,
            "number": row.number,
            "file": row.file_sha256,
            "uid": receipt.uid or "",
            "reasons": [each.get("code", "") for each in (*row.reasons, *row.open)][:50],
        },
    )


def apply(packet: Packet, row: ReceiptRecord, *, actor: Actor) -> None:
    """Let a receipt move its packet; call inside a transaction that locks the packet."""
    if packet.receipt_number is not None and row.number <= packet.receipt_number:
        return
    state = _STATE[row.level]
    facts: dict[str, Any] = {"receipt_number": row.number, "answered_at": row.issued_at, "last_error": NOTHING}
    if state == PacketState.DELIVERED and packet.state in _BEYOND_DELIVERED:
        return
    if packet.state in (state, PacketState.SUPERSEDED):
        Packet.objects.filter(pk=packet.pk).update(receipt_number=row.number)
        return
    if state == PacketState.DELIVERED:
        facts["delivered_at"] = now()
    if state == PacketState.REJECTED:
        withdrawn = row.level == ReceiptLevel.WITHDRAWN
        facts |= {"reasons": withdrawn_reasons(row.reasons) if withdrawn else row.reasons, "open_there": []}
    if state == PacketState.ACKNOWLEDGED:
        facts["open_there"] = row.open
    move_packet(packet, state, actor=actor, text=_words(row), data={"number": row.number}, **facts)
    if state == PacketState.DELIVERED:
        # The centre's word about it comes in the feed within seconds: the next look must not wait for the calm pace.
        due = FeedCursor.objects.filter(point=packet.sitting.point, next_try_at__gt=now())
        due.update(next_try_at=now(), woken_at=None)
    if state == PacketState.ACKNOWLEDGED:
        _acknowledged(packet, actor)
    elif state == PacketState.REJECTED:
        _rejected(packet, row, actor)


_BEYOND_DELIVERED = frozenset(
    {PacketState.DELIVERED, PacketState.ACKNOWLEDGED, PacketState.REJECTED, PacketState.SUPERSEDED}
)


def _words(row: ReceiptRecord) -> Message:
    words = Message(
        "Receipt of the regional centre no. {number}: {level}",
        number=row.number,
        level=both(lambda: str(row.get_level_display())),
    )
    if row.open:
        words = Message("{words}. Open there: {what}", words=words, what=_said(row.open))
    return Several([words, _said(row.reasons)], ". ") if row.reasons else words


def _said(reasons: list[dict[str, Any]]) -> Message:
    return Several([Message.from_json(each) for each in reasons[:20]], " ") if reasons else NOTHING


def _acknowledged(packet: Packet, actor: Actor) -> None:
    """Let the packet take the place of the versions before it, and its status be known as accepted."""
    older = packet.supersedes
    while older is not None:
        if older.state in (PacketState.ACKNOWLEDGED, PacketState.REJECTED):
            move_packet(older, PacketState.SUPERSEDED, actor=actor, text=replaced_by(packet))
        older = older.supersedes
    if packet.status is not None:
        statuses.accepted(row=packet.status, actor=actor)


#: What happened, in this node's words; it stands before the centre's own.
WITHDRAWN = Message("The regional centre has taken back its «Подтвержден» (confirmed).")


def withdrawn_reasons(own: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return why a packet does not count any more: what happened in this node's words, then the centre's own."""
    return [{"code": "withdrawn", "ru": WITHDRAWN.ru, "en": WITHDRAWN.en}, *own]


def withdrawn_words(reason: Message) -> Message:
    """Return why the room of a withdrawn packet is open: what happened, what to do, and the centre's reason beside."""
    words = Message("{what} Mend the room, close it again and send the next version of the packet.", what=WITHDRAWN)
    if not reason:
        return Message("{words} The centre has given no reason: call it.", words=words)
    return Message("{words} Reason of the centre: {why}", words=words, why=reason)


def _rejected(packet: Packet, row: ReceiptRecord, actor: Actor) -> None:
    """Open the room again: a rejection is a task for the scanning desk."""
    if packet.kind == PacketKind.STATUS or packet.room is None:
        return
    numbers = sorted({str(each["sheet"]) for each in row.reasons if each.get("sheet")})
    said = _said(row.reasons)
    if row.level == ReceiptLevel.WITHDRAWN:
        reason = withdrawn_words(said)
    else:
        reason = said or Message("The regional centre rejected the packet.")
    reopen(packet, numbers=numbers, reason=reason, actor=actor)


def reopen(packet: Packet, *, numbers: list[str], reason: Message | str, actor: Actor) -> None:
    """Open the room of a packet again at some sheets; that of another machine's packet opens there, by its own feed."""
    if packet.imported:
        return
    card = (
        RoomCard.objects.filter(sitting=packet.sitting, room=packet.room)
        .select_related("room", "sitting__point__region", "sitting__subject")
        .first()
    )
    if card is not None:
        cards.reopen(card=card, numbers=numbers, reason=reason, actor=actor)
