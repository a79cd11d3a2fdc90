"""Recordings of a voice room against the answers that its journals list, one to one."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from audit.log import SYSTEM
from audit.moves import move
from scanning import findings
from scanning.expected_forms import ExpectedAnswer, ExpectedForms
from scanning.models import Recording, RoomCard
from scanning.states import ACTIVE_RECORDINGS, RecordingState
from wire.filenames import folded
from wire.messages import Message
from wire.room import PROBLEM, Found

_SECONDS = 1.0
_SHARE = 0.02


@dataclass
class Sound:
    """What comparing the recordings of a room brought."""

    here: int = 0
    expected: int = 0
    unread: int = 0
    undecided: int = 0
    found: list[Found] = field(default_factory=list)


def compare(card: RoomCard, register: ExpectedForms) -> Sound:
    """Compare a room's recordings with the answers of its voice journals."""
    answers = register.answers_of(card.room.number)
    rows = list(card.recordings.filter(state__in=ACTIVE_RECORDINGS))
    sound = Sound(here=len(rows), expected=len(answers))
    sound.unread = sum(row.state == RecordingState.RECEIVED for row in rows)
    sound.undecided = sum(row.state == RecordingState.PROBLEM or bool(_against(row, card, register)) for row in rows)
    if not rows:
        if answers:
            message = Message(
                "No recordings: the journals of the voice stations list {count} answers", count=len(answers)
            )
            sound.found.append(Found("missing", message, form="audio"))
        return sound
    names = [folded(row.name) for row in rows]
    for answer in answers:
        count = names.count(folded(answer.file_name))
        if count == 0:
            message = Message(
                "No recording {file_name}: place {place}, answer no. {ordinal}",
                file_name=answer.file_name,
                place=answer.place,
                ordinal=answer.ordinal,
            )
            sound.found.append(Found("missing", message, answer.registration_number, _form(answer)))
        elif count > 1:
            message = Message(
                "Recording {file_name} was uploaded {count} times", file_name=answer.file_name, count=count
            )
            sound.found.append(Found("twice", message, answer.registration_number, _form(answer)))
    return sound


def _against(row: Recording, card: RoomCard, register: ExpectedForms) -> list[dict[str, Any]]:
    """What the journals of now say against a recording that was found good; a person's word stands."""
    room = card.room.number
    answers = register.answers_of(room)
    answer = match(row, answers)
    # While a journal of the room is still to come, an answer that nobody lists may be listed by that one.
    whole = not register.absent_journals.get(room) and not register.acts.get(room)
    if row.state != RecordingState.READ or (answer is None and not whole):
        return []
    found = warnings_of(row, row.seconds, answer, listed=bool(answers))
    return [each for each in found if each["severity"] == PROBLEM]


def evaluate_again(card: RoomCard, register: ExpectedForms) -> None:
    """Hold the recordings of an open room against the journals of now: they may have come, or grown, since.

    Call it inside a transaction that holds the card.
    """
    answers = register.answers_of(card.room.number)
    for row in card.recordings.filter(state__in=ACTIVE_RECORDINGS).exclude(state=RecordingState.RECEIVED):
        answer = match(row, answers)
        if answer is not None and answer.pk != row.answer_id:
            Recording.objects.filter(pk=row.pk).update(answer_id=answer.pk)
        if against := _against(row, card, register):
            findings.add(against, recording=row)
            move(row, RecordingState.PROBLEM, actor=SYSTEM, data={"findings": len(against)})


def _form(answer: ExpectedAnswer) -> str:
    """What tells one answer's difference from another's: its file, which a longer journal names again."""
    return f"audio/{hashlib.sha256(folded(answer.file_name).encode()).hexdigest()[:10]}"


def match(row: Recording, answers: Sequence[ExpectedAnswer]) -> ExpectedAnswer | None:
    """The answer of a recording: by its file name, else by its bytes."""
    name = folded(row.name)
    by_name = next((answer for answer in answers if folded(answer.file_name) == name), None)
    return by_name or next((answer for answer in answers if answer.sha256 == row.sha256), None)


def warnings_of(
    row: Recording, seconds: float | None, answer: ExpectedAnswer | None, *, listed: bool
) -> list[dict[str, Any]]:
    """What the journal says against a recording."""
    if answer is None:
        # Without any voice journal there is nothing to compare with yet.
        return [{"kind": "not_in_journal", "severity": PROBLEM, "value": row.name}] if listed else []
    found = []
    if seconds is not None and abs(seconds - answer.seconds) > max(_SECONDS, answer.seconds * _SHARE):
        found.append(
            {"kind": "length_differs", "severity": PROBLEM, "value": f"{seconds:.1f}", "limit": f"{answer.seconds:.1f}"}
        )
    if answer.sha256 and answer.sha256 != row.sha256:
        found.append({"kind": "hash_differs", "severity": PROBLEM, "value": row.sha256[:8], "limit": answer.sha256[:8]})
    return found
