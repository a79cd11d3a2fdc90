"""The TAR of a packet: plain files only, whatever stands in it."""

import hashlib
import io
import subprocess
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import filenames
from wire.errors import PpeError
from wire.packet import tar
from wire.packet.tar import PackedFile, TarError, TarReader


def source(name: str, data: bytes) -> PackedFile:
    return PackedFile(name, len(data), hashlib.sha256(data).hexdigest(), data)


def write(files: dict[str, bytes]) -> bytes:
    stream, size = tar.stream([source(name, data) for name, data in files.items()])
    data = stream.read()
    assert len(data) == size
    return data


def read(data: bytes) -> dict[str, bytes]:
    reader, found = TarReader(io.BytesIO(data)), {}
    while (entry := reader.next()) is not None:
        found[entry.name] = b"".join(reader.pieces())
    return found


_NAMES = st.text("abcдеё-_.()№ 01", min_size=1, max_size=60).filter(filenames.is_plain)
_FILES = st.dictionaries(_NAMES, st.binary(max_size=2000), max_size=6)


@given(_FILES)
def test_what_is_written_is_read(files):
    data = write(files)
    assert read(data) == files
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        seen = {member.name: (archive.extractfile(member) or io.BytesIO()).read() for member in archive}
        assert seen == files


def test_gnu_tar_lists_it(tmp_path):
    path = tmp_path / "c.tar"
    path.write_bytes(write({"manifest.json": b"{}", "sheets/Лист 1.tif": b"x" * 600, "y" * 200: b""}))
    done = subprocess.run(["tar", "--quoting-style=literal", "-tf", path], capture_output=True, check=True)
    assert done.stdout.decode().split("\n")[:3] == ["manifest.json", "sheets/Лист 1.tif", "y" * 200]
    assert done.stderr == b""


@given(st.binary(max_size=2000))
def test_any_bytes_are_a_tar_or_refused(data):
    with pytest.raises(PpeError):
        read(data)


@given(_FILES.filter(bool), st.data())
def test_a_damaged_tar_is_a_tar_or_refused(files, data):
    blob = bytearray(write(files))
    blob[data.draw(st.integers(0, len(blob) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = read(bytes(blob))
    except PpeError:
        return
    assert all(filenames.is_plain(name) for name in found)


def member(kind: bytes, name: str = "a", link: str = "/etc/passwd", size: int = 0) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else "", size
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(-(-size // 512) * 512) + bytes(1024)


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.DIRTYPE,
        tarfile.CONTTYPE,
        tarfile.GNUTYPE_SPARSE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.XGLTYPE,
        b"S",
        b"M",
    ],
)
def test_anything_but_a_file_is_refused(kind):
    with pytest.raises(TarError):
        read(member(kind))


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "./a", "a/", ".ssh/x", "C:\\a", "a\nb"])
def test_a_name_that_leaves_the_folder_is_refused(name):
    assert read(member(tarfile.REGTYPE, "plain")) == {"plain": b""}
    with pytest.raises(TarError):
        read(member(tarfile.REGTYPE, name))


def pax(**headers: str) -> bytes:
    info = tarfile.TarInfo("a")
    info.pax_headers = headers
    return info.tobuf(tarfile.PAX_FORMAT) + bytes(1024)


@pytest.mark.parametrize(
    "headers", [{"size": "99"}, {"linkpath": "/etc/passwd"}, {"path": "../x"}, {"path": "ж", "mtime": "1"}]
)
def test_other_extended_headers_are_refused(headers):
    with pytest.raises(TarError):
        read(pax(**headers))


def test_what_follows_the_end_is_refused():
    whole = write({"a": b"1"})
    assert read(whole + bytes(512 * 18)) == {"a": b"1"}
    for tail in (b"x", bytes(512) + b"x", bytes(512 * 40)):
        with pytest.raises(TarError):
            read(whole + tail)


def test_a_tar_cut_anywhere_is_refused():
    whole = write({"a": b"1" * 700, "б": b"2"})
    for size in range(0, len(whole), 101):
        with pytest.raises(TarError):
            read(whole[:size])
