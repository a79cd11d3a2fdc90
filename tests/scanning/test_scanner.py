"""Passes of a scanner through SANE: pages come one by one, every way it can end is said in words."""

import contextlib
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from django.db import connection
from PIL import Image

from audit.models import Event
from scanning import passes, recognise, scanner
from scanning.errors import (
    CardIsClosedError,
    NoScannerError,
    NotScanningError,
    PresetUnavailableError,
    ScannerBusyError,
    ScannerSoftwareMissingError,
)
from scanning.expected_forms import read_expected_forms
from scanning.models import Batch, RoomCard, ScanJob, Sheet, Source
from scanning.reconcile import evaluate
from scanning.states import CardState, ScanState
from tests.scanning.conftest import ACTOR


def begin(desk, preset="simplex", device="test:0", room="0101"):
    return passes.begin(card=desk.card(room), preset=preset, device=device, actor=ACTOR)


def worked(job):
    passes.run(job.pk)
    job.refresh_from_db()
    return job


def test_a_pass_brings_every_page_of_the_feeder(desk, sane):
    sane("test")
    job = worked(begin(desk))
    assert (job.state, job.pages, job.said.ru) == (ScanState.DONE, 10, "")
    sources = Source.objects.filter(batch=job.batch)
    # Equal bytes are ten pages: nobody takes the second empty back for the first.
    assert [source.name for source in sources] == [f"scan-{job.pk}-{n:04d}.tif" for n in range(1, 11)]
    assert (job.batch.door, job.batch.made_by) == ("scanner", ACTOR.name)
    recognise.recognise(sources[0].pk)
    sheet = Sheet.objects.get(source=sources[0])
    assert (sheet.reading["width"], sheet.reading["height"]) == (2480, 3507)
    assert not list(passes.folder_of(job).iterdir())
    kinds = list(Event.objects.filter(kind__startswith="scanning.scan_").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["scanning.scan_asked", "scanning.scan_state", "scanning.scan_state"]


def test_the_glass_gives_one_page_whatever_the_backend_would_go_on_with(desk, sane):
    sane("test")
    assert worked(begin(desk, "glass")).pages == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("JAMMED", "застряла"),
        ("NO_DOCS", "нет бумаги"),
        ("COVER_OPEN", "Крышка"),
        ("IO_ERROR", "ошибке"),
        ("DEVICE_BUSY", "занят"),
    ],
)
def test_what_the_scanner_reports_is_said_with_its_cure(desk, sane, status, words):
    sane("test", status=f"SANE_STATUS_{status}")
    for _try in range(5):
        job = worked(begin(desk))  # the backend hangs in one of a thousand closings: its words are believed then
        assert (job.state, job.pages, job.batch) == (ScanState.FAILED, 0, None)
        # Now and then the backend's own child ends `scanimage` before it has said why.
        if "signal" not in job.said.ru:
            break
    assert words in job.said.ru
    assert job.said.ru.count(".") >= 2  # the cause, and what to do
    assert job.said.en != job.said.ru
    assert not Batch.objects.exists()


@pytest.mark.parametrize(
    ("said", "pages", "words"),
    [
        ("scanimage: sane_read: Document feeder jammed\nBatch terminated, 1 page scanned", 0, "застряла"),
        ("scanimage: sane_read: Error during device I/O\nBatch terminated, 0 pages scanned", 0, "ошибке"),
        ("scanimage: sane_read: Document feeder jammed\nBatch terminated, 3 pages scanned", 2, "застряла"),
        ("scanimage: sane_start: Document feeder out of documents\nBatch terminated, 3 pages scanned", 3, ""),
        ("Scanned page 1. (scanner status = 5)\nBatch terminated, 1 page scanned", 1, ""),
    ],
)
def test_a_driver_that_hangs_after_its_last_word_is_believed_and_ended(
    desk, sane, tmp_path, monkeypatch, said, pages, words
):
    sane("test")
    software = tmp_path / "bin" / "scanimage"
    software.parent.mkdir()
    software.write_text(f"""#!/bin/sh
case "$*" in *--batch*) ;; *) exec {shutil.which("scanimage")} "$@" ;; esac
for each in "$@"; do case "$each" in --batch=*) folder=$(dirname "${{each#--batch=}}");; esac; done
for page in $(seq 1 {pages}); do cp {tmp_path}/page.tif "$folder/000$page.tif"; done
printf '%b' '{said}\n'
trap '' INT TERM
while :; do sleep 1; done
""")
    software.chmod(0o755)
    Image.new("1", (2480, 3508), 1).save(tmp_path / "page.tif", compression="group4", dpi=(300, 300))
    monkeypatch.setenv("PATH", f"{software.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(passes, "FAREWELL_SECONDS", 0.5)
    job = worked(begin(desk))
    assert (job.pages, words in job.said.ru, bool(job.said)) == (pages, True, bool(words))
    assert job.state == (ScanState.FAILED if words else ScanState.DONE)


def test_no_scanner_no_software_no_such_device(desk, sane, monkeypatch):
    sane()
    assert "не найден" in worked(begin(desk, device="")).said.ru
    sane("test")
    assert "test:9" in worked(begin(desk, device="test:9")).said.ru
    with pytest.raises(NoScannerError):
        scanner.choose("-o /etc/passwd")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ScannerSoftwareMissingError):
        scanner.devices()


