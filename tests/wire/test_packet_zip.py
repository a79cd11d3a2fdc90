"""The container of a packet: exactly three stored members, the directory and the end."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.wire.test_packet import made, verify
from wire import packet
from wire.errors import PpeError
from wire.packet import ContainerError
from wire.packet import zip as packet_zip

__all__ = ["made"]


def rezip(path: Path, members: list[tuple[str, bytes]], **changes: object) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            for field, value in changes.items():
                setattr(info, field, value)
            archive.writestr(info, data)
    return path


def members_of(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


class TestContainer:
    """What is not exactly three stored members, the directory and the end is refused before anything else."""

    def refused(self, path: Path) -> None:
        with pytest.raises(ContainerError):
            packet.read_header(path)
        with pytest.raises(ContainerError):
            verify(path)

    def test_the_same_packet_zipped_by_another_program_is_accepted(self, made):
        rezip(made, members_of(made))
        assert verify(made).header.room == "0101"

    def test_compression(self, made):
        self.refused(rezip(made, members_of(made), compress_type=zipfile.ZIP_DEFLATED))

    def test_an_extra_field(self, made):
        self.refused(rezip(made, members_of(made), extra=b"\xff\xff\x02\x00ab"))

    def test_another_order(self, made):
        found = members_of(made)
        self.refused(rezip(made, [found[1], found[0], found[2]]))

    def test_a_fourth_member(self, made):
        self.refused(rezip(made, [*members_of(made), ("readme.txt", b"hello")]))

    def test_a_missing_member(self, made):
        self.refused(rezip(made, members_of(made)[:2]))

    def test_a_member_of_another_name(self, made):
        found = members_of(made)
        self.refused(rezip(made, [found[0], ("../packet.json", found[1][1]), found[2]]))

    def test_a_data_descriptor(self, made):
        out = io.BytesIO()
        stream = io.BufferedWriter(_Unseekable(out))
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in members_of(made):
                archive.writestr(zipfile.ZipInfo(name), data)
        stream.flush()
        made.write_bytes(out.getvalue())
        self.refused(made)

    @pytest.mark.parametrize("flag", [0x0001, 0x0008, 0x0800])
    def test_a_flag_that_stands_in_one_header_only(self, made, flag):
        data = bytearray(made.read_bytes())
        data[6:8] = flag.to_bytes(2, "little")
        made.write_bytes(data)
        self.refused(made)

    def test_bytes_in_front(self, made):
        made.write_bytes(b"\0" + made.read_bytes())
        self.refused(made)

    @pytest.mark.parametrize("tail", [b"\0", b"PK\x05\x06" + bytes(18), b"x" * 5000])
    def test_bytes_behind(self, made, tail):
        made.write_bytes(made.read_bytes() + tail)
        self.refused(made)

    def test_a_comment(self, made):
        with zipfile.ZipFile(made, "a") as archive:
            archive.comment = b"hello"
        self.refused(made)

    @pytest.mark.parametrize("size", [0, 1, 29, 30, 41, 1000, -1, -22, -200])
    def test_a_packet_cut_short(self, made, size):
        data = made.read_bytes()
        made.write_bytes(data[:size])
        self.refused(made)

    def test_sizes_that_differ_between_the_headers(self, made):
        data = bytearray(made.read_bytes())
        at = data.rindex(b"PK\x01\x02")
        data[at + 20] ^= 1
        made.write_bytes(data)
        self.refused(made)

    def test_a_wrong_check_sum(self, made):
        data = bytearray(made.read_bytes())
        second = data.index(b"PK\x03\x04", packet.read_header(made).content_size)
        for at in (second + 14, data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4) + 16):
            data[at] ^= 1
        made.write_bytes(data)
        with pytest.raises(ContainerError):
            verify(made)

    def test_a_missing_file_and_a_folder(self, tmp_path):
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(PpeError):
                packet.read_header(path)

    def test_more_than_4_gib_is_written_with_zip64_and_read_by_others(self, tmp_path):
        path = tmp_path / "big.ppe"
        size = 2**32 + 5
        head = packet_zip.local_header("content.p7m", size, 0x12345678)
        with path.open("w+b") as file:
            file.write(head)
            content = packet_zip.Member("content.p7m", 0, len(head), size, 0x12345678)
            packet_zip.append_members(file, content, (("packet.json", b"{}"), ("packet.json.p7s", b"x")))
            found = packet_zip.read_members(file)
        assert [member.size for member in found] == [size, 2, 1]
        with zipfile.ZipFile(path) as archive:
            assert archive.read("packet.json") == b"{}"
            assert archive.getinfo("content.p7m").file_size == size
        listed = subprocess.run(["unzip", "-Z1", path], capture_output=True, text=True, check=False).stdout.split()
        assert listed == ["content.p7m", "packet.json", "packet.json.p7s"]


class _Unseekable(io.RawIOBase):
    def __init__(self, out: io.BytesIO) -> None:
        self.out = out

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> int:  # type: ignore[override]
        return self.out.write(data)
