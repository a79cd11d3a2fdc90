"""An HQ in this process and a real centre behind granian: login, tus, receipts, the feed."""

import contextlib
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from cryptography.hazmat.primitives import serialization
from django.utils import timezone

from common import files
from day import acts, telling
from scanning import cards
from tests.support.upload_node import ROOT, UploadNode, migrated
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, flash, link, outbox, seal, sign, tasks
from transfers.models import FeedCursor, Packet, StandingReport
from wire import pki

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def empty_centre(tmp_path_factory):
    folder = tmp_path_factory.mktemp("centre")
    migrated(folder)
    return folder


@pytest.fixture
def centre(hq, empty_centre, tmp_path, settings):
    """A running centre that certified this HQ."""
    data, papers = tmp_path / "centre", tmp_path / "papers"
    shutil.copytree(empty_centre, data)
    papers.mkdir()
    for name, key, certificate in (
        ("ca", hq.keys.ca_key, hq.keys.ca),
        ("rcoi", hq.keys.keys["rcoi-01"], hq.keys.certificates["rcoi-01"]),
    ):
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (papers / f"{name}.key").write_bytes(private)
        (papers / f"{name}.pem").write_text(pki.pem(certificate))
    node = UploadNode(data, app="tests.transfers.centre_app:application")
    subprocess.run(
        [sys.executable, "-m", "tests.transfers.seed_centre", str(papers)],
        cwd=ROOT,
        check=True,
        env={**node.env, "DJANGO_SETTINGS_MODULE": "ppe_portal.settings"},
    )
    node.start()
    settings.PPE_RCOI_URL = node.url
    link._sessions.clear()
    yield node
    if node.process.poll() is None:
        node.kill(signal.SIGKILL)


def until(question, seconds=120):
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def settle(hq, packet, state):
    def there():
        feed.poll_point(hq.point)
        return fresh(packet).state == state

    until(there)


def test_a_day_of_packets_reaches_the_centre_and_is_acknowledged(hq, centre):
    hq.all_journals()
    row = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    status = row.packets.get()
    tasks.seal_packet(status.pk)
    hq.close("0101", people=3)
    blanks = hq.signed("0101")
    for packet in (fresh(status), blanks):
        outbox.work(packet.pk)
        packet = fresh(packet)
        assert packet.state in ("delivered", "acknowledged"), (packet.last_error, centre.text()[-3000:])
        assert packet.receipts.filter(level="delivered").exists()
    for packet in (status, blanks):
        settle(hq, packet, "acknowledged")
    row.refresh_from_db()
    assert row.state == "accepted"
    assert FeedCursor.objects.get().answered_at is not None
    numbers = [p.receipt_number for p in Packet.objects.all()]
    assert len(set(numbers)) == 2


