"""The centre's feed: asked for, or read from a drive; each item checked, stored as received, and done once."""

import base64
import hashlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import OperationalError, transaction

from audit.log import SYSTEM, Actor, hold, record
from audit.moves import StaleStateError
from common.work.clock import now
from keys import access, trust
from stations.models import ExamPoint, Room, Sitting
from transfers import link, receipts, statuses
from transfers.errors import FeedForkError, ForeignFeedError, NodeBusyError
from transfers.models import AnswerChannel, FeedCursor, FeedRecord, Packet
from transfers.moves import move_packet
from transfers.states import ON_THE_WAY, SETTLED, PacketState
from wire import durable
from wire.documents import feed as wire_feed
from wire.documents.feed import FeedItem
from wire.errors import MalformedDocumentError, PpeError
from wire.messages import NOTHING, Both, Message, Several

log = logging.getLogger(__name__)

#: Trouble of this machine or of the moment, not of the item: the item is tried again, and nothing behind it passes it.
_PASSING = (durable.DiskError, StaleStateError, NodeBusyError)
QUICK_SECONDS = 2.0
MAX_PAGES = 50


def cursor_of(point: ExamPoint) -> FeedCursor:
    """Return how far a point has read, made at the first question."""
    row, _made = FeedCursor.objects.get_or_create(point=point)
    return row


def has_awaited(point: ExamPoint) -> bool:
    """Return whether an answer of the centre is awaited."""
    return Packet.objects.filter(sitting__point=point, state__in=ON_THE_WAY).exclude(sha256="").exists()


def poll_point(point: ExamPoint, *, tries: int = 1) -> int:
    """Ask the centre for what is new and do it.

    Args:
        point: Whose feed.
        tries: Which try in a row this is; every other pair goes by the reserve channel.

    Returns:
        How many items were new.

    Raises:
        PpeError: The line, the centre, the chain or a signature failed; the cursor says which, in words.
    """
    taken = 0
    link.require_centre()
    try:
        with link.session(point, link.address(tries)) as client:
            for _page in range(MAX_PAGES):
                after = cursor_of(point).number
                answer = link.get_json(client, "/api/v1/feed/", after=after)
                link.heard(point)
                taken += take_items(point=point, items=_items(answer), door=AnswerChannel.FEED, actor=SYSTEM)
                if not answer.get("more"):
                    break
    except PpeError as refusal:
        _trouble(point, refusal)
        raise
    return taken


def _items(answer: dict[str, Any]) -> list[bytes]:
    try:
        return [base64.b64decode(each["item"], validate=True) for each in answer["items"]]
    except (KeyError, TypeError, ValueError) as error:
        raise MalformedDocumentError(Message("The feed's answer cannot be read.")) from error


def _trouble(point: ExamPoint, refusal: PpeError) -> None:
    cursor = cursor_of(point)
    if refusal.permanent and cursor.trouble_code != refusal.code:
        # A silent centre is weather; a broken chain or a foreign signature is an alarm, told once.
        record(
            "transfers.feed_broken",
            about=point,
            subject=refusal.code,
            actor=SYSTEM,
            data={"text": refusal.text("ru")[:1000], "after": cursor.number},
        )
    link.silent(point, refusal)


def take_items(*, point: ExamPoint, items: Iterable[bytes], door: str, actor: Actor) -> int:
    """Take in items of a point's feed, in their order; those known already must be the same bytes.

    Returns:
        How many were new.

    Raises:
        BrokenChainError: One does not follow from the one before.
        FeedForkError: A number known already comes with other bytes.
        ForeignFeedError: An item of another point or mode.
        PpeError: A signature does not hold.
    """
    return sum(take_item(point=point, document=document, door=door, actor=actor) for document in items)


def take_item(*, point: ExamPoint, document: bytes, door: str, actor: Actor) -> bool:
    """Take in one item: checked, stored, done, and the cursor moved, in one transaction.

    An item that cannot be done is stored with the reason and passed: it never stops those behind it.

    Returns:
        Whether it was new.

    Raises:
        NodeBusyError: The node could not do it just now (a full disk, a locked database); nothing was changed, ask
            again.
        PpeError: See `take_items`.
    """
    try:
        return _take_item(point, document, door, actor)
    except (OperationalError, OSError) as error:
        raise _busy(error) from error


def _busy(error: Exception) -> PpeError:
    if isinstance(error, OSError):
        return durable.disk_refusal(error)
    return NodeBusyError(
        Message("The node is busy and could not store the centre's answer; it is read again."),
    )


def _take_item(point: ExamPoint, document: bytes, door: str, actor: Actor) -> bool:
    item = wire_feed.read(document, trust.trust_store())
    _require_ours(item, point)
    digest = hashlib.sha256(document).hexdigest()
    cursor_of(point)
    with transaction.atomic():
        hold(point)
        cursor = FeedCursor.objects.select_for_update(of=("self",)).get(point=point)
        if item.number <= cursor.number:
            _require_same(point, item, digest)
            return False
        wire_feed.follow([(document, item)], number=cursor.number, prev=cursor.prev)
        if item.number > cursor.number + 1:
            _lost(point, item, cursor.number, actor)
        row = FeedRecord.objects.create(
            point=point,
            number=item.number,
            kind=item.kind,
            at=item.at,
            sha256=digest,
            document=document,
            body=_kept_body(item),
        )
        said = _do(row, item, point, door, actor)
        row.problem = said
        row.save(update_fields=["problem"])
        FeedCursor.objects.filter(pk=cursor.pk).update(number=item.number, prev=digest)
        record(
            "transfers.feed_item",
            about=row,
            actor=actor,
            data={"number": item.number, "kind": item.kind, "problem": row.problem.ru[:500]},
        )
    return True


