"""An HQ of two real machines and a real centre: packets go out by drive and line, the answers come back by drive."""

import pytest

from demo.nodes import DemoNode, free_port
from tests.proofs.nodes import SETTINGS, Pair
from tests.support.proving import SEED

pytestmark = [pytest.mark.prove, pytest.mark.timeout(400)]

KIB = 1 << 10
SIZES = [KIB, 300 * KIB, 20 * KIB]


@pytest.fixture
def flash(tmp_path):
    folder = tmp_path / "flash"
    folder.mkdir()
    return folder


@pytest.fixture
def pair(tmp_path, flash):
    made = Pair(tmp_path, SEED, settings={"PPE_FLASH_DIRS": str(flash)})
    # The scanning station is off the network, and not even started: everything is done at its drive.
    made.hq.settings = {**made.hq.settings, "PPE_RCOI_URL": ""}
    yield made
    made.stop()


@pytest.fixture
def second(tmp_path, pair, flash):
    settings = {**SETTINGS, "PPE_FLASH_DIRS": str(flash), "PPE_RCOI_URL": pair.rcoi.url}
    made = DemoNode("hq", tmp_path / "second", tmp_path / "logs-second", free_port(), settings=settings)
    made.data.mkdir()
    yield made
    made.stop()


def test_packets_by_drive_and_line_and_the_answers_back(pair, second, flash, tmp_path):
    pair.prepare(SIZES)
    pair.manage(second, "migrate", "-v0")
    pair._python(second, "tests.proofs.seed_second", str(tmp_path / "papers"))
    at_the_drive = "tests.proofs.at_the_drive"
    assert "прочитано обратно: 3" in pair._python(pair.hq, at_the_drive, "write", str(flash))
    assert pair.states() == {"handed_over": 3}
    assert "Принято пакетов: 3." in pair._python(second, at_the_drive, "take", str(flash))
    assert "Уже были здесь: 3." in pair._python(second, at_the_drive, "take", str(flash))
    for node in (pair.rcoi, second):
        node.start()
    for node in (pair.rcoi, second):
        node.wait()
    done = "select count(*) from transfers_packet where state = 'acknowledged' and imported"
    assert pair.wait(lambda: pair.rows(second, done)[0][0] == 3, 150), pair.story()
    told = "select count(*) from transfers_feedrecord"
    assert pair.wait(lambda: pair.rows(second, told)[0][0] == 6, 30), "two receipts for each packet"
    pair._python(second, at_the_drive, "answers", str(flash))
    assert "Новых записей ленты: 6" in pair._python(pair.hq, at_the_drive, "read", str(flash))
    assert pair.all_acknowledged(), pair.states()
    pair.assert_one_effect_each()
    alarms = "select count(*) from audit_event where kind = 'transfers.foreign_receipt'"
    assert pair.rows(pair.hq, alarms)[0][0] == pair.rows(second, alarms)[0][0] == 0
    for node in (pair.hq, second, pair.rcoi):
        pair.manage(node, "audit_verify")
