"""What the verdict of a room rests on, as one mark: SHA-256 over its content, never over counts.

Equal counts say nothing: a longer journal may list as many sets and mark another of them as spoiled.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from journals.models import Journal
from scanning.expected_forms import ExpectedForms, digest
from scanning.models import COUNTS, Recording, RoomCard, Sheet
from scanning.states import ACTIVE, ACTIVE_RECORDINGS
from stations.models import Room, Sitting
from wire.forms import CATALOGUE

_ROOM_FORMS = frozenset(code for code, kind in CATALOGUE.items() if kind.scope == "room")


@dataclass(frozen=True)
class Grounds:
    """The content of a sitting, read once for all its rooms.

    Attributes:
        register: What the journals say.
        uses: Room → its number, seats, and whether answers are recorded there.
        journals: Room → its journals: file, station, state, whether the numbers are open.
        sheets: Card → its standing sheets.
        recordings: Card → its standing recordings.
        places: Form number → the cards where such a sheet lies.
        room_forms: Forms of rooms, each with the card where it lies.
    """

    register: ExpectedForms
    uses: Mapping[int, tuple[str, int, bool]]
    journals: Mapping[int | None, list[list[Any]]]
    sheets: Mapping[int, list[list[Any]]]
    recordings: Mapping[int, list[list[Any]]]
    places: Mapping[str, list[int]]
    room_forms: Mapping[int, list[str]]

    def mark(self, card: RoomCard) -> str:
        """Return the mark of what a room rests on."""
        register, room = self.register, card.room.number
        own = register.of_room(room)
        sheets = self.sheets.get(card.pk, [])
        numbers = {row[2] for row in sheets}
        content = {
            "card": [*(getattr(card, name) for name in COUNTS), sorted(card.awaited)],
            "room": self.uses.get(card.room_id),
            "journals": self.journals.get(card.room_id, []),
            "register": register.mark(room),
            "sheets": sheets,
            "recordings": self.recordings.get(card.pk, []),
            # What journals of other rooms say of this room's sheets, and where else its missing sheets lie.
            "others": [
                [number, each.room, each.used]
                for number in sorted(numbers)
                if (known := register.by_number.get(number)) and (each := known[0]).room != room
            ],
            "elsewhere": [
                [number, where]
                for number in sorted({number for each in own for number in each.sheets.values()})
                if (where := [card_id for card_id in self.places.get(number, []) if card_id != card.pk])
            ],
        }
        if card.is_hq:
            # The forms of the rooms are wanted here wherever they were scanned.
            content["rooms"] = sorted(number for number, _seats, _voice in self.uses.values())
            content["forms"] = sorted(
                [card_id, kind] for card_id, kinds in self.room_forms.items() for kind in kinds if card_id != card.pk
            )
        return digest(content)


def read_grounds(sitting: Sitting, register: ExpectedForms) -> Grounds:
    """Read what the rooms of a sitting rest on, in few queries."""
    uses = {
        pk: (number, seats, voice)
        for pk, number, seats, voice in sitting.rooms.exclude(room__kind=Room.Kind.HQ).values_list(
            "room_id", "room__number", "seats", "voice"
        )
    }
    journals: dict[int | None, list[list[Any]]] = defaultdict(list)
    rows = Journal.objects.filter(sitting=sitting).exclude(kind=Journal.Kind.SCAN).order_by("sha256")
    for room, sha256, station, state, opened in rows.values_list(
        "room_id", "sha256", "station_said", "state", "forms_opened_at"
    ):
        journals[room].append([sha256, station, state, opened is not None])
    sheets: dict[int, list[list[Any]]] = defaultdict(list)
    places: dict[str, list[int]] = defaultdict(list)
    room_forms: dict[int, list[str]] = defaultdict(list)
    standing = Sheet.objects.filter(card__sitting=sitting, state__in=ACTIVE).order_by("pk")
    for card, pk, state, number, kind, sha256 in standing.values_list(
        "card_id", "pk", "state", "number", "kind", "sha256"
    ):
        sheets[card].append([pk, state, number, kind, sha256])
        if number:
            places[number].append(card)
        if kind in _ROOM_FORMS:
            room_forms[card].append(kind)
    recordings: dict[int, list[list[Any]]] = defaultdict(list)
    sound = Recording.objects.filter(card__sitting=sitting, state__in=ACTIVE_RECORDINGS).order_by("pk")
    for card, pk, state, name, sha256 in sound.values_list("card_id", "pk", "state", "name", "sha256"):
        recordings[card].append([pk, state, name, sha256])
    return Grounds(register, uses, journals, sheets, recordings, places, room_forms)
