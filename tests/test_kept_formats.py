"""What version 0.1 wrote is accepted by today's code: `tests/data/wire-0.1` says how it was made."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from audit.log import SYSTEM, Actor
from journals import forms, intake
from journals.models import JournalChannel as JournalDoor
from keys import access, node, trust
from keys import package as exam_package
from keys.tokens import list_tokens, open_token
from ppe_portal import first_run
from rcoi.models import InboxChannel, InboxSheet
from rcoi.receiving import channels, inbox
from rcoi.receiving.opening import open_packet
from rcoi.states import InboxState
from station_client.cli import main
from stations import registry
from stations.models import ExamPoint, Role, Sitting
from tests.support import factories
from transfers import feed
from transfers.models import FeedRecord, ReceiptRecord
from wire.documents import feed as wire_feed
from wire.documents import package as wire_package
from wire.forms import check_number

KEPT = Path(__file__).parent / "data" / "wire-0.1"
PACKAGE = KEPT / "EXAM_78_0001_281126_v1.zip"
KEY = KEPT / "KEY_78_0001_281126_01_v1.p7m"
FEED = KEPT / "FEED_78_0001.jsonl"
PIN = "01154881"
#: Packets in the order in which they were signed: a status, the room, the forms, the last status.
PACKETS = sorted(KEPT.glob("PACKET_*.ppe"), key=lambda path: path.stem.split("_")[-2])
RECEIPTS = sorted((KEPT / "receipts").iterdir())

pytestmark = pytest.mark.usefixtures("that_evening")


@pytest.fixture
def that_evening():
    """The evening on which the artefacts were made, an hour after."""
    with time_machine.travel(datetime(2026, 11, 28, 15, 45, tzinfo=UTC)):
        yield


def keep_keys(*names: str) -> None:
    for name in names:
        (node.folder() / name).write_bytes((KEPT / "keys" / name).read_bytes())


@pytest.fixture
def point(db, data_dir, settings):
    """Today's node of the point with the keys of the one that sent these packets, after it took in its exam package."""
    settings.PPE_MODE = "training"
    keep_keys("node.key", "station.key")
    first_run.identify_hq(region="78", points="0001", station="01")
    data = PACKAGE.read_bytes()
    exam_package.import_package(data, confirmed_fingerprint=exam_package.preview(data).ca_fingerprint, actor=SYSTEM)
    return ExamPoint.objects.get(region__code="78", code="0001")


@pytest.fixture
def centre(rcoi_node, data_dir, settings):
    """Today's centre with the key of the one that took these packets, its registry and certificates."""
    settings.PPE_MODE = "training"
    keep_keys("rcoi.key")
    package, _by = wire_package.read(PACKAGE.read_bytes(), trust=None)
    trust.store_certificate(package.authority)
    registry.import_registry(json.loads((KEPT / "registry.json").read_text("utf-8")), actor=SYSTEM)
    certificates = exam_package._certificates((*package.certificates, *package.rcoi, *package.access))
    trust.store_certificates(certificates, trust=trust.trust_store())
    trust.import_crl(der=package.crl, actor=SYSTEM)
    channels.connect()


def verify(*words: object) -> int:
    return main(["--lang", "en", "verify", *map(str, words)])


@pytest.mark.parametrize(
    "path", [PACKAGE, *PACKETS, *RECEIPTS, *KEPT.glob("END_*.dat")], ids=lambda path: path.name[:40]
)
def test_the_station_verifies_a_kept_file_and_refuses_it_with_one_byte_changed(path, tmp_path, capsys):
    assert verify("--package", PACKAGE, path) == 0, capsys.readouterr().out
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / path.name).write_bytes(data)
    assert verify("--package", PACKAGE, tmp_path / path.name) != 0


def test_the_station_verifies_a_kept_voice_journal(capsys):
    package, journal = sorted((KEPT / "oral").iterdir(), key=lambda path: path.suffix, reverse=True)
    assert verify("--package", package, journal) == 0, capsys.readouterr().out


def test_a_point_accepts_kept_journals_and_opens_their_numbers_with_the_kept_key(point, settings):
    settings.PPE_TOKEN_DIRS = [KEPT / "keys"]
    user = factories.make_user("technician", "Иванов Пётр Ильич", Role.TECHNICAL_SPECIALIST, point=point)
    operator = Actor("Иванов Пётр Ильич", "page", user_id=user.pk)
    rows = {}
    for path in KEPT.glob("END_*.dat"):
        verdict = intake.ingest(data=path.read_bytes(), name=path.name, door=JournalDoor.FLASH, actor=operator)
        assert verdict.state == "accepted", verdict.line
        rows[verdict.journal.kind] = verdict.journal
    key = access.load(data=KEY.read_bytes(), name=KEY.name, actor=operator)
    (drive,) = list_tokens()
    token = open_token(token=drive.id, pin=PIN, point=point, actor=operator)
    access.activate(access_key=key, token=token, actor=operator)
    forms.open_all(Sitting.objects.get())
    assert set(rows) == {"print", "scan"}
    numbers = [sheet.number for each in rows["print"].sets.all() for sheet in each.sheets.all()]
    assert len(numbers) == 12
    assert all(check_number(number) for number in numbers)


def test_a_point_takes_a_kept_feed_and_its_receipts_once(point):
    items = wire_feed.read_bundle(FEED.read_bytes())
    assert feed.take_items(point=point, items=items, door="flash", actor=SYSTEM) == len(items) == 9
    assert feed.take_items(point=point, items=items, door="flash", actor=SYSTEM) == 0
    assert not FeedRecord.objects.exclude(problem="").exists()
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in RECEIPTS}
    assert digests <= set(ReceiptRecord.objects.values_list("sha256", flat=True))


def test_a_centre_acknowledges_kept_packets_sheet_by_sheet(centre):
    for path in PACKETS:
        row = inbox.receive(path=path, name=path.name, door=InboxChannel.FLASH, actor=SYSTEM)
        open_packet(row.pk)
        row.refresh_from_db()
        assert row.state == InboxState.ACKNOWLEDGED, (path.name, row.reasons)
        assert inbox.receive(path=path, name=path.name, door=InboxChannel.FLASH, actor=SYSTEM) == row
        if row.kind == "blanks":
            assert InboxSheet.objects.filter(packet=row).count() == 8
