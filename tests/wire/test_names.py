"""Names of journals: written, read and explained by one table."""

import datetime as dt
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.names import GRAMMARS, JournalName, MalformedNameError, read, write
from wire.subjects import SUBJECT_NAMES

DAY = dt.date(2026, 5, 29)
PRINT = JournalName("print", "78", "0001", DAY, "01", "Русский язык", "0101", "0001")
VOICE = JournalName("voice", "78", "0002", DAY, "29", "Английский язык (устный)", "0201", "3")
SCAN = JournalName("scan", "78", "0001", DAY, "01", "Русский язык", None, "01")
GOOD = {
    PRINT: "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat",
    VOICE: "END_VOICE_78_0002_290526_29_0201_Английский_язык_(устный)_3.dat",
    SCAN: "END_SCAN_78_0001_290526_01_Русский язык_01.dat",
}


def digits(low: int, high: int | None = None) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high or low)


_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАЁЙЯabcXYZ0123456789"
_WORD = st.text(_LETTERS + "-()№,.+«»", min_size=1, max_size=12)
_TITLES = st.lists(_WORD, min_size=1, max_size=5).map(" ".join).filter(lambda text: text == text.strip(" _."))


@st.composite
def legal_names(draw: st.DrawFn, subjects: dict[str, str]) -> JournalName:
    kind = draw(st.sampled_from(sorted(GRAMMARS)))
    subject = draw(st.sampled_from(sorted(subjects)))
    return JournalName(
        kind=GRAMMARS[kind].kind,
        region=draw(digits(2)),
        point=draw(digits(4)),
        date=draw(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31))),
        subject=subject,
        subject_name=subjects[subject],
        room=None if kind == "scan" else draw(digits(4)),
        station=draw(digits(1, 4)),
    )


@given(legal_names(dict(SUBJECT_NAMES)))
def test_what_is_written_is_read_back_without_doubt(name):
    reading = read(write(name))
    assert reading.name == name
    assert reading.certain
    assert reading.doubts == ()
    assert reading.proposed == write(name)


@given(st.data(), st.dictionaries(digits(2), _TITLES, min_size=1, max_size=5))
def test_the_registry_may_call_its_subjects_anything(data, subjects):
    name = data.draw(legal_names(subjects))
    reading = read(write(name), subjects=subjects)
    assert reading.name == name
    assert reading.certain
    assert reading.doubts == ()


@pytest.mark.parametrize(("name", "text"), GOOD.items())
def test_names_look_as_the_regulation_says(name, text):
    assert write(name) == text
    assert read(text).name == name


def test_the_grammars_say_their_own_shape():
    assert GRAMMARS["print"].shape == "END_PRINT_PP_PPPP_DMMGGG_ЭЭ_Название_предмета_AAAA_№станции.dat"
    assert GRAMMARS["voice"].shape == "END_VOICE_PP_PPPP_DMMGGG_ЭЭ_AAAA_Название_предмета_№места.dat"
    assert GRAMMARS["scan"].shape == "END_SCAN_PP_PPPP_DMMGGG_ЭЭ_Название предмета_CC.dat"


@pytest.mark.parametrize(
    "text",
    [
        "END_PRINT_78_0001_290526_01_Русский язык_0101_0001.dat",
        "END_SCAN_78_0001_290526_01_Русский_язык_01.dat",
        "END_VOICE_78_0002_290526_29_0201_Английский язык_(устный)_3.dat",
    ],
)
def test_spaces_and_underscores_in_the_subject_are_one(text):
    reading = read(text)
    assert reading.name in GOOD
    assert reading.certain
    assert reading.doubts == ()


@given(st.text())
def test_any_text_gives_a_value_or_an_explanation(text):
    reading = read(text)
    assert reading.name is not None or reading.doubts


_FIELDS = "END_PRINT END_VOICE END_SCAN _ _ _ 78 0001 290526 01 29 0101 3 - (1) .dat .DAT копия é О / \\ ~"
_PIECES = st.sampled_from([*_FIELDS.split(), "Русский_язык", "Русский", "язык", " ", "\udcd0", "\x00"])


