"""A button stands only where it would change something: one rule for card, button, gate and act."""

import re

import pytest
from django.db import transaction

from audit.log import SYSTEM
from day import acts
from day.errors import DayError
from tests.support import factories
from tests.support.evaluated import steps
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, pausing
from transfers.models import FeedCursor, Packet
from transfers.overview import Overview, Row

TITLES = {"exams_finished": (3, "Экзамены завершены"), "blanks_transferred": (8, "Бланки переданы")}


def nothing(hq):
    pass


def journals(hq):
    hq.all_journals()


def first_declared(hq):
    hq.all_journals()
    hq.declare("exams_finished")


def another_exam_behind(hq):
    hq.all_journals()
    subject = factories.SubjectFactory(code="02", name="Математика")
    sitting = factories.SittingFactory(point=hq.point, subject=subject, date=hq.sitting.date)
    factories.SittingRoomFactory(sitting=sitting, room=hq.day.rooms["0101"], seats=15)


def all_but_the_last(hq):
    first_declared(hq)
    rooms = ["0101", "0102", "0103", "0104"]
    for room in rooms:
        hq.close(room)
    hq.close_hq()
    hq.acknowledge(*[hq.signed(room) for room in rooms], hq.signed("HQ", "forms"))
    for number in ("01", "02"):
        hq.journal(number, "HQ", kind="scan")


def over(hq):
    hq.finish()


def open_again(hq):
    hq.finish()
    body = {"packet": Packet.objects.get(room__number="0101").uid, "room": "0101", "sheets": [], "reason": "Полоса"}
    feed.take_items(point=hq.point, items=[hq.item("rescan_request", body)], door="feed", actor=SYSTEM)


def undone(hq):
    hq.finish()
    body = {"sitting": hq.sitting.key, "status": "blanks_transferred", "reason": "Ошибка", "by": "Координатор"}
    feed.take_items(point=hq.point, items=[hq.item("status_undo", body)], door="feed", actor=SYSTEM)


def may_be_done(hq, status):
    try:
        with transaction.atomic():
            acts.declare_day(sitting=hq.sitting, status=status, actor=ACTOR)
            transaction.set_rollback(True)
    except DayError:
        return False
    return True


@pytest.mark.parametrize(
    ("happens", "open_ones"),
    [
        (nothing, set()),
        (journals, {"exams_finished"}),
        (another_exam_behind, set()),
        (first_declared, set()),
        (all_but_the_last, {"blanks_transferred"}),
        (over, set()),
        (open_again, set()),
        (undone, {"blanks_transferred"}),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_card_button_gate_and_act_say_the_same_of_a_status(hq, technician, observer, happens, open_ones):
    hq.keys.activate()
    happens(hq)
    key = hq.sitting.key
    page = technician.client.get(f"/monitoring/{key}/").content.decode()
    gate = technician.client.get(f"/transfers/{key}/state.json").json()["gate"]
    looks = observer.client.get(f"/monitoring/{key}/").content.decode()
    for status, (number, _title) in TITLES.items():
        wanted = status in open_ones
        declared = f'name="form" value="status-{status}"' in page
        card = steps(hq.sitting, technician.user)[number - 1]
        offered = card.state == "now" and card.action is not None and card.action.label == "Передать статус"
        # Of a status that stands the act passes over the exam, and has nothing to do.
        stands = re.search(rf'status-card-{status}">.*?Неверный статус отменяет', page, re.DOTALL) is not None
        act = may_be_done(hq, status) and not stands
        assert (declared, offered, act) == (wanted, wanted, wanted), status
        assert f'name="form" value="status-{status}"' not in looks
    assert gate["open"] == ("blanks_transferred" in open_ones)


def test_the_last_status_of_a_day_that_is_open_again_can_not_be_carried_out(hq, technician):
    hq.keys.activate()
    open_again(hq)
    step = steps(hq.sitting, technician.user)[7]
    assert (step.state, step.words) == ("open_again", "открыто снова")
    shown = technician.client.get(f"/today/{hq.point.key}/?sitting={hq.sitting.key}").content.decode()
    card = shown.partition('id="step-8"')[2].partition("</li>")[0]
    assert "можно выполнять" not in card


def test_a_drive_without_answers_and_packets_has_no_button_to_read_it(hq, technician, flash_dir):
    address = f"/transfers/{hq.sitting.key}/"

    def forms():
        return set(re.findall(r'name="form" value="(\w+)"', technician.client.get(address).content.decode()))

    (flash_dir / "foto.jpg").write_bytes(b"x")
    assert forms() & {"feed", "take", "answers", "flash"} == set()
    hq.close("0101")
    packet = hq.signed()
    assert forms() & {"feed", "take", "answers", "flash"} == {"flash"}
    (flash_dir / "PACKET.ppe.1of2").write_bytes(b"x")
    (flash_dir / "FEED.jsonl").write_bytes(b"x")
    hq.acknowledge(packet)
    assert forms() & {"feed", "take", "answers", "flash"} == {"feed", "take", "answers", "flash"}
    text = technician.client.get(address).content.decode()
    assert "flash (1)" in text
    assert "flash (0)" not in text


def test_a_drive_without_journals_has_no_button_to_take_them(day, technician, flash_dir):
    address = f"/monitoring/{day.key}/"
    (flash_dir / "PACKET.ppe").write_bytes(b"x")
    page = technician.client.get(address).content.decode()
    assert 'name="folder"' not in page
    assert "На вставленном накопителе нет журналов" in page
    (flash_dir / "END_PRINT.dat").write_bytes(b"x")
    assert 'name="folder"' in technician.client.get(address).content.decode()


def test_what_waits_for_a_person_to_let_it_go_on_has_no_button_that_tries_again(hq, settings):
    hq.close("0101")
    packet = hq.signed()
    settings.PPE_RCOI_URL = ""
    assert not Row(fresh(packet)).may_retry
    settings.PPE_RCOI_URL = "https://rcoi.example"
    assert Row(fresh(packet)).may_retry
    pausing.pause(actor=ACTOR)
    assert not Row(fresh(packet)).may_retry


def test_a_lost_line_is_said_once(hq, settings):
    from transfers import link

    settings.PPE_RCOI_URL = "https://rcoi.example"
    cursor = FeedCursor.objects.create(point=hq.point, trouble=link.NO_LINE, trouble_code="no_connection")
    assert Overview(hq.sitting).callout.count("вяз") == 1
    cursor.answered_at = factories.moment(hq.day, "22:27")
    cursor.save()
    assert Overview(hq.sitting).callout == "Нет связи с РЦОИ с 22:27. Повторы идут сами."
