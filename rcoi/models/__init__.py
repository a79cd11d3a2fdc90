"""Tables of the centre."""

from rcoi.models.inbox import (
    InboxAct,
    InboxChannel,
    InboxFinding,
    InboxJournal,
    InboxKind,
    InboxPacket,
    InboxRecording,
    InboxSheet,
    PointStanding,
)
from rcoi.models.issued import (
    Announcement,
    FeedEntry,
    IssuedReceipt,
    NumberSequence,
    PhoneReport,
    PointStatusRecord,
    Report,
    RescanRequest,
)

__all__ = [
    "Announcement",
    "FeedEntry",
    "InboxAct",
    "InboxChannel",
    "InboxFinding",
    "InboxJournal",
    "InboxKind",
    "InboxPacket",
    "InboxRecording",
    "InboxSheet",
    "IssuedReceipt",
    "NumberSequence",
    "PhoneReport",
    "PointStanding",
    "PointStatusRecord",
    "Report",
    "RescanRequest",
]
