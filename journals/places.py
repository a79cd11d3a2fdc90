"""Where a journal says that its station worked, held against what the registry says of the rooms of its exam.

What the registry does not say is not judged: no list of rooms, no number of workplaces. Where it assigns the station
itself, it is the registry that speaks, not the journal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stations.models import Room, Sitting, SittingRoom, Station, StationAssignment
from wire.errors import FieldError
from wire.journal import JournalDocument
from wire.journal.events import EVENTS
from wire.journal.name import NO_ROOM
from wire.messages import Message

#: Where an entry names a room: event → its fields.
_NAMES_ROOMS: Mapping[str, tuple[str, ...]] = {
    event: fields
    for event, known in EVENTS.items()
    if (fields := tuple(name for name, kind in {**known.required, **known.optional}.items() if kind == "room"))
}
_SPOKEN = frozenset({"participant_seated", "answer_started", "answer_finished"})
_PRINTED = frozenset({"set_printed", "set_reprinted", "forms_sealed"})
#: Fields of the doubts that another registry may mend.
REGISTRY_FIELDS = frozenset({"room", "station", "post", "room.exam", "room.kind", "room.named", "place"})
_REGISTRY = Message("check the registry and the station")


@dataclass(frozen=True)
class Rooms:
    """What the registry says of the rooms.

    Attributes:
        uses: Number of a room of the exam → its use.
        known: Numbers of all rooms of the point.
    """

    uses: Mapping[str, SittingRoom]
    known: frozenset[str]


def rooms_of(sitting: Sitting) -> Rooms:
    """Read what the registry says of the rooms of an exam and its point."""
    uses = SittingRoom.objects.filter(sitting=sitting).select_related("room").order_by("pk")
    known = Room.objects.filter(point=sitting.point_id).order_by().values_list("number", flat=True)
    return Rooms({use.room.number: use for use in uses}, frozenset(known))


def registry_mark(sitting: Sitting) -> int:
    """Return a number that is another one when the registry says something else of an exam's rooms and stations."""
    uses = SittingRoom.objects.filter(sitting=sitting).order_by("pk").values_list()
    posts = StationAssignment.objects.filter(sitting=sitting).order_by("pk").values_list("station__number", "room_id")
    known = Room.objects.filter(point=sitting.point_id).order_by("pk").values_list("number", flat=True)
    stations = Station.objects.filter(point=sitting.point_id).order_by("pk").values_list("kind", "number")
    return hash((*uses, *posts, *known, *stations))


def records_answers(use: SittingRoom) -> bool:
    """Return whether answers are spoken in a room of an exam."""
    return use.voice


def evaluate(
    document: JournalDocument, room: Room | None, post: StationAssignment | None, rooms: Rooms
) -> list[FieldError]:
    """Return every place that the journal tells of and the registry does not have.

    Args:
        document: The journal.
        room: The room that the registry knows it by; None when it has none.
        post: The post that the registry gives its station there.
        rooms: What the registry says.
    """
    found = [*_strange(document, rooms)]
    if room is None or room.kind == Room.Kind.HQ or not rooms.uses:
        return found
    use = rooms.uses.get(room.number)
    if use is None:
        return found if post is not None else [_not_of_exam(room), *found]
    return [*_of_kind(document, use, post), *_beyond(document, use), *found]


def _not_of_exam(room: Room) -> FieldError:
    text = Message(
        "room {room} has no part in this exam: find out where the station worked, and correct the registry if it was"
        " there",
        room=room.number,
    )
    return FieldError("room.exam", room.number, "", text)


def _of_kind(document: JournalDocument, use: SittingRoom, post: StationAssignment | None) -> Iterable[FieldError]:
    """A voice station records where nobody speaks, a print station prints where nobody writes."""
    told = {entry.event for entry in document.entries}
    number = use.room.number
    if document.header.kind == "voice" and not records_answers(use) and told & _SPOKEN:
        text = Message(
            "room {room} is no voice room, and answers are told of there: {cure}", room=number, cure=_REGISTRY
        )
        yield FieldError("room.kind", "voice", "", text)
    if document.header.kind == "print" and records_answers(use) and post is None and told & _PRINTED:
        text = Message("room {room} is a voice room, and sets were printed there: {cure}", room=number, cure=_REGISTRY)
        yield FieldError("room.kind", "print", "voice", text)


def _beyond(document: JournalDocument, use: SittingRoom) -> Iterable[FieldError]:
    """Workplaces that the room does not have, each told of once."""
    if document.header.kind != "voice" or not use.places:
        return
    told: set[int] = set()
    for entry in document.entries:
        place = entry.data.get("place") if entry.event in _SPOKEN else None
        if type(place) is not int or 1 <= place <= use.places or place in told:
            continue
        told.add(place)
        text = Message(
            "entry {number}: room {room} has no workplace {place}, there are {count}: {cure}",
            number=entry.seq,
            room=use.room.number,
            place=place,
            count=use.places,
            cure=_REGISTRY,
        )
        yield FieldError("place", str(place), f"1–{use.places}", text)


def _strange(document: JournalDocument, rooms: Rooms) -> Iterable[FieldError]:
    """Rooms that entries name and the point does not have, each told of once."""
    told = {NO_ROOM, "HQ", *rooms.known}
    for entry in document.entries:
        for name in _NAMES_ROOMS.get(entry.event, ()):
            number = entry.data.get(name)
            if type(number) is not str or number in told:
                continue
            told.add(number)
            text = Message(
                "entry {number}: the point has no room {room}: {cure}",
                number=entry.seq,
                room=number[:20],
                cure=_REGISTRY,
            )
            yield FieldError("room.named", number[:20], "", text)
