"""The decoding child: it answers, is ended when it is late, comes back after a fall, and dies with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scanning.recognition import decode
from scanning.recognition.decoder import Decoder
from scanning.recognition.errors import DecoderStoppedError, EmptyFileError, UnknownFormatError
from tests.scanning.drawn import draw
from wire.forms import make_number


@pytest.fixture(scope="module")
def child():
    decoder = Decoder()
    yield decoder
    decoder.close()


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "sheet.tif"
    path.write_bytes(decode.encode_g4(draw(), 300))
    return path


def test_it_reads_a_page_and_writes_its_record(child, sheet, tmp_path):
    told = child.read(sheet, 0, tmp_path / "record.tif")
    assert told["reading"]["number"] == make_number("R", 1)
    assert told["size"] == (tmp_path / "record.tif").stat().st_size


def test_refusals_keep_their_kind_across_the_pipe(child, tmp_path):
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("hello there")
    with pytest.raises(EmptyFileError):
        child.inspect(tmp_path / "empty", "empty.tif")
    with pytest.raises(UnknownFormatError) as caught:
        child.inspect(tmp_path / "text", "text.tif")
    assert "TIFF" in caught.value.message.ru


def test_a_late_answer_ends_the_child_and_the_next_request_gets_another(child, sheet, tmp_path):
    child.inspect(sheet, "sheet.tif")
    before = child.pid
    with pytest.raises(DecoderStoppedError):
        child.ask(-30.0, operation="sleep", pause=20)
    assert child.inspect(sheet, "sheet.tif")["pages"] == 1
    assert child.pid != before


def test_a_killed_child_comes_back(child, sheet):
    child.inspect(sheet, "sheet.tif")
    os.kill(child.pid, signal.SIGKILL)
    time.sleep(0.05)
    assert child.inspect(sheet, "sheet.tif")["pages"] == 1


def test_it_dies_with_its_parent(sheet):
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from scanning.recognition.decoder import decoder\n"
        f"decoder().inspect(Path({str(sheet)!r}), 'x.tif')\n"
        "print(decoder().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=root)
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(1200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the child outlived its parent")
