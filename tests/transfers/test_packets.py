"""From a closed room to a signed file, whatever is killed in between."""

import hashlib
import subprocess

import pytest

from audit.models import Event
from keys.models import Certificate
from keys.trust import trust_store
from scanning import scan_journal
from scanning.models import ScanEntry
from tests.transfers.conftest import ACTOR, fresh
from transfers import build, outbox, seal, sign, tasks
from transfers.errors import NothingToBuildError, NothingToSignError, RoomNotClosedError
from transfers.models import Packet, SequenceHead
from wire import durable, pki
from wire import packet as wire_packet
from wire.cms import Recipient


def test_it_packs_seals_and_signs_a_closed_room(hq, tmp_path):
    hq.close("0101", people=2)
    packet = hq.build()
    assert packet.state == "building"
    assert packet.counts["R"] == 2
    assert hq.card().state == "packed"
    tasks.seal_packet(packet.pk)
    packet = fresh(packet)
    assert (packet.state, packet.progress) == ("awaiting_signature", 100)

    words = sign.offer(sign.awaiting(hq.sitting)).words
    assert "пакетов: 1" in words
    assert "ауд. 0101" in words
    assert "листов бланков: 8" in words

    sign.sign_packets(packets=[packet], token=hq.keys.open_token(), actor=ACTOR)
    packet = fresh(packet)
    assert (packet.state, packet.sequence, packet.prev) == ("queued", 1, "")
    assert packet.file.name == packet.name
    assert packet.name.startswith("PACKET_78_0001_")
    assert hashlib.sha256(packet.file.read_bytes()).hexdigest() == packet.sha256
    assert packet.size == packet.file.stat().st_size

    checked = wire_packet.verify(packet.file, trust=trust_store())
    assert checked.header.counts["sheets"] == 8
    assert sorted(by.identity.role for by in checked.signers) == [pki.CertificateRole.GEK, pki.CertificateRole.HQ]
    rcoi = Recipient(hq.keys.certificates["rcoi-01"], hq.keys.keys["rcoi-01"])
    manifest = wire_packet.extract(packet.file, tmp_path / "opened", recipients=[rcoi])
    assert [row.kind for row in manifest.files].count("sheet") == 8
    assert [row.kind for row in manifest.files].count("room") == 1


def test_public_tools_read_what_was_signed(hq, tmp_path):
    hq.close("0101")
    packet = hq.signed()
    listed = subprocess.run(["unzip", "-Z1", packet.file], capture_output=True, text=True, check=True).stdout
    assert listed.split() == ["content.p7m", "packet.json", "packet.json.p7s"]
    subprocess.run(["unzip", "-q", packet.file, "-d", tmp_path], check=True)
    (tmp_path / "ca.pem").write_text(pki.pem(hq.keys.ca))
    subprocess.run(
        [
            "openssl",
            "cms",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            tmp_path / "packet.json.p7s",
            "-content",
            tmp_path / "packet.json",
            "-CAfile",
            tmp_path / "ca.pem",
            "-out",
            "/dev/null",
        ],
        check=True,
        capture_output=True,
    )


def test_it_refuses_a_room_that_is_not_closed(hq):
    with pytest.raises(NothingToBuildError):
        build.build_ready(sitting=hq.sitting, actor=ACTOR)
    hq.close("0101")
    hq.build()
    with pytest.raises(RoomNotClosedError):
        hq.build()
    with pytest.raises(RoomNotClosedError):
        hq.build("HQ", "forms")
    assert Packet.objects.count() == 1


def test_its_header_says_how_far_the_scan_journal_and_the_log_were(hq):
    scan_journal.note(sitting=hq.sitting, event="room_opened", room="0101")
    hq.close("0101")
    before = scan_journal.head(hq.sitting)
    packet = hq.signed("0101")
    header = wire_packet.read_header(packet.file)
    assert header.room_kind == "written"
    assert header.scan_head == before
    line = bytes(ScanEntry.objects.get(sitting=hq.sitting, seq=header.scan_head.number).line)
    assert hashlib.sha256(line).hexdigest() == header.scan_head.sha256
    event = Event.objects.get(chain=header.audit_head.chain, number=header.audit_head.number)
    assert (event.hash, event.chain) == (header.audit_head.hash, hq.point.key)


