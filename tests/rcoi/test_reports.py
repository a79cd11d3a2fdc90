"""Reports: what `pdftotext` finds in them, and that the same data give the same number and bytes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.utils import translation

from audit import anchors
from audit.log import SYSTEM
from rcoi.checking import findings
from rcoi.models import InboxFinding, InboxPacket, Report
from rcoi.reports import packet_report, point_report, region_report
from rcoi.reports.registered import file_bytes
from tests.rcoi.conftest import arrive
from tests.support.needs import missing

pytestmark = pytest.mark.django_db
KEPT = os.environ.get("PPE_KEEP_PDFS")


def text(row: Report, tmp_path: Path) -> str:
    """Return what a reader finds in the report, in one line."""
    path = tmp_path / f"{row.number}.pdf"
    path.write_bytes(file_bytes(row))
    if KEPT:
        shutil.copy(path, Path(KEPT) / f"{row.kind}-{row.number}.pdf")
    if shutil.which("pdftotext") is None:
        missing("pdftotext")
    found = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, text=True).stdout
    return " ".join(found.split())


@pytest.fixture
def closed(point):
    """A sitting whose every packet and status came; one room closed with an act."""
    point.made += 1
    missing = point.act(text="Жёсткий диск не читается, журнал снять нельзя")
    arrive(point.status("exams_finished", journals=2, acts=[missing]))
    for room in ("0101", "0102", "0103"):
        arrive(point.blanks(room, people=2, card={"absent_count": 13}))
    point.made += 1
    act = point.act(
        kind="room_difference",
        room="0104",
        station=None,
        station_kind=None,
        text="Не хватает одного листа",
        numbers=("0100000000011",),
    )
    arrive(
        point.blanks(
            "0104",
            people=1,
            card={"registration_count": 2, "absent_count": 13},
            acts=[act],
            room_json={"closed_with_act": True},
        )
    )
    arrive(point.forms())
    arrive(point.status("blanks_transferred"))
    for finding in InboxFinding.objects.unsettled().select_related("packet__point__region"):
        findings.settle(finding=finding, reason="Проверено по бумагам пункта", actor=SYSTEM)
    return point


def test_a_confirmation_names_packet_room_receipt_and_signers(point, tmp_path):
    row = arrive(point.blanks("0103", people=2))
    said = text(packet_report(row, actor=SYSTEM), tmp_path)
    for words in (
        "Подтвержден",
        "0103",
        str(row.uid),
        row.sha256,
        "№ 2",
        "Соколова Анна Сергеевна",
        "Бланк регистрации",
        "время перехода",
        "Напечатано",
        "стр. 1 из 1",
    ):
        assert words in said, words


def test_it_prints_the_head_of_the_log_and_the_newest_anchor(point, tmp_path):
    said = text(packet_report(arrive(point.blanks("0101")), actor=SYSTEM), tmp_path)
    anchor = anchors.latest()
    assert f"Якорь № 1, SHA-256 {anchor.sha256}" in said


def test_a_rejection_is_a_report_too(point, tmp_path):
    row = arrive(point.blanks(counts={"sheets": 3}))
    said = text(packet_report(row, actor=SYSTEM), tmp_path)
    assert "Отклонён" in said
    assert "counts_differ" in said
    assert "Подтвержден" not in said


def test_the_closing_act_names_every_room_and_what_went_wrong(closed, tmp_path):
    said = text(point_report(closed.day.sitting, actor=SYSTEM), tmp_path)
    for words in (
        "Акт закрытия ППЭ",
        "78-0001",
        "0101",
        "0102",
        "0103",
        "0104",
        "Штаб",
        "Подтвержден",
        "Экзамены завершены",
        "Бланки переданы в РЦОИ",
        "0006",
        "Жёсткий диск",
        "Не хватает одного листа",
        "Руководитель ППЭ",
        "Член ГЭК",
    ):
        assert words in said, words
    assert said.count("Подтвержден") >= 5


def test_an_unfinished_point_says_what_is_missing(point, tmp_path):
    arrive(point.blanks("0101"))
    said = text(point_report(point.day.sitting, actor=SYSTEM), tmp_path)
    assert "ППЭ не закрыт" in said
    assert "0102" in said
    assert "ожидается" in said


def test_the_summary_counts_the_region(closed, tmp_path, voice_day):
    sitting = closed.day.sitting
    rows = [sitting, voice_day.sitting]
    said = text(region_report(sitting.point.region, sitting.date, rows, actor=SYSTEM), tmp_path)
    for words in ("78-0001", "78-0002", "5 из 5", "0 из 3", "Закрыто экзаменов: 1 из 2"):
        assert words in said, words


def test_the_same_data_give_the_same_number_and_bytes(closed):
    sitting = closed.day.sitting
    first = point_report(sitting, actor=SYSTEM)
    again = point_report(sitting, actor=SYSTEM)
    assert (again.number, again.sha256, file_bytes(again)) == (first.number, first.sha256, file_bytes(first))
    assert Report.objects.get().prints == 2
    uid = InboxPacket.objects.get(room="0101").uid
    arrive(closed.blanks("0101", version=2, supersedes=uid))
    assert point_report(sitting, actor=SYSTEM).number == first.number + 1


def test_every_font_is_embedded(closed, tmp_path):
    path = tmp_path / "act.pdf"
    path.write_bytes(file_bytes(point_report(closed.day.sitting, actor=SYSTEM)))
    if shutil.which("pdffonts") is None:
        missing("pdffonts")
    lines = subprocess.run(["pdffonts", str(path)], capture_output=True, check=True, text=True).stdout.splitlines()[2:]
    fonts = [line.split() for line in lines if "Helvetica" not in line]
    assert fonts
    assert all("PTSans" in font[0].replace("-", "") and font[-5] == "yes" for font in fonts), lines


def test_whoever_asks_a_report_is_the_same_russian_paper(closed, tmp_path):
    sitting = closed.day.sitting
    rows = [
        lambda: point_report(sitting, actor=SYSTEM),
        lambda: region_report(sitting.point.region, sitting.date, [sitting], actor=SYSTEM),
        lambda: packet_report(InboxPacket.objects.filter(room="0104").get(), actor=SYSTEM),
    ]
    for make in rows:
        with translation.override("en"):
            asked_in_english = make()
        assert make() == asked_in_english
        assert "Подтвержден" in text(asked_in_english, tmp_path)
        assert "confirmed" not in text(asked_in_english, tmp_path)


def test_a_confirmation_says_what_its_receipt_told_the_point(point, tmp_path):
    row = arrive(point.blanks("0101", people=2))
    (said,) = row.receipts.get(level="acknowledged").open
    assert said["code"] == "seats_differ"
    report = text(packet_report(InboxPacket.objects.get(pk=row.pk), actor=SYSTEM), tmp_path)
    assert "Открыто при подтверждении (по квитанции)" in report
    findings.settle(finding=row.findings.get(), reason="Список сверен по телефону", actor=SYSTEM)
    report = text(packet_report(InboxPacket.objects.get(pk=row.pk), actor=SYSTEM), tmp_path)
    assert "Открыто при подтверждении (по квитанции)" in report, "the signed word stays what it was"
    assert "открыто: 1" in text(point_report(point.day.sitting, actor=SYSTEM), tmp_path)
