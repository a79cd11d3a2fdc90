"""The commands of `ppe-station`, as a person at the station runs them."""

import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from station_client.cli import main
from tests.station_client.centre import make_package, sign_request
from tests.support.pki import the_fixtures
from wire import journal, pki
from wire.forms import make_number

SETS: list[dict[str, Any]] = [
    {
        "set": ordinal,
        "spoiled": ordinal == 2,
        "unused": ordinal == 4,
        "sheets": {kind: make_number(kind, 100 + ordinal) for kind in ("R", "AB", "C1", "C2")},
    }
    for ordinal in range(1, 5)
]


def run(*args: object) -> int:
    return main([str(arg) for arg in args])


@pytest.fixture
def station(tmp_path: Path) -> Path:
    """A print station with its certificate and package."""
    folder = tmp_path / "station"
    assert run("init", folder, "--role", "print", "--region", "78", "--point", "0001", "--number", "0001") == 0
    exam = tmp_path / "EXAM_78_0001_290526_v1.zip"
    exam.write_bytes(make_package(sign_request(folder / "CSR_print_78_0001_0001.pem")))
    assert run("package", folder, exam, "--ca-fingerprint", pki.fingerprint(the_fixtures().ca)) == 0
    return folder


def start(station: Path) -> int:
    return run("print", station, "start", "--subject", "01", "--date", "2026-05-29", "--room", "0101")


def test_a_key_is_readable_by_its_owner_only(station):
    assert stat.S_IMODE((station / "station.key").stat().st_mode) == 0o600


def test_a_second_station_in_the_folder_is_refused(station):
    assert run("init", station, "--role", "print", "--region", "78", "--point", "0001", "--number", "0002") == 3


def test_a_package_needs_the_confirmed_fingerprint(tmp_path, capsys):
    folder, exam = tmp_path / "s", tmp_path / "e.zip"
    run("init", folder, "--role", "print", "--region", "78", "--point", "0001", "--number", "0001")
    exam.write_bytes(make_package(sign_request(folder / "CSR_print_78_0001_0001.pem")))
    assert run("package", folder, exam) == 3
    assert run("package", folder, exam, "--ca-fingerprint", "00" * 32) == 3
    assert pki.fingerprint(the_fixtures().ca) in capsys.readouterr().err
    assert not (folder / "package.zip").exists()


def test_a_package_without_this_station_is_refused(station, tmp_path):
    exam = tmp_path / "other.zip"
    exam.write_bytes(make_package(version=2))
    assert run("package", station, exam) == 3


def test_the_day_ends_in_a_journal_that_verifies(station, tmp_path, capsys):
    sets = tmp_path / "sets.json"
    sets.write_text(json.dumps(SETS), "utf-8")
    assert start(station) == 0
    assert run("print", station, "sets", sets, "--person", "p-001") == 0
    assert run("print", station, "event", "printer_failed", "fault=замятие", "set=2", "--failure") == 0
    assert run("print", station, "finish") == 0
    assert run("close", station, tmp_path / "flash") == 0

    (dat,) = (tmp_path / "flash").iterdir()
    assert dat.name == "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat"
    document = journal.read(dat.read_bytes(), trust=the_fixtures().trust)
    assert document.problems == ()
    assert document.signed_by is not None
    assert document.signed_by.identity.ident == "0001"
    opened = journal.open_forms(document, recipients=[the_fixtures().recipient("access")])
    assert [(row.ordinal, row.spoiled, row.unused, row.sheets) for row in opened] == [
        (row["set"], row["spoiled"], row["unused"], row["sheets"]) for row in SETS
    ]
    assert SETS[0]["sheets"]["R"].encode() not in document.lines

    capsys.readouterr()
    assert run("verify", dat, "--package", station / "package.zip") == 0
    said = capsys.readouterr().out
    assert "проверка пройдена" in said
    assert "Комплект напечатан" in said
    # It holds no access key: a good verdict says nothing of the envelopes, and says so.
    assert "не проверены: нужен ключ доступа" in said
    assert "Станция печати" in said


