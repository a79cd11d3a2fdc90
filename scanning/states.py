"""The statuses of the scanning desk and their legal transitions; the only place that names them."""

from collections.abc import Mapping

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CardState(TextChoices):
    """A room on its way from the first sheet to the packet."""

    WAITING = "waiting", _("Waiting")
    OPEN = "open", pgettext_lazy("room", "Open")
    SCANNING = "scanning", _("Scanning")
    RECONCILED = "reconciled", _("Balanced")
    DISCREPANT = "discrepant", _("Differs")
    CLOSED = "closed", pgettext_lazy("room", "Closed")
    CLOSED_WITH_ACT = "closed_with_act", _("Closed with an act")
    PACKED = "packed", _("Packed")


class SourceState(TextChoices):
    """A file as received."""

    RECEIVED = "received", _("Being read")
    READ = "read", _("Read")


class SheetState(TextChoices):
    """One side of paper."""

    RECEIVED = "received", _("Received")
    RECOGNISED = "recognised", _("Recognised")
    PROBLEM = "problem", _("Needs a decision")
    ACCEPTED = "accepted", _("Accepted")
    DISCARDED = "discarded", _("Left out")
    REPLACED = "replaced", _("Replaced")


class RecordingState(TextChoices):
    """One recorded answer."""

    RECEIVED = "received", _("Received")
    READ = "read", _("Read")
    PROBLEM = "problem", _("Needs a decision")
    ACCEPTED = "accepted", _("Accepted")
    DISCARDED = "discarded", _("Left out")


class BatchState(TextChoices):
    """One handing over of files."""

    OPEN = "open", _("In work")
    PAUSED = "paused", _("Paused")
    DELETED = "deleted", _("Deleted")


class ScanState(TextChoices):
    """One pass of the scanner, begun in the page."""

    WAITING = "waiting", _("Waiting for the scanner")
    SCANNING = "scanning", pgettext_lazy("scanner", "Scanning")
    DONE = "done", _("Finished")
    FAILED = "failed", pgettext_lazy("scan", "Stopped")
    CANCELLED = "cancelled", _("Cancelled")


class FolderState(TextChoices):
    """A watched folder of a scanner's own software."""

    WATCHED = "watched", _("Watched")
    ENDED = "ended", _("Switched off")


C, S, R = CardState, SheetState, RecordingState
B, J = BatchState, ScanState

#: While a card is in one of these, sheets may come and be decided about.
EDITABLE = frozenset({C.WAITING, C.OPEN, C.SCANNING, C.RECONCILED, C.DISCREPANT})
CLOSED = frozenset({C.CLOSED, C.CLOSED_WITH_ACT, C.PACKED})
#: Sheets that stand for paper in the envelope.
ACTIVE = frozenset({S.RECEIVED, S.RECOGNISED, S.PROBLEM, S.ACCEPTED})
ACTIVE_RECORDINGS = frozenset({R.RECEIVED, R.READ, R.PROBLEM, R.ACCEPTED})

