"""Rooms that have to be compared again although nobody touches them.

Journals may come, and keys be activated, after the sheets were read; a worker may be killed between the last sheet and
the comparison.
"""

from scanning.models import RoomCard
from scanning.reconcile import reconcile, scanning
from scanning.register import read_register
from scanning.states import CardState, RecordingState, SourceState
from stations.models import Sitting

_OPEN = (CardState.SCANNING, CardState.RECONCILED, CardState.DISCREPANT)


def watch_journals() -> None:
    """Reconcile every open room whose last comparison saw other journals."""
    cards = RoomCard.objects.filter(state__in=_OPEN).exclude(sources__state=SourceState.RECEIVED)
    for sitting in Sitting.objects.filter(cards__in=cards).distinct():
        reconcile_open(sitting)


def reconcile_open(sitting: Sitting) -> None:
    """Reconcile the open rooms of a sitting where the journals have changed, or that were left half done."""
    register = read_register(sitting)
    rows = sitting.cards.filter(state__in=_OPEN).exclude(sources__state=SourceState.RECEIVED)
    for card in rows.select_related("sitting__point__region", "room"):
        if card.seen_journals != register.mark or _left(card):
            reconcile(card, register=register)


def _left(card: RoomCard) -> bool:
    """Whether everything of a room is read and its verdict still stands out."""
    if (
        scanning(card)
        or card.state != CardState.SCANNING
        or card.recordings.filter(state=RecordingState.RECEIVED).exists()
    ):
        return False
    return bool(card.balance.get("unread")) or not card.balance.get("sealed")
