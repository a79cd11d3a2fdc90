"""Names of the files that are not journals."""

import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.names import files

DAY = dt.date(2026, 5, 29)
UID = "01a20557-2d19-7fde-9daa-82a43e3d9f63"


@dataclass(frozen=True)
class PacketFacts:
    region: str = "78"
    point: str = "0001"
    date: dt.date = DAY
    subject: str = "01"
    kind: str = "blanks"
    room: str | None = "0101"
    uid: str = UID
    version: int = 3


def test_a_key_name_is_read_back():
    name = files.key_name("78", "0001", DAY, "01", 2)
    assert name == "KEY_78_0001_290526_01_v2.p7m"
    assert files.parse_key_name(name) == files.KeyName("78", "0001", DAY, "01", 2)


def test_a_package_name_is_made():
    name = files.package_name("78", "0001", DAY, 1)
    assert name == "EXAM_78_0001_290526_v1.zip"


@pytest.mark.parametrize(("kind", "room"), [("blanks", "0101"), ("forms", None), ("status", None)])
def test_a_packet_name_is_made(kind, room):
    name = files.packet_name(PacketFacts(kind=kind, room=room))
    assert name == f"PACKET_78_0001_290526_01_{kind}_{room or 'HQ'}_{UID}_v3.ppe"


@pytest.mark.parametrize(
    ("room", "station", "where"),
    [("0101", "0006", "0101_0006"), ("0201", "0201-3", "0201_0201-3"), ("0101", None, "0101"), (None, "01", "HQ_01")],
)
def test_an_act_name_is_made(room, station, where):
    moment = dt.datetime(2026, 5, 29, 17, 45, 2, tzinfo=dt.UTC)
    name = files.act_name("78", "0001", DAY, "01", "journal_missing", room=room, station=station, made_at=moment)
    assert name == f"ACT_78_0001_290526_01_journal_missing_{where}_174502.p7m"


@pytest.mark.parametrize("copy", [" (1)", "(2)", " - копия", " - Copy (3)"])
def test_a_copy_is_the_same_file(copy):
    stem = files.key_name("78", "0001", DAY, "01", 2).removesuffix(".p7m")
    assert files.parse_key_name(f"{stem}{copy}.p7m") == files.KeyName("78", "0001", DAY, "01", 2)


def test_receipts_and_feeds_are_named_after_what_they_are_about():
    assert files.receipt_name("PACKET_x.ppe", "delivered") == "PACKET_x.delivered.p7m"
    assert files.feed_name("78", "0001", 42) == "FEED_78_0001_000042.jsonl"


@given(st.text() | st.from_regex(r"(KEY|PACKET|EXAM|ACT)_[0-9_]{0,40}.*"))
def test_any_text_is_a_name_or_not(text):
    files.parse_key_name(text)


def test_a_date_that_does_not_exist_is_no_name():
    assert files.parse_key_name("KEY_78_0001_310226_01_v2.p7m") is None
