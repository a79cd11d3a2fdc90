"""What programs of scanners make of a page: each file is read the right way round, or refused for its true reason."""

import io
import itertools
import struct
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageCms, TiffImagePlugin
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from scanning.recognition import decode, operations
from scanning.recognition.child import _answer
from scanning.recognition.errors import (
    LockedFileError,
    TooFewPixelsError,
    UnknownFormatError,
    UnreadCodingError,
    WrongDepthError,
)
from scanning.recognition.sheet import recognise
from tests.scanning.drawn import draw
from wire.forms import make_number

NUMBER = make_number("C1", 1)
A4 = (595.2756, 841.8898)


def read(path, page=0):
    return recognise(decode.read_page(path, page))[0]


def problems(reading):
    return {doubt.kind for doubt in reading.doubts if doubt.severity == "problem"}


def kinds(reading):
    return {doubt.kind for doubt in reading.doubts}


@pytest.fixture(scope="module")
def page():
    return draw("C1", 1)


def scaled(page, across, down=None):
    size = (round(page.shape[1] * across), round(page.shape[0] * (down or across)))
    return np.asarray(Image.fromarray(page).resize(size, Image.Resampling.BOX))


def pdf(path, *pictures, size=A4, boxes=(), before=b"", lines=0):
    """A PDF of one page with pictures at places (left, bottom, width, height), points."""
    canvas = Canvas(str(path), pagesize=size, pageCompression=0)
    for pixels, place in pictures:
        canvas.drawImage(ImageReader(Image.fromarray(pixels)), *place)
    for line in range(lines):
        canvas.drawString(72, 700 - 12 * line, "Lorem ipsum dolor sit amet")
    canvas.showPage()
    canvas.save()
    if boxes:
        document = pdfium.PdfDocument(path)
        box = dict(boxes)
        if "crop" in box:
            document[0].set_cropbox(*box["crop"])
        if "rotate" in box:
            document[0].set_rotation(box["rotate"])
        out = io.BytesIO()
        document.save(out)
        document.close()
        path.write_bytes(out.getvalue())
    path.write_bytes(before + path.read_bytes())
    return path


FULL = (0, 0, *A4)


@pytest.mark.parametrize("dpi", [150, 200, 300, 400, 600])
def test_a_pdf_is_read_at_the_density_of_its_picture(tmp_path, page, dpi):
    path = pdf(tmp_path / "a.pdf", (scaled(page, dpi / 300), FULL))
    made = decode.read_page(path, 0)
    assert abs(made.pixels.shape[0] - page.shape[0] * dpi / 300) <= 2
    assert made.dpi == pytest.approx(dpi, abs=1)
    reading, _ = recognise(made)
    assert (reading.number, problems(reading)) == (NUMBER, set())
    assert ("low_resolution" in kinds(reading)) is (dpi < 250)


@pytest.mark.parametrize("points", [0.25, 0.5, 1.0, 4.0])
def test_what_a_pdf_says_of_its_own_size_changes_nothing(tmp_path, page, points):
    """One point a pixel, as programs of telephones write it, or a stamp of a page around a whole picture."""
    size = (page.shape[1] * points, page.shape[0] * points)
    reading = read(pdf(tmp_path / "a.pdf", (page, (0, 0, *size)), size=size))
    assert (reading.number, problems(reading)) == (NUMBER, set())
    assert reading.dpi == pytest.approx(300, abs=2)


@pytest.mark.parametrize("hidden", [0.1, 0.35, 0.5])
def test_a_crop_box_hides_nothing_of_a_sheet(tmp_path, page, hidden):
    boxes = {"crop": (0, A4[1] * hidden, *A4)}
    reading = read(pdf(tmp_path / "a.pdf", (page, FULL), boxes=boxes))
    assert (reading.number, kinds(reading)) == (NUMBER, set())
    assert abs(reading.height - page.shape[0]) <= 2


