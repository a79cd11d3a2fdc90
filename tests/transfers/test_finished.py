"""«Можно расходиться»: said only when every exam of the day has its receipts and nothing was opened since."""

import subprocess

import pytest
import time_machine
from django.utils import timezone

from audit.log import SYSTEM
from day import acts
from day.closing import closing_act
from scanning.models import RoomCard
from stations.models import Sitting
from tests.support import factories
from tests.support.evaluated import deadline, steps
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, flash, outbox, statuses, tasks
from transfers.models import Packet, PointStatus

HOME = "можно расходиться"


@pytest.fixture
def finished(hq):
    """A point whose only exam of the day has every receipt."""
    hq.keys.activate()
    hq.finish()
    return hq


def papers(hq, login, tmp_path):
    """What the two pages and the act say, by their name."""
    act = tmp_path / "act.pdf"
    act.write_bytes(closing_act(sitting=hq.sitting, actor=ACTOR).data)
    said = subprocess.run(["pdftotext", "-layout", str(act), "-"], capture_output=True, check=True, text=True).stdout
    return {
        "today": login.client.get(f"/today/{hq.point.key}/?sitting={hq.sitting.key}").content.decode(),
        "packets": login.client.get(f"/transfers/{hq.sitting.key}/").content.decode(),
        "act": " ".join(said.split()),
    }


def says_home(found):
    return {name for name, text in found.items() if HOME in text or "День завершён" in text}


def rescan(hq):
    body = {"packet": Packet.objects.get(room__number="0101").uid, "room": "0101", "sheets": [], "reason": "Полоса"}
    feed.take_items(point=hq.point, items=[hq.item("rescan_request", body)], door="feed", actor=SYSTEM)


def undo(hq):
    body = {"sitting": hq.sitting.key, "status": "blanks_transferred", "reason": "Ошибка", "by": "Координатор"}
    feed.take_items(point=hq.point, items=[hq.item("status_undo", body)], door="feed", actor=SYSTEM)


def undo_first(hq):
    body = {"sitting": hq.sitting.key, "status": "exams_finished", "reason": "Ошибка", "by": "Координатор"}
    feed.take_items(point=hq.point, items=[hq.item("status_undo", body)], door="feed", actor=SYSTEM)


def withdrawal(hq):
    hq.acknowledge(Packet.objects.get(room__number="0102"), level="withdrawn")


def late_journal(hq):
    hq.journal("0001", "0101", data=b"a longer journal")


def version_on_its_way(hq):
    late_journal(hq)
    statuses.catch_up()


def another_exam(hq):
    sitting = factories.SittingFactory(
        point=hq.point, subject=factories.SubjectFactory(code="02", name="Математика"), date=hq.sitting.date
    )
    factories.SittingRoomFactory(sitting=sitting, room=hq.day.rooms["0101"], seats=15)


OPENED = {
    rescan: "открыта снова",
    undo: "Бланки переданы в РЦОИ",
    undo_first: "Экзамены завершены",
    withdrawal: "0102",
    late_journal: "пришёл журнал или акт",
    version_on_its_way: "версия 2",
    another_exam: "02 Математика",
}


def test_every_page_and_paper_says_it_of_a_finished_day(finished, technician, tmp_path):
    assert says_home(papers(finished, technician, tmp_path)) == {"today", "packets", "act"}


@pytest.mark.parametrize("opens", OPENED, ids=lambda each: each.__name__)
def test_no_page_or_paper_says_it_once_something_is_open(finished, technician, tmp_path, opens):
    opens(finished)
    found = papers(finished, technician, tmp_path)
    assert says_home(found) == set()
    # Each names what is open.
    assert [name for name, text in found.items() if OPENED[opens] not in text] == []


def nobody_sits(hq):
    """Another exam of the day in which the registry seats nobody: the centre has taken it off."""
    another_exam(hq)
    sitting = Sitting.objects.get(subject__code="02")
    sitting.rooms.update(seats=0)
    return sitting


def card_opened(hq, sitting):
    RoomCard.objects.create(sitting=sitting, room=hq.day.rooms["0101"], state="open")


def status_declared(hq, sitting):
    PointStatus.objects.create(sitting=sitting, status="exams_finished", state="declared", at=timezone.now(), by="т")


def journal_came(hq, sitting):
    row = hq.journal("0001", "0101", data=b"of the other exam")
    type(row).objects.filter(pk=row.pk).update(sitting=sitting)


def somebody_seated(hq, sitting):
    sitting.rooms.update(places=1)


