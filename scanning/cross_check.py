"""What the forms of the HQ say about a room: a second opinion beside the card, where it is sure; never its source."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanning.models import RoomCard, Sheet
from scanning.states import ACTIVE
from wire.forms import ORAL_SUMMARY, SUMMARY

#: Field of a form → field of the card, and its words.
_COUNTS: dict[str, tuple[str, str | Promise]] = {
    "registration": ("registration_count", _("registration forms")),
    "additional": ("dbo_count", _("Additional answer forms no. 2")),
    "absent": ("absent_count", _("absent")),
    "not_finished": ("not_finished_count", _("did not finish")),
}
_PROTOCOL, _SUMMARIES = "05-02", (SUMMARY, ORAL_SUMMARY)


@dataclass(frozen=True)
class CrossCheck:
    """One count as a form has it."""

    sheet: Sheet
    words: str | Promise
    value: str
    place: tuple[int, ...]
    card: int | None

    @property
    def differs(self) -> bool:
        """Whether the form contradicts the card."""
        return self.card is not None and int(self.value) != self.card


def cross_checks(card: RoomCard) -> list[CrossCheck]:
    """Return what the scanned protocol and summary say about a room; nothing for the HQ itself."""
    if card.is_hq:
        return []
    room = card.room.number
    sheets = Sheet.objects.filter(
        card__sitting=card.sitting, kind__in=(_PROTOCOL, *_SUMMARIES), state__in=ACTIVE
    ).select_related("card__room", "source")
    found: list[CrossCheck] = []
    for sheet in sheets:
        rows = sheet.reading.get("fields", [])
        if sheet.kind == _PROTOCOL:
            wanted = [row for row in rows if str(sheet.address.get("room") or "") == room]
        else:
            lines = {row["row"] for row in rows if row["name"] == "room" and row["sure"] and row["value"] == room}
            wanted = [row for row in rows if row["row"] in lines]
        found += _of_card(card, sheet, wanted)
    return found


def _of_card(card: RoomCard, sheet: Sheet, rows: Iterable[dict[str, Any]]) -> Iterator[CrossCheck]:
    for row in rows:
        # A doubtful digit beside a person's own count would only unsettle the person.
        if row["name"] in _COUNTS and row["sure"]:
            name, words = _COUNTS[row["name"]]
            yield CrossCheck(
                sheet,
                words,
                row["value"],
                tuple(row["place"]),
                getattr(card, name) if card.filled else None,
            )
