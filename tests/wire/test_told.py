"""What a journal tells that cannot be, judged without keys and without the registry; and what is no fault at all."""

import datetime as dt
import unicodedata
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pki import header
from wire import journal
from wire.journal import told_twice
from wire.journal.events import EventError, check
from wire.journal.lines import Lines, read_lines
from wire.journal.times import ahead, of_another_day
from wire.journal.told_twice import CLOCKS_APART, Statements

DAY = dt.date(2026, 5, 29)
AT = dt.datetime(2026, 5, 29, 7, 0, tzinfo=dt.UTC)
MOSCOW, KAMCHATKA = ZoneInfo("Europe/Moscow"), ZoneInfo("Asia/Kamchatka")
HOUR = dt.timedelta(hours=1)
Row = tuple[str, dict[str, Any]]


def told(rows: Sequence[Row], **said: Any) -> list[str]:
    """The fields of what is wrong in these entries of a voice journal of room 0201, place 3."""
    statements = Statements(SimpleNamespace(**{"kind": "voice", "room": "0201", "station": "0201-3", **said}))
    for number, (event, data) in enumerate(rows, 1):
        statements.hear(number, event, data, AT)
    statements.finish()
    return [part.field.removeprefix(told_twice.FIELD) for part in statements.problems]


def answer(ordinal: int, name: str, **said: Any) -> Row:
    return "answer_finished", {"set": ordinal, "place": 3, "file_name": name, "seconds": 9.5, "sha256": "a", **said}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("0202_3_01.ogg", ["file.room"]),
        ("0201_4_01.ogg", ["file.place"]),
        ("0201_3_02.ogg", ["file.set"]),
        ("0202_4_02.WAV", ["file.room", "file.place", "file.set"]),
        ("0201_3_01.ogg", []),
        ("0201_03_1.wav", []),
        ("запись 7.ogg", []),
        ("0201-3_2.ogg", []),
        ("0202_4.ogg", []),
    ],
)
def test_the_parts_of_a_recordings_name_agree_with_its_entry(name, field):
    assert told([answer(1, name)]) == field


def test_what_the_header_or_the_entry_does_not_say_is_not_held_against_a_name():
    assert told([answer(1, "0202_3_01.ogg")], room="0000") == []
    assert told([answer(1, "0202_3_01.ogg")], room=None) == []
    assert told([answer(1, "0201_3_01.ogg", place="3")], station="A") == []
    assert told([answer(1, "0201_4_01.ogg", place=None)], station="3") == ["file.place"]


@pytest.mark.parametrize("other", [unicodedata.normalize("NFD", "Ёлка Й.ogg"), "ёЛКА й.OGG", " ёлка й.ogg"])
def test_one_file_name_of_two_sets_is_told_whatever_copying_did_to_it(other):
    assert "file" in told([answer(1, "Ёлка Й.ogg"), answer(2, other)])


@given(st.text(min_size=1, max_size=12))
def test_folding_a_name_once_more_changes_nothing(name):
    from wire.filenames import folded

    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, name)) == folded(name)
    assert folded(folded(name)) == folded(name)


@pytest.mark.parametrize(("seconds", "wrong"), [(-0.1, True), (86401, True), (1e300, True), (0, False), (1020, False)])
def test_a_recording_has_a_possible_length(seconds, wrong):
    assert told([answer(1, "a.ogg", seconds=seconds)]) == (["seconds"] if wrong else [])


def start(ordinal: int, **said: Any) -> Row:
    return "answer_started", {"set": ordinal, **said}


def test_two_do_not_answer_at_one_place_at_once():
    assert told([start(1, place=3), start(2, place=3)]) == ["place"]
    assert told([start(1), start(2)]) == ["place"]
    assert told([start(1, place=3), ("participant_seated", {"set": 2, "place": 3})]) == ["place"]


@pytest.mark.parametrize(
    "between",
    [
        [answer(1, "a.ogg")],
        [("answer_failed", {"set": 1, "reason": "x"})],
        [("software_started", {"version": "1"})],
        [("log_recovered", {"dropped_bytes": 3})],
        [("journal_reopened", {"reason": "x"})],
    ],
)
def test_one_after_the_other_sits_at_a_place(between):
    assert told([start(1, place=3), *between, start(2, place=3)]) == []


def test_at_two_places_two_answer_and_who_left_without_a_word_is_followed():
    assert told([start(1, place=3), start(2, place=4)]) == []
    assert told([("participant_seated", {"set": 1, "place": 3}), ("participant_seated", {"set": 2, "place": 3})]) == []


def printed(ordinal: int, seat: str) -> Row:
    return "set_printed", {"set": ordinal, "seat": seat}


def test_a_seat_has_one_set():
    assert told([printed(1, "4А"), printed(2, "4а ")], kind="print", station="0001") == ["seat"]


@pytest.mark.parametrize(
    "more",
    [
        [("set_spoiled", {"set": 1})],
        [("set_unused", {"set": 2})],
        [("set_reprinted", {"set": 3, "instead_of": 1})],
    ],
)
def test_a_seat_may_have_a_second_set_when_the_first_is_gone_even_if_that_is_told_later(more):
    rows = [printed(1, "4А"), printed(2, "4А"), *more]
    assert told(rows, kind="print", station="0001") == []


