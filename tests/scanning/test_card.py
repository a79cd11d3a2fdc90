"""The card of a room: what nobody has counted is never taken for zero."""

import re

import pytest
from django.urls import reverse

from scanning import cards
from scanning.errors import CardRefusedError, NotBalancedError
from scanning.models import RoomCard
from scanning.states import CardState
from tests.scanning.conftest import ACTOR, ScanningDesk
from tests.scanning.test_room import all_pages
from tests.support.evaluated import steps

WHOLE = {"registration_count": 2, "dbo_count": 0, "absent_count": 0, "not_finished_count": 0}


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_every_count_has_to_be_given(desk, name):
    desk.journal()
    with pytest.raises(CardRefusedError) as caught:
        cards.save_card(card=desk.card(), counts=WHOLE | {name: None}, version=0, actor=ACTOR)
    assert [part.field for part in caught.value.parts] == [name]
    assert "впишите 0" in caught.value.remedy.ru
    assert (desk.card().version, desk.card().filled) == (0, False)
    cards.save_card(card=desk.card(), counts=WHOLE, version=0, actor=ACTOR)
    assert desk.card().filled


def test_the_page_says_beside_the_field_what_is_missing_and_keeps_what_stands_there(desk, technician):
    desk.journal(count=2)
    room = reverse("scanning-room", kwargs={"key": desk.sitting.key, "room": "0101"})
    assert values(technician.client.get(room)) == {
        **dict.fromkeys(WHOLE, ""),
        "registration_count": "2",
        "absent_count": "0",
    }
    answer = technician.client.post(
        room,
        {
            "form": "card",
            "version": "0",
            "registration_count": "2",
            "dbo_count": "",
            "absent_count": "1",
            "not_finished_count": "много",
        },
    )
    page = answer.content.decode()
    assert values(answer) == {
        "registration_count": "2",
        "dbo_count": "",
        "absent_count": "1",
        "not_finished_count": "много",
    }
    assert re.findall(r'aria-describedby="card-(\w+)-error"', page) == ["dbo_count", "not_finished_count"]
    assert re.search(r'id="card-dbo_count-error">ДБО № 2 — не указано<', page)
    assert re.search(r'id="card-not_finished_count-error">не закончили: «много»<', page)
    assert "если таких нет, впишите 0" in page
    assert desk.card().version == 0
    technician.client.post(room, {"form": "card", "version": "0", **{name: str(n) for name, n in WHOLE.items()}})
    assert desk.card().filled


def values(answer):
    fields = re.findall(r'<input type="number" name="(\w+_count)"([^>]*)>', answer.content.decode())
    return {name: (re.search(r' value="([^"]*)"', rest) or ["", ""])[1] for name, rest in fields}


def test_a_card_that_was_saved_half_is_not_filled_and_closes_no_room(desk, technician):
    sets = desk.journal()
    desk.scan(*all_pages(desk, sets))
    desk.fill(registration_count=2)
    # As the version before left it.
    RoomCard.objects.filter(pk=desk.card().pk).update(dbo_count=None, not_finished_count=None)
    assert not desk.card().filled
    with pytest.raises(NotBalancedError, match="карточка не заполнена: ДБО № 2, не закончили"):
        cards.close(card=desk.card(), actor=ACTOR)
    step = steps(desk.sitting, technician.user)[3]
    assert "карточка аудитории 0101 не заполнена" in step.missing
    desk.fill(version=1, registration_count=2)
    assert cards.close(card=desk.card(), actor=ACTOR).state == CardState.CLOSED


def test_an_oral_exam_and_the_hq_ask_only_for_what_they_have(voice_day, data_dir, tmp_path):
    oral = ScanningDesk(voice_day, tmp_path)
    oral.fill("0201", registration_count=2, dbo_count=None)
    assert oral.card("0201").filled
    with pytest.raises(CardRefusedError, match="не закончили"):
        oral.fill("0202", registration_count=2, dbo_count=None, not_finished_count=None)
    assert oral.card("HQ").fields == ()
    oral.fill("HQ", dbo_count=None, absent_count=None, not_finished_count=None)


def test_the_page_says_from_which_journals_the_numbers_were_put_in(desk, technician):
    page = f"/scanning/{desk.sitting.key}/0101/"
    assert "Из журналов ничего не подставлено" in technician.client.get(page).content.decode()
    desk.journal(station="0001")
    assert "Подставлено из журнала станции 0001" in technician.client.get(page).content.decode()
    desk.fill(registration_count=2)
    assert "Подставлено" not in technician.client.get(page).content.decode()
