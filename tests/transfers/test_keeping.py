"""Originals are kept as long as they may be needed, then wiped; what proves the day stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from common import files
from day import acts, keeping
from day import tasks as day_tasks
from day.errors import OriginalsNeededError
from tests.transfers.conftest import ACTOR
from transfers import feed, tasks, wiping
from transfers.models import Packet, PointStatus, Wiping


@pytest.fixture
def done(hq):
    """The whole day confirmed and the final status accepted."""
    hq.finish()
    (files.folder("scans", hq.sitting.key, "end-scan") / "END_SCAN.dat").write_bytes(b"journal")
    hq.packet = Packet.objects.get(room__number="0101")
    return hq


def wipe(hq):
    row = acts.wipe(sitting=hq.sitting, actor=ACTOR)
    tasks.wipe(row.pk)
    row.refresh_from_db()
    return row


def test_they_go_and_what_proves_the_day_stays(done):
    before = wiping.originals(done.sitting)
    assert len(before) > 8
    size = sum(path.stat().st_size for path in before)
    row = wipe(done)
    assert (row.state, row.files, row.size, row.cause) == ("done", len(before), size, "button")
    assert wiping.originals(done.sitting) == []
    assert done.packet.file.is_file()
    assert (files.folder("scans", done.sitting.key, "end-scan") / "END_SCAN.dat").exists()
    assert wipe(done).pk == row.pk
    assert Event.objects.filter(kind="transfers.wiped").count() == 1


def test_every_reason_to_keep_them_is_named(done):
    PointStatus.objects.update(state="declared")
    done.close("0102")
    done.sealed("0102")
    done.close("0103")
    with pytest.raises(OriginalsNeededError) as said:
        acts.wipe(sitting=done.sitting, actor=ACTOR)
    text = said.value.text("ru")
    assert len(said.value.parts) == 4
    assert "«Экзамены завершены» объявлен, ещё не в РЦОИ" in text
    assert "«Бланки переданы в РЦОИ» объявлен, ещё не в РЦОИ" in text
    assert "0102" in text
    assert "0103" in text
    assert not Wiping.objects.exists()
    assert wiping.originals(done.sitting)


def test_the_term_wipes_by_itself_and_only_then(done, settings):
    settings.PPE_KEEP_SCANS_DAYS = 3
    day_tasks.keep()
    assert not Wiping.objects.exists()
    assert keeping.keeping_of(done.sitting).due is not None
    PointStatus.objects.update(accepted_at=timezone.now() - timedelta(days=3, minutes=1))
    settings.PPE_KEEP_SCANS_DAYS = 0
    day_tasks.keep()
    assert not Wiping.objects.exists(), "no term, no wiping"
    settings.PPE_KEEP_SCANS_DAYS = 3
    day_tasks.keep()
    row = Wiping.objects.get()
    assert (row.cause, list(tasks.to_wipe())) == ("term", [row])
    tasks.wipe(row.pk)
    assert wiping.originals(done.sitting) == []


def test_a_room_that_the_centre_wants_again_keeps_them_beyond_the_term(done, settings):
    settings.PPE_KEEP_SCANS_DAYS = 3
    PointStatus.objects.update(accepted_at=timezone.now() - timedelta(days=9))
    body = {"packet": done.packet.uid, "room": "0101", "sheets": [], "reason": "Полоса поперёк листа"}
    feed.take_items(point=done.point, items=[done.item("rescan_request", body)], door="feed", actor=SYSTEM)
    day_tasks.keep()
    assert not Wiping.objects.exists()


def test_a_killed_wiping_is_finished_by_the_sweep(done, monkeypatch):
    row = acts.wipe(sitting=done.sitting, actor=ACTOR)
    calls = []

    def die(name):
        calls.append(name)
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(wiping.faultpoints, "here", die)
    with pytest.raises(KeyboardInterrupt):
        tasks.wipe(row.pk)
    monkeypatch.undo()
    total = 3 + len(wiping.originals(done.sitting))
    Wiping.objects.update(lease_until=None)
    tasks.wipe(row.pk)
    row.refresh_from_db()
    assert row.state == "done"
    assert total - 1 <= row.files <= total


def test_the_page_says_which_and_asks_twice(done, technician, observer, settings):
    address = f"/transfers/{done.sitting.key}/"
    assert "Удалятся сами" in technician.client.get(address).content.decode()
    settings.PPE_KEEP_SCANS_DAYS = 0
    assert "Срок хранения не задан" in technician.client.get(address).content.decode()
    unsure = technician.client.post(address, {"form": "wipe"}, follow=True).content.decode()
    assert "Подтвердите удаление" in unsure
    observer.client.post(address, {"form": "wipe", "sure": "yes"})
    assert not Wiping.objects.exists()
    page = technician.client.post(address, {"form": "wipe", "sure": "yes"}, follow=True).content.decode()
    assert "удаляются" in page
    tasks.wipe(Wiping.objects.get().pk)
    assert "Файлов:" in technician.client.get(address).content.decode()
    PointStatus.objects.update(state="declared")
    Wiping.objects.all().delete()
    assert "пока РЦОИ не подтвердит" in technician.client.get(address).content.decode()
