"""The rules of Windows, exFAT and code pages for file names, as functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.names import rules as names_rules
from wire.subjects import SUBJECT_NAMES

NAME = "END_VOICE_78_0002_290526_29_0201_Английский_язык_(устный)_3.dat"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a:b.dat", "запрещены"),
        ("a?.dat", "запрещены"),
        ("a\x07.dat", "U+0007"),
        ("a/b", "запрещены"),
        ("a.dat ", "отбросит"),
        ("a.dat.", "отбросит"),
        ("con", "устройством"),
        ("CON.dat", "устройством"),
        ("lpt1.tar.gz", "устройством"),
        ("COM².txt", "устройством"),
        ("", "не имя"),
        ("..", "не имя"),
        ("я" * 128, "байт"),
        ("a" * 256, "знаков"),
        ("и\u0306.dat", "NFD"),
        ("\udcd0.dat", "не прочитать"),
    ],
)
def test_what_would_not_survive_is_told(name, word):
    assert any(word in part.message.ru for part in names_rules.faults(name))
    assert all(part.message.en for part in names_rules.faults(name))


@pytest.mark.parametrize("name", [NAME, "console.dat", "com10.dat", "a.b.c", "№ 1 «ё».dat", ".hidden"])
def test_what_survives_is_passed(name):
    assert names_rules.faults(name) == []
    assert names_rules.safe(name) == name


def test_every_subject_of_the_list_survives():
    for subject in SUBJECT_NAMES.values():
        assert names_rules.faults(f"END_SCAN_78_0001_290526_01_{subject}_01.dat") == []
        assert names_rules.lost_in(subject, "cp866") == names_rules.lost_in(subject, "cp1251") == ""


def test_windows_counts_utf16_units():
    assert names_rules.units("я😀") == 3
    assert names_rules.path_fits("E:\\", "a" * 255)
    assert not names_rules.path_fits("E:\\папка\\" + "б" * 200, NAME)


def test_a_code_page_loses_letters():
    assert names_rules.lost_in("Ёлка — №1 😀 ё", "cp866") == "—😀"
    assert names_rules.lost_in("Ҳисоб", "cp1251") == "Ҳ"
    with pytest.raises(LookupError):
        names_rules.lost_in("а", "no-such-page")


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a.dat", "A.DAT", True),
        ("Ё.dat", "ё.dat", True),
        ("и\u0306.dat", "Й.dat", True),
        ("a.dat", "a.dat.", True),
        ("е.dat", "ё.dat", False),
    ],
)
def test_two_names_may_be_one_file(first, second, same):
    assert names_rules.same_file(first, second) is same


@given(st.text(max_size=400))
def test_a_safe_name_survives_everywhere(text):
    safe = names_rules.safe(text)
    assert names_rules.faults(safe) == []
    assert names_rules.safe(safe) == safe
