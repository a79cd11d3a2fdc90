"""Tables of this room."""

from transfers.models.packets import (
    LineCheck,
    Packet,
    PacketKind,
    PacketQuerySet,
    PacketStep,
    PhoneCode,
    PointStatus,
    SequenceHead,
    StatusName,
    Wiping,
)
from transfers.models.words import Door, FeedCursor, FeedKind, FeedRecord, ReceiptLevel, ReceiptRecord

__all__ = [
    "Door",
    "FeedCursor",
    "FeedKind",
    "FeedRecord",
    "LineCheck",
    "Packet",
    "PacketKind",
    "PacketQuerySet",
    "PacketStep",
    "PhoneCode",
    "PointStatus",
    "ReceiptLevel",
    "ReceiptRecord",
    "SequenceHead",
    "StatusName",
    "Wiping",
]
