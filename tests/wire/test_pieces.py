"""A file carried in pieces: cut, read back, completed by difference, joined to the same bytes."""

import os

import pytest

from wire import durable
from wire.packet import volumes as pieces
from wire.packet.volumes import VolumesMissingError


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 3000, 3001])
def test_cut_and_joined_it_is_the_same_file(tmp_path, size):
    src, drive = tmp_path / "src", tmp_path / "drive"
    drive.mkdir()
    src.write_bytes(os.urandom(size))
    assert pieces.write(src, drive, "P.ppe", limit=1000)
    assert not pieces.write(src, drive, "P.ppe", limit=1000), "what is there is not written again"
    assert all(path.stat().st_size <= 1000 for path in drive.iterdir())
    (found,) = pieces.grouped(drive.iterdir())
    assert (found.name, found.count, found.missing) == ("P.ppe", -(-size // 1000), [])
    assert pieces.join(found, tmp_path / "whole") == durable.sha256_file(src)
    assert (tmp_path / "whole").read_bytes() == src.read_bytes()


def test_a_torn_piece_is_written_anew_and_only_it(tmp_path):
    src = tmp_path / "src"
    src.write_bytes(os.urandom(2500))
    drive = tmp_path / "drive"
    drive.mkdir()
    pieces.write(src, drive, "P.ppe", limit=1000)
    torn = drive / "P.ppe.2of3"
    others = {path: path.stat().st_ino for path in drive.iterdir() if path != torn}
    torn.write_bytes(torn.read_bytes()[:-1] + b"?")
    assert pieces.write(src, drive, "P.ppe", limit=1000)
    assert {path: path.stat().st_ino for path in others} == others
    (found,) = pieces.grouped(drive.iterdir())
    assert pieces.join(found, tmp_path / "whole") == durable.sha256_file(src)


def test_missing_pieces_are_named(tmp_path):
    for number in (1, 3):
        (tmp_path / f"P.ppe.{number}of4").write_bytes(b"x")
    (found,) = pieces.grouped(tmp_path.iterdir())
    with pytest.raises(VolumesMissingError) as said:
        pieces.join(found, tmp_path / "whole")
    assert "2, 4 из 4" in said.value.text("ru")
    assert [part.expected for part in said.value.parts] == ["P.ppe.2of4", "P.ppe.4of4"]
    assert not (tmp_path / "whole").exists()


def test_what_is_no_piece_is_left_alone(tmp_path):
    names = ["P.ppe", "P.ppe.0of2", "P.ppe.5of4", "P.ppe.1of100", "P.ppe.1of", ".1of2", "P.ppe.01of2"]
    assert pieces.grouped(tmp_path / name for name in names) == []
    two = pieces.grouped([tmp_path / "P.ppe.1of2", tmp_path / "P.ppe.1of3"])
    assert [each.count for each in two] == [2, 3], "two ways of cutting one file stay apart"
