"""Tables of the centre."""

from rcoi.models.inbox import (
    Door,
    InboxAct,
    InboxFinding,
    InboxJournal,
    InboxPacket,
    InboxRecording,
    InboxSheet,
    PacketKind,
)
from rcoi.models.issued import (
    Announcement,
    FeedEntry,
    IssuedReceipt,
    PhoneWord,
    PointStatusRecord,
    Report,
    RescanRequest,
    Series,
)

__all__ = [
    "Announcement",
    "Door",
    "FeedEntry",
    "InboxAct",
    "InboxFinding",
    "InboxJournal",
    "InboxPacket",
    "InboxRecording",
    "InboxSheet",
    "IssuedReceipt",
    "PacketKind",
    "PhoneWord",
    "PointStatusRecord",
    "Report",
    "RescanRequest",
    "Series",
]