def test_a_picture_that_reaches_beyond_its_page_is_read_whole(tmp_path, page):
    reading = read(pdf(tmp_path / "a.pdf", (page, FULL), size=(A4[0], A4[1] * 0.6)))
    assert (reading.number, kinds(reading)) == (NUMBER, set())


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_the_turn_that_a_pdf_notes_is_taken(tmp_path, page, rotate):
    turned = np.ascontiguousarray(np.rot90(page, rotate // 90))
    size = (A4[1], A4[0]) if rotate % 180 else A4
    reading = read(pdf(tmp_path / "a.pdf", (turned, (0, 0, *size)), size=size, boxes={"rotate": rotate}))
    assert (reading.number, kinds(reading)) == (NUMBER, set())


@pytest.mark.parametrize("strips", [2, 7, 40])
def test_a_page_cut_into_strips_is_put_together(tmp_path, page, strips):
    edges = np.linspace(0, page.shape[0], strips + 1).round().astype(int)
    share = A4[1] / page.shape[0]
    parts = [
        (page[top:low], (0, A4[1] - low * share, A4[0], (low - top) * share)) for top, low in itertools.pairwise(edges)
    ]
    reading = read(pdf(tmp_path / "a.pdf", *parts))
    assert (reading.number, problems(reading)) == (NUMBER, set())


def test_a_page_of_vectors_is_drawn_as_a_scanner_would_see_it(tmp_path):
    made = decode.read_page(pdf(tmp_path / "a.pdf", (np.zeros((20, 20), np.uint8), (10, 10, 40, 40)), lines=9), 0)
    assert made.dpi == 300


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b"\n\n", b"\0" * 100, b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n"])
def test_bytes_before_the_header_of_a_pdf_do_not_hide_it(tmp_path, page, before):
    path = pdf(tmp_path / "a.pdf", (page, FULL), before=before)
    assert decode.inspect(path, "a.pdf").pages == 1
    assert read(path).number == NUMBER


def test_a_pdf_is_no_other_file_that_speaks_of_pdf(tmp_path):
    path = tmp_path / "a.pdf"
    for data in (b"<html>%PDF-1.7", b"PK\x03\x04%PDF-1.7", b"x" * 2000 + b"\n%PDF-1.7"):
        path.write_bytes(data)
        with pytest.raises(UnknownFormatError):
            decode.inspect(path, "a.pdf")


def test_a_password_is_named(tmp_path, page):
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(pdf(tmp_path / "a.pdf", (page, FULL))))
    writer.encrypt("", "owner")
    writer.write(tmp_path / "owner.pdf")
    assert read(tmp_path / "owner.pdf").number == NUMBER
    writer.encrypt("user", "owner")
    writer.write(tmp_path / "user.pdf")
    with pytest.raises(LockedFileError) as caught:
        decode.inspect(tmp_path / "user.pdf", "a.pdf")
    assert "парол" in caught.value.message.ru


def g4(page, **options):
    out = io.BytesIO()
    Image.fromarray(page > 128).save(out, "PDF", resolution=300, **options)
    return bytearray(out.getvalue())


@pytest.mark.parametrize("share", [None, 0.3, 0.6, 0.9])
def test_fax_codes_inside_a_pdf_are_judged_like_those_of_a_tiff(tmp_path, page, share):
    data = g4(page)
    assert b"CCITTFaxDecode" in data
    if share is not None:
        begin = data.index(b"stream", data.index(b"CCITTFaxDecode")) + 8
        place = begin + int((data.index(b"endstream", begin) - begin) * share)
        data[place : place + 40] = np.random.default_rng(3).bytes(40).replace(b"\r", b"x").replace(b"\n", b"x")
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    assert decode.read_page(path, 0).damaged is (share is not None)


def test_the_words_of_the_decoder_are_told(tmp_path, page):
    path = tmp_path / "a.jpg"
    data = bytearray(jpeg(page))
    data[len(data) // 2 : len(data) // 2 + 2000] = bytes(2000)
    path.write_bytes(data)
    (doubt,) = [each for each in read(path).doubts if each.kind == "picture_damaged"]
    assert "JPEG" in doubt.value


def jpeg(page, **options):
    out = io.BytesIO()
    Image.fromarray(page).save(out, "JPEG", quality=85, dpi=(300, 300), **options)
    return out.getvalue()


def exif(turn):
    made = Image.Exif()
    made[274] = turn
    return made


#: How a page must lie in the file for each orientation, so that it stands upright when the note is followed.
UNDO = {
    1: lambda x: x,
    2: np.fliplr,
    3: lambda x: np.rot90(x, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda x: np.rot90(x, 1),
    7: lambda x: np.rot90(np.transpose(x), 2),
    8: lambda x: np.rot90(x, -1),
}


@pytest.mark.parametrize("turn", sorted(UNDO))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "group4"])
def test_every_orientation_is_followed(tmp_path, page, turn, suffix):
    pixels = np.ascontiguousarray(UNDO[turn](page))
    path = tmp_path / "a"
    if suffix == "jpg":
        path.write_bytes(jpeg(pixels, exif=exif(turn)))
    elif suffix == "png":
        Image.fromarray(pixels).save(path, "PNG", dpi=(300, 300), exif=exif(turn))
    else:
        fax = suffix == "group4"
        Image.fromarray(pixels > 128 if fax else pixels).save(
            path, "TIFF", compression="group4" if fax else "tiff_lzw", dpi=(300, 300), tiffinfo={274: turn}
        )
    reading = read(path)
    assert (reading.number, kinds(reading), reading.turned) == (NUMBER, set(), 0)


@pytest.mark.parametrize(("across", "down"), [(204, 98), (204, 196), (300, 600), (600, 300), (200, 400)])
@pytest.mark.parametrize("turn", [1, 6])
@pytest.mark.parametrize("compression", ["group4", "tiff_lzw"])
def test_pixels_that_are_not_square_are_made_so(tmp_path, page, across, down, turn, compression):
    lying = turn == 6
    pixels = scaled(page, across / 300, down / 300)
    pixels = np.where(np.ascontiguousarray(UNDO[turn](pixels)) > 128, 255, 0).astype(np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(pixels > 128).save(
        path, "TIFF", compression=compression, dpi=(down, across) if lying else (across, down), tiffinfo={274: turn}
    )
    reading = read(path)
    assert reading.number == NUMBER
    assert kinds(reading) <= {"low_resolution"}


def tiff_pages(path, *pages):
    """Pages with tags of their own: what a program puts beside its pictures."""
    with TiffImagePlugin.AppendingTiffWriter(path, new=True) as file:
        for pixels, tags in pages:
            Image.fromarray(pixels).save(file, "TIFF", dpi=(300, 300), tiffinfo=tags)
            file.newFrame()
    return path


@pytest.mark.parametrize("tag", [{254: 1}, {255: 2}])
@pytest.mark.parametrize("first", [False, True])
def test_thumbnails_are_no_pages(tmp_path, page, tag, first):
    small = scaled(page, 0.1)
    other = draw("C2", 2)
    order = [(small, tag), (page, {})] if first else [(page, {}), (small, tag)]
    path = tiff_pages(tmp_path / "a.tif", *order, (other, {}), (small, tag))
    assert decode.inspect(path, "a.tif").pages == 2
    assert [read(path, index).number for index in range(2)] == [NUMBER, make_number("C2", 2)]


def test_a_driver_that_calls_every_page_reduced_loses_none(tmp_path, page):
    path = tiff_pages(tmp_path / "a.tif", (page, {254: 1}), (draw("C2", 2), {254: 1}))
    assert decode.inspect(path, "a.tif").pages == 2


def big(data, order):
    """A classic TIFF of one page in a BigTIFF's structure."""
    with Image.open(io.BytesIO(data)) as image:
        tags = dict(image.tag_v2)
        width, height = image.size
        strip = data[tags[273][0] : tags[273][0] + tags[279][0]]
    entries: list[tuple[int, int, Any]] = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, int(tags[262])),
        (273, 16, 64),
    ]
    entries += [(277, 3, 1), (278, 4, height), (279, 16, len(strip)), (296, 3, 2)]
    entries = sorted([*entries, (282, 5, (16, 300)), (283, 5, (24, 300))])
    body = b"".join(
        struct.pack(order + "HHQ", tag, kind, 1)
        + (
            struct.pack(order + "LL", value[1], 1)
            if kind == 5
            else struct.pack(order + {3: "H", 4: "L", 16: "Q"}[kind], value).ljust(8, b"\0")
        )
        for tag, kind, value in entries
    )
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, 64 + len(strip))
    return head.ljust(64, b"\0") + strip + struct.pack(order + "Q", len(entries)) + body + bytes(8)


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_bigtiff_of_either_order_is_read(tmp_path, page, order):
    path = tmp_path / "a.tif"
    path.write_bytes(big(decode.encode_g4(page, 300), order))
    assert decode.inspect(path, "a.tif").pages == 1
    reading = read(path)
    assert (reading.number, kinds(reading)) == (NUMBER, set())


