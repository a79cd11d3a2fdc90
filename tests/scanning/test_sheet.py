"""Recognition of one page: what is read, how it lies, what is doubted, and that nothing is ever guessed."""

import cv2
import numpy as np
import pytest

from scanning.recognition.picture import PageImage
from scanning.recognition.sheet import recognise
from tests.scanning.drawn import damage, draw, px
from wire.forms import GEOMETRY, make_number

NUMBER = make_number("R", 1)


def read(pixels, dpi=300):
    return recognise(PageImage(np.ascontiguousarray(pixels), dpi, bilevel=True))


def kinds(reading):
    return {doubt.kind for doubt in reading.doubts}


@pytest.fixture(scope="module")
def page():
    return draw()


def test_it_reads_number_and_address_of_a_clean_sheet(page):
    reading, _ = read(page)
    assert (reading.number, reading.kind) == (NUMBER, "R")
    assert (reading.region, reading.point, reading.room) == ("78", "0001", "0101")
    assert (reading.date, reading.subject) == ("2026-05-29", "01")
    assert reading.step == "small"
    assert reading.dpi == pytest.approx(300, abs=1)
    assert not reading.doubts


@pytest.mark.parametrize(("turns", "kind"), [(1, "turned"), (2, "upside_down"), (3, "turned")])
def test_it_rights_a_turned_sheet(page, turns, kind):
    reading, upright = read(np.rot90(page, turns))
    assert reading.number == NUMBER
    assert kind in kinds(reading)
    assert np.array_equal(upright, page)


@pytest.mark.parametrize("angle", [-5.0, -1.0, 2.0, 5.0])
def test_it_measures_skew(page, angle):
    reading, _ = read(damage(page, angle=angle))
    assert reading.number == NUMBER
    assert reading.skew == pytest.approx(-angle, abs=0.1)
    assert ("skewed" in kinds(reading)) is (abs(angle) > 3)


def test_it_reports_streaks_and_still_reads(page):
    reading, _ = read(damage(page, lines=4, seed=3))
    assert reading.number == NUMBER
    assert "streaks" in kinds(reading)
    assert not any(doubt.kind == "corner_missing" for doubt in reading.doubts)


def test_it_names_the_missing_corner(page):
    torn = page.copy()
    torn[-420:, -420:] = 255
    reading, _ = read(torn)
    assert reading.number == NUMBER
    assert [doubt.value for doubt in reading.doubts if doubt.kind == "corner_missing"] == ["bottom-right"]


def test_it_flags_low_resolution(page):
    reading, _ = read(damage(page, scale=2 / 3), dpi=None)
    assert reading.number == NUMBER
    assert reading.dpi == pytest.approx(200, abs=2)
    assert "low_resolution" in kinds(reading)


@pytest.mark.parametrize("hurt", [{"noise": 25, "bilevel": False}, {"blur": 2.5, "bilevel": False}, {"noise": 60}])
def test_it_reads_damaged_sheets(page, hurt):
    reading, _ = read(damage(page, **hurt))
    assert reading.number == NUMBER


def leave_out(page, share=0.3, seed=0):
    """White grains all over the print, and the lower half of every bar gone."""
    hurt = page.copy()
    hurt[np.random.default_rng(seed).random(page.shape) < share] = 255
    return np.where(cv2.GaussianBlur(hurt, (0, 0), 1.0) < 110, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("turns", [0, 2])
@pytest.mark.parametrize("codes", [{"datamatrix": False}, {"code128": False}])
def test_codes_that_no_reader_sees_are_read_in_their_places(turns, codes):
    hurt = leave_out(draw(**codes), 0.45)
    reading, _ = read(np.rot90(hurt, turns))
    assert (reading.number, reading.step) == (NUMBER, "places")
    places = [GEOMETRY.code128_box[:2]] if "datamatrix" in codes else GEOMETRY.datamatrix_origins
    found = reading.codes[0]["place"][:2]
    assert any(found == pytest.approx([px(x), px(y)], abs=6) for x, y in places)


def test_pale_print_on_shadowed_paper_keeps_its_corners(page):
    light = np.linspace(1.0, 0.45, page.shape[1])
    reading, _ = read((np.maximum(page, 150) * light).astype(np.uint8))
    assert reading.number == NUMBER
    assert not kinds(reading) & {"corner_missing", "empty_page"}


def test_a_sheet_without_codes_is_unreadable_and_nothing_is_guessed():
    reading, _ = read(draw(code128=False, datamatrix=False))
    assert reading.number is None
    assert kinds(reading) == {"unreadable"}


def test_a_sheet_that_takes_too_long_goes_to_the_operator_with_that_reason():
    page = draw(code128=False, datamatrix=False)
    reading, _ = recognise(PageImage(page, 300, bilevel=True), seconds=0)
    assert [(doubt.kind, doubt.value, doubt.severity) for doubt in reading.doubts] == [
        ("unreadable", "time", "problem")
    ]
    assert reading.doubts[0].place


def test_a_stretched_page_is_told_as_two_sheets_at_once(page):
    reading, _ = read(cv2.resize(page, (page.shape[1], round(page.shape[0] * 1.3))))
    assert "double_feed" in kinds(reading)
    long = np.vstack([page, np.full((900, page.shape[1]), 255, np.uint8)])
    reading, _ = read(long)
    assert (reading.number, "double_feed" in kinds(reading)) == (NUMBER, True)


def test_a_wrong_check_digit_is_not_a_number():
    wrong = NUMBER[:-1] + str((int(NUMBER[-1]) + 1) % 10)
    reading, _ = read(draw(number=wrong, datamatrix=False))
    assert reading.number is None
    assert "foreign_code" in kinds(reading)


def test_codes_that_differ_stop_the_sheet():
    page = draw(serial=1, datamatrix=False)
    other = draw(serial=2, code128=False)
    reading, _ = read(np.minimum(page, other))
    assert reading.number is None
    assert "codes_differ" in kinds(reading)


def test_an_empty_page_is_said_to_be_empty():
    reading, _ = read(np.full((3508, 2480), 255, np.uint8))
    assert reading.number is None
    assert "empty_page" in kinds(reading)
    assert "unreadable" not in kinds(reading)


def test_a_blank_answer_form_is_told_from_a_written_one():
    blank, _ = read(draw("C1", 5, writing=0))
    written, _ = read(draw("C1", 5, writing=120))
    assert "blank" in kinds(blank)
    assert "blank" not in kinds(written)


def test_one_sheet_scanned_twice_looks_alike_and_two_sheets_do_not():
    from wire.room import hash_distance

    first, _ = read(damage(draw("AB", 9, seed=1), noise=5, angle=0.3))
    again, _ = read(damage(draw("AB", 9, seed=1), noise=5, angle=-0.2, seed=8))
    other, _ = read(damage(draw("AB", 9, seed=2), noise=5))
    assert hash_distance(first.picture_hash, again.picture_hash) < hash_distance(first.picture_hash, other.picture_hash)