def test_a_closed_journal_goes_on_and_the_longer_one_holds_the_shorter(station, tmp_path):
    start(station)
    run("close", station, tmp_path / "a")
    run("print", station, "event", "note_written", "text=ещё комплект")
    run("close", station, tmp_path / "b")
    (short,) = (tmp_path / "a").iterdir()
    (long,) = (tmp_path / "b").iterdir()
    lines = [journal.read(path.read_bytes(), trust=the_fixtures().trust).lines for path in (long, short)]
    assert journal.relation(*lines) == "longer"


def test_closing_without_a_log_is_refused(station, tmp_path):
    assert run("close", station, tmp_path / "flash") == 3


def test_closing_onto_a_read_only_drive_leaves_no_journal(station, tmp_path):
    start(station)
    target = tmp_path / "flash"
    target.write_text("a file stands where the drive should be")
    assert run("close", station, target) == 3
    assert run("close", station, tmp_path / "second") == 0


def test_an_event_outside_the_catalogue_is_refused(station, capsys):
    start(station)
    assert run("print", station, "event", "moon_rises") == 3
    assert "неизвестное событие" in capsys.readouterr().err


def test_an_exam_that_is_not_in_the_package_is_refused(station):
    assert run("print", station, "start", "--subject", "02", "--date", "2026-05-29") == 3


@pytest.fixture
def voice_station(tmp_path: Path) -> Path:
    """A voice station whose exam has begun."""
    folder = tmp_path / "voice"
    run("init", folder, "--role", "voice", "--region", "78", "--point", "0001", "--number", "0201-3")
    exam = tmp_path / "e.zip"
    exam.write_bytes(make_package(sign_request(folder / "CSR_voice_78_0001_0201-3.pem")))
    run("package", folder, exam, "--ca-fingerprint", pki.fingerprint(the_fixtures().ca))
    assert run("voice", folder, "start", "--subject", "01", "--date", "2026-05-29") == 0
    return folder


def test_a_voice_station_records_answers(voice_station, tmp_path):
    folder = voice_station
    number = make_number("R", 7)
    answers = tmp_path / "answers.json"
    row = {"set": 1, "place": 3, "registration": number, "file_name": "a.ogg", "seconds": 61.5, "sha256": "0" * 64}
    answers.write_text(json.dumps([row]))
    assert run("voice", folder, "answers", answers) == 0
    assert run("close", folder, tmp_path / "flash") == 0
    (dat,) = (tmp_path / "flash").iterdir()
    assert dat.name == "END_VOICE_78_0001_290526_01_0201_Русский_язык_3.dat"
    document = journal.read(dat.read_bytes(), trust=the_fixtures().trust)
    assert document.problems == ()
    (opened,) = journal.open_forms(document, recipients=[the_fixtures().recipient("access")])
    assert opened.sheets == {"R": number}


def test_a_token_is_made_and_gets_its_certificate(tmp_path, monkeypatch):
    monkeypatch.setenv("PPE_PIN", "123456")
    folder = tmp_path / "token"
    args = ("--person", "p-001", "--region", "78", "--point", "0001", "--name", "Иванова Анна")
    assert run("token", "new", folder, *args) == 0
    assert run("token", "new", folder, *args) == 3
    exam = tmp_path / "e.zip"
    exam.write_bytes(make_package(sign_request(folder / "CSR_gek_78_0001_p-001.pem")))
    assert run("token", "install", folder, exam, "--pin", "999999") == 3
    assert run("token", "install", folder, exam) == 0
    token = pki.load_pkcs12((folder / "gek-78-0001-p-001.p12").read_bytes(), "123456")
    assert token.certificate is not None
    assert pki.identity_of(token.certificate).ident == "p-001"


def test_wrong_usage_is_told_apart(tmp_path):
    with pytest.raises(SystemExit) as left:
        run("print", tmp_path)
    assert left.value.code == 2
    assert run("print", tmp_path, "finish") == 3


@pytest.mark.parametrize(("lang", "seen", "unseen"), [("ru", "вызов:", "usage:"), ("en", "usage:", "вызов:")])
def test_the_help_is_in_one_language(capsys, lang, seen, unseen):
    for words in ((), ("print",), ("print", "st", "event"), ("verify",), ("simulate", "run"), ("token", "new")):
        with pytest.raises(SystemExit) as end:
            run("--lang", lang, *words, "--help")
        told = capsys.readouterr().out
        assert end.value.code == 0
        assert seen in told
        assert unseen not in told
        assert " / " not in told
        if lang == "en":
            assert not re.search("[а-яё]", told)