@given(st.lists(_PIECES, max_size=30).map("".join))
def test_any_mixture_of_the_pieces_gives_a_value_or_an_explanation(text):
    reading = read(text)
    assert reading.name is not None or reading.doubts
    if reading.name is not None:
        assert reading.proposed == write(reading.name)
        assert read(reading.proposed).proposed == reading.proposed


@given(legal_names(dict(SUBJECT_NAMES)), st.data())
def test_a_name_with_one_letter_lost_is_never_read_as_another_without_doubt(name, data):
    text = write(name)
    place = data.draw(st.integers(0, len(text) - 5))
    reading = read(text[:place] + text[place + 1 :])
    # a station's number and a place have no fixed length: a digit lost there makes another legal name
    in_number = text[place:].count("_") == 0 or (name.kind != "scan" and text[place] == "0" and "_" not in text[place:])
    if not in_number and reading.certain:
        assert reading.name == name


class TestForgiven:
    """Oddities that change nothing: read with certainty, and said."""

    CASES = {
        "nfd": (unicodedata.normalize("NFD", GOOD[VOICE]), VOICE, "subject_name"),
        "upper": (GOOD[PRINT].upper(), PRINT, "subject_name"),
        "lower": (GOOD[PRINT].lower(), PRINT, "prefix"),
        "extension": (GOOD[PRINT].replace(".dat", ".DAT"), PRINT, "extension"),
        "copy": (GOOD[PRINT].replace(".dat", " (1).dat"), PRINT, "copy"),
        "copy without blank": (GOOD[PRINT].replace(".dat", "(12).dat"), PRINT, "copy"),
        "copy after extension": (GOOD[PRINT] + " (1)", PRINT, "copy"),
        "windows copy": (GOOD[SCAN].replace(".dat", " - копия.dat"), SCAN, "copy"),
        "english copy": (GOOD[SCAN].replace(".dat", " - Copy (2).dat"), SCAN, "copy"),
        "copy in front": ("Копия " + GOOD[PRINT], PRINT, "copy"),
        "macos copy": (GOOD[PRINT].replace(".dat", " copy.dat"), PRINT, "copy"),
        "folder": ("/media/flash/" + GOOD[PRINT], PRINT, "folder"),
        "windows folder": ("E:\\ЕГЭ\\" + GOOD[PRINT], PRINT, "folder"),
        "blanks around": ("  " + GOOD[PRINT] + "\n", PRINT, "name"),
        "eight digits": (GOOD[PRINT].replace("290526", "29052026"), PRINT, "date"),
        "dots in the date": (GOOD[PRINT].replace("290526", "29.05.2026"), PRINT, "date"),
        "latin o": (GOOD[PRINT].replace("Русский", "Pуccкий"), PRINT, "subject_name"),
        "cyrillic prefix": (GOOD[PRINT].replace("END_PRINT", "ЕND_РRINТ"), PRINT, "prefix"),
        "dash in prefix": (GOOD[PRINT].replace("END_PRINT", "END-PRINT"), PRINT, "prefix"),
        "all blanks": (GOOD[PRINT].replace("_", " "), PRINT, "prefix"),
        "double underscore": (GOOD[PRINT].replace("_01_", "__01_"), PRINT, "separator"),
        "double blank": (GOOD[SCAN].replace("Русский язык", "Русский  язык"), SCAN, "subject_name"),
        "no-break space": (GOOD[SCAN].replace("Русский язык", "Русский\u00a0язык"), SCAN, "subject_name"),
        "soft hyphen": (GOOD[PRINT].replace("Русский", "Рус\u00adский"), PRINT, "subject_name"),
        "short i": (GOOD[PRINT].replace("Русский", "Русскии"), PRINT, "subject_name"),
        "double extension": (GOOD[PRINT] + ".dat", PRINT, "extension"),
        "brackets lost": (GOOD[VOICE].replace("(устный)", "устный"), VOICE, "subject_name"),
    }

    @pytest.mark.parametrize("case", CASES)
    def test_it_is_read_with_certainty_and_said(self, case):
        text, name, field = self.CASES[case]
        reading = read(text)
        assert reading.name == name
        assert reading.certain
        assert field in {doubt.field for doubt in reading.doubts}
        assert reading.proposed == GOOD[name]


