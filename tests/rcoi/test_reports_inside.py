"""The receipts inside a report: public tools take them out, `ppe-station verify` holds the pages against them."""

import io
import shutil
import subprocess

import pytest
from pypdf import PdfReader, PdfWriter

from audit.log import SYSTEM
from keys.trust import trust_store
from rcoi.models import IssuedReceipt
from rcoi.reports import packet_report, point_report, region_report
from rcoi.reports.registered import file_bytes
from station_client import verifying
from tests.rcoi.conftest import arrive
from tests.support.needs import missing
from wire.pki import TrustStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def packet(point):
    return arrive(point.blanks("0103", people=2))


@pytest.fixture
def confirmation(packet):
    return file_bytes(packet_report(packet, actor=SYSTEM))


def verify(data, tmp_path, trust: TrustStore | None = None):
    path = tmp_path / "report.pdf"
    path.write_bytes(data)
    return verifying.verify(path, trust or trust_store())


def problems(report):
    return " | ".join(each.ru for each in report.problems)


def changed(data, *, receipts):
    """Return the pages of a PDF with other receipts inside."""
    writer = PdfWriter()
    for page in PdfReader(io.BytesIO(data)).pages:
        writer.add_page(page)
    for name, blob in receipts.items():
        writer.add_attachment(name, blob)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdfdetach_takes_out_the_very_receipt(packet, confirmation, tmp_path):
    if shutil.which("pdfdetach") is None:
        missing("pdfdetach")
    (tmp_path / "c.pdf").write_bytes(confirmation)
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, tmp_path / "c.pdf"], check=True)
    row = packet.receipts.order_by("-number").first()
    assert (tmp_path / f"receipt-{row.number:06d}.acknowledged.p7m").read_bytes() == bytes(row.body)


def test_a_confirmation_is_told_in_words(packet, confirmation, tmp_path):
    report = verify(confirmation, tmp_path)
    facts = {label.ru: value for label, value in report.facts}
    assert report.verdict == "ok", problems(report)
    assert report.title.ru == "Отчёт РЦОИ"
    assert facts["Решение"].ru == "Подтвержден"
    assert facts["SHA-256 файла"].ru == packet.sha256
    assert "urn:ppe:rcoi" in facts["Подписал"].ru


def test_a_closing_act_carries_the_receipt_of_every_packet(packet, point, tmp_path):
    arrive(point.forms())
    report = verify(file_bytes(point_report(packet.sitting, actor=SYSTEM)), tmp_path)
    inside = [value for label, value in report.facts if label.ru == "Вложена квитанция"]
    assert len(inside) == 2
    assert report.verdict == "ok", problems(report)


def test_a_closing_act_names_receipts_of_replaced_versions_and_of_statuses(packet, point, tmp_path):
    arrive(point.blanks("0103", people=2, version=2, supersedes=packet.uid))
    arrive(point.status("exams_finished"))
    report = verify(file_bytes(point_report(packet.sitting, actor=SYSTEM)), tmp_path)
    inside = [value for label, value in report.facts if label.ru == "Вложена квитанция"]
    assert len(inside) == 3
    assert report.verdict == "ok", problems(report)


def test_a_summary_of_the_region_speaks_of_no_packet_and_needs_no_receipt(packet, tmp_path):
    sitting = packet.sitting
    data = file_bytes(region_report(sitting.point.region, sitting.date, [sitting], actor=SYSTEM))
    report = verify(data, tmp_path)
    assert report.verdict == "ok", problems(report)
    assert "квитанций в ней нет" in {label.ru: value.ru for label, value in report.facts}["Квитанции"]


def test_another_receipt_than_the_pages_speak_of_is_found(packet, confirmation, point, tmp_path):
    other = arrive(point.blanks("0104", people=1)).receipts.order_by("-number").first()
    report = verify(changed(confirmation, receipts={"receipt.p7m": bytes(other.body)}), tmp_path)
    assert report.verdict == "problems"
    assert "страницы не называют этой квитанции" in problems(report)


def test_a_changed_receipt_and_a_strangers_are_refused(packet, confirmation, tmp_path):
    body = bytearray(bytes(IssuedReceipt.objects.order_by("-number").first().body))
    place = body.index(packet.sha256.encode())
    body[place : place + 1] = b"0" if body[place : place + 1] != b"0" else b"1"
    assert verify(changed(confirmation, receipts={"r.p7m": bytes(body)}), tmp_path).verdict == "refused"
    assert verify(confirmation, tmp_path, TrustStore([])).verdict == "refused"


def test_a_report_without_receipts_says_that_nothing_can_be_checked(confirmation, tmp_path):
    report = verify(changed(confirmation, receipts={}), tmp_path)
    assert report.verdict == "problems"
    assert "проверить нечего" in problems(report)


def test_damaged_and_foreign_pdfs_are_refused_in_words(confirmation, tmp_path):
    for data in (b"%PDF-1.7", confirmation[:300], b"%PDF-1.4\n" + b"\x00" * 5000):
        assert "PDF повреждён" in problems(verify(data, tmp_path))
    for place in range(0, len(confirmation), 997):
        torn = bytearray(confirmation)
        torn[place] ^= 0x55
        assert verify(bytes(torn), tmp_path).verdict in ("ok", "problems", "refused")
