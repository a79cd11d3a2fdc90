"""A disk that is nearly full at this node or at the centre: said on every page, waited out, nothing lost."""

import pytest
from django.utils import timezone

from common import space
from tests.support.keys import PIN
from tests.transfers.conftest import fresh
from tests.transfers.test_pages import post
from transfers import importing, outbox, tasks, wiping
from transfers.models import Packet, PointStatus, Wiping
from wire import tus
from wire.messages import Both

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
    assert "На диске узла осталось" in row.last_error.ru
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
        raise tus.RetryLaterError(Both("На диске узла не хватает места.", "No room."), retry_after=60, status=507)

    monkeypatch.setattr(outbox, "_deliver", full)
    for _ in range(outbox.MAX_TRIES + 4):
        again()
        outbox.work(packet.pk)
    row = fresh(packet)
    assert row.state == "uploading"
    assert "не хватает места" in row.last_error.ru
    assert (row.next_try_at - timezone.now()).total_seconds() > 50, "not before the centre asked"


def test_a_drive_is_not_emptied_onto_a_full_disk(hq, flash_dir, settings):
    (flash_dir / "P.ppe").write_bytes(b"x" * 1000)
    settings.PPE_DISK_RESERVE = FULL
    (failed,) = importing.import_folder(folder=str(flash_dir), point=hq.point, actor=None).failed
    assert (failed[1].code, failed[1].http_status, failed[1].permanent) == ("disk_full", 507, False)


@pytest.mark.parametrize(("share", "said"), [(2, "Диск узла почти полон"), (0.5, "освободите место, пока"), (0, "")])
def test_every_page_says_so(hq, technician, settings, share, said):
    settings.PPE_DISK_RESERVE = int(space.free() * share)
    for address in (f"/transfers/{hq.sitting.key}/", f"/today/{hq.point.key}/", f"/monitoring/{hq.sitting.key}/"):
        page = technician.client.get(address).content.decode()
        assert said in page if said else "место, пока" not in page


def said(page):
    return " ".join(str(message) for message in page.context["messages"])


def test_below_the_reserve_packets_are_signed_and_a_status_leaves(hq, technician, settings):
    hq.close("0101")
    packet = hq.sealed()
    settings.PPE_DISK_RESERVE = FULL
    page = post(technician, f"/transfers/{hq.sitting.key}/", "sign", token=hq.keys.token_info().id, pin=PIN)
    assert "подписано" in said(page)
    assert fresh(packet).is_signed
    hq.all_journals()
    page = post(technician, f"/monitoring/{hq.sitting.key}/", "status-exams_finished")
    status = Packet.objects.get(kind="status")
    tasks.seal_packet(status.pk)
    assert fresh(status).state == "queued", (said(page), fresh(status).last_error)


def test_below_the_reserve_the_originals_are_wiped_by_the_button_that_the_warning_names(hq, technician, settings):
    hq.finish()
    last, page = PointStatus.objects.filter(status="blanks_transferred"), f"/transfers/{hq.sitting.key}/"
    last.update(state="declared")
    settings.PPE_DISK_RESERVE = FULL
    where = f'href="{page}#originals"'
    assert where not in technician.client.get("/help/").content.decode(), "they are needed still"
    last.update(state="accepted")
    assert where in technician.client.get("/help/").content.decode()
    assert "Исходные сканы и записи удаляются" in said(post(technician, page, "wipe", sure="yes"))
    tasks.wipe(Wiping.objects.get().pk)
    assert wiping.originals(hq.sitting) == []
    assert where not in technician.client.get("/help/").content.decode()