_ENCODINGS = [("utf-8", "cp1251"), ("utf-8", "cp866"), ("utf-8", "latin-1"), ("utf-8", "cp437"), ("cp866", "cp1251")]
_ENCODINGS += [
    ("cp866", "cp437"),
    ("cp866", "latin-1"),
    ("cp1251", "cp866"),
    ("cp1251", "latin-1"),
    ("koi8-r", "cp1251"),
]


@pytest.mark.parametrize(("source", "screen"), _ENCODINGS)
@pytest.mark.parametrize("code", ["01", "07", "12", "29", "22", "25"])
def test_a_garbled_name_is_put_right(source, screen, code):
    name = JournalName("scan", "78", "0001", DAY, code, SUBJECT_NAMES[code], None, "01")
    # a byte that the code page does not define is shown as a control character, as Windows does
    raw = name.subject_name.encode(source)
    shown = "".join(_show(byte, screen) for byte in raw)
    text = write(name).replace(name.subject_name, shown)
    assert text != write(name)
    reading = read(text)
    assert reading.name == name
    assert reading.certain
    assert "кодировке" in reading.doubts[0].message.ru


def _show(byte: int, encoding: str) -> str:
    try:
        return bytes([byte]).decode(encoding)
    except UnicodeDecodeError:
        return chr(byte)


@pytest.mark.parametrize("encoding", ["cp866", "cp1251", "koi8-r"])
def test_raw_bytes_of_an_old_drive_are_put_right(encoding):
    text = GOOD[PRINT].encode(encoding).decode("utf-8", "surrogateescape")
    reading = read(text)
    assert reading.name == PRINT
    assert reading.certain


