"""What the stations say should exist: sets of forms from the print journals, answers from the voice journals."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from journals import rows
from journals.expected import ACT, SERVED, standing
from stations.models import Sitting, SittingRoom, StationKind
from wire.room import Preparation, PrintedSet

_PREPARATION = SittingRoom.Kind.PREPARATION


@dataclass(frozen=True)
class ExpectedAnswer:
    """One recorded answer as a voice journal lists it."""

    pk: int
    room: str
    place: str
    ordinal: int
    file_name: str
    seconds: float
    sha256: str
    registration_number: str


@dataclass
class ExpectedForms:
    """Everything the journals of one sitting say about paper and sound.

    Attributes:
        sets: Sets of forms whose numbers are open.
        answers: Recorded answers of an oral exam.
        sealed_rooms: Rooms with a journal whose numbers are still sealed.
        acts: Room → stations with an act instead of a journal.
        absent_journals: Room → stations whose journal is neither here nor replaced by an act.
        preparation: The preparation rooms of an oral exam, where it has any.
        voices_awaited: Whether a voice journal is still to come, or to be opened; not one whose numbers do not open.
    """

    sets: list[PrintedSet] = field(default_factory=list)
    answers: list[ExpectedAnswer] = field(default_factory=list)
    sealed_rooms: set[str] = field(default_factory=set)
    acts: dict[str, list[str]] = field(default_factory=dict)
    absent_journals: dict[str, list[str]] = field(default_factory=dict)
    preparation: Preparation | None = None
    voices_awaited: bool = False

    def __post_init__(self) -> None:
        self.by_number: dict[str, PrintedSet] = {number: each for each in self.sets for number in each.sheets.values()}
        self._rooms: dict[str, list[PrintedSet]] = defaultdict(list)
        for each in self.sets:
            self._rooms[each.room].append(each)

    def of_room(self, room: str) -> list[PrintedSet]:
        """Return the sets of a room."""
        return self._rooms.get(room, [])

    @property
    def unplaced(self) -> list[PrintedSet]:
        """The used sets of preparation rooms whose answer no voice journal names."""
        if self.preparation is None:
            return []
        return [each for room in sorted(self.preparation.rooms) for each in self.of_room(room) if each.used]

    def numbers_of(self, room: str) -> set[str]:
        """Return the numbers that belong to a room, and those that may lie in any: it matters where else they are."""
        return {number for each in (*self.of_room(room), *self.unplaced) for number in each.sheets.values()}

    def answers_of(self, room: str) -> list[ExpectedAnswer]:
        """Return the recorded answers of a room."""
        return [each for each in self.answers if each.room == room]

    def mark(self, room: str) -> str:
        """Return the SHA-256 of what the journals say of a room: counts may stay while the content changes."""
        said: dict[str, Any] = {}
        if self.preparation is not None:
            said = {"preparation": asdict(self.preparation) | {"rooms": sorted(self.preparation.rooms)}}
        return digest(
            said
            | {
                "sets": sorted(
                    [each.station, each.ordinal, each.spoiled, each.unused, sorted(each.sheets.items()), *each.others]
                    for each in self.of_room(room)
                ),
                "answers": [
                    [each.place, each.ordinal, each.file_name, each.seconds, each.sha256, each.registration_number]
                    for each in self.answers_of(room)
                ],
                "sealed": [room in self.sealed_rooms, bool(self.sealed_rooms)],
                "acts": sorted(self.acts.get(room, [])),
                "absent": sorted(self.absent_journals.get(room, [])),
            }
        )


def digest(content: Any) -> str:
    """Return the SHA-256 of plain values."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def read_expected_forms(sitting: Sitting) -> ExpectedForms:
    """Gather what the journals of a sitting say."""
    return read_registers([sitting.pk])[sitting.pk]


def read_registers(sittings: Collection[int]) -> dict[int, ExpectedForms]:
    """Gather what the journals of several sittings say, in as many queries as for one."""
    uses = SittingRoom.objects.filter(sitting__in=sittings).values_list("sitting_id", "room_id", "kind")
    return registers_of(
        sittings,
        kinds={(sitting, room): kind for sitting, room, kind in uses},
        posts=rows.posts(sittings),
        journals=rows.journals(sittings),
        acts=rows.acts(sittings),
        answers=rows.answers(sittings),
    )


