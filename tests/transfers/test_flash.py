"""Packets on a drive and answers from one."""

import errno
import os

import pytest

from common.flash import NoSuchFolderError
from tests.transfers.conftest import ACTOR, fresh
from transfers import flash
from transfers.errors import NothingOnFlashError
from wire import durable
from wire.documents import feed as wire_feed
from wire.packet import volumes as pieces


def test_it_writes_reads_back_and_hands_over(hq, flash_dir):
    hq.close("0101")
    hq.close("0102")
    one, two = hq.signed("0101"), hq.signed("0102")
    report = flash.write(packets=[one, two], folder=str(flash_dir), actor=ACTOR)
    assert len(report.written) == 2
    assert "Накопитель можно извлекать" in report.words
    assert (flash_dir / one.name).read_bytes() == one.file.read_bytes()
    assert {fresh(one).state, fresh(two).state} == {"handed_over"}
    again = flash.write(packets=[fresh(one), fresh(two)], folder=str(flash_dir), actor=ACTOR)
    assert (len(again.written), len(again.already)) == (0, 2)
    (flash_dir / one.name).write_bytes(b"torn")
    mended = flash.write(packets=[fresh(one), fresh(two)], folder=str(flash_dir), actor=ACTOR)
    assert (mended.written, len(mended.already)) == ([one], 1)
    assert (flash_dir / one.name).read_bytes() == one.file.read_bytes()


def test_a_drive_that_does_not_take_a_packet_says_so_and_the_packet_stays(hq, flash_dir):
    hq.close("0101")
    packet = hq.signed()
    packet.file.write_bytes(packet.file.read_bytes()[:-1] + b"?")
    report = flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    assert len(report.failed) == 1
    assert "можно извлекать" not in report.words
    assert fresh(packet).state == "queued"


def test_a_packet_larger_than_the_drive_takes_goes_in_pieces(hq, flash_dir, monkeypatch):
    hq.close("0101")
    packet = hq.signed()
    monkeypatch.setattr(pieces, "LIMIT", packet.size // 2 - 1)
    report = flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    assert len(report.written) == 1
    assert sorted(path.name for path in flash_dir.iterdir()) == [f"{packet.name}.{n}of3" for n in (1, 2, 3)]
    again = flash.write(packets=[fresh(packet)], folder=str(flash_dir), actor=ACTOR)
    assert len(again.already) == 1
    (found,) = pieces.grouped(flash_dir.iterdir())
    assert pieces.join(found, flash_dir / "whole.ppe") == packet.sha256


@pytest.mark.parametrize("trouble", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_full_a_locked_and_a_pulled_drive_say_what_to_do(hq, flash_dir, monkeypatch, trouble):
    hq.close("0101")
    hq.close("0102")
    one, two = hq.signed("0101"), hq.signed("0102")
    real, calls = durable._create, []

    def create(path, mode):
        calls.append(path)
        if len(calls) == 2:
            raise OSError(trouble, os.strerror(trouble), str(path))
        return real(path, mode)

    monkeypatch.setattr(durable, "_create", create)
    report = flash.write(packets=[one, two], folder=str(flash_dir), actor=ACTOR)
    assert (report.written, [packet for packet, _why in report.failed]) == ([one], [two])
    assert report.failed[0][1].remedy_text("ru")
    assert "извлекать" not in report.words
    assert (fresh(one).state, fresh(two).state) == ("handed_over", "queued")
    monkeypatch.undo()
    again = flash.write(packets=[fresh(one), fresh(two)], folder=str(flash_dir), actor=ACTOR)
    assert (again.already, again.written) == ([one], [two])
    assert "можно извлекать" in again.words


def test_another_drive_takes_everything_anew_and_a_missing_one_is_named(hq, flash_dir, tmp_path, settings):
    hq.close("0101")
    packet = hq.signed()
    flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    other = tmp_path / "other"
    other.mkdir()
    settings.PPE_FLASH_DIRS = [flash_dir, other]
    report = flash.write(packets=[fresh(packet)], folder=str(other), actor=ACTOR)
    assert len(report.written) == 1
    assert fresh(packet).handed_over_to == str(other)
    assert "другой накопитель" not in report.words
    # The same place, and nothing of what was written there: somebody has put in another drive.
    (other / packet.name).unlink()
    strange = flash.write(packets=[fresh(packet)], folder=str(other), actor=ACTOR)
    assert "другой накопитель" in strange.words
    assert strange.written == [packet]
    settings.PPE_FLASH_DIRS = [flash_dir]
    with pytest.raises(NoSuchFolderError):
        flash.write(packets=[fresh(packet)], folder=str(other), actor=ACTOR)


def test_only_signed_packets_and_only_drives(hq, flash_dir, tmp_path):
    hq.close("0101")
    packet = hq.sealed()
    with pytest.raises(NothingOnFlashError):
        flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    with pytest.raises(NoSuchFolderError):
        flash.write(packets=[packet], folder=str(tmp_path), actor=ACTOR)


def test_the_feed_and_receipts_come_back_on_a_drive(hq, flash_dir):
    hq.close("0101")
    hq.close("0102")
    one, two = hq.signed("0101"), hq.signed("0102")
    hq.item("announcement", {"title": "Внимание", "text": "Проверьте"})
    hq.receipt_item(one, "acknowledged")
    (flash_dir / "FEED_78_0001_000002.jsonl").write_bytes(wire_feed.bundle(hq.feed))
    (flash_dir / "r.acknowledged.p7m").write_bytes(hq.receipt(two, "acknowledged"))
    (flash_dir / "junk.p7m").write_bytes(b"junk")
    brought = flash.read_feed(folder=str(flash_dir), point=hq.point, actor=ACTOR)
    assert (brought.items, brought.receipts, len(brought.problems)) == (2, 1, 1)
    assert {fresh(one).state, fresh(two).state} == {"acknowledged"}
    again = flash.read_feed(folder=str(flash_dir), point=hq.point, actor=ACTOR)
    assert again.items == 0
