"""Tables of this room."""

from transfers.models.packets import (
    ConnectivityCheck,
    HistoryEntry,
    Packet,
    PacketKind,
    PacketQuerySet,
    PhoneCode,
    PointStatus,
    SequenceHead,
    StatusName,
    Wiping,
)
from transfers.models.words import (
    AnswerChannel,
    FeedCursor,
    FeedKind,
    FeedRecord,
    ReceiptLevel,
    ReceiptRecord,
    StandingReport,
)

__all__ = [
    "AnswerChannel",
    "ConnectivityCheck",
    "FeedCursor",
    "FeedKind",
    "FeedRecord",
    "HistoryEntry",
    "Packet",
    "PacketKind",
    "PacketQuerySet",
    "PhoneCode",
    "PointStatus",
    "ReceiptLevel",
    "ReceiptRecord",
    "SequenceHead",
    "StandingReport",
    "StatusName",
    "Wiping",
]
