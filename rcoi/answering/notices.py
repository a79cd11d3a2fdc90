"""Telling a point at once what is open about what it sent: in the receipt of the packet, and by announcement.

A confirmed packet is whole, signed and opened, and yet something about it may need a person; the point goes home too
early when nobody says so. A receipt is given once: what turns up about a packet later is announced.
"""

from typing import Any

from django.utils import translation

from audit.log import SYSTEM
from rcoi.answering import announcements
from rcoi.models import InboxFinding, InboxPacket
from wire.messages import Message

#: So many findings are named in one receipt or announcement; the packet's page at the centre has them all.
MOST = 100
#: A gap in the numbers closes by itself when packets overtake each other, and the scan journal follows what is sent
#: after it was formed; a receipt would say it for ever.
PASSING = ("sequence_gap", "scan_head_missing")


def newest() -> int:
    """Return the number of the newest finding, to tell later ones from it."""
    return InboxFinding.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def still_open(packet: InboxPacket) -> list[dict[str, Any]]:
    """Return what is open about a packet, as its receipt says it."""
    rows = packet.findings.all().unsettled().exclude(code__in=PASSING)[:MOST] if packet.superseded_by_id is None else []
    return [
        {
            "code": each.code,
            "ru": each.text.ru,
            "en": each.text.en,
            "sheet": each.number or None,
            "room": each.room or None,
        }
        for each in rows
    ]


def announce(packet: InboxPacket, *, after: int) -> None:
    """Tell the point of what has become open about its other packets.

    Args:
        packet: The packet whose arrival brought it to light.
        after: The newest finding that was there before.
    """
    sitting = packet.sitting
    if sitting is None:
        return
    rows = InboxFinding.objects.filter(pk__gt=after, packet__sitting=sitting).exclude(packet=packet).unsettled()
    found = list(rows.select_related("packet").order_by("pk")[:MOST])
    if not found:
        return
    title = Message("The regional centre has found something that needs a person: {sitting}", sitting=sitting.key)
    with translation.override("ru"):  # what a point keeps is Russian, whoever set it off
        lines = [f"{each.packet.title}: {each.text}" for each in found]
    announcements.announce(points=[sitting.point], title=title.ru, text="\n".join(lines), actor=SYSTEM)
