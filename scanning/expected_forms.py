"""What the stations say should exist: sets of forms from the print journals, answers from the voice journals."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from journals import rows
from journals.expected import ACT, SERVED, standing
from stations.models import Sitting, SittingRoom, StationKind
from wire.room import PrintedSet


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
    """

    sets: list[PrintedSet] = field(default_factory=list)
    answers: list[ExpectedAnswer] = field(default_factory=list)
    sealed_rooms: set[str] = field(default_factory=set)
    acts: dict[str, list[str]] = field(default_factory=dict)
    absent_journals: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_number: dict[str, PrintedSet] = {number: each for each in self.sets for number in each.sheets.values()}
        self._rooms: dict[str, list[PrintedSet]] = defaultdict(list)
        for each in self.sets:
            self._rooms[each.room].append(each)

    def of_room(self, room: str) -> list[PrintedSet]:
        """Return the sets of a room."""
        return self._rooms.get(room, [])

    def answers_of(self, room: str) -> list[ExpectedAnswer]:
        """Return the recorded answers of a room."""
        return [each for each in self.answers if each.room == room]

    def mark(self, room: str) -> str:
        """Return the SHA-256 of what the journals say of a room: counts may stay while the content changes."""
        return digest(
            {
                "sets": sorted(
                    [each.station, each.ordinal, each.spoiled, each.unused, sorted(each.sheets.items())]
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
    uses = SittingRoom.objects.filter(sitting__in=sittings, voice=True).values_list("sitting_id", "room_id")
    return registers_of(
        sittings,
        voice=set(uses),
        posts=rows.posts(sittings),
        journals=rows.journals(sittings),
        acts=rows.acts(sittings),
        answers=rows.answers(sittings),
    )


def registers_of(
    sittings: Collection[int],
    *,
    voice: Collection[tuple[int, int]],
    posts: Sequence[rows.PostRow],
    journals: Sequence[rows.JournalRow],
    acts: Sequence[rows.ActRow],
    answers: Sequence[rows.AnswerRow],
) -> dict[int, ExpectedForms]:
    """Return sitting → what its journals say, from rows that are read already.

    Args:
        sittings: The exams.
        voice: (sitting, room) of the rooms where answers are recorded.
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
            if each.sitting == sitting and (sitting, each.room) in voice
        ]
        sets = _sets(own, printed)
        known = {number for each in sets for number in each.sheets.values()}
        for answer in heard:
            number = answer.registration_number
            if number and number not in known:
                known.add(number)
                sets.append(PrintedSet(answer.room, answer.place, answer.ordinal, sheets={"R": number}))
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
    return found


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