def test_a_wrong_command_names_its_help(capsys):
    with pytest.raises(SystemExit) as end:
        run("print", "st")
    assert end.value.code == 2
    assert "справка: ppe-station print --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "не указано: КОМАНДА"),
        ("verify", "не указано: files"),
        ("clsoe", "нет такого: 'clsoe'"),
        ("init x --role", "--role: нужно одно значение"),
        ("init x --role x", "--role: нет такого: 'x'; есть "),
        ("verify x --bla", "лишнее: --bla"),
        ("verify x --ca", "--ca: нужно одно значение"),
        ("--lang fr verify x", "--lang: нет такого: 'fr'; есть "),
        ("init x --json=1", "--json: значение '1' здесь не нужно"),
    ],
)
def test_a_wrong_command_is_told_in_russian(capsys, words, said):
    with pytest.raises(SystemExit) as left:
        run(*words.split())
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    told = told.partition("\n  →")[0]
    assert not re.search(r"argument|invalid|expected|required|choose", told), told


def test_json_may_stand_before_the_command(station, capsys):
    capsys.readouterr()
    assert run("--json", "close", station, station / "out") == 3
    assert json.loads(capsys.readouterr().out)[0]["refused"] == "station"


def test_the_end_is_written_once(station, tmp_path):
    start(station)
    run("print", station, "finish")
    assert run("close", station, tmp_path / "flash") == 0
    (dat,) = (tmp_path / "flash").iterdir()
    lines = journal.read(dat.read_bytes(), trust=the_fixtures().trust).lines
    assert lines.count(b'"exam_finished"') == 1


GOOD = {
    "set": 1,
    "place": 3,
    "registration": make_number("R", 7),
    "file_name": "a.ogg",
    "seconds": 61.5,
    "sha256": "0" * 64,
}


@pytest.mark.parametrize(
    "bad",
    [
        {"set": 2, "place": 2},
        {**GOOD, "set": 0, "registration": make_number("R", 8)},
        {**GOOD, "set": 2},
        {**GOOD, "registration": make_number("R", 8)},
        {**GOOD, "set": 2, "registration": "1"},
        {**GOOD, "set": 2, "registration": make_number("AB", 8)},
        {**GOOD, "set": 2, "registration": make_number("R", 8), "seconds": "long"},
        {**GOOD, "set": 2, "registration": make_number("R", 8), "sha256": "x"},
    ],
)
def test_a_file_of_answers_with_one_wrong_row_writes_nothing(voice_station, tmp_path, bad):
    (log,) = voice_station.rglob("*.log*")
    before = log.read_bytes()
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps([GOOD, bad]))
    assert run("voice", voice_station, "answers", answers) == 3
    assert log.read_bytes() == before


SET: dict[str, Any] = {"set": 1, "sheets": {kind: make_number(kind, 7) for kind in ("R", "AB", "C1", "C2")}}
OTHER = {kind: make_number(kind, 8) for kind in ("R", "AB", "C1", "C2")}


@pytest.mark.parametrize(
    "bad",
    [
        {"set": -1, "sheets": {"R": "1"}},
        {"set": 2, "sheets": {**OTHER, "R": "1"}},
        {"set": 2, "sheets": {**OTHER, "R": OTHER["AB"]}},
        {"set": 2, "sheets": {}},
        {"set": True, "sheets": OTHER},
        {"set": 1, "sheets": OTHER},
        {"set": 2, "sheets": {**OTHER, "R": SET["sheets"]["R"]}},
        {"set": 2, "sheets": OTHER, "spoiled": "no"},
    ],
)
def test_a_file_of_sets_with_one_wrong_row_writes_nothing(station, tmp_path, bad):
    assert run("print", station, "start", "--subject", "01", "--date", "2026-05-29") == 0
    (log,) = station.rglob("*.log*")
    before = log.read_bytes()
    sets = tmp_path / "sets.json"
    sets.write_text(json.dumps([SET, bad]))
    assert run("print", station, "sets", sets) == 3
    assert log.read_bytes() == before
