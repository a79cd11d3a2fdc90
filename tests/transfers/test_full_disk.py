"""A disk that is nearly full at this node or at the centre: said on every page, waited out, nothing lost."""

import pytest
from django.utils import timezone

from common import space
from tests.transfers.conftest import fresh
from transfers import importing, outbox, tasks
from transfers.models import Packet
from wire import tus

FULL = 1 << 62


def again():
    Packet.objects.update(next_try_at=timezone.now(), lease_until=None)


def test_sealing_waits_and_goes_on_when_there_is_room(hq, settings):
    hq.close("0101")
    packet = hq.build()
    settings.PPE_DISK_RESERVE = FULL
    for _ in range(tasks.MAX_SEALINGS + 3):
        again()
        tasks.seal_packet(packet.pk)
    row = fresh(packet)
    assert (row.state, row.attempts) == ("sealing", 0)
    assert "На диске узла осталось" in row.last_error
    assert row.next_try_at > timezone.now()
    settings.PPE_DISK_RESERVE = 0
    again()
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "awaiting_signature"


def test_a_centre_without_room_is_waited_for_and_calls_nobody(hq, settings, monkeypatch):
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    hq.close("0101")
    packet = hq.signed()

    def full(row):
        raise tus.RetryLater("На диске узла не хватает места.", "No room.", retry_after=60, status=507)

    monkeypatch.setattr(outbox, "_deliver", full)
    for _ in range(outbox.MAX_TRIES + 4):
        again()
        outbox.work(packet.pk)
    row = fresh(packet)
    assert row.state == "uploading"
    assert "не хватает места" in row.last_error
    assert (row.next_try_at - timezone.now()).total_seconds() > 50, "not before the centre asked"


def test_a_drive_is_not_emptied_onto_a_full_disk(hq, flash_dir, settings):
    (flash_dir / "P.ppe").write_bytes(b"x" * 1000)
    settings.PPE_DISK_RESERVE = FULL
    (failed,) = importing.take_folder(folder=str(flash_dir), point=hq.point, actor=None).failed
    assert (failed[1].code, failed[1].http_status, failed[1].permanent) == ("disk_full", 507, False)


@pytest.mark.parametrize(("share", "said"), [(2, "Диск узла почти полон"), (0.5, "освободите место, пока"), (0, "")])
def test_every_page_says_so(hq, technician, settings, share, said):
    settings.PPE_DISK_RESERVE = int(space.free() * share)
    for address in (f"/transfers/{hq.sitting.key}/", f"/today/{hq.point.key}/", f"/monitoring/{hq.sitting.key}/"):
        page = technician.client.get(address).content.decode()
        assert said in page if said else "место, пока" not in page
