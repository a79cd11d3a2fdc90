"""Every sheet of the shared set of sheets that fool a desk, through the decoding child: what its list says is right."""

import sys
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from scanning.recognition.decoder import Decoder
from scanning.recognition.errors import DecoderStoppedError, FileRefusedError
from tests.scanning.samples import samples


@dataclass
class Told:
    """What became of one file: the refusal, or its first page's reading and record."""

    pages: int = 0
    refusal: FileRefusedError | None = None
    reading: dict | None = None
    record: np.ndarray | None = None

    @property
    def number(self):
        return self.reading["number"] if self.reading else None

    def kinds(self, severity="problem"):
        doubts = self.reading["doubts"] if self.reading else []
        return {each["kind"] for each in doubts if each["severity"] == severity}


def sound(number):
    return lambda told: (told.number, told.kinds()) == (number, set())


def problem(kind, number=None, naming=()):
    def right(told):
        values = " ".join(each["value"] for each in told.reading["doubts"] if each["kind"] == kind)
        return (told.number, told.kinds()) == (number, {kind}) and all(each in values for each in naming)

    return right


def remark(kind, number):
    return lambda told: sound(number)(told) and kind in told.kinds("warning")


def refused(code, word):
    return lambda told: told.refusal is not None and told.refusal.code == code and word in told.refusal.message.ru


def keeps_the_pen(number):
    """The record shows what was written, and nobody is told that nothing was."""

    def right(told):
        dark = (told.record[700:2900, 220:2260] < np.median(told.record) - 25).mean()
        return told.number == number and "blank" not in told.kinds("info") and dark > 0.015

    return right


RIGHT = {
    "b04_sticker_mid.tif": problem("codes_differ", naming=("0100000021286", "0100000020043")),
    "d02_pw.pdf": refused("locked_file", "парол"),
    "d05_cropcut.pdf": sound("0200000020736"),
    "d11_bom.pdf": lambda told: told.pages == 1 and told.number is not None and not told.kinds(),
    "d13_at72_300.pdf": lambda told: told.number is not None and not told.kinds() and 295 < told.reading["dpi"] < 305,
    "d15_g4_200.pdf": remark("low_resolution", "0100000020845"),
    "d19_badstream.pdf": problem("picture_damaged", "0100000020883"),
    "d20_cutstream.pdf": problem("picture_damaged", "0200000020897"),
    "j01_exif2.jpg": sound("0400000020396"),
    "j01_exif4.jpg": sound("0300000020429"),
    "j05_noeoi.jpg": lambda told: told.number is not None and not told.kinds(),
    "j10_12bit.jpg": refused("wrong_depth", "12"),
    "j14_jpegbad.jpg": problem("picture_damaged", "0100000020920"),
    "k10_graybleed20.jpg": problem("empty_page"),
    "k10_graybleed8.jpg": problem("empty_page"),
    "k3_edge8.tif": problem("empty_page"),
    "k5_bleed.tif": problem("empty_page"),
    "p10_1x100.png": refused("too_few_pixels", "1×100"),
    "s03_stretch.tif": remark("stretched", "0400000020952"),
    "s08_bleed.tif": sound("0300000021020"),
    "s16_600legal.tif": lambda told: told.number is not None,
    "s17_mirror.tif": problem("mirrored"),
    "s21_twoside.tif": problem("codes_differ", naming=("0200000021177", "0100000021163")),
    "s24_pale170.jpg": keeps_the_pen("0300000030015"),
    "s24_pale205.jpg": keeps_the_pen("0300000030039"),
    "t05_negative.tif": problem("negative", "0100000020043"),
    "t10_bigtiff_be.tif": lambda told: told.number is not None and not told.kinds(),
    "t28_fax204x98.tif": sound("0100000020326"),
    "t29_300x600.tif": sound("0200000020330"),
}


@pytest.fixture(scope="module")
def child():
    decoder = Decoder()
    yield decoder
    decoder.close()


def take(child, path, record):
    told = Told()
    try:
        told.pages = child.inspect(path, path.name)["pages"]
        told.reading = child.read(path, 0, record)["reading"]
    except FileRefusedError as refusal:
        told.refusal = refusal
    else:
        with Image.open(record) as kept:
            told.record = np.asarray(kept.convert("L"))
    return told


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_it_is_told_for_what_it_is(child, name, tmp_path):
    path = samples("scanning2") / name
    told = take(child, path, tmp_path / "record.tif")
    assert not isinstance(told.refusal, DecoderStoppedError)
    assert told.refusal is None or (told.refusal.message.ru and told.refusal.remedy.ru)
    assert RIGHT[name](told), (name, told.pages, told.refusal, told.number, told.reading and told.reading["doubts"])
    alive = child.pid
    assert alive is not None
    assert child.inspect(samples("scanning2") / "t05_negative.tif", "a.tif")["pages"] == 1
    assert child.pid == alive


def test_every_sheet_of_the_set_is_judged():
    found = {path.name for path in samples("scanning2").iterdir() if path.suffix != ".md"}
    assert found == RIGHT.keys()


def test_the_count_is_said(child, tmp_path):
    right = 0
    for name, expected in RIGHT.items():
        right += bool(expected(take(child, samples("scanning2") / name, tmp_path / "record.tif")))
    sys.stdout.write(f"sheets that fool the desk told for what they are: {right} of {len(RIGHT)}\n")
    assert right == len(RIGHT)
