"""What survives a client that vanishes, a server that is killed, a disk that is full, and a client that stalls."""

import contextlib
import hashlib
import os
import random
import shutil
import sqlite3
import threading
import time

import httpx
import pytest

from tests.support.upload_node import DS, UploadNode
from tests.uploads.conftest import RawPatch, begin, offset_of, send
from uploads.body import FIRST_BLOCK, LARGEST_BLOCK
from uploads.limits import UPLOAD_IDLE_SECONDS

MIB = 1 << 20


def parts(node):
    """The files of uploads that are not whole yet."""
    return list((node.folder / "uploads" / "incoming").iterdir())


def written(node):
    """How much of the only upload the server has written."""
    return max((path.stat().st_size for path in parts(node)), default=0)


def wait_for(question, seconds=120):
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("reset", [False, True], ids=["FIN", "RST"])
def test_it_keeps_every_byte_of_a_client_that_vanished(node, reset):
    data = random.Random(5).randbytes(12 * MIB)
    with node.client() as client:
        location = begin(client, len(data))
        kept = 3 * MIB + 12_345
        patch = RawPatch(node, location, len(data)).send(data[:kept])
        wait_for(lambda: written(node) >= kept - LARGEST_BLOCK)
        patch.vanish(reset)
        if not reset:  # after a reset the kernel itself forgets what was not read yet
            wait_for(lambda: written(node) == kept)
        offset = offset_of(client, location)
        assert kept - (LARGEST_BLOCK if reset else 0) <= offset <= kept
        assert send(client, location, offset, data[offset:]).status_code == 204
        assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()


def test_it_lets_a_newer_request_take_over_a_stalled_one(node):
    data = random.Random(6).randbytes(2 * MIB)
    with node.client() as client:
        location = begin(client, len(data))
        stalled = RawPatch(node, location, len(data)).send(data[:MIB])
        wait_for(lambda: written(node) >= MIB - LARGEST_BLOCK)
        began = time.monotonic()
        kept = offset_of(client, location)
        assert time.monotonic() - began < UPLOAD_IDLE_SECONDS / 2
        assert kept > MIB - MIB // 4
        assert send(client, location, kept, data[kept:]).status_code == 204
        stalled.send(b"?" * MIB)  # what the old connection brings now is dropped
        assert stalled.status() == 408
        assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()
        stalled.vanish()


def test_it_serves_others_while_forty_uploads_stall(node):
    with node.client() as client:
        other = begin(client, 10)
        stalled = [RawPatch(node, begin(client, MIB), MIB).send(b"x" * 65536) for _ in range(40)]
        wait_for(lambda: sum(path.stat().st_size >= FIRST_BLOCK for path in parts(node)) == 40)
        began = time.monotonic()
        assert offset_of(client, other) == 0
        assert time.monotonic() - began < UPLOAD_IDLE_SECONDS / 2
        for patch in stalled:
            patch.send(b"x" * (MIB - 65536))
        assert [patch.status() for patch in stalled] == [204] * 40
        for patch in stalled:
            patch.vanish()


