"""The file of numbers given out: only upwards, for every process alike, whatever happens to it."""

import json
import subprocess
import sys

import pytest

from common import marks
from common.marks import Mark

pytestmark = pytest.mark.usefixtures("data_dir")

RAISING = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.settings"
import django; django.setup()
from pathlib import Path
from django.conf import settings
settings.PPE_DATA_DIR = Path(sys.argv[1])
from common import marks
from common.marks import Mark
for number in range(1, 41):
    marks.raise_to({"receipt": Mark(number), sys.argv[2]: Mark(number, sys.argv[2])})
"""


def another_look() -> dict[str, Mark]:
    """Return what a process that starts now reads."""
    marks._known.clear()
    return marks.known()


def test_a_mark_only_rises():
    assert marks.get("receipt") == Mark()
    marks.raise_to({"receipt": Mark(7, "aa"), "feed:78-0001": Mark(2)})
    marks.raise_to({"receipt": Mark(5, "bb")})
    assert marks.get("receipt") == Mark(7, "aa")
    assert another_look() == {"receipt": Mark(7, "aa"), "feed:78-0001": Mark(2)}


def test_processes_lose_nothing_of_each_other(data_dir):
    running = [subprocess.Popen([sys.executable, "-c", RAISING, str(data_dir), name]) for name in ("a", "b", "c")]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert marks.known() == {"receipt": Mark(40), **{name: Mark(40, name) for name in ("a", "b", "c")}}


def test_half_a_line_of_a_killed_writer_is_passed(data_dir):
    marks.raise_to({"receipt": Mark(7)})
    with (data_dir / marks.NAME).open("ab") as file:
        file.write(b'{"series": "receipt", "numb')
    assert another_look() == {"receipt": Mark(7)}
    marks.raise_to({"receipt": Mark(8)})
    assert another_look() == {"receipt": Mark(8)}


def test_lines_of_a_later_kind_are_kept_when_the_file_is_written_anew(data_dir, monkeypatch):
    marks.raise_to({"receipt": Mark(1)})
    with (data_dir / marks.NAME).open("ab") as file:
        file.write(b'{"epoch": "0198"}\n')
    monkeypatch.setattr(marks, "MOST", 2000)
    for number in range(2, 200):
        marks.raise_to({"receipt": Mark(number)})
    text = (data_dir / marks.NAME).read_text()
    assert '{"epoch": "0198"}' in text
    assert len(text) < 4000
    assert another_look() == {"receipt": Mark(199)}


@pytest.mark.parametrize("junk", [b"\x00" * 400, b"no head\n", b"{}\n", b"[1]\n" * 3])
def test_a_file_that_cannot_be_read_is_kept_aside_and_made_anew(junk, data_dir):
    (data_dir / marks.NAME).write_bytes(junk)
    assert another_look() == {}
    marks.raise_to({"receipt": Mark(3)})
    assert another_look() == {"receipt": Mark(3)}
    (aside,) = data_dir.glob(f"{marks.NAME}.damaged-*")
    assert aside.read_bytes() == junk


def test_a_file_of_a_later_version_stops_the_numbers_in_words(data_dir):
    written = json.dumps({"format": "ppe-numbers/2"}).encode() + b"\n"
    (data_dir / marks.NAME).write_bytes(written)
    with pytest.raises(marks.NumbersOfALaterVersionError) as caught:
        another_look()
    assert caught.value.remedy_text("ru")
    assert (data_dir / marks.NAME).read_bytes() == written
