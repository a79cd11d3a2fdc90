"""Hostile files through the decoding child: each refused in words, the next sheet still read, memory bounded."""

import io
import struct
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, features

from scanning.recognition import decode
from scanning.recognition.decoder import Decoder
from scanning.recognition.errors import (
    DamagedFileError,
    EmptyFileError,
    FileRefusedError,
    NotARecordingError,
    TooManyPagesError,
    TooManyPixelsError,
    UnknownFormatError,
)
from tests.scanning.drawn import draw
from tests.scanning.test_decode import png_claiming, tiff_claiming
from wire.forms import make_number

MEMORY_MB = 600


@pytest.fixture(scope="module")
def child():
    decoder = Decoder()
    yield decoder
    decoder.close()


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "sheet.tif"
    path.write_bytes(decode.encode_g4(draw(), 300))
    return path


@pytest.fixture
def refused(child, sheet, tmp_path):
    """Hand bytes to the child as the desk does; the refusal comes back, and a good sheet is read after it."""

    def take(data: bytes, name: str = "scan.tif") -> FileRefusedError:
        path = tmp_path / "hostile"
        path.write_bytes(data)
        path = path.rename(tmp_path / name)
        _reading, refusal = outcome(child, path, tmp_path / "record.tif")
        assert refusal is not None
        assert refusal.message.ru
        assert refusal.remedy.ru
        peak = peak_mb(child.pid) if child.pid else 0
        assert child.read(sheet, 0, tmp_path / "good.tif")["reading"]["number"] == make_number("R", 1)
        assert max(peak, peak_mb(child.pid)) < MEMORY_MB
        return refusal

    return take


