"""The hash that runs along with an upload is that of the stored file, whoever took which of its bytes."""

import hashlib
import random
import shutil

import pytest

from tests.support.upload_node import UploadNode
from tests.uploads.conftest import begin, send
from uploads.digests import RunningDigests

MIB = 1 << 20


def test_a_hash_goes_on_only_from_its_own_offset():
    kept = RunningDigests(most=2)
    first = kept.take("a", 0)
    first.update(b"abc")
    kept.keep("a", 3, first)
    assert kept.take("a", 3) is first
    assert kept.take("a", 3) is None, "it is taken out: two requests never share one"
    kept.keep("a", 3, first)
    assert kept.take("a", 4) is None
    assert kept.take("a", 3) is None, "a hash that did not fit is of no more use"
    for uid in "bcd":
        kept.keep(uid, 1, hashlib.sha256(uid.encode()))
    assert kept.take("b", 1) is None
    assert kept.take("d", 1).hexdigest() == hashlib.sha256(b"d").hexdigest()


def test_the_first_byte_begins_anew():
    kept = RunningDigests()
    stale = kept.take("a", 0)
    stale.update(b"of an attempt that was cut back")
    kept.keep("a", 0, stale)
    assert kept.take("a", 0).hexdigest() == hashlib.sha256().hexdigest()


@pytest.mark.slow
def test_two_workers_that_take_turns_give_the_right_hash(blank, tmp_path):
    """Each piece by a connection of its own, some of them wrong and cut back: the hash is that of the whole."""
    shutil.copytree(blank, tmp_path / "data")
    node = UploadNode(tmp_path / "data", workers=2).start()
    data, piece = random.Random(11).randbytes(3 * MIB), 256 << 10
    wrong = {"Upload-Checksum": "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    try:
        with node.client() as client:
            location = begin(client, len(data))
        for number, at in enumerate(range(0, len(data), piece)):
            with node.client() as own:
                if number % 3 == 1:
                    assert send(own, location, at, bytes(piece), **wrong).status_code == 460
                assert send(own, location, at, data[at : at + piece]).status_code == 204
        with node.client() as client:
            assert client.get(location).json()["sha256"] == hashlib.sha256(data).hexdigest()
    finally:
        node.kill()
