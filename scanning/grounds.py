"""What the verdict of a room rests on, as one mark: SHA-256 over its content, never over counts.

Equal counts say nothing: a longer journal may list as many sets and mark another of them as spoiled.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from journals import rows
from journals.models import Journal
from scanning.expected_forms import ExpectedForms, digest, registers_of
from scanning.models import COUNTS, Recording, RoomCard, Sheet
from scanning.states import ACTIVE, ACTIVE_RECORDINGS
from stations.models import Room, Sitting, SittingRoom
from wire.forms import CATALOGUE

_PREPARATION = SittingRoom.Kind.PREPARATION
#: Forms of rooms: the HQ wants them wherever they were scanned.
ROOM_FORMS = frozenset(code for code, kind in CATALOGUE.items() if kind.scope == "room")


@dataclass(frozen=True)
class Grounds:
    """The content of a sitting, read once for all its rooms.

    Attributes:
        register: What the journals say.
        uses: Room → its number, seats, and what it is for.
        journals: Room → its journals: file, station, state, whether the numbers are open.
        sheets: Card → its standing sheets.
        recordings: Card → its standing recordings.
        places: Form number → the cards where such a sheet lies.
        room_forms: Forms of rooms, each with the card where it lies.
    """

    register: ExpectedForms
    uses: MutableMapping[int, tuple[str, int, str]]
    journals: MutableMapping[int | None, list[list[Any]]]
    sheets: MutableMapping[int, list[list[Any]]]
    recordings: MutableMapping[int, list[list[Any]]]
    places: MutableMapping[str, list[int]]
    room_forms: MutableMapping[int, list[str]]

    def mark(self, card: RoomCard) -> str:
        """Return the mark of what a room rests on."""
        counts = [getattr(card, name) for name in COUNTS]
        return self.mark_of(card.pk, card.room_id, card.room.number, [*counts, sorted(card.awaited)], hq=card.is_hq)

    def mark_of(self, card: int, room_id: int, room: str, counts: list[Any], *, hq: bool) -> str:
        """Return the mark of what a room rests on, from plain facts of its card.

        Args:
            card: Key of the card.
            room_id: Key of the room.
            room: Its number.
            counts: What a person typed, and the sheets that are awaited again.
            hq: Whether it is the HQ.
        """
        register = self.register
        sheets = self.sheets.get(card, [])
        numbers = {row[2] for row in sheets}
        content = {
            "card": counts,
            "room": self.uses.get(room_id),
            "journals": self.journals.get(room_id, []),
            "register": register.mark(room),
            "sheets": sheets,
            "recordings": self.recordings.get(card, []),
            # What journals of other rooms say of this room's sheets, and where else its missing sheets lie.
            "others": [
                [number, each.room, each.used]
                for number in sorted(numbers)
                if (each := register.by_number.get(number)) and each.room != room
            ],
            "elsewhere": [
                [number, where]
                for number in sorted(register.numbers_of(room))
                if (where := [card_id for card_id in self.places.get(number, []) if card_id != card])
            ],
        }
        if hq:
            # The forms of the rooms are wanted here wherever they were scanned.
            content["rooms"] = sorted(number for number, _seats, use in self.uses.values() if use != _PREPARATION)
            content["forms"] = sorted(
                [card_id, kind] for card_id, kinds in self.room_forms.items() for kind in kinds if card_id != card
            )
        return digest(content)


class StandingSheet(NamedTuple):
    """A standing sheet."""

    card: int
    pk: int
    state: str
    number: str
    kind: str
    sha256: str


class RecordingRow(NamedTuple):
    """A standing recording."""

    card: int
    pk: int
    state: str
    name: str
    sha256: str
    parked: str


class UseRow(NamedTuple):
    """A room of a sitting."""

    sitting: int
    room: int
    number: str
    kind: str
    seats: int
    use: str
    places: int

    @property
    def voice(self) -> bool:
        """Whether answers are recorded there."""
        return self.use == SittingRoom.Kind.VOICE

    @property
    def preparation(self) -> bool:
        """Whether forms are printed there only."""
        return self.use == _PREPARATION


@dataclass(frozen=True)
class Read:
    """Everything that the rooms of some sittings are compared with, one query a table."""

    uses: list[UseRow]
    posts: list[rows.PostRow]
    journals: list[rows.JournalRow]
    acts: list[rows.ActRow]
    answers: list[rows.AnswerRow]
    sheets: list[StandingSheet]
    recordings: list[RecordingRow]


def read(sittings: Collection[int], journals: list[rows.JournalRow] | None = None) -> Read:
    """Read what the rooms of some sittings are compared with.

    Args:
        sittings: The exams.
        journals: Their journals, when the caller has read them.
    """
    uses = _uses(sittings)
    sheets = Sheet.objects.filter(card__sitting__in=sittings)
    return Read(
        uses,
        rows.posts(sittings),
        rows.journals(sittings) if journals is None else journals,
        rows.acts(sittings),
        # Nothing is recorded where nobody speaks in any room.
        rows.answers(sittings) if any(each.voice for each in uses) else [],
        _sheets(sheets),
        _recordings(Recording.objects.filter(card__sitting__in=sittings)),
    )


def _uses(sittings: Collection[int]) -> list[UseRow]:
    found = SittingRoom.objects.filter(sitting__in=sittings).order_by("sitting", "room__number")
    names = ("sitting_id", "room_id", "room__number", "room__kind", "seats", "kind", "places")
    return [UseRow(*each) for each in found.values_list(*names)]


def _sheets(found: QuerySet[Sheet]) -> list[StandingSheet]:
    standing = found.filter(state__in=ACTIVE).order_by("pk")
    return [StandingSheet(*each) for each in standing.values_list("card_id", "pk", "state", "number", "kind", "sha256")]


def _recordings(found: QuerySet[Recording]) -> list[RecordingRow]:
    standing = found.filter(state__in=ACTIVE_RECORDINGS).order_by("pk")
    names = ("card_id", "pk", "state", "name", "sha256", "parked_reason")
    return [RecordingRow(*each) for each in standing.values_list(*names)]


def room_mark(card: RoomCard, register: ExpectedForms) -> str:
    """Return the mark of what one room rests on, reading no more than this room rests on."""
    sitting = card.sitting_id
    own = register.numbers_of(card.room.number)
    near = Q(card=card) | (Q(kind__in=ROOM_FORMS) if card.is_hq else Q(number__in=own))
    found = Read(
        _uses([sitting]),
        [],
        rows.journals([sitting], card.room_id),
        [],
        [],
        _sheets(Sheet.objects.filter(near, card__sitting=sitting)),
        _recordings(Recording.objects.filter(card=card)),
    )
    cards = {card.pk: sitting, **{sheet.card: sitting for sheet in found.sheets}}
    return grounds_of(found, cards, {sitting: register})[sitting].mark(card)


def read_grounds(sitting: Sitting, register: ExpectedForms | None = None) -> Grounds:
    """Read what the rooms of a sitting rest on, in few queries."""
    cards = dict(sitting.cards.values_list("pk", "sitting_id"))
    return grounds_of(read([sitting.pk]), cards, {sitting.pk: register} if register else None)[sitting.pk]


def grounds_of(
    found: Read, cards: Mapping[int, int], registers: Mapping[int, ExpectedForms] | None = None
) -> dict[int, Grounds]:
    """Return sitting → what its rooms rest on, from rows that are read already.

    Args:
        found: The rows.
        cards: Card → sitting.
        registers: What the journals say, when the caller knows.
    """
    sittings = {each.sitting for each in found.uses} | set(cards.values()) | set(registers or ())
    registers = registers or registers_of(
        sittings,
        kinds={(each.sitting, each.room): each.use for each in found.uses},
        posts=found.posts,
        journals=found.journals,
        acts=found.acts,
        answers=found.answers,
    )
    made = {pk: Grounds(registers[pk], {}, defaultdict(list), {}, {}, defaultdict(list), {}) for pk in sittings}
    for use in found.uses:
        if use.kind != Room.Kind.HQ:
            made[use.sitting].uses[use.room] = (use.number, use.seats, use.use)
    for row in sorted(found.journals, key=lambda each: each.sha256):
        if row.kind != Journal.Kind.SCAN and row.sitting in made:
            known = [row.sha256, row.station_said, row.state, row.opened_at is not None]
            made[row.sitting].journals[row.room].append(known)
    for sheet in found.sheets:
        own = made[cards[sheet.card]]
        own.sheets.setdefault(sheet.card, []).append(list(sheet[1:]))
        if sheet.number:
            own.places[sheet.number].append(sheet.card)
        if sheet.kind in ROOM_FORMS:
            own.room_forms.setdefault(sheet.card, []).append(sheet.kind)
    for each in found.recordings:
        made[cards[each.card]].recordings.setdefault(each.card, []).append(list(each[1:5]))
    return made
