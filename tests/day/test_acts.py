"""The acts that rest on the day, and that an evaluation may be kept."""

import contextlib
import subprocess

import pytest
from django.db import connection

from audit.log import SYSTEM, record
from day import acts, evaluate, facts, table
from day.closing import closing_act
from day.errors import DayError, OriginalsNeededError, StatusElsewhereError
from journals.models import Journal
from scanning import cards
from scanning.models import RoomCard
from stations.models import Sitting
from tests.support.evaluated import own
from tests.transfers.conftest import ACTOR
from transfers.models import PacketKind, PointStatus
from transfers.states import PacketState, StatusState


@pytest.mark.parametrize("name", [each.name for each in table.STATUSES if not each.declarable])
def test_a_status_without_a_page_is_not_declared_by_accident(hq, name):
    hq.all_journals()
    with pytest.raises(StatusElsewhereError):
        acts.declare(sitting=hq.sitting, status=name, actor=ACTOR)
    assert not PointStatus.objects.exists()


def test_a_closed_room_that_was_not_compared_since_shuts_the_gate_and_opens_the_day(hq):
    hq.keys.activate()
    hq.finish()
    assert own(hq.sitting).over
    RoomCard.objects.filter(room__number="0102").update(seen_journals="of before")
    found = own(hq.sitting)
    assert [(each.code, each.place) for each in found.open] == [("room_balance", "0102")]
    assert found.opened_again


def test_a_room_that_the_centre_asks_for_says_since_when_and_why(hq):
    hq.keys.activate()
    hq.finish()
    cards.reopen(card=hq.card("0103"), numbers=[], reason="Полоса поперёк листа", actor=ACTOR)
    found = own(hq.sitting)
    row = next(each for each in found.open if each.code == "room_open_again")
    assert row.since is not None
    assert found.opened_since == row.since
    assert "Полоса поперёк листа" in row.text.ru


def test_the_states_that_the_rules_name_are_states_of_the_rooms_below():
    packets = set(PacketState.values)
    from day.rules import _CARRIERS, _PEOPLE

    assert {*_CARRIERS, *_PEOPLE, "handed_over", "acknowledged"} | {"superseded"} == packets
    assert {"declared", "accepted", "undone"} == set(StatusState.values)
    assert {"blanks", "audio", "forms", "status", "test"} == set(PacketKind.values)


def test_what_is_kept_is_what_is_judged_from_scratch(hq, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(evaluate, "KEPT", 8)
    point, day = Sitting.objects.select_related("point__region").get(pk=hq.sitting.pk).point, hq.sitting.date

    def same():
        kept, fresh = evaluate.today(point, day), evaluate.evaluate(point, day)
        return kept.sittings == fresh.sittings

    record("node.started", actor=SYSTEM, about=point)
    assert same()
    first = evaluate.today(point, day)
    assert evaluate.today(point, day) is first
    with django_assert_num_queries(3):
        evaluate.today(point, day)
    # Every change writes its event, or moves what the tag names.
    hq.all_journals()
    acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    assert evaluate.today(point, day) is not first
    assert same()
    hq.close("0101")
    hq.signed("0101")
    assert same()
    cards.reopen(card=hq.card("0101"), numbers=[], reason="по ошибке закрыта", actor=ACTOR)
    assert same()
    Journal.objects.filter(station_said="0001").update(forms_problem="другой ключ")
    assert same()
    RoomCard.objects.filter(room__number="0102").update(seen_journals="x")
    assert same()


def test_what_is_kept_ends_with_the_deadline(hq, monkeypatch):
    import time_machine

    from tests.support import factories

    monkeypatch.setattr(evaluate, "KEPT", 8)
    with time_machine.travel(factories.moment(hq.day, "17:00"), tick=False):
        before = evaluate.today(hq.point, hq.sitting.date)
        assert evaluate.today(hq.point, hq.sitting.date) is before
    with time_machine.travel(factories.moment(hq.day, "18:01"), tick=False):
        after = evaluate.today(hq.point, hq.sitting.date)
    assert after is not before
    states = {each.code: each.state for each in after.sittings[0].obligations}
    assert states["status_exams_finished"] == "open"


ACTS = {
    "declare": lambda hq: acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR),
    "declare_day": lambda hq: acts.declare_day(sitting=hq.sitting, status="exams_finished", actor=ACTOR),
    "form_end_scan": lambda hq: acts.form_end_scan(sitting=hq.sitting, actor=ACTOR),
    "wipe": lambda hq: acts.wipe(sitting=hq.sitting, actor=ACTOR),
    "closing_act": lambda hq: closing_act(sitting=hq.sitting, actor=ACTOR),
}


@pytest.mark.parametrize("name", ACTS)
def test_every_act_takes_the_lock_of_the_day_before_it_evaluates_in_the_same_transaction(hq, monkeypatch, name):
    seen = []

    def hold(point, sittings):
        assert (point, sittings) == (hq.point, [hq.sitting.pk])
        assert connection.in_atomic_block
        seen.append("lock")

    def read(*args):
        seen.append("facts")
        return facts_read(*args)

    facts_read = facts.read
    monkeypatch.setattr(evaluate, "hold", hold)
    monkeypatch.setattr(facts, "read", read)
    with contextlib.suppress(DayError):
        ACTS[name](hq)
    assert seen == ["lock", "facts"]


def test_no_act_rests_on_what_is_kept(hq, monkeypatch):
    monkeypatch.setattr(evaluate, "KEPT", 8)
    hq.keys.activate()
    hq.finish()
    record("node.started", actor=SYSTEM, about=hq.point)
    assert evaluate.today(hq.point, hq.sitting.date).over(hq.sitting.key)
    # Behind the back of the log: what is kept says yes, the act says no.
    PointStatus.objects.update(state="declared")
    with pytest.raises(OriginalsNeededError):
        acts.wipe(sitting=hq.sitting, actor=ACTOR)


def test_a_closing_act_names_the_act_of_other_facts_that_it_replaces(hq):
    from audit.models import Event

    hq.keys.activate()
    hq.finish()
    first = closing_act(sitting=hq.sitting, actor=ACTOR)
    assert closing_act(sitting=hq.sitting, actor=ACTOR).data_sha256 == first.data_sha256
    cards.reopen(card=hq.card("0103"), numbers=[], reason="Полоса поперёк листа", actor=ACTOR)
    again = closing_act(sitting=hq.sitting, actor=ACTOR)
    said = text_of(again.data)
    assert f"данные SHA-256 {first.data_sha256[:16]}" in said
    assert "Полоса поперёк листа" in said
    assert "ППЭ не закрыт" in said
    assert Event.objects.filter(kind="transfers.closing_act").count() == 3


def text_of(data):
    found = subprocess.run(["pdftotext", "-layout", "-", "-"], input=data, capture_output=True, check=True)
    return " ".join(found.stdout.decode().split())
