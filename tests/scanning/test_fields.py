"""Cells filled by hand: fields are found, digits never seen in training are read, doubt goes to a person."""

import datetime as dt
import random
import sys

import cv2
import numpy as np
import pytest

from drawing import fill
from drawing.damage import random_damage
from drawing.draw import SheetSpec, draw_sheet
from scanning.recognition import train_digits
from scanning.recognition.digits import digit_model
from scanning.recognition.picture import PageImage
from scanning.recognition.sheet import recognise
from tests.scanning.samples import samples
from wire.forms import CATALOGUE, make_number

FORMS = ("05-02", "13-02-МАШ", "13-03-У")


def scan(kind, values, seed=1):
    sheet = SheetSpec(
        kind,
        make_number(kind, 4000 + seed),
        "78",
        "0001",
        dt.date(2026, 5, 29),
        "01",
        "Русский язык",
        "0101",
        seed,
        damage=random_damage(random.Random(seed)),
        values=values,
    )
    return draw_sheet(sheet)


def read(pixels):
    reading, _ = recognise(PageImage(pixels, 300, bilevel=True))
    return {f"{each['name']}/{each['row']}": each for each in reading.fields}, reading


@pytest.mark.parametrize("kind", FORMS)
def test_what_was_written_is_found_where_it_was_written(kind):
    """Crosses are read as they are; of the strokes we draw for digits the model is asked only where they stand."""
    rng = random.Random(5)
    values = {}
    for field in CATALOGUE[kind].fields:
        for row, _boxes in field.boxes():
            if rng.random() < 0.4:
                values[f"{field.name}/{row}"] = "x" if field.kind == "mark" else str(rng.randrange(10**field.cells))
    found, _ = read(scan(kind, values))
    assert found.keys() == values.keys()
    for name, each in found.items():
        assert len(each["value"]) == len(values[name])
        if values[name] == "x":
            assert (each["value"], each["sure"]) == ("x", True)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_form_is_read_as_well(turns):
    values = {"seat_absent/3": "x", "seat_present/17": "x"}
    found, reading = read(np.rot90(scan("05-02", values), turns))
    assert found.keys() == values.keys()
    x0, y0, x1, y1 = found["seat_absent/3"]["place"]
    assert (reading.width * 0.2, reading.height * 0.25) < (x0, y0) < (x1, y1) < (reading.width / 2, reading.height / 2)


def test_an_empty_form_has_no_fields_and_a_participants_form_none_at_all():
    assert read(scan("13-02-МАШ", {"room/1": ""}))[0] == {}
    assert read(scan("AB", {}))[0] == {}


def test_a_little_ink_in_a_box_is_a_persons_to_judge():
    page = scan("05-02", {"seat_present/1": ""})
    found, _ = read(page)
    assert found == {}
    place = read(scan("05-02", {"seat_absent/2": "x"}))[0]["seat_absent/2"]["place"]
    x, y = (place[0] + place[2]) // 2, (place[1] + place[3]) // 2
    cv2.line(page, (x - 9, y - 9), (x + 9, y + 9), 0, 4)
    found, reading = read(page)
    assert [(name, each["sure"]) for name, each in found.items()] == [("seat_absent/2", False)]
    assert [(doubt.kind, doubt.severity) for doubt in reading.doubts] == [("unsure_cells", "info")]


def test_a_gap_within_a_number_and_a_blot_are_never_sure():
    values = {"room/1": "10 1", "room/2": "0101"}
    page = scan("13-02-МАШ", values)
    x0, y0, x1, y1 = read(page)[0]["room/2"]["place"]
    page[y0:y1, x0 : x0 + (x1 - x0) // 4] = 0
    found, _ = read(page)
    assert not found["room/1"]["sure"]
    assert not found["room/2"]["sure"]


def test_real_digits_never_seen_in_training_are_read():
    right, sent, rest = train_digits.evaluate(digit_model(), samples("digits"))
    assert right >= 0.97
    assert sent <= 0.10
    assert rest >= 0.995


class Deck:
    """Glyphs of one digit, dealt one after the other whatever place is asked for."""

    def __init__(self, glyphs):
        self._glyphs = iter(glyphs)

    def __len__(self):
        return 1

    def __getitem__(self, place):
        return next(self._glyphs)


def glyph(ink):
    big = 255 - cv2.resize(ink, (72, 72), interpolation=cv2.INTER_CUBIC)
    return np.where(big < 140, 30, 255).astype(np.uint8)


@pytest.mark.slow
def test_unseen_digits_in_the_cells_of_scanned_forms(monkeypatch):
    """GIVEN each of the 500 digits once, alone in a field of drawn, damaged forms."""
    inks, labels = train_digits.load(samples("digits"))
    unseen = list(zip(inks, labels, strict=True))[train_digits.TAUGHT :]
    decks = {str(digit): Deck([glyph(ink) for ink, label in unseen if label == digit]) for digit in range(10)}
    monkeypatch.setattr(fill, "_real_digits", lambda: decks)
    names = [f"{field.name}/{row}" for field in CATALOGUE["13-02-МАШ"].fields for row, _boxes in field.boxes()]
    rows = []
    for start in range(0, len(unseen), len(names)):
        values = dict(zip(names, (str(label) for _ink, label in unseen[start:]), strict=False))
        found, _ = read(scan("13-02-МАШ", values, seed=start))
        assert found.keys() == values.keys()
        rows += [(each["value"] == values[name], each["sure"]) for name, each in found.items()]
    right, sure = np.array(rows).T
    sys.stdout.write(
        f"{len(rows)} unseen digits in cells: right {right.mean():.1%}, to a person {1 - sure.mean():.1%}, "
        f"right of the rest {right[sure].mean():.2%}\n"
    )
    assert len(rows) == 500
    assert right.mean() >= 0.97
    assert sure.mean() >= 0.90
    assert right[sure].mean() >= 0.995
