"""The code for the telephone: bound to status, counter, point and day; forgiving to the ear, to nothing else."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.documents import phone
from wire.documents.phone import PhoneBinding

SECRET = bytes(range(32))
PLACE = PhoneBinding("live", "78", "0001", dt.date(2026, 5, 29))


def test_a_code_says_its_status_and_counter_and_proves_them():
    code = phone.make(SECRET, PLACE, status="blanks_transferred", counter=3)
    assert len(code) == 16
    spoken = phone.read(code)
    assert (spoken.status, spoken.counter) == ("blanks_transferred", 3)
    assert phone.holds(spoken, SECRET, PLACE)
    assert [len(each) for each in phone.groups(code)] == [4, 4, 4, 4]


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, mode="training"),
        replace(PLACE, region="77"),
        replace(PLACE, point="0002"),
        replace(PLACE, date=dt.date(2026, 5, 30)),
    ],
)
def test_a_code_is_of_one_point_day_and_mode(other):
    spoken = phone.read(phone.make(SECRET, PLACE, status="exams_finished", counter=1))
    assert not phone.holds(spoken, SECRET, other)
    assert not phone.holds(spoken, SECRET[:-1] + b"?", PLACE)


@given(st.integers(0, 15), st.sampled_from(phone.ALPHABET), st.integers(1, phone.MAX_COUNTER))
def test_no_single_wrong_character_passes(place, letter, counter):
    code = phone.make(SECRET, PLACE, status="exams_finished", counter=counter)
    if code[place] == letter:
        return
    try:
        spoken = phone.read(code[:place] + letter + code[place + 1 :])
    except phone.PhoneCodeRefusedError:
        return
    assert not phone.holds(spoken, SECRET, PLACE)


def test_what_an_ear_and_a_keyboard_confuse_is_read():
    code = phone.make(SECRET, PLACE, status="exams_finished", counter=0x1234)
    typed = code.lower().replace("0", "o").replace("1", "l")
    assert phone.read(f"  {typed[:4]} {typed[4:8]}-{typed[8:12]}\t{typed[12:]} ").text == code
    russian = str.maketrans("ABCEHKMPTXY", "АВСЕНКМРТХУ")
    assert phone.read(code.translate(russian)).text == code


@pytest.mark.parametrize(
    "typed", ["", "ABCD", "A" * 17, "U" * 16, "F" * 16, "0" * 16, "Привет, это код", "1" * 500, "\0" * 16, "٣" * 16]
)
def test_what_is_no_code_says_why(typed):
    with pytest.raises(phone.PhoneCodeRefusedError) as said:
        phone.read(typed)
    assert said.value.remedy_text("ru")
    assert said.value.remedy_text("en")


def test_the_answer_belongs_to_its_code():
    one = phone.make(SECRET, PLACE, status="exams_finished", counter=1)
    two = phone.make(SECRET, PLACE, status="exams_finished", counter=2)
    assert len(phone.answer(SECRET, one)) == 4
    assert phone.answer(SECRET, one) != phone.answer(SECRET, two)
    assert set(phone.answer(SECRET, one)) <= set(phone.ALPHABET)
