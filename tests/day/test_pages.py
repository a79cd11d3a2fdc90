"""What the pages of the HQ say once a day is opened again: since when, why, and what a person must do."""

import re

import pytest

from audit.log import SYSTEM
from scanning import cards
from scanning.errors import CardRefusedError
from scanning.models import RoomCard
from tests.support import factories
from tests.support.evaluated import incidents, own, steps
from tests.transfers.conftest import ACTOR
from transfers import feed
from transfers.models import Packet


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
    assert (eighth.state, "Открыто снова с" in eighth.said) == ("now", True)
    said = plain(technician, f"/today/{finished.point.key}/")
    assert "повторы идут сами" not in said
    assert [each for each in incidents(finished.sitting) if "Полоса" in each.text]


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
