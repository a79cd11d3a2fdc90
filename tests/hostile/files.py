"""The hostile files that are carried to every door. Each is made once and is the same in every run."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

from PIL import Image

SIDE = 35_000


def empty() -> bytes:
    return b""


def noise() -> bytes:
    return b"\x9a" + random.Random(20260529).randbytes(8191)


def photo() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((160, 120), 60).convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def zeros() -> bytes:
    """What a drive that was pulled out leaves behind; the big one is in test_big_files."""
    return b"\0" * 65_536


def words() -> bytes:
    return "Это письмо, а не файл портала.\r\n".encode("cp1251")


def deep_json() -> bytes:
    return b"[" * 200_000


def huge_number() -> bytes:
    return b'{"format":"ppe-registry/1","points":[' + b"9" * 20_000 + b"]}"


def zip_slip() -> bytes:
    return zipped({"../../../../tmp/hostile-slip.csr": b"x", "..\\..\\hostile.csr": b"x", "/etc/cron.d/hostile": b"x"})


def zip_bomb() -> bytes:
    """Three hundred megabytes of zeros in three hundred kilobytes."""
    return _zip_of_zeros(300 << 20)


def zip_torn() -> bytes:
    """A directory that is right over a stream that is not deflate."""
    data = bytearray(zipped({"package.json": b"a" * 4000}, zipfile.ZIP_DEFLATED))
    start = 30 + len("package.json")
    data[start : start + 8] = b"\xff" * 8
    return bytes(data)


def zip_lzma() -> bytes:
    """A member whose LZMA stream is damaged."""
    data = bytearray(zipped({"package.json": random.Random(1).randbytes(4000)}, zipfile.ZIP_LZMA))
    start = 30 + len("package.json")
    data[start + 20 : start + 200] = b"\xff" * 180
    return bytes(data)


def zip_far() -> bytes:
    """A ZIP64 directory that says: the first member begins at 2^64 - 16."""
    name = b"package.json"
    extra = struct.pack("<HHQ", 1, 8, (1 << 64) - 16)
    body = b"PK\x03\x04" + b"\0" * 26 + b"x"
    central = (
        struct.pack(
            "<4s4B4HL2L5H2L",
            b"PK\x01\x02",
            45,
            0,
            45,
            0,
            0,
            0,
            0,
            0x21,
            0,
            1,
            1,
            len(name),
            len(extra),
            0,
            0,
            0,
            0,
            0xFFFFFFFF,
        )
        + name
        + extra
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(body), 0)
    return body + central + end


def tiff_bomb() -> bytes:
    """One strip of a few bytes that claims 35000 x 35000 pixels."""
    entries = [
        (256, 4, 1, SIDE),
        (257, 4, 1, SIDE),
        (258, 3, 1, 1),
        (259, 3, 1, 4),
        (262, 3, 1, 0),
        (273, 4, 1, 200),
        (277, 3, 1, 1),
        (278, 4, 1, SIDE),
        (279, 4, 1, 16),
    ]
    head = struct.pack("<2sHLH", b"II", 42, 8, len(entries))
    body = b"".join(struct.pack("<HHLL", *entry) for entry in entries) + struct.pack("<L", 0)
    return (head + body).ljust(200, b"\0") + b"\x00\x10" * 8


def tiff_loop() -> bytes:
    """A TIFF whose only page points to itself as the next one."""
    entries = [
        (256, 4, 1, 1240),
        (257, 4, 1, 1754),
        (258, 3, 1, 1),
        (259, 3, 1, 1),
        (262, 3, 1, 0),
        (273, 4, 1, 150),
        (277, 3, 1, 1),
        (278, 4, 1, 1754),
        (279, 4, 1, 155 * 1754),
    ]
    head = struct.pack("<2sHLH", b"II", 42, 8, len(entries))
    body = b"".join(struct.pack("<HHLL", *entry) for entry in entries) + struct.pack("<L", 8)
    return (head + body).ljust(150 + 155 * 1754, b"\0")


def tiff_cut() -> bytes:
    out = io.BytesIO()
    Image.new("1", (2480, 3508), 1).save(out, "TIFF", compression="group4")
    return out.getvalue()[:60]


def tiff_half() -> bytes:
    """Its header and directory are right; two thirds of the page are missing."""
    out = io.BytesIO()
    paper = Image.frombytes("1", (2480, 3508), random.Random(3).randbytes(2480 // 8 * 3508))
    paper.save(out, "TIFF", compression="group4")
    data = out.getvalue()
    return data[: len(data) // 3]


def pdf_fake() -> bytes:
    return b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def der_fake() -> bytes:
    """It begins as CMS does, and is nothing."""
    return b"\x30\x82\x1f\xfc" + random.Random(7).randbytes(0x1FFC)


def der_deep() -> bytes:
    """Indefinite lengths within each other, ten thousand times."""
    return b"\x30\x80" * 10_000


def page() -> bytes:
    return b"<!doctype html><script>alert('x')</script>" * 20


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return out.getvalue()


def _zip_of_zeros(size: int) -> bytes:
    name, block = b"package.json", b"\0" * (1 << 20)
    packer, crc, packed = zlib.compressobj(1, zlib.DEFLATED, -15), 0, bytearray()
    for _ in range(size >> 20):
        packed += packer.compress(block)
        crc = zlib.crc32(block, crc)
    packed += packer.flush()
    facts = struct.pack("<LLL", crc, len(packed), size)
    local = struct.pack("<4s5H", b"PK\x03\x04", 20, 0, 8, 0, 0x21) + facts + struct.pack("<2H", len(name), 0) + name
    central = struct.pack("<4s6H", b"PK\x01\x02", 20, 20, 0, 8, 0, 0x21) + facts
    central += struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, 0) + name
    start = len(local) + len(packed)
    return local + packed + central + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central), start, 0)


MAKERS: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker
    for maker in (
        empty,
        noise,
        photo,
        zeros,
        words,
        deep_json,
        huge_number,
        zip_slip,
        zip_bomb,
        zip_torn,
        zip_lzma,
        zip_far,
        tiff_bomb,
        tiff_loop,
        tiff_cut,
        tiff_half,
        pdf_fake,
        der_fake,
        der_deep,
        page,
    )
}


@cache
def hostile(name: str) -> bytes:
    """Return a hostile file by its name."""
    return MAKERS[name]()
