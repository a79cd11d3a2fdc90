"""Background work of this room. Rows are the queue; see `common.work.jobs`."""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from audit.log import SYSTEM
from common.work import jobs, leases
from common.work.clock import now
from common.work.leases import free
from scanning import cards, contents
from scanning.errors import PicturesGoneError
from scanning.models import RoomCard
from stations.models import ExamPoint, Node
from transfers import feed, link, outbox, pausing, seal, standing, statuses, trial, wiping
from transfers.models import ConnectivityCheck, FeedCursor, Packet, StandingReport, Wiping
from transfers.moves import move_packet
from transfers.states import IN_THE_MAKING, ON_THE_WAY, SENDING, LineState, PacketState, WipeState
from wire.durable import DiskError
from wire.errors import PpeError
from wire.messages import Message

log = logging.getLogger(__name__)

MAX_SEALINGS = 8
FULL_SECONDS = 20.0
REWAKE = timedelta(seconds=20)


@jobs.job("transfers.seal", cluster="heavy")
def seal_packet(pk: int) -> None:
    """Seal one packet."""
    rows = Packet.objects.filter(state__in=IN_THE_MAKING).full()
    packet = leases.claim(rows, pk, seconds=seal.LEASE_SECONDS, max_attempts=1_000_000)
    if packet is None:
        return
    if packet.attempts > MAX_SEALINGS:
        why = packet.last_error or Message("The packet could not be built.")
        move_packet(packet, PacketState.STUCK, actor=SYSTEM, text=why, last_error=why)
        return
    try:
        seal.seal(packet)
    except PpeError as refusal:
        _not_sealed(packet, refusal)


def _not_sealed(packet: Packet, refusal: PpeError) -> None:
    if isinstance(refusal, PicturesGoneError):
        # The room opens again, and the packet that nobody signed gives way.
        card = RoomCard.objects.filter(sitting=packet.sitting, room=packet.room).first()
        if card is not None:
            contents.forget_altered(card)
            cards.reopen(card=card, numbers=[], reason=refusal.message, actor=SYSTEM)
    packet.refresh_from_db()
    if packet.state not in IN_THE_MAKING:
        return
    facts: dict[str, Any] = {"last_error": refusal.whole(), "last_error_code": refusal.code}
    if refusal.permanent:
        move_packet(packet, PacketState.STUCK, actor=SYSTEM, text=refusal.message, **facts)
    else:
        Packet.objects.filter(pk=packet.pk).update(**facts)
        # A full disk is waited out: it says nothing against the packet.
        full = isinstance(refusal, DiskError)
        leases.release(packet, retry_in=FULL_SECONDS if full else min(60, 2**packet.attempts), reset_attempts=full)


@jobs.scheduled("transfers.seal")
def to_seal() -> QuerySet[Packet]:
    """Return the packets that are to be sealed."""
    return Packet.objects.filter(state__in=IN_THE_MAKING)


@jobs.job("transfers.deliver", cluster="link")
def deliver(pk: int) -> None:
    """Deliver one packet for a while."""
    outbox.work(pk)


@jobs.scheduled("transfers.deliver")
def to_deliver() -> QuerySet[Packet]:
    """Return the packets that are to be sent; none when the node has no address of the centre, or in a pause."""
    goes = link.has_centre() and not pausing.paused()
    return Packet.objects.filter(state__in=SENDING) if goes else Packet.objects.none()


@jobs.job("transfers.tell", cluster="link")
def tell(pk: int) -> None:
    """Tell the centre what is open again on a day."""
    standing.send(pk)


@jobs.scheduled("transfers.tell")
def to_tell() -> QuerySet[StandingReport]:
    """Return the words that the centre does not have yet; none without its address, or in a pause."""
    goes = link.has_centre() and not pausing.paused()
    return StandingReport.objects.filter(told_at=None) if goes else StandingReport.objects.none()


@jobs.job("transfers.poll", cluster="link")
def poll(pk: int) -> None:
    """Ask for the feed of one point."""
    cursor = leases.claim(FeedCursor.objects.select_related("point__region"), pk, seconds=90, max_attempts=1_000_000)
    if cursor is None:
        return
    calm = settings.PPE_FEED_SECONDS
    pause, silent = calm, False
    try:
        feed.poll_point(cursor.point, tries=cursor.attempts)
    except PpeError as refusal:
        silent = True
        log.info("feed of %s: %s", cursor.point.key, refusal.text("en"))
    else:
        outbox.revive(cursor.point)
    if feed.has_awaited(cursor.point):
        # A centre that does not answer is asked less and less often, and never by all points at once.
        pause = outbox.pause_after(cursor.attempts, None) if silent else feed.QUICK_SECONDS
    leases.release(cursor, retry_in=min(pause, calm), reset_attempts=not silent)


@jobs.scheduled("transfers.poll")
def to_poll() -> QuerySet[FeedCursor]:
    """Return the points whose feed is due."""
    return FeedCursor.objects.all() if listens() else FeedCursor.objects.none()


def listens() -> bool:
    """Return whether this node reads feeds over the network."""
    return settings.PPE_NODE == "hq" and link.has_centre()


@jobs.job("transfers.knock", cluster="link")
def check_connectivity(pk: int) -> None:
    """Knock at the centre by one channel."""
    trial.check_connectivity(pk)


@jobs.scheduled("transfers.knock")
def to_check_connectivity() -> QuerySet[ConnectivityCheck]:
    """Return the channels that are to be tried."""
    return ConnectivityCheck.objects.filter(state=LineState.WAITING)


@jobs.job("transfers.wipe", cluster="heavy")
def wipe(pk: int) -> None:
    """Wipe the originals of one sitting."""
    wiping.work(pk)


@jobs.scheduled("transfers.wipe")
def to_wipe() -> QuerySet[Wiping]:
    """Return the wipings that were begun and not finished."""
    return Wiping.objects.filter(state=WipeState.BEGUN)


@jobs.periodic_task("transfers.listen", every=2)
def listen() -> None:
    """Wake the reading of feeds in time: the sweep alone would be too slow for a person who waits."""
    if not listens():
        return
    ensure_cursors()
    at = now()
    # A packet that left while its point slept calmly is waited for at once; a silent centre keeps its pause.
    waiting = Packet.objects.filter(state__in=ON_THE_WAY).exclude(sha256="").values("sitting__point")
    soon = at + timedelta(seconds=feed.QUICK_SECONDS)
    FeedCursor.objects.filter(point__in=waiting, attempts=0, next_try_at__gt=soon).update(next_try_at=at, woken_at=None)
    asleep = Q(woken_at__isnull=True) | Q(woken_at__lt=at - REWAKE)
    for pk in FeedCursor.objects.filter(free(at)).filter(asleep).values_list("pk", flat=True):
        FeedCursor.objects.filter(pk=pk).update(woken_at=at)
        jobs.enqueue("transfers.poll", pk)


def ensure_cursors() -> None:
    """Give every point of this node its place in the feed."""
    node = Node.objects.first()
    if node is None or node.kind != "hq":
        return
    known = set(FeedCursor.objects.values_list("point_id", flat=True))
    for point in ExamPoint.objects.filter(region__code=node.region, code__in=node.points):
        if point.pk not in known:
            feed.cursor_of(point)


@jobs.periodic_task("transfers.late_journals", every=15)
def late_journals() -> None:
    """Send the next version of a status packet when a late or longer journal came."""
    if settings.PPE_NODE == "hq":
        statuses.catch_up()