@pytest.mark.parametrize("cut", [0.01, 0.5, 0.99])
def test_a_cut_bigtiff_is_refused_in_words(tmp_path, page, cut):
    whole = big(decode.encode_g4(page, 300), ">")
    (tmp_path / "a.tif").write_bytes(whole[: int(len(whole) * cut)])
    told = _answer({"operation": "inspect", "path": str(tmp_path / "a.tif"), "name": "a.tif"}, operations.OPERATIONS)
    assert told["refused"]["code"] == "damaged_file"


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_colour_profile_of_megabytes_hides_nothing(tmp_path, page, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(5_000_000)
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(page).save(path, dpi=(300, 300), icc_profile=profile)
    assert decode.inspect(path, path.name).pages == 1
    assert (read(path).number, problems(read(path))) == (NUMBER, set())


def test_a_jpeg_that_only_lacks_its_end_mark_is_read_and_a_cut_one_is_not(tmp_path, page):
    whole = jpeg(page)
    path = tmp_path / "a.jpg"
    path.write_bytes(whole[:-2])
    assert problems(read(path)) == set()
    path.write_bytes(whole[: len(whole) // 2])
    told = _answer(
        {"operation": "read", "path": str(path), "page": 0, "record": str(tmp_path / "r")}, operations.OPERATIONS
    )
    assert told["refused"]["code"] == "damaged_file"


@pytest.mark.parametrize(("marker", "name"), [(0xC3, "lossless"), (0xC5, "hierarchical"), (0xCB, "lossless")])
def test_a_jpeg_of_a_kind_that_is_not_read_is_refused_by_its_name(tmp_path, page, marker, name):
    data = jpeg(page).replace(b"\xff\xc0", bytes((0xFF, marker)), 1)
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(UnreadCodingError) as caught:
        decode.inspect(tmp_path / "a.jpg", "a.jpg")
    assert name in caught.value.message.ru


def test_twelve_bits_of_a_jpeg_are_named(tmp_path, page):
    data = jpeg(page)
    place = data.index(b"\xff\xc0") + 4
    (tmp_path / "a.jpg").write_bytes(data[:place] + b"\x0c" + data[place + 1 :])
    with pytest.raises(WrongDepthError) as caught:
        decode.inspect(tmp_path / "a.jpg", "a.jpg")
    assert "12" in caught.value.message.ru


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (100, 1), (99, 200), (100, 4000)])
@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "pdf"])
def test_a_picture_too_small_for_a_sheet_is_refused_in_words(tmp_path, size, suffix):
    path = tmp_path / f"a.{suffix}"
    Image.new("L", size, 255).save(path)
    with pytest.raises(TooFewPixelsError) as caught:
        decode.read_page(path, 0) if suffix == "pdf" else decode.inspect(path, path.name)
    assert f"{size[0]}×" in caught.value.message.ru


def test_whatever_a_library_raises_the_child_answers():
    def falls():
        raise RuntimeError("a library's own")

    assert "RuntimeError" in _answer({"operation": "falls"}, {"falls": falls})["failed"]
