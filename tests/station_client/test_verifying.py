"""`ppe-station verify`: any file of the exam day, offline, in words."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station_client import verifying
from station_client.cli import main
from tests.station_client.centre import make_package
from tests.support.journal_lines import build, signed
from tests.support.pki import other_fixtures, the_fixtures
from tests.wire import test_packet
from tests.wire.test_signed_documents import ACT, ITEM, RECEIPT, blobs
from wire import pki
from wire.documents import act, feed, receipt

NAME = "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat"


def verify(path: Path) -> verifying.FileReport:
    return verifying.verify(path, the_fixtures().trust)


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def words(report: verifying.FileReport) -> str:
    return " | ".join(
        [f"{fact.ru}: {value.ru}" for fact, value in report.facts] + [each.ru for each in report.problems]
    )


def test_a_journal_is_told_in_words(tmp_path):
    report = verify(put(tmp_path, NAME, signed(build(3))))
    assert report.verdict == "ok"
    assert report.title.ru == "Электронный журнал"
    assert "Комплект напечатан: 3" in words(report)
    assert "urn:ppe:print:78:0001:0001" in words(report)
    assert "ключ доступа" not in words(report), "it holds no envelopes"


def test_a_journal_under_a_wrong_name_is_told_with_the_right_one(tmp_path):
    report = verify(put(tmp_path, NAME.replace("0101", "0102"), signed(build(3))))
    assert report.verdict == "problems"
    assert "аудитория: в имени 0102, в журнале 0101" in words(report)
    report = verify(put(tmp_path, "журнал.dat", signed(build(3))))
    assert "это не имя электронного журнала" in words(report)


def test_a_broken_journal_names_the_first_bad_entry(tmp_path):
    report = verify(put(tmp_path, NAME, build(6).replace(b'"set":3', b'"set":9')))
    assert report.verdict == "refused"
    assert "Запись 4: цепочка записей нарушена" in words(report)


def test_an_unsigned_journal_is_told_so(tmp_path):
    report = verify(put(tmp_path, NAME, build(2)))
    assert report.verdict == "problems"
    assert "журнал не подписан" in words(report)


def test_receipts_feeds_and_acts_are_told_in_words(tmp_path):
    said = {name: words(verify(put(tmp_path, f"{name}.p7m", blob))) for name, blob in blobs().items()}
    assert "Отклонён" in said["receipt"]
    assert "не хватает листа" in said["receipt"]
    assert "announcement" in said["feed"]
    assert "Станция сгорела" in said["act"]
    report = verify(put(tmp_path, "feed.jsonl", feed.bundle([blobs()["feed"]])))
    assert report.title.ru == "Лента РЦОИ"
    assert report.verdict == "ok"


def test_a_broken_feed_is_refused(tmp_path):
    signer = the_fixtures().signer("rcoi")
    items = [feed.write(dataclasses.replace(ITEM, number=number, prev=""), signer) for number in (1, 3)]
    assert verify(put(tmp_path, "feed.jsonl", feed.bundle(items))).verdict == "refused"


def test_foreign_documents_say_what_they_are_and_are_refused(tmp_path):
    foreign = other_fixtures()
    for name, blob in {
        "Квитанция": receipt.write(RECEIPT, foreign.signer("rcoi")),
        "Акт": act.write(ACT, foreign.signer("gek")),
    }.items():
        report = verify(put(tmp_path, "x.p7m", blob))
        assert report.title.ru == name
        assert report.verdict == "refused"
        assert report.facts


def test_packets_are_told_in_words(tmp_path):
    path, content = test_packet.seal(tmp_path)
    test_packet.sign(path, content)
    report = verify(path)
    assert report.verdict == "ok"
    assert "blanks, v1" in words(report)
    path.write_bytes(path.read_bytes()[:-1])
    assert verify(path).verdict == "refused"


def test_a_package_may_vouch_for_the_others(tmp_path, capsys):
    exam = put(tmp_path, "EXAM.zip", make_package())
    dat = put(tmp_path, NAME, signed(build(1)))
    assert main(["verify", "--package", str(exam), str(dat), str(exam)]) == 0
    assert pki.fingerprint(the_fixtures().ca) in capsys.readouterr().out


def test_without_trust_nothing_is_called_good(tmp_path, capsys):
    dat = put(tmp_path, NAME, signed(build(1)))
    assert main(["verify", str(dat)]) == 1
    assert "не указано, кому доверять" in capsys.readouterr().out


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"{}", b'{"format":"x"}', b"\x30\x80", b"\xff\xd8\xff\xe0 JFIF", b'{"count":1}']
)
def test_a_file_of_another_kind_is_refused_in_words(tmp_path, data):
    report = verify(put(tmp_path, "x.dat", data))
    assert report.verdict == "refused"
    assert report.problems[0].ru


def test_a_missing_file_is_refused_in_words(tmp_path):
    assert verify(tmp_path / "none").verdict == "refused"
    assert verify(tmp_path).verdict == "refused"


@given(st.binary(max_size=200), st.sampled_from([b"", b"PK\x03\x04", b"{", b"0\x82", b'{"count":1,"format":"']))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_explained(tmp_path, data, head):
    assert verify(put(tmp_path, "x", head + data)).verdict == "refused"
