"""What the stations say should exist: sets of forms from the print journals, answers from the voice journals."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from journals import expected as journals_expected
from journals import forms as journals_forms
from stations.models import Sitting


@dataclass(frozen=True)
class ExpectedSet:
    """One participant's set as a station made it."""

    room: str
    station: str
    ordinal: int
    spoiled: bool = False
    unused: bool = False
    sheets: dict[str, str] = field(default_factory=dict)

    @property
    def used(self) -> bool:
        """Whether the set went to a participant."""
        return not (self.spoiled or self.unused)


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

    sets: list[ExpectedSet] = field(default_factory=list)
    answers: list[ExpectedAnswer] = field(default_factory=list)
    sealed_rooms: set[str] = field(default_factory=set)
    acts: dict[str, list[str]] = field(default_factory=dict)
    absent_journals: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_number: dict[str, tuple[ExpectedSet, str]] = {
            number: (each, kind) for each in self.sets for kind, number in each.sheets.items()
        }

    def of_room(self, room: str) -> list[ExpectedSet]:
        """Return the sets of a room."""
        return [each for each in self.sets if each.room == room]

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
    answers = list(_answers(sitting))
    sets = _printed_sets(sitting)
    known = {number for each in sets for number in each.sheets.values()}
    for answer in answers:
        if answer.registration_number and answer.registration_number not in known:
            known.add(answer.registration_number)
            sets.append(
                ExpectedSet(
                    room=answer.room,
                    station=answer.place,
                    ordinal=answer.ordinal,
                    sheets={"R": answer.registration_number},
                )
            )
    sealed = {_room_number(journal) for journal in journals_forms.undone(sitting)}
    acts: dict[str, list[str]] = {}
    absent: dict[str, list[str]] = {}
    for row in journals_expected.expected_set(sitting):
        room = row.post.room.number if row.post.room else ""
        if row.act is not None:
            acts.setdefault(room, []).append(row.post.station.number)
        elif not row.served:
            absent.setdefault(room, []).append(row.post.station.number)
    return ExpectedForms(sets, answers, sealed, acts, absent)


def _printed_sets(sitting: Sitting) -> list[ExpectedSet]:
    found: dict[tuple[str, str, int], ExpectedSet] = {}
    for row in journals_forms.printed(sitting):
        key = (str(row.room or ""), str(row.station), row.ordinal)
        if key not in found:
            found[key] = ExpectedSet(*key, spoiled=row.spoiled, unused=row.unused)
        found[key].sheets[row.kind] = row.number
    return list(found.values())


def _answers(sitting: Sitting) -> Iterable[ExpectedAnswer]:
    for use in sitting.rooms.filter(voice=True).select_related("room"):
        for row in journals_forms.room_answers(sitting, use.room):
            yield ExpectedAnswer(
                pk=row.pk,
                room=use.room.number,
                place=str(row.place),
                ordinal=row.ordinal,
                file_name=row.file_name,
                seconds=float(row.seconds),
                sha256=row.sha256,
                registration_number=row.registration_number or "",
            )


def _room_number(journal: object) -> str:
    room = getattr(journal, "room", None)
    return str(getattr(room, "number", "") or "")
