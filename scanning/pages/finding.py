"""Finding the room, sheet or recording that an address names, within the scope of the person."""

from typing import TypeVar

from django.http import Http404, HttpRequest

from common.web.pages import row_number
from scanning import cards
from scanning.models import Recording, RoomCard, Sheet
from stations.lookup import open_sitting, sitting_or_404
from stations.scope import ScopedQuerySet

M = TypeVar("M", Sheet, Recording)


def card_of(request: HttpRequest, key: str, room: str) -> RoomCard:
    """Return the card of a room, making the cards of the sitting that are not there yet.

    Raises:
        Http404: The sitting has no such room, or lies outside the person's scope.
    """
    sitting = open_sitting(request, key)
    for card in cards.ensure_cards(sitting):
        if card.room.number == room:
            return card
    raise Http404(room)


def known_card(request: HttpRequest, key: str, room: str) -> RoomCard:
    """Return a card that is there already, in few queries: for what a page asks every second.

    Raises:
        Http404: There is none within the person's scope.
    """
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    card = sitting.cards.filter(room__number=room).select_related("room").first()
    if card is None:
        raise Http404(room)
    card.sitting = sitting
    return card


def scoped(request: HttpRequest, key: str, rows: "ScopedQuerySet[M]", pk: int) -> M:
    """Return a sheet or recording of a sitting.

    Raises:
        Http404: There is none within the person's scope.
    """
    sitting = sitting_or_404(request.user, key)  # type: ignore[arg-type]
    row = rows.visible_to(request.user).filter(card__sitting=sitting, pk=pk).first()
    if row is None:
        raise Http404(str(pk))
    return row


def sheet_of(card: RoomCard, number: str) -> Sheet:
    """Return the sheet of a room that a form names.

    Raises:
        Http404: The room has no such sheet.
    """
    row = card.sheets.filter(pk=row_number(number)).select_related("source").first()
    if row is None:
        raise Http404(number)
    row.card = card
    return row
