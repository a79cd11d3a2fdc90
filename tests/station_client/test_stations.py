"""Recording for other makers' stations, playing a whole point, and what programs are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.station_client.centre import make_package, sign_request
from tests.station_client.test_cli import run, start, station  # noqa: F401 - a fixture
from tests.support.pki import registry, the_fixtures
from wire import journal, names, pki
from wire.documents import package


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def scanner(tmp_path: Path) -> Path:
    folder = tmp_path / "scan"
    assert run("init", folder, "--role", "scan", "--region", "78", "--point", "0001", "--number", "01") == 0
    exam = tmp_path / "EXAM.zip"
    exam.write_bytes(make_package(sign_request(folder / "CSR_scan_78_0001_01.pem")))
    assert run("package", folder, exam, "--ca-fingerprint", pki.fingerprint(the_fixtures().ca)) == 0
    assert run("scan", folder, "start", "--subject", "01", "--date", "2026-05-29") == 0
    return folder


class TestScan:
    def entries(self, folder: Path, rows: object) -> Path:
        path = folder / "entries.json"
        path.write_text(json.dumps(rows), "utf-8")
        return path

    def test_the_day_of_another_makers_station_becomes_a_journal(self, scanner, tmp_path):
        rows = [
            {"event": "room_opened", "data": {"room": "0101"}},
            {"event": "card_entered", "data": {"room": "0101", "counts": {"R": 14}}, "person": "p-001"},
            {"event": "scanning_finished", "data": {"room": "0101", "sheets": 60, "problems": 1}},
            {"event": "sheet_discarded", "data": {"room": "0101", "reason": "пустой лист"}, "failure": True},
        ]
        assert run("scan", scanner, "entries", self.entries(tmp_path, rows), "--person", "p-002") == 0
        assert run("scan", scanner, "event", "room_closed", "room=0101") == 0
        assert run("scan", scanner, "finish") == 0
        assert run("close", scanner, tmp_path / "flash") == 0
        (dat,) = (tmp_path / "flash").iterdir()
        assert dat.name == "END_SCAN_78_0001_290526_01_Русский язык_01.dat"
        document = journal.read(dat.read_bytes(), trust=the_fixtures().trust)
        assert document.problems == ()
        assert [(entry.event, entry.person, entry.disposition) for entry in document.entries[4:8]] == [
            ("room_opened", "p-002", "success"),
            ("card_entered", "p-001", "success"),
            ("scanning_finished", "p-002", "success"),
            ("sheet_discarded", "p-002", "failure"),
        ]
        assert run("verify", dat, "--package", scanner / "package.zip") == 0

    @pytest.mark.parametrize(
        "row",
        [
            {"event": "set_printed", "data": {"set": 1}},
            {"event": "room_opened", "data": {}},
            {"event": "room_opened", "data": {"room": 5}},
            {"event": "moon_rises"},
            {"event": 5},
            {"event": "room_opened", "data": {"room": "0101"}, "at": "2026"},
            {"event": "room_opened", "data": []},
            {},
        ],
    )
    def test_a_file_with_one_wrong_row_writes_nothing(self, scanner, tmp_path, row):
        (log,) = (scanner / "logs").iterdir()
        before = log.read_bytes()
        good = {"event": "room_opened", "data": {"room": "0101"}}
        assert run("scan", scanner, "entries", self.entries(tmp_path, [good, row])) == 3
        assert log.read_bytes() == before

    def test_a_scanning_station_has_no_sets(self, scanner, tmp_path):
        with pytest.raises(SystemExit) as stop:
            run("scan", scanner, "sets", tmp_path / "x.json")
        assert stop.value.code == 2


class TestJson:
    def test_every_command_answers_in_one_document(self, station, tmp_path, capsys):  # noqa: F811
        start(station)
        capsys.readouterr()
        assert run("print", station, "event", "note_written", "text=да", "--json") == 0
        assert said(capsys) == [{"text": "Записано.", "count": 1}]
        assert run("--lang", "en", "close", station, tmp_path / "flash", "--json") == 0
        first, last = said(capsys)
        assert (Path(first["file"]).parent, first["entries"]) == (tmp_path / "flash", 7)
        assert last["text"] == "It is safe to remove the drive."
        assert run("verify", first["file"], "--json") == 1
        assert said(capsys)[0]["verdict"] == "problems"

    def test_a_refusal_too(self, tmp_path, capsys):
        assert run("--lang", "en", "close", tmp_path / "none", tmp_path, "--json") == 3
        (row,) = said(capsys)
        assert row["refused"] == "station"
        assert row["text"].startswith("There is no station")
        assert row["cure"]


class TestSimulate:
    @pytest.fixture
    def point(self) -> dict[str, Any]:
        """A point with stations of every kind."""
        document = registry()
        point = document["points"][0]
        rows = (("print", "0001", "0101", None), ("scan", "01", None, None), ("voice", "0201-3", "0201", 3))
        point["rooms"].append({"number": "0201", "name": "Каб. 2", "seats": 4, "kind": "room"})
        point["stations"] = [{"kind": k, "number": n, "serial": f"SN-{k}", "duty": "main"} for k, n, _, _ in rows]
        sitting = point["sittings"][0]
        sitting["rooms"].append({"number": "0201", "seats": 4, "voice": True, "places": 4})
        sitting["posts"] = [
            {"station_kind": k, "station_number": n, "room": room, "place": place, "duty": "main"}
            for k, n, room, place in rows
        ]
        return document

    @pytest.fixture
    def folder(self, point, tmp_path) -> Path:
        path = tmp_path / "registry.json"
        path.write_text(json.dumps(point), "utf-8")
        assert run("simulate", "keys", tmp_path / "sim", path, "--point", "0001") == 0
        return tmp_path / "sim"

    def package(self, folder: Path, document: dict[str, Any], path: Path) -> Path:
        certificates = [sign_request(request) for request in sorted((folder / "requests").iterdir())]
        exam, _ = package.read(make_package(*certificates), trust=None)
        exam.registry.clear()
        exam.registry.update(document)
        path.write_bytes(package.write(exam, signer=the_fixtures().signer("rcoi")))
        return path

    def test_a_whole_point_is_played(self, folder, point, tmp_path, capsys):
        assert len(list((folder / "requests").iterdir())) == 3
        exam = self.package(folder, point, tmp_path / "exam.zip")
        capsys.readouterr()
        out, mark = tmp_path / "out", pki.fingerprint(the_fixtures().ca)
        assert run("simulate", "run", folder, exam, out, "--ca-fingerprint", mark, "--scale", "0.5", "--json") == 0
        rows = said(capsys)
        assert sorted(names.read(row["file"]).name.kind for row in rows) == ["print", "scan", "voice"]
        for path in out.iterdir():
            document = journal.read(path.read_bytes(), trust=the_fixtures().trust)
            assert document.problems == ()
            if document.header.kind == "print":
                opened = journal.open_forms(document, recipients=[the_fixtures().recipient("access")])
                assert len(opened) == 8  # half of fifteen seats

    def test_speed_is_kept(self, folder, point, tmp_path):
        exam = self.package(folder, point, tmp_path / "exam.zip")
        mark = pki.fingerprint(the_fixtures().ca)
        speed = ("--speed", "100000", "--scale", "0.1")
        assert run("simulate", "run", folder, exam, tmp_path / "out", "--ca-fingerprint", mark, *speed) == 0

    def test_without_stations_or_with_a_wrong_scale_it_is_refused(self, tmp_path):
        exam = tmp_path / "exam.zip"
        exam.write_bytes(make_package())
        assert run("simulate", "run", tmp_path / "none", exam, tmp_path / "out") == 3
        with pytest.raises(SystemExit):
            run("simulate", "run", tmp_path, exam, tmp_path, "--scale", "2")

    def test_another_point_is_refused(self, tmp_path, point):
        path = tmp_path / "registry.json"
        path.write_text(json.dumps(point), "utf-8")
        assert run("simulate", "keys", tmp_path / "sim", path, "--point", "0009") == 3
