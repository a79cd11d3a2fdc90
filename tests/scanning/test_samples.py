"""Real pictures: what zxing-cpp reads we read too, and no code is seen where there is none."""

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from scanning.recognition.audio import listen
from scanning.recognition.codes import FORMATS, read_codes
from scanning.recognition.marks import Marks
from scanning.recognition.picture import PageImage
from scanning.recognition.sheet import recognise
from tests.scanning.samples import samples


def pictures(part, pattern="*"):
    for path in sorted(samples(part).glob(pattern)):
        with Image.open(path) as image:
            rgba = image.convert("RGBA")
            white = Image.new("RGBA", rgba.size, "white")
            yield path.name, np.array(Image.alpha_composite(white, rgba).convert("L"))


def half(grey):
    return np.array(Image.fromarray(grey).reduce(2))


@pytest.mark.slow
def test_every_code_of_our_symbologies_that_the_library_reads_is_read():
    seen, lost = 0, []
    for name, grey in pictures("barcodes"):
        if name.startswith("qrcode"):
            continue
        theirs = {code.text for code in zxingcpp.read_barcodes(grey, formats=FORMATS)}
        seen += bool(theirs)
        ours = {code.text for code in read_codes(grey, half(grey), Marks()).codes}
        lost += [(name, text) for text in theirs - ours]
    assert seen >= 20
    assert lost == []


@pytest.mark.slow
def test_no_code_is_seen_in_a_picture_without_one():
    named = [*pictures("no_barcode"), *pictures("omr")]
    assert len(named) >= 10
    for name, grey in named:
        assert [code.text for code in read_codes(grey, half(grey), Marks()).codes] == [], name
        reading, _ = recognise(PageImage(grey, None, bilevel=False))
        assert (reading.number, reading.codes) == (None, []), name
        assert any(doubt.severity == "problem" for doubt in reading.doubts), name


def test_real_speech_is_heard_as_speech_and_real_silence_as_silence():
    heard = {path.name: listen(path, path.name) for path in sorted(samples("audio").glob("*.wav"))}
    silent = {name for name, reading in heard.items() if any(doubt.kind == "silent" for doubt in reading.doubts)}
    assert len(heard) >= 5
    assert silent == {name for name in heard if "silence" in name}
    for name, reading in heard.items():
        assert not any(doubt.kind in ("cut", "damaged", "wrong_container") for doubt in reading.doubts), name
        assert 0 < len(reading.bars) <= 120