CARD_MOVES: Mapping[str, frozenset[str]] = {
    C.WAITING: frozenset({C.OPEN}),
    C.OPEN: frozenset({C.SCANNING, C.RECONCILED, C.DISCREPANT}),
    C.SCANNING: frozenset({C.RECONCILED, C.DISCREPANT}),
    C.RECONCILED: frozenset({C.SCANNING, C.DISCREPANT, C.CLOSED}),
    C.DISCREPANT: frozenset({C.SCANNING, C.RECONCILED, C.CLOSED_WITH_ACT}),
    C.CLOSED: frozenset({C.PACKED, C.OPEN}),
    C.CLOSED_WITH_ACT: frozenset({C.PACKED, C.OPEN}),
    C.PACKED: frozenset({C.OPEN}),
}
SOURCE_MOVES: Mapping[str, frozenset[str]] = {
    SourceState.RECEIVED: frozenset({SourceState.READ}),
    # A sheet without a picture is read again.
    SourceState.READ: frozenset({SourceState.RECEIVED}),
}
SHEET_MOVES: Mapping[str, frozenset[str]] = {
    # Unread sheets leave the room only with their whole batch.
    S.RECEIVED: frozenset({S.RECOGNISED, S.PROBLEM, S.DISCARDED}),
    # Back to received: its picture is not there, and it is read again from its file.
    S.RECOGNISED: frozenset({S.PROBLEM, S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.PROBLEM: frozenset({S.RECOGNISED, S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.ACCEPTED: frozenset({S.ACCEPTED, S.DISCARDED, S.REPLACED, S.RECEIVED}),
    S.DISCARDED: frozenset({S.ACCEPTED}),
    S.REPLACED: frozenset({S.ACCEPTED}),
}
RECORDING_MOVES: Mapping[str, frozenset[str]] = {
    R.RECEIVED: frozenset({R.READ, R.PROBLEM}),
    # A journal that comes or grows later may speak against a recording that was found good.
    R.READ: frozenset({R.DISCARDED, R.ACCEPTED, R.PROBLEM}),
    R.PROBLEM: frozenset({R.ACCEPTED, R.DISCARDED}),
    R.ACCEPTED: frozenset({R.DISCARDED}),
    R.DISCARDED: frozenset({R.ACCEPTED}),
}

BATCH_MOVES: Mapping[str, frozenset[str]] = {
    B.OPEN: frozenset({B.PAUSED, B.DELETED}),
    B.PAUSED: frozenset({B.OPEN, B.DELETED}),
}
SCAN_MOVES: Mapping[str, frozenset[str]] = {
    J.WAITING: frozenset({J.SCANNING, J.CANCELLED, J.FAILED}),
    J.SCANNING: frozenset({J.DONE, J.FAILED, J.CANCELLED}),
}
FOLDER_MOVES: Mapping[str, frozenset[str]] = {
    FolderState.WATCHED: frozenset({FolderState.ENDED}),
    FolderState.ENDED: frozenset({FolderState.WATCHED}),
}


def backwards(table: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """Return the table read from its ends: the ways an undone decision may lead."""
    ends = {end for each in table.values() for end in each}
    return {end: frozenset(start for start, to in table.items() if end in to) for end in ends}


#: The only ways back: an undone decision returns the row to what it was before.
SHEET_UNDO = backwards(SHEET_MOVES)
RECORDING_UNDO = backwards(RECORDING_MOVES)
SOURCE_UNDO = backwards(SOURCE_MOVES)
BATCH_UNDO = backwards(BATCH_MOVES)

EVENT_KINDS: dict[str, str | Promise] = {
    "scanning.card_state": _("Room changed its state"),
    "scanning.card_saved": _("Room card filled in"),
    "scanning.card_closed": _("Room closed"),
    "scanning.card_closed_with_act": _("Room closed with an act"),
    "scanning.card_reopened": _("Room opened again"),
    "scanning.card_packed": _("Room packed"),
    "scanning.source_taken": _("File of scans taken in"),
    "scanning.source_read": _("File of scans read"),
    "scanning.sheet_read": _("Sheet read"),
    "scanning.sheet_decided": _("Sheet decided"),
    "scanning.sheet_read_again": _("A sheet is read again"),
    "scanning.sheet_moved": _("Sheet moved to another room"),
    "scanning.sheet_replaced": _("Sheet replaced by a new scan"),
    "scanning.recording_taken": _("Recording taken in"),
    "scanning.recording_read": _("Recording listened to"),
    "scanning.recording_decided": _("Recording decided"),
    "scanning.undone": _("Last decision undone"),
    "scanning.batch_state": _("A batch changed its state"),
    "scanning.scan_asked": _("Scanning started from the page"),
    "scanning.scan_state": _("A scanner run changed its state"),
    "scanning.folder_state": _("A scanner folder was switched on or off"),
    "scanning.file_refused": _("A file from a scanner folder was refused"),
    "scanning.readiness": _("The station's readiness was checked"),
    "scanning.end_scan_formed": _("Scan journal formed"),
}
