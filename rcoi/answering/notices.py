"""Telling a point at once what is open about what it sent: in the receipt of the packet, and by announcement.

A confirmed packet is whole, signed and opened, and yet something about it may need a person; the point goes home too
early when nobody says so. A receipt is given once: what turns up about a packet later is announced, and so is its end.
"""

from typing import Any

from django.utils import translation

from audit.log import SYSTEM
from rcoi.answering import announcements
from rcoi.models import Announcement, InboxFinding, InboxPacket
from rcoi.models.inbox import FindingQuerySet
from stations.models import Sitting
from wire.messages import Message

#: So many findings are named in one receipt or announcement; the packet's page at the centre has them all.
MOST = 100
#: A gap in the numbers closes by itself when packets overtake each other, and the scan journal follows what is sent
#: after it was formed; a receipt would say it for ever.
PASSING = ("sequence_gap", "scan_head_missing")
#: The end of what was announced.
_SETTLED = Message("Everything that the regional centre told of is settled.")


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
    """Tell the point of what has become open about its other packets, or that nothing is any more.

    Args:
        packet: The packet whose arrival brought it to light.
        after: The newest finding that was there before.
    """
    sitting = packet.sitting
    if sitting is None:
        return
    rows = _open(sitting)
    if rows.filter(pk__gt=after).exclude(packet=packet).exists():
        with translation.override("ru"):  # what a point keeps is Russian, whoever set it off
            # Everything that is open now: a point shows the newest word of a title.
            lines = [f"{each.packet.title}: {each.text}" for each in rows.order_by("pk")[:MOST]]
        _say(sitting, "\n".join(lines))
    else:
        settled(sitting)


def settled(sitting: Sitting) -> None:
    """Tell the point that nothing of what it was told is open any more; call when something was settled."""
    last = Announcement.objects.filter(points=sitting.point, title=_title(sitting)).order_by("-pk").first()
    if last is not None and last.text != _SETTLED.ru and not _open(sitting).exclude(code__in=PASSING).exists():
        _say(sitting, _SETTLED.ru)


def _open(sitting: Sitting) -> FindingQuerySet:
    return InboxFinding.objects.filter(packet__sitting=sitting).unsettled().select_related("packet")


def _say(sitting: Sitting, text: str) -> None:
    announcements.announce(points=[sitting.point], title=_title(sitting), text=text, actor=SYSTEM)


def _title(sitting: Sitting) -> str:
    """One title for every word about an exam: the newest one stands for those before it."""
    return Message("Findings of the regional centre: {sitting}", sitting=sitting.key).ru[:200]