def test_one_pin_signs_all_that_wait_and_chains_them(hq):
    hq.close("0101")
    hq.close("0102")
    hq.close_hq()
    for packet in build.build_ready(sitting=hq.sitting, actor=ACTOR):
        tasks.seal_packet(packet.pk)
    signed = sign.sign_packets(packets=sign.awaiting(hq.sitting), token=hq.keys.open_token(), actor=ACTOR)
    chain = list(Packet.objects.order_by("sequence"))
    assert [p.sequence for p in chain] == [1, 2, 3]
    assert [p.prev for p in chain] == ["", chain[0].sha256, chain[1].sha256]
    assert sorted(p.kind for p in signed) == ["blanks", "blanks", "forms"]
    assert {p.signed_by for p in chain} == {hq.keys.open_token().name}
    assert Event.objects.filter(kind="transfers.packet_signed").count() == 3
    with pytest.raises(NothingToSignError):
        sign.sign_packets(packets=chain, token=hq.keys.open_token(), actor=ACTOR)


class KilledBuild(BaseException):
    """Stands for a process that is gone: nothing catches it."""


@pytest.mark.parametrize("step", ["append", "rename", "row"])
def test_signing_may_be_killed_anywhere_and_repeated(hq, monkeypatch, step):
    hq.close("0101")
    packet = hq.sealed()
    real_append, real_replace = wire_packet.append_signature, sign.replace_durable

    def killed_after(real):
        def run(*args, **kwargs):
            real(*args, **kwargs)
            raise KilledBuild

        return run

    if step == "append":
        monkeypatch.setattr(sign.wire_packet, "append_signature", killed_after(real_append))
    elif step == "rename":
        monkeypatch.setattr(sign, "replace_durable", killed_after(real_replace))
    else:
        monkeypatch.setattr(sign, "record", killed_after(sign.record))
    with pytest.raises(KilledBuild):
        sign.sign_packets(packets=[packet], token=hq.keys.open_token(), actor=ACTOR)
    monkeypatch.undo()
    assert fresh(packet).state == "awaiting_signature"
    assert not SequenceHead.objects.filter(sequence__gt=0).exists()

    sign.sign_packets(packets=[fresh(packet)], token=hq.keys.open_token(), actor=ACTOR)
    packet = fresh(packet)
    assert wire_packet.verify(packet.file, trust=trust_store()).sha256 == packet.sha256
    assert packet.sequence == 1
    assert sorted(p.suffix for p in packet.file.parent.iterdir()) == [".ppe"]


def test_sealing_may_be_killed_and_goes_on(hq, monkeypatch):
    hq.close("0101")
    packet = hq.build()

    def killed(*args, **kwargs):
        raise KilledBuild

    monkeypatch.setattr(seal.wire_packet, "write_content", killed)
    with pytest.raises(KilledBuild):
        tasks.seal_packet(packet.pk)
    monkeypatch.undo()
    packet = fresh(packet)
    assert packet.state == "sealing"
    assert packet.attempts == 1
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "sealing", "the lease of the dead worker still holds"
    Packet.objects.update(lease_until=None)
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "awaiting_signature"


def test_a_packet_that_cannot_be_sealed_needs_a_person_who_mends_and_repeats(hq):
    hq.close("0101")
    packet = hq.build()
    centres = list(Certificate.objects.filter(role="rcoi").values_list("pk", flat=True))
    Certificate.objects.filter(role="rcoi").update(role="ca")  # the exam package with the centre's has not come
    tasks.seal_packet(packet.pk)
    packet = fresh(packet)
    assert (packet.state, packet.last_error_code) == ("stuck", "node_certificate_missing")
    Certificate.objects.filter(pk__in=centres).update(role="rcoi")
    outbox.retry(packet=packet, actor=ACTOR)
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "awaiting_signature"


def test_what_is_sealed_has_its_name_on_the_disk_before_its_row_says_so(hq, monkeypatch):
    hq.close("0101")
    packet = hq.build()
    states: list[str] = []
    whole = durable.fsync_dir

    def synced(path):
        if path == seal.unsigned(packet).parent and seal.unsigned(packet).exists():
            states.append(fresh(packet).state)
        whole(path)

    monkeypatch.setattr(durable, "fsync_dir", synced)
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "awaiting_signature"
    assert "sealing" in states


def test_a_packet_whose_sealed_content_is_gone_is_built_again_and_holds_up_no_other(hq):
    hq.close("0101")
    hq.close("0102")
    lost, other = hq.build("0101"), hq.build("0102")
    for each in (lost, other):
        tasks.seal_packet(each.pk)
    fresh(lost).file.unlink()
    waiting = [fresh(lost), fresh(other)]
    assert [each.pk for each in sign.sign_packets(packets=waiting, token=hq.keys.open_token(), actor=ACTOR)] == [
        other.pk
    ]
    assert fresh(lost).state == "building"
    tasks.seal_packet(lost.pk)
    sign.sign_packets(packets=[fresh(lost)], token=hq.keys.open_token(), actor=ACTOR)
    assert (fresh(lost).state, fresh(lost).sequence) == ("queued", 2)