def _require_ours(item: FeedItem, point: ExamPoint) -> None:
    if (item.region, item.point) != (point.region.code, point.code):
        raise ForeignFeedError(
            Message(
                "The feed item is of {region}-{point}, not of {point_key}.",
                region=item.region,
                point=item.point,
                point_key=point.key,
            ),
        )
    if item.mode != settings.PPE_MODE:
        raise ForeignFeedError(
            Message("The feed is of mode {mode}, this node of {ppe_mode}.", mode=item.mode, ppe_mode=settings.PPE_MODE),
        )


def _lost(point: ExamPoint, item: FeedItem, after: int, actor: Actor) -> None:
    """Say that the centre has lost items that this point never read; what they said comes again or not at all."""
    log.error("feed items %d to %d of %s are lost at the centre", after + 1, item.number - 1, point.key)
    record(
        "transfers.feed_gap",
        about=point,
        subject=f"№ {after + 1}–{item.number - 1}",
        actor=actor,
        data={"after": after, "number": item.number},
    )


def _require_same(point: ExamPoint, item: FeedItem, digest: str) -> None:
    known = FeedRecord.objects.filter(point=point, number=item.number).values_list("sha256", flat=True).first()
    if known != digest:
        raise FeedForkError(
            Message("Feed item {item_number} came again with other bytes.", item_number=item.number),
            remedy=Message("Tell the centre: the feed of this point has forked."),
        )


def _kept_body(item: FeedItem) -> dict[str, Any]:
    """Return the body for pages; keys and receipts stand in the stored item itself."""
    return {name: value for name, value in item.body.items() if name not in ("p7m", "der", "certificate")}


def _do(row: FeedRecord, item: FeedItem, point: ExamPoint, door: str, actor: Actor) -> Message:
    try:
        with transaction.atomic():
            _DO[item.kind](item.body, point, door, actor)
    except _PASSING:
        raise
    except PpeError as refusal:
        log.warning("feed item %s of %s: %s", item.number, point.key, refusal.text("en"))
        return refusal.message
    return NOTHING


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedDocumentError(Message("The enclosure of the feed item cannot be read.")) from error


def _receipt(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    receipts.ingest(document=_bytes(body["p7m"]), point=point, door=door, actor=actor)


def _status_undo(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    sitting = _sitting(point, body["sitting"])
    statuses.undo(sitting=sitting, status=body["status"], reason=body["reason"], by=body["by"], actor=actor)


def _sitting(point: ExamPoint, key: str) -> Sitting:
    for sitting in Sitting.objects.filter(point=point).select_related("point__region", "subject"):
        if sitting.key == key:
            return sitting
    raise ForeignFeedError(Message("There is no sitting {key} at this point.", key=key))


def _packet(point: ExamPoint, uid: str) -> Packet:
    packet = Packet.objects.full().filter(uid=uid, sitting__point=point).first()
    if packet is None:
        raise ForeignFeedError(Message("The packet is not this node's."))
    return packet


def _rescan_request(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    packet = _packet(point, body["packet"])
    if packet.room is None:
        raise ForeignFeedError(Message("The packet holds no sheets."))
    number = body["room"] or Room.Kind.HQ.upper()
    if packet.room.kind != Room.Kind.HQ and packet.room.number != number:
        raise ForeignFeedError(Message("The packet is not of room {number}.", number=number))
    words = Message("Rescan request: {reason}", reason=body["reason"])
    packet.steps.create(at=now(), who=actor.name, text=words)
    # Whoever reads why the room is open reads whose wish it is.
    asked = Message("Rescan request of the regional centre: {reason}", reason=body["reason"][:2000])
    receipts.reopen(packet, numbers=list(body["sheets"]), reason=asked, actor=actor)


def _withdrawal(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    packet = _packet(point, body["packet"])
    reason = str(body.get("reason") or "")
    if packet.state in SETTLED and packet.state != PacketState.ACKNOWLEDGED:
        return
    why = receipts.withdrawn_reasons([{"code": "withdrawn", "ru": reason, "en": reason}] if reason else [])
    text = Several([receipts.WITHDRAWN, *([Both(reason)] if reason else [])], " ")
    move_packet(packet, PacketState.REJECTED, actor=actor, text=text, reasons=why, open_there=[])
    if packet.room is not None:
        receipts.reopen(packet, numbers=[], reason=receipts.withdrawn_words(Both(reason)), actor=actor)


def _reserve_key(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    access.take_reserve(p7m=_bytes(body["p7m"]), certificate=str(body["certificate"]).encode(), actor=actor)


def _crl(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    trust.import_crl(der=_bytes(body["der"]), actor=actor)


def _announcement(body: Any, point: ExamPoint, door: str, actor: Actor) -> None:
    """Keep an announcement: the record itself is what pages show."""


_DO: dict[str, Callable[[Any, ExamPoint, str, Actor], None]] = {
    "receipt": _receipt,
    "status_undo": _status_undo,
    "rescan_request": _rescan_request,
    "withdrawal": _withdrawal,
    "reserve_key": _reserve_key,
    "crl": _crl,
    "announcement": _announcement,
}
