"""The same packet by network and by flash drive, in both orders and together, five times each: one effect."""

import base64
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import httpx
import pytest

from tests.support.upload_node import ROOT
from tests.transfers.test_two_nodes import centre, empty_centre  # noqa: F401 (fixtures)
from transfers import link
from wire import tus

pytestmark = pytest.mark.slow

TIMES = 5
IMPORT = """
import sys, threading, django
django.setup()
from django.db import connection
from audit.log import SYSTEM
from rcoi.receiving import channels
said = []
def take():
    try:
        (taken,) = channels.import_folder(folder=sys.argv[1], actor=SYSTEM)
        said.append(taken.refusal is None and taken.packet is not None)
    finally:
        connection.close()
threads = [threading.Thread(target=take) for _ in range(5)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.exit(said != [True] * 5)
"""


def by_flash(node, folder):
    return subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(folder)], cwd=ROOT, env={**node.env, "PPE_FLASH_DIRS": str(folder)}
    )


def by_network(node, token, packet, answers):
    """Five uploads at once; each answer is what the sender would hold in hand."""
    path, meta = packet.file, {"purpose": "packet", "filename": packet.name, "sha256": packet.sha256}

    def send():
        with httpx.Client(base_url=node.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
            outcome = tus.upload(client, "/api/v1/uploads/", path, metadata=meta)
            while not (told := tus.answer(client, outcome.location) or {}).get("finished"):
                time.sleep(0.1)
            answers.append(base64.b64decode(told["result"]["receipt"]))

    threads = [threading.Thread(target=send) for _ in range(TIMES)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.parametrize(
    "first",
    [pytest.param("network", marks=pytest.mark.prove), pytest.param("flash", marks=pytest.mark.prove), "together"],
)
def test_it_has_one_effect_and_the_same_receipts(hq, centre, tmp_path, first):  # noqa: F811
    centre.kill(signal.SIGKILL)
    centre.workers = 2
    centre.start()
    hq.close("0101")
    packet, drive, answers = hq.signed(), tmp_path / "drive", []
    drive.mkdir()
    shutil.copy(packet.file, drive / packet.name)
    with link.session(hq.point, centre.url) as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")
    sent = [] if first == "flash" else by_network(centre, token, packet, answers)
    if first == "network":
        [thread.join() for thread in sent]
    imported = by_flash(centre, drive)
    if first == "flash":
        assert imported.wait(60) == 0
        sent = by_network(centre, token, packet, answers)
    [thread.join() for thread in sent]
    assert imported.wait(60) == 0
    assert len(answers) == TIMES
    with closing(sqlite3.connect(centre.folder / "db.sqlite3", timeout=20)) as base:
        until = time.monotonic() + 240
        while (rows := base.execute("select state, sha256 from rcoi_inboxpacket").fetchall()) != [
            ("acknowledged", packet.sha256)
        ]:
            assert time.monotonic() < until, rows
            time.sleep(0.2)
        given = dict(base.execute("select level, body from rcoi_issuedreceipt").fetchall())
        assert base.execute("select count(*) from rcoi_issuedreceipt").fetchone() == (2,)
        assert base.execute("select count(*) from rcoi_inboxsheet").fetchone() == (4,)
        assert base.execute("select count(*) from rcoi_feedentry where kind = 'receipt'").fetchone() == (2,)
    assert set(answers) <= {bytes(body) for body in given.values()}, "an answer that is not the stored receipt"
    again: list[bytes] = []
    [thread.join() for thread in by_network(centre, token, packet, again)]
    assert again == [bytes(given["acknowledged"])] * TIMES
