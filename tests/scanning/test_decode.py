"""Files to pages: limits on headers first, every bad file refused in words, the TIFF of record whole."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from scanning.recognition import decode
from scanning.recognition.errors import (
    DamagedFileError,
    EmptyFileError,
    FileRefusedError,
    TooManyPagesError,
    TooManyPixelsError,
    UnknownFormatError,
    WrongDepthError,
)
from tests.scanning.drawn import draw


@pytest.fixture(scope="module")
def page():
    return draw()


def test_the_record_is_one_strip_group_four_and_keeps_every_pixel(page, tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(decode.encode_g4(page, 300))
    with Image.open(path) as image:
        assert image.tag_v2[259] == 4
        assert len(image.tag_v2[273]) == 1
    again = decode.read_page(path, 0)
    assert again.bilevel
    assert again.dpi == 300
    assert np.array_equal(again.pixels > 0, decode.to_bilevel(page))


def test_it_reads_every_page_of_every_format(page, tmp_path):
    pictures = [Image.fromarray(page), Image.fromarray(np.rot90(page).copy()), Image.fromarray(page)]
    pictures[0].save(tmp_path / "a.tif", save_all=True, append_images=pictures[1:], dpi=(300, 300))
    pictures[0].save(tmp_path / "a.pdf", save_all=True, append_images=pictures[1:], resolution=300)
    pictures[0].save(tmp_path / "a.png")
    pictures[0].save(tmp_path / "a.jpg", quality=80)
    for name, pages in (("a.tif", 3), ("a.pdf", 3), ("a.png", 1), ("a.jpg", 1)):
        info = decode.inspect(tmp_path / name, name)
        assert (info.pages, info.suffix_fits) == (pages, True)
        last = decode.read_page(tmp_path / name, pages - 1)
        assert last.pixels.dtype == np.uint8
        assert abs(last.pixels.shape[0] - page.shape[0]) <= 2
    assert not decode.inspect(tmp_path / "a.jpg", "a.tif").suffix_fits


def png_claiming(width, height):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def tiff_claiming(width, height):
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 1), (259, 3, 1, 4), (262, 3, 1, 0)]
    tags += [(273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 4)]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 12) + b"\0\0\0\0" + body


@pytest.mark.parametrize("data", [tiff_claiming(35000, 35000), png_claiming(35000, 35000), png_claiming(90000, 90000)])
def test_a_bomb_is_refused_by_its_header(tmp_path, data):
    path = tmp_path / "bomb"
    path.write_bytes(data)
    with pytest.raises(TooManyPixelsError) as caught:
        decode.inspect(path, "bomb")
    assert "000×" in caught.value.message.ru


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", EmptyFileError),
        (b"not a picture at all", UnknownFormatError),
        (bytes(range(256)) * 20, UnknownFormatError),
        (b"II*\0" + b"\xff" * 40, DamagedFileError),
        (b"%PDF-1.7 nothing follows", DamagedFileError),
        (b"\xff\xd8\xff\xe0 broken", DamagedFileError),
        (b"\x89PNG\r\n\x1a\n broken", DamagedFileError),
    ],
)
def test_bad_bytes_are_refused_in_words(tmp_path, data, refusal):
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(refusal) as caught:
        decode.inspect(path, "x.tif")
    assert caught.value.message.ru
    assert caught.value.remedy.ru


def test_sixteen_bits_are_refused(tmp_path):
    Image.fromarray(np.zeros((50, 50), np.uint16)).save(tmp_path / "deep.png")
    Image.fromarray(np.zeros((50, 50), np.uint16)).save(tmp_path / "deep.tif")
    for name in ("deep.png", "deep.tif"):
        with pytest.raises(WrongDepthError):
            decode.inspect(tmp_path / name, name)


def test_too_many_pages_are_refused(tmp_path):
    small = [Image.new("1", (8, 8)) for _ in range(decode.MAX_PAGES + 1)]
    small[0].save(tmp_path / "many.tif", save_all=True, append_images=small[1:])
    with pytest.raises(TooManyPagesError):
        decode.inspect(tmp_path / "many.tif", "many.tif")


def take(path):
    decode.inspect(path, "cut.tif")
    return decode.read_page(path, 0)


def test_a_cut_file_is_refused_and_never_raises_anything_else(page, tmp_path):
    whole = decode.encode_g4(page, 300)
    path = tmp_path / "cut.tif"
    for share in (0.3, 0.7, 0.98):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(FileRefusedError):
            take(path)