def peak_mb(pid):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def whole_png_bomb(side):
    """Not a header only: every one of its pixels is there, packed a thousand times."""
    packer = zlib.compressobj(9)
    rows = bytes(1 + side // 8) * 100
    data = b"".join(packer.compress(rows) for _ in range(side // 100)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def pdf(objects):
    """A PDF of these numbered objects; the first is the catalogue."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return (
        out
        + head
        + table
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    )


def stream(words, data):
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (words, len(data), data)


def blank_pdf(pages, words=b"/MediaBox [0 0 595 842]"):
    kids = b" ".join(b"%d 0 R" % (3 + page) for page in range(pages))
    tree = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids)
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", tree, *[b"<< /Type /Page /Parent 2 0 R %s >>" % words] * pages])


def pdf_with_image(data, *, image_filter, said, depth=1):
    """A page that shows one picture, hidden in so many forms one within another."""
    bits = 1 if image_filter == b"JBIG2Decode" else 8
    words = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent %d /Filter /%s"
    )
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /X %d 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /XObject << /X 5 0 R >> >> >>"
        ),
        stream(b"", b"q 595 0 0 842 0 0 cm /X Do Q"),
        *(stream(form % (6 + level), b"/X Do") for level in range(depth - 1)),
        stream(words % (said, said, bits, image_filter), data),
    ]
    return pdf(objects)


def jbig2_claiming(width, height):
    """A page information segment and an empty generic region of that size."""
    page = struct.pack(">IBBI", 0, 0x30, 1, 19) + struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    region = struct.pack(">IIIIB", width, height, 0, 0, 0) + b"\x00" + b"\x03\xff\xfd\xff\x02\xfe\xfe\xfe" + bytes(8)
    return page + struct.pack(">IBBI", 1, 0x26, 1, len(region)) + region


def jpeg2000_claiming(width, height):
    if not features.check("jpg_2000"):
        pytest.skip("this Pillow writes no JPEG 2000")
    out = io.BytesIO()
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(out, "JPEG2000", no_jp2=True)
    data = bytearray(out.getvalue())
    siz = data.index(b"\xff\x51")
    data[siz + 6 : siz + 14] = struct.pack(">II", width, height)  # the picture
    data[siz + 22 : siz + 30] = struct.pack(">II", width, height)  # its one tile
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [tiff_claiming(60_000, 60_000), png_claiming(65_000, 65_000), whole_png_bomb(20_000)],
    ids=["TIFF", "PNG header", "whole PNG of 400 megapixels"],
)
def test_raster_bombs(refused, data):
    assert len(data) < 2_000_000
    assert isinstance(refused(data), TooManyPixelsError)


def outcome(child, path, record):
    """Read the first page as the desk does: the reading, or the refusal."""
    try:
        child.inspect(path, path.name)
        return child.read(path, 0, record)["reading"], None
    except FileRefusedError as refusal:
        return None, refusal


@pytest.mark.parametrize("depth", [1, 9], ids=["plain", "deep in forms"])
@pytest.mark.parametrize("said", [35_000, 100], ids=["its size is said", "a small size is said"])
@pytest.mark.parametrize("kind", [b"JBIG2Decode", b"JPXDecode"], ids=["JBIG2", "JPEG 2000"])
def test_bombs_in_a_pdf(child, sheet, tmp_path, kind, said, depth):
    """What hides its size is refused, or drawn within the child's limits; either way the child goes on."""
    data = (jbig2_claiming if kind == b"JBIG2Decode" else jpeg2000_claiming)(35_000, 35_000)
    path = tmp_path / "bomb.pdf"
    path.write_bytes(pdf_with_image(data, image_filter=kind, said=said, depth=depth))
    reading, refusal = outcome(child, path, tmp_path / "record.tif")
    if refusal is None:
        assert reading["number"] is None
        assert any(doubt["severity"] == "problem" for doubt in reading["doubts"])
    else:
        assert refusal.message.ru
        assert refusal.remedy.ru
    if said > 100 and depth == 1:
        assert isinstance(refusal, TooManyPixelsError)
    assert not child.pid or peak_mb(child.pid) < MEMORY_MB
    assert child.read(sheet, 0, tmp_path / "good.tif")["reading"]["number"] == make_number("R", 1)


def test_a_pdf_of_ten_thousand_pages(refused):
    assert isinstance(refused(blank_pdf(10_000), "many.pdf"), TooManyPagesError)


def test_a_pdf_page_as_big_as_a_house(refused):
    assert isinstance(refused(blank_pdf(1, b"/MediaBox [0 0 14400 14400] /UserUnit 10"), "big.pdf"), TooManyPixelsError)


def test_a_tiff_whose_pages_run_in_a_circle_ends(child, tmp_path):
    data = bytearray(decode.encode_g4(draw(writing=0), 300))
    first = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<I", data, first + 2 + 12 * count, first)
    (tmp_path / "circle.tif").write_bytes(data)
    assert child.inspect(tmp_path / "circle.tif", "circle.tif")["pages"] == 1


@pytest.mark.parametrize("ending", ["tif", "png", "jpg", "pdf"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_truncated_files(refused, tmp_path, ending, share):
    path = tmp_path / f"whole.{ending}"
    Image.fromarray(draw()).save(path, resolution=300)
    data = path.read_bytes()
    refusal = refused(data[: int(len(data) * share)], f"cut.{ending}")
    assert isinstance(refusal, (DamagedFileError, UnknownFormatError))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", EmptyFileError),
        (b"\x00" * 4096, UnknownFormatError),
        (b"GIF89a<script>alert(1)</script>", UnknownFormatError),
        (b"<html><!-- %PDF-1.7 -->", UnknownFormatError),
        (b"PK\x03\x04" + b"%PDF-1.7" * 100, UnknownFormatError),
        (b"MZ" + bytes(200), UnknownFormatError),
    ],
)
def test_what_is_no_picture(refused, data, kind):
    assert type(refused(data)) is kind


def test_a_polyglot_is_what_its_first_bytes_say_and_its_tail_goes_nowhere(child, sheet, tmp_path):
    path = tmp_path / "both.pdf"
    path.write_bytes(sheet.read_bytes() + b"%PDF-1.7\nPK\x03\x04 a tail that is something else")
    info = child.inspect(path, "both.pdf")
    assert (info["format"], info["suffix_fits"]) == ("tiff", False)
    assert child.read(path, 0, tmp_path / "record.tif")["reading"]["number"] == make_number("R", 1)
    assert b"a tail" not in (tmp_path / "record.tif").read_bytes()


def test_the_biggest_allowed_picture_with_transparency_stays_within_memory(child, tmp_path):
    side = int(decode.MAX_PIXELS**0.5)
    Image.new("RGBA", (side, side), (0, 0, 0, 20)).save(tmp_path / "big.png", compress_level=1)
    outcome(child, tmp_path / "big.png", tmp_path / "record.tif")
    assert not child.pid or peak_mb(child.pid) < MEMORY_MB


def video(path):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode(None))


def test_a_video_named_as_a_recording(child, tmp_path):
    path = tmp_path / "answer.wav"
    video(path)
    with pytest.raises(NotARecordingError) as caught:
        child.listen(path, "answer.wav")
    assert caught.value.message.ru
    assert child.pid