def test_an_exam_that_nobody_sits_and_nobody_began_holds_no_day(finished, technician, tmp_path):
    nobody_sits(finished)
    assert says_home(papers(finished, technician, tmp_path)) == {"today", "packets", "act"}


@pytest.mark.parametrize("trace", [card_opened, status_declared, journal_came, somebody_seated])
def test_an_exam_that_was_begun_holds_the_day_though_nobody_is_seated(finished, technician, tmp_path, trace):
    trace(finished, nobody_sits(finished))
    assert says_home(papers(finished, technician, tmp_path)) == set()


def test_a_room_opened_again_shows_in_the_steps_that_were_done(finished, technician):
    rescan(finished)
    rows = steps(finished.sitting, technician.user)
    assert [rows[4].folded, rows[5].folded, rows[7].folded] == [False, False, False]
    assert "ауд. 0101 — открыта снова, ждём новую версию" in rows[5].missing


def test_a_declared_status_keeps_its_deadline_until_the_receipt(hq):
    hq.all_journals()
    row = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    tasks.seal_packet(row.packets.get().pk)
    with time_machine.travel(factories.moment(hq.day, "17:40"), tick=False):
        shown = deadline(hq.sitting)
    assert (shown.level, "20 мин" in shown.words) == ("warn", True)
    assert "«Экзамены завершены», 18:00; объявлен, ещё не в РЦОИ" in shown.label
    hq.acknowledge(fresh(row.packets.get()))
    with time_machine.travel(factories.moment(hq.day, "17:40"), tick=False):
        assert "«Бланки переданы в РЦОИ», 21:00" in deadline(hq.sitting).label


@pytest.mark.parametrize("online", [True, False])
def test_statuses_that_lie_on_a_drive_are_not_all_delivered(finished, technician, settings, online):
    settings.PPE_RCOI_URL = "http://127.0.0.1:9" if online else ""
    last = Packet.objects.get(status__status="blanks_transferred")
    Packet.objects.filter(pk=last.pk).update(state="handed_over", receipt_number=None)
    last.status.__class__.objects.filter(pk=last.status.pk).update(state="declared", accepted_at=None)
    page = technician.client.get(f"/today/{finished.point.key}/").content.decode()
    assert "все статусы переданы" not in page
    assert "сроков на сегодня больше нет" not in page
    assert "объявлен, ещё не в РЦОИ" in page
    assert "объявлен, ещё не в РЦОИ" in deadline(finished.sitting).label
    # Of the network it speaks only where the network is tried.
    said = steps(finished.sitting, technician.user)[7].said
    assert ("по сети" in said) == online
    outbox.work(last.pk)
    assert (fresh(last).attempts > 0) == online


@pytest.fixture
def carried(hq, flash_dir, settings):
    """A packet on a drive, and a centre that does not answer."""
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    hq.close("0101")
    packet = hq.signed("0101")
    flash.write(packets=[packet], folder=str(flash_dir), actor=ACTOR)
    return packet


def test_a_packet_on_a_drive_goes_on_being_tried_by_network(carried, technician):
    assert fresh(carried).state == "handed_over"
    assert carried.pk in set(tasks.to_deliver().values_list("pk", flat=True))
    outbox.work(carried.pk)
    row = fresh(carried)
    assert (row.state, row.attempts) == ("handed_over", 1)
    page = technician.client.get(f"/transfers/{carried.sitting.key}/").content.decode()
    assert "Записан на флеш" in page
    assert "по сети: повтор через" in page


def test_many_silent_tries_leave_it_on_its_drive_and_still_tried(carried):
    Packet.objects.filter(pk=carried.pk).update(attempts=5000)
    outbox.work(carried.pk)
    row = fresh(carried)
    assert row.state == "handed_over"
    assert row.pk in set(tasks.to_deliver().values_list("pk", flat=True))


def test_the_receipt_by_drive_ends_the_tries_by_network(hq, carried):
    hq.acknowledge(carried)
    assert fresh(carried).state == "acknowledged"
    assert not tasks.to_deliver().exists()


def test_writing_to_a_drive_does_not_take_the_lease_of_whoever_sends(hq, flash_dir, settings):
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    hq.close("0101")
    packet = hq.signed("0101")
    taken = outbox._claim(packet.pk)
    flash.write(packets=[fresh(packet)], folder=str(flash_dir), actor=ACTOR)
    assert fresh(packet).lease_until == taken.lease_until
    assert outbox._claim(packet.pk) is None
