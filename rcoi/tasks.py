"""Background work of the centre."""

from django.db.models import QuerySet

from common.work import jobs
from rcoi.models import InboxPacket
from rcoi.receiving.inbox import OPEN_JOB
from rcoi.receiving.opening import open_packet
from rcoi.states import WORKING


@jobs.job(OPEN_JOB, cluster="heavy")
def open_received(pk: int) -> None:
    """Open, verify and acknowledge a packet."""
    open_packet(pk)


@jobs.scheduled(OPEN_JOB)
def packets_due() -> QuerySet[InboxPacket]:
    """Return the packets that are not decided yet."""
    return InboxPacket.objects.filter(state__in=WORKING)
