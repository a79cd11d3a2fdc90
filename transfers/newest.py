"""The newest version of each packet of an exam."""

from stations.models import Sitting
from transfers.models import Packet, PacketKind
from transfers.states import StatusState


def newest_packets(sitting: Sitting) -> dict[tuple[str, str], Packet]:
    """Return the newest version of every packet: (kind, room number or status name) → packet."""
    newest: dict[tuple[str, str], Packet] = {}
    rows = Packet.objects.filter(sitting=sitting).exclude(status__state=StatusState.UNDONE)
    rows = rows.exclude(kind=PacketKind.TEST)
    for packet in rows.select_related("room", "status").order_by("version", "pk"):
        where = packet.status.status if packet.status else packet.room.number if packet.room else ""
        newest[packet.kind, where] = packet
    return newest
