"""What two journals of an exam both tell of is said of each, in no more sentences than somebody may read."""

from datetime import UTC, datetime

from journals.elsewhere import told_elsewhere
from journals.rows import AnswerRow, JournalRow
from wire.messages import NOTHING

AT = datetime(2026, 5, 29, 12, tzinfo=UTC)


def journal(pk):
    said = ("accepted", "voice", pk, str(pk), str(pk), 1, "0201", "room", "a" * 64, "urn:x")
    return JournalRow(pk, 1, *said, 0, None, NOTHING, AT, None, 9, "", "", f"j{pk}", [], 0.0)


def silent(pk):
    """The one answer of a workplace, of the same bytes everywhere."""
    return AnswerRow(pk, 1, 1, "0201", str(pk), 1, f"0201_{pk}_1.ogg", 0.0, "0" * 64, f"R{pk}", pk)


def found(count):
    told = told_elsewhere(map(journal, range(count)), [], map(silent, range(count)), {})
    return [len(told[pk]) for pk in range(count)]


def test_a_recording_of_a_whole_point_is_told_of_each_journal_once():
    assert found(3) == [2, 2, 2]
    assert found(500) == [1] * 500
