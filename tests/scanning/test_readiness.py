"""The readiness of the station: every line with its verdict, the calibration sheet printed, scanned and judged."""

import io

import numpy as np
import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pypdf import PdfReader

from audit.models import Event
from common.work import jobs
from scanning import calibration, readiness
from scanning.models import Readiness
from scanning.recognition import decode
from tests.scanning.conftest import ACTOR
from tests.scanning.drawn import damage
from wire.forms import make_number


def printed():
    """The calibration sheet as a scanner sees it."""
    document = pypdfium2.PdfDocument(calibration.sheet())
    page = document[0].render(scale=300 / 72, grayscale=True).to_numpy()
    document.close()
    return np.array(page).reshape(page.shape[0], page.shape[1])


def scanned(page, name="калибровка.tif"):
    return SimpleUploadedFile(name, decode.encode_g4(page, 300))


def lines(row):
    return {line["code"]: line for line in row.lines}


@pytest.fixture
def judge(desk, sane):
    sane("test")

    def at(page):
        row = readiness.test_sheet(sitting=desk.sitting, content=scanned(page), name="x.tif", actor=ACTOR)
        return lines(row)["test_sheet"]

    return at


def test_a_good_scan_of_the_calibration_sheet_passes_also_upside_down(judge):
    page = printed()
    assert judge(page)["verdict"] == "ok"
    assert judge(np.ascontiguousarray(page[::-1, ::-1]))["verdict"] == "ok"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda page: damage(page, lines=2, seed=4), "полосы"),
        (lambda page: damage(page, angle=5.0), "перекос"),
        (lambda page: damage(page, scale=0.5), "разрешение"),
        (lambda page: np.full_like(page, 255), "пустая"),
        (lambda page: np.where(np.indices(page.shape)[1] > 2150, 255, page).astype(np.uint8), "метки"),
    ],
)
def test_a_bad_scanner_is_told_by_its_scan(judge, spoil, words):
    line = judge(spoil(printed()))
    assert line["verdict"] == "bad"
    assert words in line["said"]["ru"]


def test_a_form_is_no_calibration_sheet(judge, desk):
    line = judge(desk.page(make_number("R", 1)))
    assert "не калибровочный" in line["said"]["ru"]


def test_the_station_is_checked_line_by_line(desk, sane):
    sane()
    row = lines(readiness.check(sitting=desk.sitting, actor=ACTOR))
    assert row["scanner"]["verdict"] == "warn"
    assert row["queue"]["verdict"] == "bad"
    assert row["certificate_station"]["verdict"] == "bad"
    assert row["reader"]["verdict"] == "ok"
    assert row["test_sheet"]["verdict"] == "warn"
    for cluster in jobs.CLUSTERS:
        jobs.beat(cluster)
    sane("test")
    row = lines(readiness.check(sitting=desk.sitting, actor=ACTOR))
    assert (row["scanner"]["verdict"], row["queue"]["verdict"]) == ("ok", "ok")
    assert "Noname" in row["scanner"]["said"]["ru"]
    assert all(line["said"]["en"] for line in row.values())
    assert all(line["cure"]["ru"] for line in row.values() if line["verdict"] != "ok")
    assert Event.objects.filter(kind="scanning.readiness").count() == 2


def test_the_page_and_its_paper(desk, sane, technician, head):
    sane("test")
    address = reverse("scanning-readiness", kwargs={"key": desk.sitting.key})
    assert "ещё не проверялась" in technician.client.get(address).content.decode()
    technician.client.post(address, {"form": "check"})
    answer = technician.client.post(address, {"form": "test-sheet", "files": scanned(printed())}, follow=True)
    assert "без замечаний" in answer.content.decode()
    bad = technician.client.post(
        address, {"form": "test-sheet", "files": SimpleUploadedFile("x.tif", b"\x07" * 99)}, follow=True
    )
    assert "не изображение листа" in bad.content.decode()
    # The verdict about the sheet stays with the next check of the day.
    technician.client.post(address, {"form": "check"})
    assert lines(Readiness.objects.order_by("-pk").first())["test_sheet"]["verdict"] == "ok"
    head.client.post(address, {"form": "check"})
    assert Readiness.objects.count() == 3
    paper = technician.client.get(reverse("scanning-readiness-pdf", kwargs={"key": desk.sitting.key}))
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert "Готовность станции сканирования" in text
    assert "Калибровочный лист" in text


@pytest.mark.parametrize("language", ["ru", "en"])
def test_what_the_station_prints_is_russian_whoever_asks_for_it(desk, technician, language):
    papers = {
        "scanning-calibration": ("Калибровочный лист", {}),
        "scanning-readiness-pdf": ("Проверка ещё не проводилась.", {"key": desk.sitting.key}),
    }
    for name, (words, of) in papers.items():
        answer = technician.client.get(reverse(name, kwargs=of), headers={"accept-language": language})
        assert answer["Content-Type"] == "application/pdf"
        assert words in "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
