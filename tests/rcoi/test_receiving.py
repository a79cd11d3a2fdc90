"""Network and flash drive, in any order, any number of times: one effect, one receipt."""

import threading

import pytest
from django.db import connection

from audit.log import SYSTEM
from audit.models import Event
from common import files
from keys import trust
from rcoi.models import FeedEntry, InboxChannel, InboxFinding, InboxPacket, IssuedReceipt
from rcoi.receiving import channels
from rcoi.states import InboxState
from stations.models import Mode
from tests.rcoi.conftest import arrive, receive, sha256
from wire.documents import feed as wire_feed
from wire.documents import receipt as wire_receipt
from wire.packet import volumes as pieces

pytestmark = pytest.mark.django_db


def receipts(row):
    return [wire_receipt.read(bytes(each.body), trust.trust_store()) for each in row.receipts.order_by("number")]


def test_it_gives_a_delivered_receipt_and_keeps_the_bytes(point):
    path = point.blanks()
    row = receive(path)
    assert row.state == InboxState.RECEIVED
    assert (row.uid, row.kind, row.room, row.sitting) == (row.header["uid"], "blanks", "0101", point.day.sitting)
    assert [signer["role"] for signer in row.signers] == ["hq", "gek"] or {s["role"] for s in row.signers} == {
        "hq",
        "gek",
    }
    (said,) = receipts(row)
    assert (said.level, said.uid, said.sha256, said.point) == ("delivered", row.uid, sha256(path), "0001")
    entry = FeedEntry.objects.get()
    item = wire_feed.read(bytes(entry.body), trust.trust_store())
    assert (item.number, item.prev, item.kind) == (1, "", "receipt")


def test_it_has_one_effect_however_often_the_same_bytes_come(point):
    path = point.blanks()
    first = receive(path)
    body = bytes(IssuedReceipt.objects.get().body)
    for way in (InboxChannel.NETWORK, InboxChannel.FLASH, InboxChannel.NETWORK):
        assert receive(path, door=way, sender=point.identity).pk == first.pk
    assert InboxPacket.objects.count() == IssuedReceipt.objects.count() == FeedEntry.objects.count() == 1
    assert bytes(IssuedReceipt.objects.get().body) == body


def test_it_refuses_a_fork_of_the_sequence(point):
    first = receive(point.blanks("0101"))
    second = point.blanks("0102", sequence=1)
    row = receive(second)
    assert row.state == InboxState.REJECTED
    assert row.reasons[0]["code"] == "sequence_fork"
    assert row.uid is None
    assert row.claimed_uid
    (said,) = receipts(row)
    assert (said.level, said.uid) == ("rejected", row.claimed_uid)
    assert InboxPacket.objects.get(pk=first.pk).state == InboxState.RECEIVED
    assert Event.objects.filter(kind="rcoi.refused").count() == 1


def test_it_refuses_other_bytes_under_a_known_uid(point):
    first = receive(point.blanks("0101"))
    row = receive(point.blanks("0102", uid=first.uid))
    assert row.reasons[0]["code"] == "uid_taken"


def test_it_refuses_a_packet_without_the_gek_member(point):
    row = receive(point.blanks(signers=[point.hq]))
    assert row.state == InboxState.REJECTED
    assert row.reasons[0]["code"] == "foreign_signer"
    assert "gek" in row.reasons[0]["ru"]


def test_it_takes_a_status_signed_by_the_node_alone(point):
    assert receive(point.status("exams_finished")).state == InboxState.RECEIVED


def test_it_refuses_the_other_mode(point, settings):
    settings.PPE_MODE = Mode.TRAINING
    assert receive(point.blanks()).reasons[0]["code"] == "wrong_mode"


def test_it_refuses_an_unknown_room_and_a_foreign_sender(point):
    assert receive(point.blanks("0777")).reasons[0]["code"] == "unknown_sitting"
    other = type(point.identity)(point.identity.role, "78", "0999", point.identity.ident)
    assert receive(point.blanks(), sender=other).reasons[0]["code"] == "foreign_point"


@pytest.mark.parametrize("cut", [0, 10, -1, -4000])
def test_it_refuses_a_torn_file(point, tmp_path, cut):
    data = point.blanks().read_bytes()
    torn = tmp_path / "torn.ppe"
    torn.write_bytes(data[:cut] if cut else b"")
    row = receive(torn, sender=point.identity)
    assert row.state == InboxState.REJECTED
    (said,) = receipts(row)
    assert (said.level, said.point) == ("rejected", "0001")


def test_it_refuses_flipped_bytes_of_content_header_and_signature(point, tmp_path):
    data = point.blanks().read_bytes()
    for place in (500, data.index(b"packet.json") + 60, len(data) - 900):
        bad = tmp_path / f"bad-{place}.ppe"
        bad.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert receive(bad).state == InboxState.REJECTED, place
    assert not InboxPacket.objects.exclude(state=InboxState.REJECTED).exists()


def test_it_shows_a_gap_until_the_packet_comes(point):
    first, second, third = point.blanks("0101"), point.blanks("0102"), point.blanks("0103")
    receive(first)
    row = receive(third)
    assert [each.code for each in row.findings.all()] == ["sequence_gap"]
    assert "2" in row.findings.get().text.ru
    receive(second)
    assert not InboxFinding.objects.filter(code__in=("sequence_gap", "chain_broken")).exists()


def test_it_numbers_receipts_and_chains_the_feed(point):
    for room in ("0101", "0102", "0103"):
        arrive(point.blanks(room))
    assert list(IssuedReceipt.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    blobs = [bytes(entry.body) for entry in FeedEntry.objects.order_by("number")]
    wire_feed.follow([(blob, wire_feed.read(blob, trust.trust_store())) for blob in blobs])


@pytest.mark.django_db(transaction=True)
def test_it_has_one_effect_when_all_come_at_once(point):
    paths = [point.blanks("0101"), point.blanks("0102")]
    failures = []

    def bring(path):
        try:
            receive(path)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=bring, args=(path,)) for path in paths * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert InboxPacket.objects.count() == IssuedReceipt.objects.count() == 2


def test_a_packet_in_pieces_is_joined_and_has_the_same_effect_as_whole(point, flash_dir):
    path = point.blanks()
    pieces.write(path, flash_dir, path.name, limit=path.stat().st_size // 2 - 1)
    torn = flash_dir / f"{path.name}.2of3"
    kept = torn.read_bytes()
    torn.unlink()
    (missing,) = channels.import_folder(folder=str(flash_dir), actor=SYSTEM)
    assert missing.refusal.code == "pieces_missing"
    assert "2 из 3" in missing.line
    assert not InboxPacket.objects.exists()
    torn.write_bytes(kept)
    (taken,) = channels.import_folder(folder=str(flash_dir), actor=SYSTEM)
    assert (taken.refusal, taken.packet.sha256) == (None, sha256(path))
    assert receive(path) == taken.packet
    cut = [(each.name, each) for each in sorted(flash_dir.iterdir())]
    (again,) = channels.import_files(files=cut, actor=SYSTEM)
    assert (again.again, again.packet) == (True, taken.packet)
    assert not list(files.folder("tmp").iterdir())
