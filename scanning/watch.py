"""Journals may come, and keys be activated, after the sheets were read: then the open rooms are compared again."""

from scanning.models import RoomCard
from scanning.reconcile import reconcile
from scanning.register import read_register
from scanning.states import CardState, SourceState
from stations.models import Sitting

_OPEN = (CardState.SCANNING, CardState.RECONCILED, CardState.DISCREPANT)


def watch_journals() -> None:
    """Reconcile every open room whose last comparison saw other journals."""
    cards = RoomCard.objects.filter(state__in=_OPEN).exclude(sources__state=SourceState.RECEIVED)
    for sitting in Sitting.objects.filter(cards__in=cards).distinct():
        reconcile_open(sitting)


def reconcile_open(sitting: Sitting) -> None:
    """Reconcile the open rooms of a sitting where the journals have changed."""
    register = read_register(sitting)
    rows = sitting.cards.filter(state__in=_OPEN).exclude(sources__state=SourceState.RECEIVED)
    for card in rows.exclude(seen_journals=register.mark).select_related("sitting__point__region", "room"):
        reconcile(card, register=register)
