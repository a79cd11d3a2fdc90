"""`close` onto a drive that fills up, turns read-only, or is pulled: never a half journal that looks whole."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_client import home
from tests.station_client.test_cli import run, station  # noqa: F401 - a fixture
from tests.support.journal_lines import build
from tests.support.needs import missing
from tests.support.pki import SITTING, the_fixtures
from wire import journal

ENTRIES = 4000
NAME = "END_PRINT_78_0001_290526_01_Русский_язык_0101_0001.dat"


def mount(*arguments: object) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"mounting is not allowed ({done.stderr.strip()})")


@pytest.fixture
def drive(tmp_path) -> Iterator[Path]:
    """A folder on which file systems are mounted; everything is unmounted afterwards."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        missing("only root mounts file systems")
    folder = tmp_path / "drive"
    folder.mkdir()
    yield folder
    while subprocess.run(["umount", "-l", folder], capture_output=True, check=False).returncode == 0:
        pass


@pytest.fixture
def busy(station: Path) -> Path:  # noqa: F811 - the fixture
    """A station with a log of a megabyte."""
    path = home.load(station).log_path(SITTING, "0101")
    path.write_bytes(b"".join(line + b"\n" for line in build(ENTRIES).splitlines()[:-1]))
    return station


def no_half_journal(folder: Path) -> bool:
    """Whether every file that looks like a journal is a whole one; returns whether there is one."""
    found = [path for path in folder.rglob("*") if path.name.upper().startswith("END_") or path.suffix == ".dat"]
    for path in found:
        document = journal.read(path.read_bytes(), trust=the_fixtures().trust)
        assert document.signed_by is not None
        assert document.problems == ()
        assert document.closed_at is not None
    return bool(found)


@pytest.mark.parametrize("kilobytes", [4, 64, 256, 512, 768])
def test_a_drive_that_runs_full(busy, drive, kilobytes, capsys):
    mount("-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", drive)
    assert run("close", busy, drive) == 3
    assert "не осталось места" in capsys.readouterr().err
    assert not no_half_journal(drive)
    assert list(drive.iterdir()) == [], "what was written in part is taken away"
    # the station itself has the whole journal, and another drive takes it
    assert run("close", busy, drive.parent / "other") == 0
    assert no_half_journal(drive.parent / "other")


def test_a_read_only_drive(busy, drive, capsys):
    mount("-t", "tmpfs", "-o", "ro", "tmpfs", drive)
    assert run("close", busy, drive) == 3
    assert "Запись запрещена" in capsys.readouterr().err
    assert list(drive.iterdir()) == []


def test_a_drive_that_turns_read_only_keeps_the_earlier_journal(busy, drive):
    mount("-t", "tmpfs", "tmpfs", drive)
    assert run("close", busy, drive) == 0
    earlier = (drive / NAME).read_bytes()
    assert run("print", busy, "event", "note_written", "text=ещё") == 0
    mount("-o", "remount,ro", drive)
    assert run("close", busy, drive) == 3
    assert (drive / NAME).read_bytes() == earlier


def test_a_full_drive_keeps_the_earlier_journal(busy, drive):
    mount("-t", "tmpfs", "-o", "size=1500k", "tmpfs", drive)
    assert run("close", busy, drive) == 0
    earlier = (drive / NAME).read_bytes()
    assert run("print", busy, "event", "note_written", "text=ещё") == 0
    assert run("close", busy, drive) == 3
    assert [path.name for path in drive.iterdir()] == [NAME]
    assert (drive / NAME).read_bytes() == earlier


def closing(folder: Path, out: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "station_client", "close", str(folder), str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for_part(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Return when a part of the journal stands on the drive, or the process has ended."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if any(path.name.endswith(".part") for path in folder.iterdir()):
            return


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003])
def test_a_drive_that_is_pulled_in_the_middle(busy, drive, tmp_path, delay):
    medium = tmp_path / "medium"  # what the drive holds, looked at after it was pulled
    medium.mkdir()
    mount("--bind", medium, drive)
    process = closing(busy, drive)
    wait_for_part(process, medium)
    time.sleep(delay)
    subprocess.run(["umount", "-l", drive], check=True)
    code = process.wait(60)
    whole = no_half_journal(medium)
    assert code in (0, 3)
    assert whole or code == 3, "done was said of a journal that is not there"
    assert list(drive.iterdir()) == [], "nothing was written beside the drive"


@pytest.mark.parametrize("delay", [0.0, 0.001, 0.003])
def test_a_station_that_dies_in_the_middle(busy, tmp_path, delay):
    out = tmp_path / "out"
    out.mkdir()
    process = closing(busy, out)
    wait_for_part(process, out)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    no_half_journal(out)
    assert run("close", busy, out) == 0
    assert no_half_journal(out)
