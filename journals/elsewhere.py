"""What two accepted journals of one exam both tell of: a participant, a recording, a form. Judged by the rows of now.

A print journal and a voice journal may name the same registration form: it is printed in one room and spoken to in
another. A station that took the place of another goes on with its participants.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import permutations

from journals import rows
from journals.models import Journal
from journals.rows import AnswerRow, JournalRow, PostRow, SheetRow
from wire.filenames import folded
from wire.messages import Message

#: One silent recording of every workplace of a point would be told of in a quarter of a million sentences.
_MOST_PAIRED = 8


def told_elsewhere(
    journals: Iterable[JournalRow],
    posts: Iterable[PostRow],
    answers: Iterable[AnswerRow],
    printed: Mapping[int, Sequence[SheetRow]],
) -> dict[int, tuple[Message, ...]]:
    """Return journal → what it tells of that another journal of its exam tells of too, and which one.

    Args:
        journals: The journals of some exams.
        posts: Who took whose place.
        answers: What accepted voice journals list.
        printed: What accepted print journals list.
    """
    known = {row.pk: row for row in journals if row.state == Journal.State.ACCEPTED}
    families = _families(posts)
    pairs: dict[tuple[int, int], list[str]] = defaultdict(list)
    for (kind, *_what), tellers in _tellers(known, answers, printed).items():
        for one, other in _pairs(sorted(tellers)):
            if not _continued(known[one], known[other], families):
                pairs[one, other].append(str(kind))
    found: dict[int, tuple[Message, ...]] = {}
    for (one, other), kinds in pairs.items():
        found[one] = (*found.get(one, ()), _words(kinds, known[other]))
    return found


def _pairs(tellers: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Return who is told of whom: each of every other, or of its neighbour where a whole point tells of one thing."""
    if len(tellers) <= _MOST_PAIRED:
        return permutations(tellers, 2)
    return zip(tellers, (*tellers[1:], tellers[0]), strict=True)


def _tellers(
    known: Mapping[int, JournalRow], answers: Iterable[AnswerRow], printed: Mapping[int, Sequence[SheetRow]]
) -> dict[tuple[object, ...], set[int]]:
    """Return what is told of → the journals that tell of it."""
    found: dict[tuple[object, ...], set[int]] = defaultdict(set)
    for answer in answers:
        if answer.journal in known:
            if answer.registration:
                found["answer", answer.sitting, answer.registration].add(answer.journal)
            found["recording", answer.sitting, answer.sha256].add(answer.journal)
            found["name", answer.sitting, answer.room, folded(answer.file_name)].add(answer.journal)
    numbers = [sheet.number for sheets in printed.values() for sheet in sheets]
    if len(set(numbers)) != len(numbers):  # as a rule there is none among thousands
        for pk in printed.keys() & known.keys():
            for sheet in printed[pk]:
                found["form", known[pk].sitting, sheet.number].add(pk)
    return found


def of_journal(journal: Journal) -> tuple[Message, ...]:
    """Return what a journal tells of that another one of its exam tells of too."""
    if journal.sitting_id is None or not journal.counts:
        return ()
    sittings: Collection[int] = [journal.sitting_id]
    own = rows.journals(sittings)
    return told_elsewhere(own, rows.posts(sittings), rows.answers(sittings), rows.printed(own)).get(journal.pk, ())


def _families(posts: Iterable[PostRow]) -> dict[tuple[int, int, int | None], int]:
    """Return sitting, station and room → the post that stands at the end of the replacements there."""
    known = {post.pk: post for post in posts}
    found = {}
    for post in known.values():
        last, seen = post, {post.pk}
        while last.replaced is not None and last.replaced in known and last.replaced not in seen:
            last = known[last.replaced]
            seen.add(last.pk)
        found[post.sitting, post.station, post.room] = last.pk
    return found


def _continued(one: JournalRow, other: JournalRow, families: Mapping[tuple[int, int, int | None], int]) -> bool:
    """Return whether one of two voice stations took the place of the other: a form is printed once whoever prints."""
    if one.kind != Journal.Kind.VOICE or one.station is None or other.station is None:
        return False
    own = families.get((one.sitting, one.station, one.room))
    return own is not None and own == families.get((other.sitting, other.station, other.room))


def _words(kinds: Sequence[str], other: JournalRow) -> Message:
    """Say the worst of what two journals both tell of, and where the other one is."""
    kind = min(kinds, key=("form", "answer", "recording", "name").index)
    said = {
        "count": kinds.count(kind),
        "station": other.station_number or other.station_said,
        "where": Message("room {room}", room=other.room_number) if other.room_number else Message("no room"),
        "name": other.name,
    }
    if kind == "form":
        return Message(
            "the same forms ({count}) are printed by station {station}, {where} (journal {name}): find out by the paper"
            " who printed them",
            **said,
        )
    if kind == "name":
        return Message(
            "recordings of the same name ({count}) are told of by station {station}, {where} (journal {name}): hold"
            " each against its place",
            **said,
        )
    return Message(
        "the same participants ({count}) answered at station {station}, {where} (journal {name}): find out where they"
        " did; if one station took the place of the other, record the replacement",
        **said,
    )