def test_seats_that_are_not_told_are_not_judged():
    rows = [printed(1, ""), printed(2, " "), ("set_printed", {"set": 3})]
    assert told(rows, kind="print", station="0001") == []


@given(st.lists(st.sampled_from(["print", "spoil", "unuse"]), max_size=30))
def test_a_station_that_marks_each_set_before_the_next_of_its_seat_is_never_in_doubt(acts):
    rows, ordinal = [printed(1, "1А")], 1
    for act in acts:
        if act == "print":
            rows.append(("set_spoiled", {"set": ordinal}))
            ordinal += 1
            rows.append(printed(ordinal, "1А"))
        else:
            rows.append(("set_spoiled" if act == "spoil" else "set_unused", {"set": ordinal}))
    assert told(rows, kind="print", station="0001") == []


# --- clocks -----------------------------------------------------------------------------------------------------------


def lines_of(moments: Sequence[dt.datetime], **said: Any) -> Lines:
    made = header(mode="live", **said)
    rows = [journal.header_line(made)]
    for ordinal, at in enumerate(moments, 1):
        rows.append(
            journal.make_line(journal.next_entry(rows[-1], "set_printed", kind="print", data={"set": ordinal}, at=at))
        )
    return read_lines(journal.join(rows))


def test_a_clock_that_went_back_by_hours_is_odd_and_by_more_is_doubted():
    assert [part.field for part in lines_of([AT, AT - CLOCKS_APART]).problems] == ["entries[2].at"]
    (part,) = lines_of([AT, AT - CLOCKS_APART - HOUR]).problems
    assert part.field == "told.clock"
    assert "13 ч" in part.message.ru


@pytest.mark.parametrize(
    ("zone", "first", "wrong"),
    [
        (MOSCOW, dt.datetime(2026, 5, 29, 10, tzinfo=MOSCOW), False),
        (MOSCOW, dt.datetime(2026, 5, 28, 10, tzinfo=MOSCOW), True),
        (MOSCOW, dt.datetime(2026, 5, 30, 13, tzinfo=MOSCOW), True),
        (MOSCOW, dt.datetime(2025, 5, 29, 10, tzinfo=MOSCOW), True),
        # The exam went on after midnight.
        (MOSCOW, dt.datetime(2026, 5, 30, 0, 40, tzinfo=MOSCOW), False),
        # In Kamchatka it is the 29th while it is still the 28th in Greenwich, and a clock may show Moscow there.
        (KAMCHATKA, dt.datetime(2026, 5, 28, 22, tzinfo=dt.UTC), False),
        (KAMCHATKA, dt.datetime(2026, 5, 29, 10, tzinfo=MOSCOW), False),
        (KAMCHATKA, dt.datetime(2026, 5, 28, 10, tzinfo=KAMCHATKA), True),
        (None, dt.datetime(2026, 5, 28, 22, tzinfo=dt.UTC), False),
        (None, dt.datetime(2026, 5, 27, 22, tzinfo=dt.UTC), True),
        (None, dt.datetime(2026, 5, 31, 10, tzinfo=dt.UTC), True),
    ],
)
def test_an_exam_is_held_on_its_day(zone, first, wrong):
    lines = lines_of([first, first + HOUR / 60])
    assert bool(of_another_day(lines.exam, lines.header, zone)) is wrong


def test_the_days_of_preparation_and_a_rehearsal_are_no_other_day():
    lines = lines_of([])
    assert of_another_day(lines.exam, lines.header, MOSCOW) == []
    lines = lines_of([AT - 48 * HOUR])
    assert of_another_day(lines.exam, lines.header, MOSCOW) != []
    rehearsal = header(mode="training")
    assert of_another_day(lines.exam, rehearsal, MOSCOW) == []


@given(st.integers(-11 * 60, 35 * 60), st.sampled_from([MOSCOW, KAMCHATKA, ZoneInfo("Europe/Kaliningrad")]))
def test_whatever_is_no_other_day_in_its_zone_is_none_where_the_zone_is_not_known(minutes, zone):
    at = dt.datetime.combine(DAY, dt.time(), zone) + dt.timedelta(minutes=minutes)
    assert of_another_day((at, at), header(mode="live"), zone) == []
    assert of_another_day((at, at), header(mode="live"), None) == []


def test_a_clock_that_is_fast_says_nothing_until_it_is_of_another_day():
    assert ahead(AT + 5 * HOUR / 60, AT) == []
    assert ahead(AT + CLOCKS_APART, AT) == []
    assert [part.field for part in ahead(AT + CLOCKS_APART + HOUR, AT)] == ["told.future"]


def test_a_number_of_hundreds_of_digits_is_refused_and_stops_nothing():
    for huge in (10**400, -(10**400), float("inf")):
        with pytest.raises(EventError):
            check("voice", "answer_finished", "success", answer(1, "0201_3_01.ogg", seconds=huge, sha256="a" * 64)[1])
