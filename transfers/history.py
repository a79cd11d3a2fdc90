"""The way of one packet in five milestones: when, by whom, how long it took, and the digest that proves it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from audit.log import SYSTEM
from transfers.models import Packet, ReceiptLevel, ReceiptRecord


@dataclass(frozen=True)
class Milestone:
    """A milestone; one without a moment is still ahead.

    Attributes:
        title: What happened.
        at: When, by this node's clock.
        there: When, by the centre's clock, where it has said so.
        who: Who or what did it.
        took: How long after the milestone before it.
        digest: Hash of what was made; empty when it makes nothing.
        level: Class of the chip.
    """

    title: str
    at: datetime | None
    there: datetime | None
    who: str
    took: str
    digest: str
    level: str


def milestones(packet: Packet) -> list[Milestone]:
    """Return the milestones of a packet, those ahead too."""
    receipts = {row.level: row for row in packet.receipts.order_by("number")}
    delivered, last = receipts.get(ReceiptLevel.DELIVERED), _verdict(receipts)
    tries = packet.steps.filter(state="", who=SYSTEM.name).count()
    way = packet.handed_over_to and _("drive %s") % packet.handed_over_to
    carried = way or (_("by network, failed tries: %d") % tries if packet.is_signed else "")
    rows = [
        (_("Built"), packet.made_at, None, packet.made_by, "", "ok"),
        (_("Sealed"), packet.sealed_at, None, _sealed_for(packet), packet.content_sha256, "ok"),
        (_("Signed"), packet.signed_at, None, packet.signed_by, packet.sha256, "ok"),
        (
            _("«Передан» (delivered)"),
            _came(delivered) or packet.delivered_at or packet.handed_over_at,
            delivered.issued_at if delivered else None,
            carried,
            delivered.sha256 if delivered else "",
            "ok",
        ),
        (
            str(last.get_level_display()) if last else pgettext("bare", "«Подтвержден» (confirmed)"),
            _came(last),
            last.issued_at if last else None,
            last.operator if last else "",
            last.sha256 if last else "",
            "ok" if last is None or last.level == ReceiptLevel.ACKNOWLEDGED else "bad",
        ),
    ]
    made, before = [], None
    for title, at, there, who, digest, level in rows:
        made.append(Milestone(title, at, there, who if at else "", _took(before, at), digest, level if at else "idle"))
        before = at or before
    return made


def _verdict(receipts: dict[str, ReceiptRecord]) -> ReceiptRecord | None:
    said = [row for level, row in receipts.items() if level != ReceiptLevel.DELIVERED]
    return max(said, key=lambda row: row.number, default=None)


def _came(receipt: ReceiptRecord | None) -> datetime | None:
    return receipt.received_at if receipt else None


def _sealed_for(packet: Packet) -> str:
    return _("to certificates of the centre: %d") % len(packet.recipients) if packet.recipients else ""


def _took(before: datetime | None, at: datetime | None) -> str:
    if before is None or at is None or at < before:
        return ""
    seconds = round((at - before) / timedelta(seconds=1))
    if not seconds:
        return ""
    if seconds < 60:
        return _("%d s") % seconds
    if seconds < 3600:
        return _("%d min") % (seconds // 60)
    return _("%(hours)d h %(minutes)d min") % {"hours": seconds // 3600, "minutes": seconds // 60 % 60}
