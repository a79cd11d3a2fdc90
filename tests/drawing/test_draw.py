"""Drawn sheets say their number to a reader, whatever an ordinary scanner does to them."""

import dataclasses
import datetime as dt
import io
import random

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from drawing.damage import Damage, random_damage
from drawing.draw import SheetSpec, draw_sheet
from drawing.scans import draw_files, scan_sheet, to_tiff
from wire.forms import CATALOGUE, make_number, parse_sheet_code

FORMATS = [zxingcpp.Code128, zxingcpp.DataMatrix]


def spec(kind="R", serial=12345, **more):
    return SheetSpec(
        kind=kind,
        number=make_number(kind, serial),
        region="78",
        point="0001",
        date=dt.date(2026, 5, 29),
        subject="01",
        subject_name="Русский язык",
        room="0101",
        seed=7,
        **more,
    )


def texts(page):
    return [code.text for code in zxingcpp.read_barcodes(page, formats=FORMATS)]


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_every_kind_reads_back(kind):
    wanted = spec(kind, 987654321)
    read = texts(draw_sheet(wanted))
    assert wanted.number in read
    addressed = [parse_sheet_code(text) for text in read if text.startswith("PPE1|")]
    assert len(addressed) == 2
    assert all(code and (code.number, code.room) == (wanted.number, "0101") for code in addressed)


def test_ordinary_passes_never_hide_the_number():
    rng = random.Random(3)
    for serial in range(24):
        wanted = spec(("R", "AB", "C1", "C2")[serial % 4], serial * 7919, damage=random_damage(rng))
        read = texts(draw_sheet(wanted))
        assert any(wanted.number in text for text in read), wanted.damage
        assert all(wanted.number in text for text in read)


def test_destroyed_codes_cannot_be_read_but_the_number_stays():
    whole, destroyed = spec("C1"), spec("C1", damage=Damage(no_codes=True))
    page = draw_sheet(destroyed)
    assert texts(page) == []
    number_window = (slice(430, 500), slice(1590, 2150))
    assert np.mean(page[number_window] == draw_sheet(whole)[number_window]) > 0.97


def test_upside_down_is_the_same_sheet_turned():
    page = draw_sheet(spec(damage=Damage(upside_down=True)))
    assert np.array_equal(page[::-1, ::-1], draw_sheet(spec()))


def test_the_same_seed_draws_the_same_bytes():
    assert scan_sheet(spec()) == scan_sheet(spec())
    assert scan_sheet(spec()) != scan_sheet(dataclasses.replace(spec(), seed=8))


def test_a_file_is_one_strip_of_g4(tmp_path):
    path = next(iter(draw_files([(spec(), tmp_path / "a" / "SCAN00001.TIF")])))
    with Image.open(path) as picture:
        assert picture.mode == "1"
        assert picture.size == (2481, 3508)
        assert picture.info["compression"] == "group4"
        assert picture.info["dpi"] == (300, 300)
        assert len(picture.tag_v2[273]) == 1


def test_pages_go_into_one_file():
    with Image.open(io.BytesIO(to_tiff(draw_sheet(spec()), draw_sheet(spec("AB"))))) as picture:
        assert picture.n_frames == 2