def test_a_device_that_cannot_do_the_preset_says_so(desk, sane):
    sane("test")
    assert "не умеет" in worked(begin(desk, "duplex")).said.ru
    with pytest.raises(PresetUnavailableError):
        begin(desk, "colour")


def test_one_pass_at_a_time(desk, sane):
    sane("test")
    begin(desk, device="")
    with pytest.raises(ScannerBusyError, match="0101"):
        begin(desk, device="test:0", room="0102")


def test_a_waiting_pass_is_stopped_at_once_and_leaves_nothing(desk, sane):
    job = passes.stop(job=begin(desk), actor=ACTOR)
    assert job.state == ScanState.CANCELLED
    assert not Batch.objects.exists()
    passes.run(job.pk)
    assert not Source.objects.exists()
    with pytest.raises(NotScanningError):
        passes.stop(job=job, actor=ACTOR)


def test_a_room_does_not_close_over_a_running_pass(desk, sane):
    begin(desk)
    card = desk.card()
    assert "scanning" in {each.code for each in evaluate(card, read_expected_forms(card.sitting))[0].blockers}
    RoomCard.objects.filter(pk=card.pk).update(state=CardState.CLOSED)
    with pytest.raises(CardIsClosedError):
        begin(desk)


def test_a_pass_whose_worker_died_keeps_its_whole_pages_and_is_not_begun_again(desk, sane):
    sane("test")
    job = begin(desk)
    passes._start(job, "test:0")
    scan = scanner.Pass(scanner.choose("test:0"), scanner.PRESETS["simplex"], passes.folder_of(job))
    assert scan.refusal(1) is None
    pages = sorted(passes.folder_of(job).glob("*.tif"))
    # The last page was half written, the first already in its row when the worker fell.
    pages[-1].rename(pages[-1].with_suffix(".tif.part"))
    first = pages[0].read_bytes()
    passes._take_pages(job)
    pages[0].write_bytes(first)
    assert passes.due().get() == job
    worked(job)
    assert (job.state, job.pages) == (ScanState.FAILED, 9)
    assert "прервался" in job.said.ru
    assert not passes.due().exists()


def scanning_programs(job):
    """The `scanimage` of a pass and the children of its driver."""
    folder = f"{passes.folder_of(job)}/".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes()
            if words.split(b"\0")[0].endswith(b"scanimage") and folder in words:
                yield int(path.parent.name)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_pass_is_stopped_or_its_program_killed_in_the_middle(desk, sane, how):
    sane("test", delay=20000)
    job = begin(desk)
    seen = {}

    def interfere():
        until = time.monotonic() + 240
        while time.monotonic() < until and not seen:
            fresh = ScanJob.objects.get(pk=job.pk)
            if fresh.pages >= 1 and how == "stopped":
                seen["stopped"] = passes.stop(job=fresh, actor=ACTOR)
            elif fresh.pages >= 1:
                for program in scanning_programs(job):
                    os.kill(program, signal.SIGKILL)
                    seen["killed"] = True
            time.sleep(0.05)
        connection.close()

    thread = threading.Thread(target=interfere)
    thread.start()
    passes.run(job.pk)
    thread.join()
    job.refresh_from_db()
    assert seen
    assert job.state == (ScanState.CANCELLED if how == "stopped" else ScanState.FAILED)
    assert 1 <= job.pages < 10
    assert job.pages == Source.objects.filter(batch=job.batch).count()
    assert not passes.due().exists()
