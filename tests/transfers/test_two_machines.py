"""An HQ of two machines: the scanning station off the network makes packets, this node delivers them and hands back."""

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from audit.log import SYSTEM
from audit.models import Event
from common import files
from day import closing, evaluate
from tests.transfers.conftest import ACTOR, fresh
from tests.transfers.test_two_nodes import centre, empty_centre, settle  # noqa: F401 (fixtures)
from transfers import feed, flash, importing, outbox, receipts
from transfers.errors import ForeignPacketError, NothingOnFlashError
from transfers.models import FeedCursor, FeedRecord, HistoryEntry, Packet, ReceiptRecord
from transfers.newest import newest_packets
from wire.cms import Signer
from wire.errors import PpeError
from wire.packet import PacketHeader, TarFile, append_signature, read_header, write_content
from wire.packet import volumes as pieces
from wire.pki import CertificateRole

OTHER = "0198b0c4-0000-7000-8000-0000000000cc"


@pytest.fixture
def scanner(hq, flash_dir):
    """What the offline machine puts onto the drive: packets signed by a node key of its own and the GEK member."""
    node = hq.keys.certify(CertificateRole.HQ, OTHER, name="Станция сканирования штаба", keep=False)
    state = SimpleNamespace(sequence=0, prev="", made=[])

    def make(room="0101", kind="blanks", *, node_signer: Signer = node, **fields):
        state.sequence += 1
        sheet = files.folder("tmp") / f"sheet-{state.sequence}.tif"
        sheet.write_bytes(b"II*\0" + bytes(4000))
        part = files.folder("tmp") / f"made-{state.sequence}.ppe"
        content = write_content(
            part, files=[TarFile("sheets/0001.tif", "sheet", sheet)], recipients=[hq.keys.certificates["rcoi-01"]]
        )
        said = {
            "uid": f"0198b0c4-0000-7000-8000-{state.sequence:012d}",
            "version": 1,
            "part": 1,
            "parts": 1,
            "kind": kind,
            "mode": "live",
            "region": "78",
            "point": "0001",
            "date": hq.sitting.date,
            "subject": "01",
            "sitting": hq.sitting.key,
            "room": room,
            "counts": {"sheets": 1},
            "content_sha256": content.sha256,
            "content_size": content.size,
            "recipients": ("0" * 64,),
            "node": OTHER,
            "sequence": state.sequence,
            "prev": state.prev,
            "created_at": datetime.now(UTC),
        } | fields
        header = PacketHeader(**said)
        gek = hq.keys.signer(f"gek-{hq.keys.gek_uid}")
        state.prev = append_signature(part, content=content, header=header, signers=[node_signer, gek])
        path = flash_dir / f"PACKET_{state.sequence}.ppe"
        part.replace(path)
        state.made.append(path)
        return path

    make.state = state
    return make


def take(hq, flash_dir):
    return importing.import_folder(folder=str(flash_dir), point=hq.point, actor=ACTOR)


def test_a_packet_of_the_other_machine_starts_at_queued_and_is_the_same_file(hq, scanner, flash_dir):
    path = scanner()
    taken = take(hq, flash_dir)
    (packet,) = taken.fresh
    packet = fresh(packet)
    assert (packet.state, packet.imported, packet.node, packet.sequence) == ("queued", True, OTHER, 1)
    assert packet.file.read_bytes() == path.read_bytes()
    assert packet.signed_by == hq.keys.open_token().name
    assert Event.objects.filter(kind="transfers.packet_imported").count() == 1
    again = take(hq, flash_dir)
    assert (again.fresh, again.known) == ([], [packet])
    assert newest_packets(hq.sitting) == [packet]