def registers_of(
    sittings: Collection[int],
    *,
    kinds: Mapping[tuple[int, int], str],
    posts: Sequence[rows.PostRow],
    journals: Sequence[rows.JournalRow],
    acts: Sequence[rows.ActRow],
    answers: Sequence[rows.AnswerRow],
) -> dict[int, ExpectedForms]:
    """Return sitting → what its journals say, from rows that are read already.

    Args:
        sittings: The exams.
        kinds: (Sitting, room) → what the room is for.
        posts: The posts of the stations.
        journals: All journals.
        acts: All acts.
        answers: All recorded answers that journals list.
    """
    printed = rows.printed(journals)
    found = {}
    for sitting in sittings:
        own = [each for each in journals if each.sitting == sitting]
        heard = [
            ExpectedAnswer(
                each.pk,
                each.room_number,
                each.place,
                each.ordinal,
                each.file_name,
                each.seconds,
                each.sha256,
                each.registration,
            )
            for each in answers
            if each.sitting == sitting and kinds.get((sitting, each.room)) == SittingRoom.Kind.VOICE
        ]
        preparing = {room for (key, room), kind in kinds.items() if key == sitting and kind == _PREPARATION}
        collecting = {room for key, room in kinds if key == sitting} - preparing
        printing = [each for each in own if each.kind == StationKind.PRINT]
        leaving = [each for each in printing if each.roomless or each.room not in collecting]
        sets = _placed(_sets(own, printed), heard, _rooms_of(leaving) if preparing else frozenset())
        instead: dict[str, list[str]] = defaultdict(list)
        absent: dict[str, list[str]] = defaultdict(list)
        made = {act.post: act for act in acts if act.sitting == sitting and act.post is not None}
        for post in posts:
            if post.sitting != sitting or post.kind not in (StationKind.PRINT, StationKind.VOICE):
                continue
            state = standing(post, own, made.get(post.pk)).state
            if state == ACT:
                instead[post.room_number].append(post.number)
            elif state not in SERVED:
                absent[post.room_number].append(post.number)
        sealed = {each.room_number for each in own if each.sealed}
        found[sitting] = ExpectedForms(sets, heard, sealed, dict(instead), dict(absent))
        if preparing:
            found[sitting].preparation = _preparation(sitting, preparing, posts, own, leaving, found[sitting])
            voices = [each for each in own if each.kind == StationKind.VOICE and each.sealed]
            rooms = {each.room_number for each in posts if each.sitting == sitting and each.kind == StationKind.VOICE}
            found[sitting].voices_awaited = bool(rooms & set(absent)) or any(not each.problem for each in voices)
    return found


def _rooms_of(leaving: Iterable[rows.JournalRow]) -> frozenset[str]:
    """Return the rooms whose forms leave them: preparation rooms, the empty one, and those that the exam does not have.

    What a station printed where nobody collects must come from somewhere else, whatever the registry says of the place.
    """
    return frozenset(each.room_number for each in leaving)


def _placed(sets: Iterable[PrintedSet], heard: Iterable[ExpectedAnswer], printing: Collection[str]) -> list[PrintedSet]:
    """Place the sets of preparation rooms where voice journals name them; what no print journal lists, they tell alone.

    Station and ordinal stay those of the printing: they are what stands on paper.
    """
    named: dict[str, dict[str, ExpectedAnswer]] = defaultdict(dict)
    for answer in heard:
        if answer.registration_number:
            named[answer.registration_number].setdefault(answer.room, answer)
    found, known = [], set()
    for each in sets:
        known |= set(each.sheets.values())
        where = named.get(each.sheets.get("R", ""), {}) if each.room in printing else {}
        found += _in_rooms(each, list(where)) if where else [each]
    for number, where in named.items():
        if number not in known:
            for room, answer in where.items():
                others = tuple(other for other in where if other != room)
                station = f"{room}-{answer.place}"
                told = PrintedSet(room, station, answer.ordinal, sheets={"R": number}, recorded=True, others=others)
                found.append(told)
    return found


def _in_rooms(each: PrintedSet, rooms: Sequence[str]) -> list[PrintedSet]:
    """Return a set in each of the rooms whose voice journals name it; of two, each says so of the other."""
    return [
        replace(each, room=room, recorded=True, others=tuple(other for other in rooms if other != room))
        for room in rooms
    ]


def _preparation(
    sitting: int,
    preparing: Collection[int],
    posts: Iterable[rows.PostRow],
    journals: Sequence[rows.JournalRow],
    leaving: Sequence[rows.JournalRow],
    register: ExpectedForms,
) -> Preparation:
    here = [each for each in posts if each.sitting == sitting]
    printers = [each for each in here if each.kind == StationKind.PRINT and each.room in preparing]
    voices = {each.room_number for each in here if each.kind == StationKind.VOICE}
    own = {each.room_number for each in printers}
    unheard = {each.room_number for each in journals if each.kind == StationKind.VOICE and each.sealed}
    return Preparation(
        rooms=_rooms_of(leaving) | own,
        by_act=tuple(sorted({station for room in own for station in register.acts.get(room, [])})),
        missing=tuple(sorted({station for room in own for station in register.absent_journals.get(room, [])})),
        sealed=any(each.sealed for each in leaving),
        unheard=bool(unheard or voices & set(register.absent_journals)),
    )


def _sets(journals: Iterable[rows.JournalRow], printed: Mapping[int, Iterable[rows.SheetRow]]) -> list[PrintedSet]:
    flags: dict[tuple[str, str, int], tuple[bool, bool]] = {}
    sheets: dict[tuple[str, str, int], dict[str, str]] = defaultdict(dict)
    listing = [each for each in journals if each.pk in printed]
    for each in sorted(listing, key=lambda row: (row.room_number, row.station_number or row.station_said, row.pk)):
        station = each.station_number or each.station_said
        for sheet in printed[each.pk]:
            key = (each.room_number, station, sheet.ordinal)
            flags.setdefault(key, (sheet.spoiled, sheet.unused))
            sheets[key][sheet.kind] = sheet.number
    return [PrintedSet(*key, *flags[key], sheets[key]) for key in flags]