def test_delivery_goes_on_after_the_centre_died_in_the_middle(hq, centre, monkeypatch):
    hq.close("0101")
    packet = hq.sealed()
    # A file of some megabytes, so that there is a middle.
    big = hq.card().sheets.first()
    path = files.inside(big.path)
    path.write_bytes(path.read_bytes() + os.urandom(6 << 20))
    hq.card().sheets.filter(pk=big.pk).update(sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    Packet.objects.filter(pk=packet.pk).update(state="sealing")
    seal.seal(fresh(packet))
    sign.sign_packets(packets=[fresh(packet)], token=hq.keys.open_token(), actor=ACTOR)

    sent = []
    real = outbox._moved

    def cut(row, offset):
        real(row, offset)
        sent.append(offset)
        if 0 < offset < row.size and len(sent) == 2:
            centre.kill(signal.SIGKILL)

    monkeypatch.setattr(outbox, "_moved", cut)
    outbox.work(packet.pk)
    monkeypatch.undo()
    row = fresh(packet)
    assert row.state == "uploading"
    assert "Нет связи" in row.last_error.ru
    assert 0 < row.offset < row.size
    kept, location = row.offset, row.location
    assert location
    centre.start()
    Packet.objects.update(next_try_at=row.made_at, lease_until=None)
    outbox.work(packet.pk)
    row = fresh(packet)
    assert row.location == location, "the same upload goes on"
    assert row.state in ("delivered", "acknowledged"), row.last_error
    assert kept > 0
    settle(hq, packet, "acknowledged")


def test_eight_tries_without_an_answer_need_a_person(hq, settings):
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    link._sessions.clear()
    hq.close("0101")
    packet = hq.signed()
    pauses = []
    for _ in range(9):
        Packet.objects.update(next_try_at=packet.made_at, lease_until=None)
        outbox.work(packet.pk)
        row = fresh(packet)
        pauses.append(round((row.next_try_at - row.made_at).total_seconds()))
    assert row.state == "stuck"
    assert "Нет связи" in row.last_error.ru
    assert FeedCursor.objects.get().trouble
    outbox.retry(packet=row, actor=ACTOR)
    row = fresh(packet)
    assert (row.state, row.attempts) == ("queued", 0)


def test_the_same_packet_by_flash_and_by_network_has_one_effect(hq, centre, flash_dir):
    hq.close("0101")
    packet = hq.signed()
    flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    assert fresh(packet).state == "handed_over"
    outbox.retry(packet=fresh(packet), actor=ACTOR)
    outbox.work(packet.pk)
    settle(hq, packet, "acknowledged")
    Packet.objects.filter(pk=packet.pk).update(state="queued", uploaded_at=None, location="", lease_until=None)
    outbox.work(packet.pk)
    row = fresh(packet)
    assert {r.level for r in row.receipts.all()} == {"delivered", "acknowledged"}
    assert row.receipts.count() == 2, "a resend brings the same receipts, byte for byte"


def test_what_is_open_again_reaches_the_centre_over_a_line_that_breaks(hq, centre):
    hq.finish()
    cards.reopen_by_hand(card=hq.card(), reason="закрыта по ошибке", actor=ACTOR)
    telling._quiet.clear()
    assert telling.tell() == 1
    row = tasks.to_tell().get()
    centre.kill(signal.SIGKILL)
    tasks.tell(row.pk)
    row.refresh_from_db()
    assert row.told_at is None
    assert "Нет связи" in row.problem.ru
    centre.start()
    for _twice in range(2):
        StandingReport.objects.update(next_try_at=row.made_at, told_at=None)
        tasks.tell(row.pk)
        row.refresh_from_db()
        assert row.told_at is not None, (row.problem.ru, centre.text()[-3000:])
    with contextlib.closing(sqlite3.connect(next(centre.folder.glob("*.sqlite3")))) as database:
        said = database.execute("SELECT number, said FROM rcoi_pointstanding").fetchall()
    assert [number for number, _said in said] == [1], "twice told, once there"
    assert "room_open_again" in said[0][1]


def test_a_packet_whose_upload_the_centre_has_forgotten_is_sent_from_its_start(hq, centre, flash_dir):
    hq.close("0101")
    packet = hq.signed()
    flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    # It was sent as well, and no receipt had come when the centre's database was put back.
    forgotten = f"{centre.url}/api/v1/uploads/0198b0c4000070008000000000000000/"
    Packet.objects.filter(pk=packet.pk).update(uploaded_at=timezone.now(), location=forgotten)
    outbox.work(packet.pk)
    Packet.objects.filter(pk=packet.pk).update(next_try_at=packet.made_at, lease_until=None)
    outbox.work(packet.pk)
    assert fresh(packet).location not in ("", forgotten)
    settle(hq, packet, "acknowledged")


@pytest.mark.parametrize("road", ["network", "drive"])
def test_a_delivered_packet_that_is_sent_again_rests_until_the_verdict(hq, centre, flash_dir, road):
    hold = centre.folder / "hold"
    hold.touch()
    hq.close("0101")
    packet = hq.signed()
    outbox.work(packet.pk)
    assert fresh(packet).state == "delivered"
    if road == "network":
        outbox.retry(packet=fresh(packet), actor=ACTOR)
    else:
        flash.write(packets=[fresh(packet)], folder=str(flash_dir), actor=ACTOR)
    outbox.work(packet.pk)
    row = fresh(packet)
    assert row.state == "delivered", "the centre says that it has the file: nothing is left to be sent"
    assert outbox.urgent(0) == [0], "nothing is due at once"
    assert row.receipts.count() == 1
    hold.unlink()
    settle(hq, packet, "acknowledged")


def test_an_answer_that_settles_nothing_is_asked_for_again_after_growing_pauses(hq, centre, monkeypatch):
    (centre.folder / "hold").touch()
    hq.close("0101")
    packet = hq.signed()
    outbox.work(packet.pk)
    outbox.retry(packet=fresh(packet), actor=ACTOR)
    # The centre's database was put back: it answers an older word than the one that is known here.
    Packet.objects.filter(pk=packet.pk).update(receipt_number=10_000)
    monkeypatch.setattr("transfers.outbox.random.uniform", lambda low, high: high)
    pauses = []
    for _ in range(4):
        Packet.objects.filter(pk=packet.pk).update(next_try_at=packet.made_at, lease_until=None)
        before = timezone.now()
        outbox.work(packet.pk)
        pauses.append((fresh(packet).next_try_at - before).total_seconds())
    assert pauses == sorted(pauses)
    assert pauses[0] >= 2
    assert pauses[-1] >= 16