def test_own_numbers_and_names_go_on_beside_those_of_the_other_machine(hq, scanner, flash_dir):
    scanner()
    take(hq, flash_dir)
    hq.close("0102")
    own = hq.signed("0102")
    assert (own.sequence, own.version) == (1, 1)
    report = flash.write(packets=Packet.objects.all(), folder=str(flash_dir), actor=ACTOR)
    assert not report.failed


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"region": "77"}, None),
        ({"mode": "training"}, "foreign_packet"),
        ({"room": "0999"}, "foreign_packet"),
        ({"node": "0198b0c4-0000-7000-8000-0000000000dd"}, None),
    ],
)
def test_what_is_not_of_this_point_and_day_stays_outside(hq, scanner, flash_dir, fields, code):
    try:
        scanner(**fields)
    except PpeError:
        return  # the format itself refuses to say it
    taken = take(hq, flash_dir)
    assert len(taken.failed) == 1
    assert code in (None, taken.failed[0][1].code)
    assert not Packet.objects.exists()


def test_torn_forged_and_repeated_ones_never_stop_the_others(hq, scanner, flash_dir):
    good = scanner("0101")
    torn = scanner("0102")
    torn.write_bytes(torn.read_bytes()[:-700])
    flipped = scanner("0103")
    data = bytearray(flipped.read_bytes())
    data[len(data) // 3] ^= 1
    flipped.write_bytes(data)
    (flash_dir / "junk.ppe").write_bytes(b"junk")
    (flash_dir / "copy.ppe").write_bytes(good.read_bytes())
    taken = take(hq, flash_dir)
    assert (len(taken.fresh), len(taken.known), len(taken.failed)) == (1, 1, 3)
    assert not list(files.folder("tmp").glob("*.ppe"))
    stranger = hq.keys.certify(CertificateRole.HQ, OTHER, point="0002", keep=False)
    scanner("0104", node_signer=stranger)
    assert len(take(hq, flash_dir).failed) == 4
    (flash_dir / "empty").mkdir()
    with pytest.raises(NothingOnFlashError):
        importing.import_folder(folder=str(flash_dir / "empty"), point=hq.point, actor=ACTOR)


def test_a_confirmed_packet_of_the_other_machine_does_not_hide_an_own_one_of_the_room(hq, scanner, flash_dir):
    hq.close("0101")
    own = hq.signed("0101")
    scanner("0101")
    (other,) = take(hq, flash_dir).fresh
    hq.acknowledge(fresh(other))
    (owed,) = [
        each
        for each in evaluate.evaluate(hq.point, hq.sitting.date).sitting(hq.sitting.key).of("packet")
        if each.place == "0101"
    ]
    assert (owed.settled, str(fresh(own).state)) == (False, "queued")
    hq.acknowledge(fresh(own))
    (settled,) = [
        each
        for each in evaluate.evaluate(hq.point, hq.sitting.date).sitting(hq.sitting.key).of("packet")
        if each.place == "0101"
    ]
    assert settled.settled


def owed_of(hq, place):
    (row,) = [
        each
        for each in evaluate.evaluate(hq.point, hq.sitting.date).sitting(hq.sitting.key).of("packet")
        if each.place == place
    ]
    return row


@pytest.mark.parametrize("later", ["own", "other"])
def test_a_later_version_of_one_machine_counts_no_packet_of_the_other_as_sent(hq, scanner, flash_dir, later):
    hq.close("0101")
    own = hq.signed("0101")
    scanner("0101", version=7)
    (other,) = take(hq, flash_dir).fresh
    if later == "own":
        Packet.objects.filter(pk=own.pk).update(version=9)
    sent, unsent = (own, other) if later == "own" else (other, own)
    hq.acknowledge(fresh(sent))
    assert set(newest_packets(hq.sitting)) == {own, other}
    assert not owed_of(hq, "0101").settled
    facts = closing._Facts(hq.sitting, evaluate.evaluate(hq.point, hq.sitting.date))
    assert [each.uid for each in facts.unconfirmed] == [unsent.uid]


def test_forms_of_a_machine_that_did_not_know_the_hq_hide_no_own_ones(hq, scanner, flash_dir):
    hq.close_hq()
    own = hq.signed("HQ", "forms")
    scanner(None, "forms", version=4)
    (other,) = take(hq, flash_dir).fresh
    Packet.objects.filter(pk=other.pk).update(room=None)
    hq.acknowledge(fresh(other))
    assert not owed_of(hq, "HQ").settled
    exam = evaluate.evaluate(hq.point, hq.sitting.date).sitting(hq.sitting.key).exam
    assert [each.uid for each in exam.beside] == [other.uid]
    hq.acknowledge(fresh(own))
    assert owed_of(hq, "HQ").settled


def test_what_travels_hides_nothing_that_waits_for_a_person(hq, scanner, flash_dir):
    hq.close("0101")
    hq.sealed("0101")
    scanner("0101", version=7)
    take(hq, flash_dir)
    assert (owed_of(hq, "0101").state, owed_of(hq, "0101").rule) == ("open", "transfers.sign")


def test_a_number_of_the_other_machine_taken_twice_is_a_fork(hq, scanner, flash_dir):
    scanner("0101")
    take(hq, flash_dir)
    scanner("0102", sequence=1)
    taken = take(hq, flash_dir)
    assert isinstance(taken.failed[0][1], ForeignPacketError)


def test_a_rejection_is_the_other_machines_task(hq, scanner, flash_dir):
    scanner("0101")
    (packet,) = take(hq, flash_dir).fresh
    receipts.ingest(document=hq.receipt(packet, "rejected"), point=hq.point, door="answer")
    assert fresh(packet).state == "rejected"
    assert not Event.objects.filter(kind="scanning.card_reopened").exists()


def test_pieces_of_a_packet_are_joined_and_each_missing_one_is_named(hq, scanner, flash_dir, monkeypatch):
    path = scanner("0101")
    data, name = path.read_bytes(), path.name
    path.unlink()
    step = len(data) // 3 + 1
    for number in range(3):
        piece = flash_dir / pieces.volume_name(name, number + 1, 3)
        piece.write_bytes(data[number * step : (number + 1) * step])
    middle = flash_dir / pieces.volume_name(name, 2, 3)
    kept = middle.read_bytes()
    middle.unlink()
    (failed,) = take(hq, flash_dir).failed
    assert "2 из 3" in failed[1].text("ru")
    middle.write_bytes(kept)
    (packet,) = take(hq, flash_dir).fresh
    assert hashlib.sha256(data).hexdigest() == fresh(packet).sha256


@pytest.mark.slow
def test_packet_out_and_answer_back_through_a_real_centre(hq, scanner, flash_dir, centre):  # noqa: F811
    """Two machines and a centre: made by one, delivered by the other, the answer carried back to the first."""
    hq.close("0101", people=2)
    made = hq.signed("0101")
    flash.write(packets=[made], folder=str(flash_dir), actor=ACTOR)
    assert fresh(made).state == "handed_over"
    # The other machine of the HQ: the same registry and trust, none of the first one's packets, a key of its own.
    first = dict(Packet.objects.filter(pk=made.pk).values().get())
    HistoryEntry.objects.all().delete()
    Packet.objects.all().delete()
    hq.keys.certify(CertificateRole.HQ, OTHER, name="Станция авторизации")
    (packet,) = take(hq, flash_dir).fresh
    outbox.work(packet.pk)
    settle(hq, packet, "acknowledged")
    assert read_header(packet.file).uid == first["uid"]
    path = flash.write_answers(folder=str(flash_dir), point=hq.point, actor=ACTOR)
    # Back at the first machine, which has read nothing of the feed yet.
    told = ReceiptRecord.objects.count()
    ReceiptRecord.objects.all().delete()
    FeedRecord.objects.all().delete()
    FeedCursor.objects.all().delete()
    HistoryEntry.objects.all().delete()
    Packet.objects.all().delete()
    Packet.objects.create(**first)
    brought = flash.read_feed(folder=str(flash_dir), point=hq.point, actor=SYSTEM)
    assert (brought.problems, brought.items) == ([], told)
    assert fresh(made).state == "acknowledged"
    assert path.exists()
    assert not feed.has_awaited(hq.point)