class TestDoubted:
    """Oddities that need a person: never certain, each wrong part named."""

    P, V, S = GOOD[PRINT], GOOD[VOICE], GOOD[SCAN]
    CASES = {
        "seven digits": (P.replace("290526", "2952026"), PRINT, "date"),
        "seven digits, ambiguous": (P.replace("290526", "1112026"), None, "date"),
        "year first": (P.replace("290526", "20260529"), PRINT, "date"),
        "no such day": (P.replace("290526", "310226"), None, "date"),
        "five digits": (P.replace("290526", "29526"), None, "date"),
        "no date": (P.replace("290526_", ""), None, "date"),
        "letters in the date": (P.replace("290526", "29O526"), PRINT, "date"),
        "short region": (P.replace("_78_", "_7_"), "07", "region"),
        "long region": (P.replace("_78_", "_178_"), None, "region"),
        "no region": (P.replace("_78_", "_"), None, "region"),
        "short point": (P.replace("_0001_290526", "_1_290526"), PRINT, "point"),
        "long point": (P.replace("_0001_290526", "_00001_290526"), None, "point"),
        "no point": (P.replace("_0001_290526", "_290526"), None, "point"),
        "letters in the point": (P.replace("_0001_290526", "_ООО1_290526"), PRINT, "point"),
        "short subject": (P.replace("_01_", "_1_"), PRINT, "subject"),
        "no subject code": (P.replace("_01_", "_"), PRINT, "subject"),
        "unknown subject code": (P.replace("_01_", "_99_"), PRINT, "subject"),
        "another subject's name": (P.replace("Русский_язык", "Физика"), PRINT, "subject_name"),
        "misspelt name": (P.replace("Русский", "Руский"), PRINT, "subject_name"),
        "cut name": (P.replace("Русский_язык", "Русский"), PRINT, "subject_name"),
        "lost name": (P.replace("Русский_язык", "???????_????"), PRINT, "subject_name"),
        "no name": (P.replace("_Русский_язык", ""), PRINT, "subject_name"),
        "a stranger's name": (P.replace("Русский_язык", "Рисование"), PRINT, "subject_name"),
        "transliterated": (P.replace("Русский_язык", "Russkiy_yazyk"), PRINT, "subject_name"),
        "short room": (P.replace("_0101_", "_101_"), PRINT, "room"),
        "long room": (P.replace("_0101_", "_00101_"), None, "room"),
        "no room": (P.replace("_0101", ""), None, "room"),
        "room as in a voice journal": (P.replace("_01_Русский_язык_0101", "_01_0101_Русский_язык"), PRINT, "room"),
        "room as in a print journal": (V.replace("_0201", "").replace(")_3", ")_0201_3"), VOICE, "room"),
        "no station": (P.replace("_0001.dat", ".dat"), None, "station"),
        "a room in a scan journal": (S.replace("_01.dat", "_0101_01.dat"), SCAN, "name"),
        "an extra part": (P.replace(".dat", "_2.dat"), None, "name"),
        "no extension": (P.removesuffix(".dat"), PRINT, "extension"),
        "another extension": (P.replace(".dat", ".txt"), PRINT, "extension"),
        "an extra extension": (P + ".txt", PRINT, "extension"),
        "not copied to its end": (P + ".part", PRINT, "extension"),
        "not downloaded": (P + ".crdownload", PRINT, "extension"),
        "misspelt prefix": (P.replace("END_PRINT", "END_PRNT"), PRINT, "prefix"),
        "prefix without END": (P.replace("END_PRINT", "PRINT"), PRINT, "prefix"),
        "something in front": ("0001_" + P, PRINT, "prefix"),
        "hyphens throughout": (S.replace("_", "-"), SCAN, "separator"),
        "another file": ("IMG_0001.jpg", None, "prefix"),
        "short name of DOS": ("END_PR~1.DAT", None, "prefix"),
        "empty": ("", None, "name"),
        "blank": ("   ", None, "name"),
        "too long": ("END_PRINT_" + "я" * 2000, None, "name"),
        "only the prefix": ("END_PRINT.dat", None, "region"),
        "a packet": ("PACKET_78_0001_290526_01_blanks_0101_x_v1.ppe", None, "prefix"),
    }

    @pytest.mark.parametrize("case", CASES)
    def test_it_is_never_certain_and_the_part_is_named(self, case):
        text, name, field = self.CASES[case]
        reading = read(text)
        assert not reading.certain
        assert field in {doubt.field for doubt in reading.doubts}
        assert all(doubt.message.ru and doubt.message.en for doubt in reading.doubts)
        if isinstance(name, JournalName):
            assert reading.name == name
            assert reading.proposed == GOOD[name]
        elif name is None:
            assert reading.name is None or reading.doubts
        else:
            assert reading.name is not None
            assert reading.name.region == name


class TestWriting:
    """What cannot be a name is refused."""

    @pytest.mark.parametrize(
        "change",
        [
            {"region": "7"},
            {"region": "٧٨"},
            {"point": "00001"},
            {"subject": ""},
            {"room": None},
            {"room": "101"},
            {"station": ""},
            {"station": "1a"},
            {"subject_name": ""},
            {"subject_name": "a/b"},
            {"subject_name": " Физика"},
            {"subject_name": "Физика\x00"},
            {"subject_name": "ф" * 200},
            {"date": dt.date(1999, 1, 1)},
        ],
    )
    def test_it_refuses_and_names_the_part(self, change):
        values = {field: getattr(PRINT, field) for field in PRINT.__dataclass_fields__}
        with pytest.raises(MalformedNameError) as refusal:
            write(JournalName(**(values | change)))
        assert [part.field for part in refusal.value.parts] == list(change)

    def test_a_scan_journal_has_no_room(self):
        with pytest.raises(MalformedNameError):
            write(JournalName("scan", "78", "0001", DAY, "01", "Русский язык", "0101", "01"))
