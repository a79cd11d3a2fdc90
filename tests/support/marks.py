"""Rooms that a test closes by hand: what they rest on is marked as compared."""

from scanning.grounds import read_grounds
from scanning.models import RoomCard


def mark_compared(sitting, *rooms):
    """Say of closed rooms (all when none is named) that they were compared with what they rest on now."""
    rows = RoomCard.objects.filter(sitting=sitting).select_related("room", "sitting__subject")
    grounds = read_grounds(sitting)
    for card in rows.filter(room__number__in=rooms) if rooms else rows:
        RoomCard.objects.filter(pk=card.pk).update(seen_journals=grounds.mark(card))