def test_it_never_takes_one_byte_twice_from_racing_requests(node):
    data = random.Random(7).randbytes(4 * MIB)
    with node.client() as client:
        location = begin(client, len(data))

    def push():
        with node.client() as own:
            for _ in range(200):
                at = offset_of(own, location)
                if at == len(data):
                    return
                # A refusal in the middle of a body may cost the connection; clients go on from HEAD.
                with contextlib.suppress(httpx.TransportError):
                    send(own, location, at, data[at : at + MIB // 2])

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with node.client() as client:
        told = client.get(location).json()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert [line.split()[0] for line in node.handled()].count(told["uid"]) == 1


def test_it_goes_on_after_a_kill_at_any_byte(own_node):
    data = random.Random(8).randbytes(3 * MIB)
    rng = random.Random(9)
    with own_node.client() as client:
        location = begin(client, len(data))
    sent = 0
    for _ in range(3):
        with own_node.client() as client:
            at = offset_of(client, location)
            part = rng.randrange(1, MIB)
            patch = RawPatch(own_node, location, len(data) - at, offset=at).send(data[at : at + part])
            sent += part
            time.sleep(rng.random() / 4)
        own_node.kill()
        patch.vanish()
        # What a dying process wrote past its last commit was never promised.
        path = own_node.folder / "uploads" / "incoming" / location.split("/")[-2]
        with path.open("ab") as file:
            file.write(b"torn" * MIB)
        own_node.start()
    with own_node.client() as client:
        at = offset_of(client, location)
        assert send(client, location, at, data[at:]).status_code == 204
        assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()


def test_it_finishes_an_upload_that_was_killed_before_its_end(own_node):
    """GIVEN every byte is durable, but the process died between the rename and the commit."""
    data = b"finish me" * 1000
    with own_node.client() as client:
        location = begin(client, len(data))
        uid = location.split("/")[-2]
        assert send(client, location, 0, data[:-1]).status_code == 204
    own_node.kill()
    incoming = own_node.folder / "uploads" / "incoming" / uid
    with incoming.open("ab") as file:
        file.write(data[-1:])
    (own_node.folder / "uploads" / "complete").mkdir(exist_ok=True)
    incoming.rename(own_node.folder / "uploads" / "complete" / uid)
    with sqlite3.connect(own_node.folder / "db.sqlite3") as base:
        base.execute("update uploads_upload set offset = length where uid = ?", [uid])
    base.close()
    own_node.start()
    with own_node.client() as client:
        assert offset_of(client, location) == len(data)
        told = client.get(location).json()
    assert (told["state"], told["sha256"]) == ("handled", hashlib.sha256(data).hexdigest())
    assert len(own_node.handled()) == 1


def test_it_refuses_to_go_on_when_the_file_is_shorter_than_promised(own_node):
    with own_node.client() as client:
        location = begin(client, 100)
        assert send(client, location, 0, b"x" * 60).status_code == 204
        os.truncate(own_node.folder / "uploads" / "incoming" / location.split("/")[-2], 50)
        answer = send(client, location, 60, b"x" * 40)
        assert (answer.status_code, answer.json()["code"]) == (410, "upload_damaged")


def test_it_gives_up_a_body_that_stops_and_keeps_what_came(blank, tmp_path):
    shutil.copytree(blank, tmp_path / "data")
    (tmp_path / "quick.py").write_text(f"from {DS['DJANGO_SETTINGS_MODULE']} import *\nPPE_UPLOAD_IDLE_SECONDS = 0.5\n")
    paths = f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"
    node = UploadNode(tmp_path / "data", DJANGO_SETTINGS_MODULE="quick", PYTHONPATH=paths).start()
    try:
        with node.client() as client:
            location = begin(client, MIB)
            patch = RawPatch(node, location, MIB).send(b"x" * 700_000)
            wait_for(lambda: client.get(location).json()["offset"] > 700_000 - MIB // 4)
            kept = offset_of(client, location)
            assert send(client, location, kept, b"x" * (MIB - kept)).status_code == 204
            assert client.get(location).json()["state"] == "handled"
            patch.vanish()
    finally:
        node.kill()


@pytest.mark.parametrize("server", ["wsgiref", "gunicorn"])
def test_it_works_on_other_threaded_servers(blank, tmp_path, server):
    """gunicorn's gthread is the drop-in for granian: it keeps every byte of a client that vanished, too."""
    data = random.Random(10).randbytes(2 * MIB)
    shutil.copytree(blank, tmp_path / "data")
    node = UploadNode(tmp_path / "data", server=server).start()
    try:
        with node.client() as client:
            location = begin(client, len(data))
            RawPatch(node, location, len(data)).send(data[:700_001]).vanish()
            wait_for(lambda: offset_of(client, location) == 700_001)
            assert send(client, location, 700_001, data[700_001:]).status_code == 204
            assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()
    finally:
        node.kill()
