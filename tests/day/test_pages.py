"""What the pages of the HQ say once a day is opened again: since when, why, and what a person must do."""

import re
from dataclasses import replace

import pytest

from audit.log import SYSTEM
from common.obligations import Obligation, ObligationState
from day import evaluate
from monitoring.steps import steps_of
from scanning import cards
from scanning.errors import CardRefusedError
from scanning.models import RoomCard
from tests.support import factories
from tests.support.evaluated import incidents, own, steps
from tests.support.marks import mark_compared
from tests.transfers.conftest import ACTOR
from transfers import feed
from transfers.models import Packet
from wire.messages import Message


@pytest.fixture
def finished(hq):
    hq.keys.activate()
    hq.finish()
    return hq


def rescan(hq):
    body = {"packet": Packet.objects.get(room__number="0101").uid, "room": "0101", "sheets": [], "reason": "Полоса"}
    feed.take_items(point=hq.point, items=[hq.item("rescan_request", body)], door="feed", actor=SYSTEM)


def plain(login, address):
    return " ".join(re.sub(r"<[^>]+>", " ", login.client.get(address).content.decode()).split())


def test_after_a_rescan_request_the_steps_say_what_a_person_must_do(finished, technician):
    rescan(finished)
    fifth, sixth, eighth = (steps(finished.sitting, technician.user)[number - 1] for number in (5, 6, 8))
    assert (fifth.state, fifth.action.label) == ("now", "Сканировать")
    assert "Полоса" in fifth.missing[0]
    assert sixth.state == "blocked"
    assert "закройте" in sixth.why[0].text
    assert (eighth.state, "Открыто снова с" in eighth.said) == ("open_again", True)
    said = plain(technician, f"/today/{finished.point.key}/")
    assert "повторы идут сами" not in said
    assert [each for each in incidents(finished.sitting) if "Полоса" in each.text]


def test_scanning_is_not_over_while_a_set_may_still_be_named(finished, technician):
    day = evaluate.evaluate(finished.point, finished.sitting.date)
    (exam,) = day.sittings
    said = Message("sets that no voice journal names yet")
    waits = Obligation("sets_unplaced", exam.exam.key, "0105", ObligationState.NOT_DUE, said)
    for more, state in (((), "done"), ((waits,), "now"), ((replace(waits, state=ObligationState.OPEN),), "now")):
        changed = replace(day, sittings=(replace(exam, obligations=(*exam.obligations, *more)),))
        fifth = steps_of(finished.sitting, changed, technician.user)[4]
        assert (fifth.state, fifth.folded) == (state, state == "done")
        assert bool(fifth.missing) == bool(more)


def test_the_page_of_packets_counts_what_is_owed_and_not_the_rows_of_its_table(finished, technician):
    address = f"/transfers/{finished.sitting.key}/"
    assert "7 из 7" in plain(technician, address)
    rescan(finished)
    said = plain(technician, address)
    assert "7 из 7" not in said
    assert "6 из 7" in said
    assert re.search(r"С \d\d\.\d\d \d\d:\d\d\.", said)
    assert "Полоса" in said


def test_steps_count_by_name_and_kind(finished, technician):
    # A packet of another room is no packet of one that is owed.
    packet = Packet.objects.get(room__number="0104")
    Packet.objects.filter(pk=packet.pk).update(room=factories.RoomFactory(point=finished.point, number="0109"))
    fifth, sixth = (steps(finished.sitting, technician.user)[number - 1] for number in (5, 6))
    assert (sixth.tallies[0].done, sixth.state) == (5, "waiting")
    assert not fifth.folded
    assert [each.place for each in own(finished.sitting).open] == ["0104"]


def test_a_lying_drive_and_a_lost_line_are_somebodys_until_the_receipt(finished):
    from transfers.models import FeedCursor

    Packet.objects.filter(room__number="0102").update(state="handed_over", handed_over_to="FLASH")
    FeedCursor.objects.update_or_create(point=finished.point, defaults={"trouble": "нет связи", "trouble_code": "line"})
    found = {each.level: each for each in incidents(finished.sitting) if "накопителе" in each.text}
    assert "технический специалист" in found["warn"].detail
    assert any("Нет связи с РЦОИ" in each.text for each in incidents(finished.sitting))
    finished.acknowledge(Packet.objects.get(room__number="0102"))
    assert incidents(finished.sitting) == []


def test_a_room_closed_by_mistake_is_opened_again_for_a_reason_in_words(finished, technician, observer):
    address = f"/scanning/{finished.sitting.key}/0103/"
    assert "Закрыта по ошибке" in plain(technician, address)
    technician.client.post(address, {"form": "reopen", "reason": "—"})
    observer.client.post(address, {"form": "reopen", "reason": "закрыта по ошибке"})
    assert RoomCard.objects.get(room__number="0103").state == "packed"
    technician.client.post(address, {"form": "reopen", "reason": "закрыта по ошибке"})
    assert RoomCard.objects.get(room__number="0103").state not in ("packed", "closed")
    assert own(finished.sitting).opened_again
    with pytest.raises(CardRefusedError):
        cards.reopen_by_hand(card=finished.card("0103"), reason="ещё раз открыть", actor=ACTOR)


