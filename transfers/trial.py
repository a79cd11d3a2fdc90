"""The test packet: the whole way from the GEK member's token to the centre's answer, walked the day before."""

import logging
from typing import Any

from django.db import transaction

from audit.log import SYSTEM, Actor
from audit.moves import move
from common.work import jobs, leases
from common.work.clock import now
from keys.tokens import OpenToken
from stations.models import Sitting
from transfers import build, link, seal, sign
from transfers.models import ConnectivityCheck, Packet, PacketKind
from transfers.states import LineState
from wire.errors import PpeError

log = logging.getLogger(__name__)

LEASE_SECONDS = 90.0
#: A line that is silent once may have hiccuped; silent three times it is said to be silent.
TRIES = 3
PAUSE_SECONDS = 5.0


def begin(*, sitting: Sitting, token: OpenToken, actor: Actor) -> Packet:
    """Make, seal and sign a test packet with the token, queue it, and knock at the centre by every channel.

    Args:
        sitting: The exam that is prepared.
        token: The GEK member's open token.
        actor: The user of the session.

    Raises:
        PpeError: The token, a certificate or the disk stands in the way; nothing was made.
    """
    with transaction.atomic():
        packet = build.start(sitting=sitting, kind=PacketKind.TEST, room=None, status=None, actor=actor)
        # Small enough to be sealed at once: the person with the token waits for it.
        seal.seal(packet)
        sign.sign_packets(packets=[packet], token=token, actor=actor)
        for channel, address in zip(ConnectivityCheck.Channel.values, link.addresses(), strict=False):
            row = ConnectivityCheck.objects.create(packet=packet, channel=channel, address=address[:300])
            jobs.enqueue("transfers.knock", row.pk)
    return Packet.objects.full().get(pk=packet.pk)


def last(sitting: Sitting) -> Packet | None:
    """Return the newest test packet of a sitting."""
    rows = Packet.objects.filter(sitting=sitting, kind=PacketKind.TEST).full()
    return rows.prefetch_related("lines").order_by("-version").first()


def check_connectivity(pk: int) -> None:
    """Knock by one channel; safe to run twice or be killed anywhere."""
    rows = ConnectivityCheck.objects.filter(state=LineState.WAITING)
    row = leases.claim(rows, pk, seconds=LEASE_SECONDS, max_attempts=1_000_000)
    if row is None:
        return
    point = row.packet.sitting.point
    try:
        heard = link.check_connectivity(point, row.address)
    except PpeError as refusal:
        log.info("line check of %s: %s", row.address, refusal.text("en"))
        if row.attempts < TRIES and not refusal.permanent:
            leases.release(row, retry_in=PAUSE_SECONDS)
            jobs.enqueue("transfers.knock", row.pk)
            return
        _settle(row, LineState.SILENT, problem=link.words(refusal))
    else:
        _settle(row, LineState.ANSWERED, milliseconds=heard.milliseconds, skew_seconds=heard.skew_seconds)


def _settle(row: ConnectivityCheck, to: str, **facts: Any) -> None:
    move(row, to, actor=SYSTEM, data={"channel": row.channel, "to": to}, answered_at=now(), **facts)
    leases.release(row)
