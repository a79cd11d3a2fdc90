"""Form numbers, the codes that carry them, and the subjects."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.forms import (
    CATALOGUE,
    GEOMETRY,
    check_number,
    form_set,
    hide_numbers,
    make_number,
    parse_sheet_code,
    sheet_code,
)
from wire.subjects import SUBJECTS


@given(st.sampled_from(sorted(CATALOGUE)), st.integers(0, 10**10 - 1))
def test_a_number_names_its_kind(code, serial):
    number = make_number(code, serial)
    assert len(number) == 13
    assert check_number(number) is CATALOGUE[code]


@given(st.sampled_from(sorted(CATALOGUE)), st.integers(0, 10**10 - 1), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(code, serial, place, shift):
    number = make_number(code, serial)
    digit = str((int(number[place]) + shift) % 10)
    wrong = number[:place] + digit + number[place + 1 :]
    assert check_number(wrong) is None


def test_the_check_digit_is_that_of_ean_13():
    assert make_number("R", 0) == "0100000000007"
    assert check_number("4006381333931") is None


@pytest.mark.parametrize("text", ["", "123", "01000000000070", "٠١٠٠٠٠٠٠٠٠٠٠٧", "0100000000007\n", "9900000000008"])
def test_what_is_not_a_number_has_no_kind(text):
    assert check_number(text) is None


def test_prefixes_are_those_of_the_catalogue():
    prefixes = {code: kind.number_prefix for code, kind in CATALOGUE.items()}
    assert prefixes["R"] == "01"
    assert prefixes["DBO"] == "05"
    assert prefixes["12-04-МАШ"] == "14"
    assert prefixes["22"] == "21"
    assert len(set(prefixes.values())) == len(prefixes) == 16


@pytest.mark.parametrize("serial", [-1, 10**10])
def test_a_serial_that_does_not_fit_is_a_mistake_of_the_program(serial):
    with pytest.raises(ValueError, match="out of range"):
        make_number("R", serial)


@given(
    st.sampled_from(sorted(CATALOGUE)), st.integers(0, 10**10 - 1), st.dates(dt.date(2000, 1, 1), dt.date(2099, 1, 1))
)
def test_a_sheet_code_is_read_back(code, serial, date):
    number = make_number(code, serial)
    for room in (None, "0101"):
        text = sheet_code(number, region="78", point="0001", date=date, subject="01", room=room)
        found = parse_sheet_code(text)
        assert found is not None
        assert (found.number, found.kind.code, found.date, found.room) == (number, code, date, room)


def test_a_sheet_code_reads_as_the_regulation_of_the_forms_says():
    text = sheet_code("0100000000007", region="78", point="0001", date=dt.date(2026, 5, 29), subject="01", room="0101")
    assert text == "PPE1|01|0100000000007|78|0001|290526|01|0101"


@given(st.text())
def test_any_text_is_a_sheet_code_or_not(text):
    assert parse_sheet_code(text) is None or text.startswith("PPE1|")


@pytest.mark.parametrize(
    "text",
    [
        "PPE1|02|0100000000007|78|0001|290526|01|0101",
        "PPE1|01|0100000000008|78|0001|290526|01|0101",
        "PPE1|01|0100000000007|78|0001|310226|01|0101",
        "PPE1|01|0100000000007|78|0001|290526|01|0101\n",
        "PPE2|01|0100000000007|78|0001|290526|01|0101",
    ],
)
def test_a_sheet_code_that_contradicts_itself_is_not_read(text):
    assert parse_sheet_code(text) is None


def test_sets_of_forms_follow_the_subject():
    assert form_set("01") == ("R", "AB", "C1", "C2")
    assert form_set("22") == ("R", "AB")
    assert form_set("29") == ("R",)
    assert form_set("25") == ("R",)


def test_every_subject_has_a_name_of_its_own():
    names = [info.name for info in SUBJECTS.values()]
    assert len(set(names)) == len(names)
    assert SUBJECTS["29"].name == "Английский язык (устный)"
    assert SUBJECTS["29"].oral
    assert not SUBJECTS["01"].oral


def test_the_marks_stand_on_the_page():
    width, height = GEOMETRY.page
    for x, y in (*GEOMETRY.corners, GEOMETRY.orientation_centre, *GEOMETRY.datamatrix_origins):
        assert 0 < x < width
        assert 0 < y < height


def test_numbers_in_words_are_cut_and_hashes_pass():
    number = make_number("R", 11572693)
    grouped, slip = f"{number[:4]} {number[4:8]} {number[8:]}", number[:12] + str((int(number[12]) + 1) % 10)
    said = {"a": [f"снимок №{number}, «{grouped}»", f"file{number}.tif"], "b": slip, "n": 5}
    tail = number[-4:]
    assert hide_numbers(said) == {
        "a": [f"снимок №…{tail}, «…{tail}»", f"file…{tail}.tif"],
        "b": f"…{slip[-4:]}",
        "n": 5,
    }
    for kept in ("ab" * 32, "a" + number + "f" * 50, "1" * 14, "0101 0102 0103 0104", "28.11.2026 11:49", ""):
        assert hide_numbers(kept) == kept