def test_the_live_part_is_304_over_minutes_and_new_when_a_deadline_passes(hq, request):
    import time_machine

    with time_machine.travel(factories.moment(hq.day, "12:00"), tick=False):
        technician = request.getfixturevalue("technician")
        tag = technician.client.get(f"/today/{hq.point.key}/live/")["ETag"]
    for clock, status in (("12:07", 304), ("17:40", 200), ("18:01", 200)):
        with time_machine.travel(factories.moment(hq.day, clock), tick=False):
            answer = technician.client.get(f"/today/{hq.point.key}/live/", headers={"If-None-Match": tag})
        assert (clock, answer.status_code) == (clock, status)
        tag = answer["ETag"]


def test_a_withdrawn_word_says_what_happened_what_to_do_and_the_centres_reason(finished, technician):
    packet = Packet.objects.get(room__number="0102")
    why = {"code": "opened_again", "ru": "Лист 7 не читается.", "en": "Sheet 7 cannot be read."}
    items = [finished.receipt_item(packet, "withdrawn", reasons=[why])]
    feed.take_items(point=finished.point, items=items, door="feed", actor=SYSTEM)
    key = finished.sitting.key
    for address in (f"/scanning/{key}/0102/", f"/transfers/{key}/", f"/transfers/{key}/{packet.uid}/"):
        said = plain(technician, address)
        assert "РЦОИ отозвал своё «Подтвержден»" in said, address
        assert "Лист 7 не читается." in said, address
    for address in (f"/scanning/{key}/0102/", f"/transfers/{key}/", f"/today/{finished.point.key}/"):
        assert "закройте снова и отправьте следующую версию" in plain(technician, address), address
    room = plain(technician, f"/scanning/{key}/0102/")
    assert room.index("РЦОИ отозвал") < room.index("Лист 7")


def test_a_withdrawn_word_without_a_reason_sends_to_the_telephone(finished):
    finished.acknowledge(Packet.objects.get(room__number="0102"), level="withdrawn")
    again = RoomCard.objects.get(room__number="0102").reopen_reason
    assert "РЦОИ отозвал своё «Подтвержден»" in again.ru
    assert "Причины РЦОИ не назвал: позвоните туда." in again.ru


def test_a_withdrawn_status_is_sent_again_where_the_button_is(finished, technician):
    packet = Packet.objects.get(status__status="exams_finished")
    finished.acknowledge(packet, level="withdrawn")
    (owed,) = own(finished.sitting).of("status_version")
    assert (owed.state, owed.rule, owed.page) == ("open", "transfers.retry", "transfers")
    step = steps(finished.sitting, technician.user)[2]
    assert (step.state, step.action.url) == ("now", f"/transfers/{finished.sitting.key}/")
    assert f'value="retry-{packet.uid}"' in technician.client.get(step.action.url).content.decode()


def test_what_is_open_at_the_centre_stands_at_the_packet_and_on_today_with_who_cures_it(hq, technician):
    hq.close("0101")
    packet = hq.signed()
    there = [{"code": "x", "ru": f"Расхождение {n}.", "en": f"Difference {n}."} for n in range(5)]
    items = [hq.receipt_item(packet, "acknowledged", open=there)]
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)
    owed = next(each for each in own(hq.sitting).of("packet") if each.place == "0101")
    assert owed.settled
    assert "Расхождение 2. (и ещё 2 на странице пакета)" in owed.text.ru
    assert "Решает РЦОИ" in owed.cure.ru
    for address in (f"/transfers/{hq.sitting.key}/", f"/today/{hq.point.key}/?sitting={hq.sitting.key}"):
        said = plain(technician, address)
        assert "Расхождение 0." in said, address
        assert "Решает РЦОИ" in said, address
    assert [each.level for each in incidents(hq.sitting) if "Расхождение 0" in each.text] == ["warn"]


def test_a_version_that_is_being_replaced_is_counted_once_and_has_no_button_to_mend_it(finished, technician):
    address = f"/transfers/{finished.sitting.key}/"
    finished.acknowledge(Packet.objects.get(room__number="0102"), level="withdrawn")
    mend = f'href="/scanning/{finished.sitting.key}/0102/"'
    assert mend in technician.client.get(address).content.decode().partition('id="packets"')[2]
    RoomCard.objects.filter(room__number="0102").update(state="closed", awaited=[])
    mark_compared(finished.sitting, "0102")
    finished.signed("0102")
    page = technician.client.get(address).content.decode().partition('id="packets"')[2]
    assert mend not in page
    assert "версия 2 заменит его, когда её подтвердят" in page
    said = plain(technician, address)
    assert "сохранено здесь 7" in said
    assert "6 из 7" in said
    assert re.findall(r"листов: (\d+)", said)[-1] == "34"
