"""Two real nodes on a day when the disks fill up, or when one clock is a day off."""

import sys
from pathlib import Path

import pytest

from tests.proofs.nodes import Pair
from tests.proofs.volumes import Droughts, Volume
from tests.support.needs import missing
from tests.support.proving import SEED
from uploads.limits import UPLOAD_DISK_RESERVE

pytestmark = [pytest.mark.prove, pytest.mark.timeout(400)]

KIB, MIB = 1 << 10, 1 << 20
SIZES = [KIB, 3 * MIB, 200 * KIB, 2 * MIB, 5 * MIB, *[100 * KIB] * 5]
FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))


@pytest.fixture
def pair(tmp_path):
    made = Pair(tmp_path, SEED)
    yield made
    made.stop()


@pytest.fixture
def volumes(tmp_path):
    made = [Volume(tmp_path / kind, (UPLOAD_DISK_RESERVE >> 20) + 96) for kind in ("hq", "rcoi")]
    yield made
    for each in made:
        each.close()


def whole(pair, seconds):
    assert pair.wait(pair.all_acknowledged, seconds), pair.story()
    pair.assert_one_effect_each()


def troubles(pair):
    return {code for (code,) in pair.rows(pair.hq, "select last_error_code from transfers_packet")} - {""}


def test_a_centre_without_room_says_507_and_goes_on_when_there_is_some(volumes, pair):
    _hq, rcoi = volumes
    pair.prepare(SIZES)
    rcoi.fill(leave=UPLOAD_DISK_RESERVE - MIB)
    pair.start()
    words = (
        "select count(*) from transfers_packet"
        " where cast(last_error as text) like '%не хватает места%' and state <> 'stuck'"
    )
    assert pair.wait(lambda: pair.rows(pair.hq, words)[0][0] >= 2, 60), pair.story()
    assert pair.rows(pair.rcoi, "select count(*) from uploads_upload")[0][0] == 0, "507 comes before the first byte"
    assert pair.proxy.sent == 0
    assert troubles(pair) <= {"transfer_later", "transfer_not_logged_in"}, "a full disk is never a refusal for good"
    rcoi.empty()
    whole(pair, 120)


def test_disks_filled_to_the_last_byte_lose_nothing(volumes, pair, record_property):
    pair.prepare(SIZES, "status")
    pair.start()
    droughts = Droughts(volumes, SEED, times=8)
    droughts.start()
    pair.wait(lambda: droughts.happened == 8, 120)
    droughts.stop()
    for each in volumes:
        each.empty()
    sys.stdout.write(f"\nseed {SEED}: {droughts.happened} droughts, {dict(pair.states())}, {troubles(pair)}\n")
    record_property("droughts", droughts.happened)
    whole(pair, 150)
    for node in (pair.hq, pair.rcoi):
        assert pair.rows(node, "pragma integrity_check") == [("ok",)]
        pair.manage(node, "audit_verify")


@pytest.mark.parametrize("ahead", ["hq", "rcoi"])
def test_clocks_a_day_apart_change_nothing_but_are_told(pair, ahead):
    if not FAKETIME:
        missing("faketime")
    pair.prepare(SIZES, "status")
    node = getattr(pair, ahead)
    node.settings = {**node.settings, "LD_PRELOAD": str(FAKETIME[0]), "FAKETIME": "+1d"}
    pair.start()
    whole(pair, 150)
    skews = pair.rows(pair.rcoi, "select count(*) from rcoi_inboxfinding where code = 'clock_skew'")[0][0]
    assert bool(skews) is (ahead == "hq"), "a packet from the future is remarked upon"
