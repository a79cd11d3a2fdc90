"""The packets of an exam that count now."""

from stations.models import Sitting
from transfers.models import Packet, PacketKind
from transfers.states import PacketState, StatusState


def newest_packets(sitting: Sitting) -> list[Packet]:
    """Return the newest version of every packet of every machine of the HQ; one that another has replaced is left out.

    Versions are counted by each machine for itself: the later one of another machine replaces nothing by its number.
    """
    newest: dict[tuple[str, str, str], Packet] = {}
    rows = Packet.objects.filter(sitting=sitting).exclude(status__state=StatusState.UNDONE)
    rows = rows.exclude(kind=PacketKind.TEST)
    for packet in rows.select_related("room", "status").order_by("version", "pk"):
        where = packet.status.status if packet.status else packet.room.number if packet.room else ""
        newest[packet.kind, where, packet.node if packet.imported else ""] = packet
    return [packet for packet in newest.values() if packet.state != PacketState.SUPERSEDED]
