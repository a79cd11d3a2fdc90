"""Old and new certificate of the centre side by side: packets open with either, receipts of either count."""

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from keys.models import Certificate
from tests.transfers.conftest import fresh
from transfers import receipts
from wire import packet as wire_packet
from wire import pki
from wire.cms import Recipient
from wire.errors import PpeError
from wire.pki import CertificateRole


@pytest.fixture
def rotating(hq):
    hq.keys.certify(CertificateRole.RCOI, "02", point="0000", name="РЦОИ, новый")
    hq.close("0101")
    hq.packet = hq.signed()
    return hq


def test_a_packet_is_sealed_to_both_and_opens_with_either(rotating, tmp_path):
    keys = rotating.keys
    held = [keys.certificates["rcoi-01"], keys.certificates["rcoi-02"]]
    assert sorted(rotating.packet.recipients) == sorted(pki.fingerprint(each) for each in held)
    found = []
    for name in ("rcoi-01", "rcoi-02"):
        folder = tmp_path / name
        folder.mkdir()
        recipient = Recipient(keys.certificates[name], keys.keys[name])
        found.append(wire_packet.extract(rotating.packet.file, folder, recipients=[recipient]))
    assert found[0] == found[1]
    stranger = keys.certify(CertificateRole.RCOI, "03", point="0000", keep=False)
    folder, recipient = tmp_path / "stranger", Recipient(stranger.certificate, keys.keys["rcoi-03"])
    folder.mkdir()
    with pytest.raises(PpeError):
        wire_packet.extract(rotating.packet.file, folder, recipients=[recipient])
    assert not any(folder.rglob("*.tif"))


@pytest.mark.parametrize("signer", ["rcoi-01", "rcoi-02"])
def test_receipts_of_either_count(rotating, signer):
    document = rotating.receipt(rotating.packet, "acknowledged", signer=signer)
    receipts.ingest(document=document, point=rotating.point, door="feed", actor=SYSTEM)
    assert fresh(rotating.packet).state == "acknowledged"


def test_after_the_rotation_packets_go_to_the_new_one_alone(rotating):
    Certificate.objects.filter(role="rcoi", ident="01").update(not_after=timezone.now())
    rotating.close("0102")
    packet = rotating.signed("0102")
    assert packet.recipients == [pki.fingerprint(rotating.keys.certificates["rcoi-02"])]
