"""The log of a station: on the disk before the call returns, whole after a power cut."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tests.support.pki import header, the_fixtures
from wire import journal
from wire.journal import JournalClosedError, JournalError, JournalLog
from wire.journal.events import EventError
from wire.journal.log import JournalBusyError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with JournalLog.create(tmp_path / "day.log", header()) as log:
        log.append("exam_started")
        log.append("set_printed", data={"set": 1}, person="p-001")
    return tmp_path / "day.log"


def events(path: Path) -> list[str]:
    return [entry.event for entry in journal.read_lines(path.read_bytes()).entries]


def test_it_goes_on_where_it_stopped(path):
    with JournalLog.open(path) as log:
        log.append("set_printed", data={"set": 2})
        assert log.dropped_bytes == 0
    assert events(path) == ["exam_started", "set_printed", "set_printed"]


@pytest.mark.parametrize("cut", [1, 2, 20, 100])
def test_a_torn_last_line_is_dropped_and_noted(path, cut):
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with JournalLog.open(path) as log:
        assert log.dropped_bytes > 0
    assert events(path) == ["exam_started", "log_recovered"]


def test_a_line_torn_after_closing_reopens_the_journal(path):
    with JournalLog.open(path) as log:
        log.close(the_fixtures().signer("print"))
    with path.open("ab") as file:
        file.write(b'{"at":"2026')
    with JournalLog.open(path):
        pass
    assert events(path)[-3:] == ["journal_closed", "journal_reopened", "log_recovered"]


def test_a_changed_log_is_not_gone_on_with(path):
    path.write_bytes(path.read_bytes().replace(b"p-001", b"p-002").replace(b"exam_started", b"exam_starteb"))
    with pytest.raises(JournalError):
        JournalLog.open(path)


def test_closing_gives_a_journal_and_closing_again_the_same_lines(path):
    with JournalLog.open(path) as log:
        first = journal.read(log.close(the_fixtures().signer("print")), trust=the_fixtures().trust)
        second = journal.read(log.close(the_fixtures().signer("print")), trust=the_fixtures().trust)
    assert first.problems == ()
    assert first.lines == second.lines == path.read_bytes()


def test_a_closed_journal_takes_entries_only_after_reopening(path):
    with JournalLog.open(path) as log:
        short = journal.read(log.close(the_fixtures().signer("print")), trust=the_fixtures().trust)
        with pytest.raises(JournalClosedError):
            log.append("exam_finished")
        log.reopen("забыли комплект")
        log.append("set_printed", data={"set": 2})
        long = journal.read(log.close(the_fixtures().signer("print")), trust=the_fixtures().trust)
    assert journal.relation(long.lines, short.lines) == "longer"


def test_a_refused_entry_leaves_no_trace(path):
    before = path.read_bytes()
    with JournalLog.open(path) as log:
        with pytest.raises(EventError):
            log.append("set_printed", data={"set": "one"})
        with pytest.raises(EventError):
            log.append("exam_finished", disposition="maybe")
    assert path.read_bytes() == before


def test_only_one_program_writes_a_log(path):
    with JournalLog.open(path), pytest.raises(JournalBusyError) as refusal:
        JournalLog.open(path)
    assert not refusal.value.permanent


def test_a_log_is_not_started_twice(path):
    with pytest.raises(JournalError):
        JournalLog.create(path, header())


def test_a_missing_log_is_refused(tmp_path):
    with pytest.raises(JournalError):
        JournalLog.open(tmp_path / "none.log")


def test_a_full_disk_leaves_whole_lines(path, monkeypatch):
    log = JournalLog.open(path)
    before = path.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OSError, match="No space"):
        log.append("exam_finished")
    monkeypatch.undo()
    assert path.read_bytes() == before
    log.append("exam_finished")
    log.release()
    assert events(path)[-1] == "exam_finished"


def test_kill_9_loses_nothing_that_was_promised(tmp_path):
    """GIVEN a station that writes entries WHEN it is killed THEN every entry it spoke of is in the log."""
    path = tmp_path / "day.log"
    JournalLog.create(path, header()).release()
    program = textwrap.dedent(
        f"""
        from wire.journal import JournalLog
        log = JournalLog.open({str(path)!r})
        n = 0
        while True:
            log.append("set_printed", data={{"set": n}})
            print(n, flush=True)
            n += 1
        """
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=Path.cwd()) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
    promised = [int(line) for line in said.split(b"\n")[:-1]]
    with JournalLog.open(path):
        pass
    written = [e.data["set"] for e in journal.read_lines(path.read_bytes()).entries if e.event == "set_printed"]
    assert written[: len(promised)] == promised
    assert promised
