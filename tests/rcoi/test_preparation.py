"""What preparation rooms printed, held against all that came in voice rooms."""

from dataclasses import replace
from datetime import timedelta

import pytest

from common.obligations import ObligationState
from rcoi.day import rules
from rcoi.day.rows import ActFacts, PrintSource, RoomUse
from stations.models import SittingRoom
from tests.rcoi.conftest import arrive
from tests.rcoi.test_print_journals import codes, journals, printed, stranger
from tests.rcoi.test_rules import AT, exam, forms, packet
from tests.rcoi.test_standing import full, shown
from wire.forms import make_number
from wire.room import CardCounts, PrintedSet

__all__ = ["stranger"]
CODES = {"sets_unplaced", "sets_contested", "room_kind_differs"}


def voice(pk, room, *sets, **more):
    said = {
        "kind": "audio",
        "room": room,
        "counts": {"R": len(sets), "recordings": len(sets)},
        "card": CardCounts(registration=len(sets), absent=2 - len(sets)),
        "closed_sets": {"1": frozenset(sets)},
        "room_kind": "voice",
    }
    return packet(pk, **(said | more))


STATUS = packet(3, kind="status", room="", counts={})


def spoken(*packets, sets=(1, 2), status=STATUS, **more):
    """A spoken exam: preparation room 0101, voice rooms 0201 and 0202 of two seats."""
    made = exam(
        *packets,
        forms(),
        status,
        places=[RoomUse("0201", "audio", 2), RoomUse("0202", "audio", 2), RoomUse("", "forms", None)],
        sets={"0101": [PrintedSet("0101", "1", each) for each in sets]},
        sources={"0101": PrintSource(3, AT)},
        kinds={"0101": "preparation", "0201": "voice", "0202": "voice"},
    )
    return replace(made, oral=True, **more)


def found(facts):
    return [each for each in rules.obligations(facts) if each.code in CODES and not each.settled]


def test_sets_that_came_with_voice_rooms_are_settled():
    assert not found(spoken(voice(1, "0201", 1), voice(2, "0202", 2)))


def test_a_set_that_came_with_no_room_is_open_at_the_journal_that_lists_it():
    one, two = voice(1, "0201", 1), voice(2, "0202")
    (row,) = found(spoken(one, two))
    assert (row.code, row.anchor) == ("sets_unplaced", packet(3).sha256)
    assert "1/2" in row.text.ru
    assert "1/1" not in row.text.ru
    # As long as a voice room is still to come, that is what is waited for.
    assert not found(spoken(one))
    # A form that is here by its number lies somewhere, whatever the desk said of it.
    number = make_number("R", 77)
    lost = PrintedSet("0101", "1", 2, sheets={"R": number})
    here = replace(two, numbers=frozenset({number}))
    facts = spoken(one, here)
    assert not found(replace(facts, sets={"0101": [facts.sets["0101"][0], lost]}))


@pytest.mark.parametrize("room", ["", "0000", "HQ", "0109"])
def test_a_set_that_was_printed_where_nobody_collects_is_held_as_well(room):
    facts = spoken(voice(1, "0201", 1), voice(2, "0202"), sets=(1,))
    stray = {room: [PrintedSet(room, "9", 2)]}
    facts = replace(facts, sets=facts.sets | stray, sources=dict.fromkeys(("0101", room), PrintSource(3, AT)))
    (row,) = found(facts)
    assert (row.code, "9/2" in row.text.ru) == ("sets_unplaced", True)
    act = ActFacts("room_difference", "0101", "a" * 64, True, made_at=AT + timedelta(minutes=1))
    told = [replace(each, acts=(act,)) if each.kind == "status" else each for each in facts.packets]
    assert not found(replace(facts, packets=told))


@pytest.mark.parametrize(("minutes", "covered"), [(1, True), (-1, False)])
def test_an_act_covers_what_its_journal_listed_and_no_longer_one(minutes, covered):
    act = ActFacts("room_difference", "0101", "a" * 64, True, made_at=AT + timedelta(minutes=minutes))
    status = packet(3, kind="status", room="", counts={}, acts=(act,))
    facts = spoken(voice(1, "0201", 1), voice(2, "0202"), status=status)
    assert bool(found(facts)) is not covered
    (row,) = [each for each in rules.obligations(facts) if each.code == "sets_unplaced"]
    assert (row.state == ObligationState.SETTLED) is covered


@pytest.mark.parametrize(
    ("sets", "covered"),
    [((("0101", "1", 2),), False), ((("0101", "1", 2), ("0101", "1", 3)), True), ((("", "1", 2), ("", "1", 3)), True)],
)
def test_an_act_that_names_its_sets_covers_these_and_no_others(sets, covered):
    # Made before the last journal was closed: what it names it is about all the same.
    act = ActFacts("room_difference", "0101", "a" * 64, True, made_at=AT - timedelta(minutes=1), sets=sets)
    status = packet(3, kind="status", room="", counts={}, acts=(act,))
    facts = spoken(voice(1, "0201", 1), voice(2, "0202"), sets=(1, 2, 3), status=status)
    (row,) = [each for each in rules.obligations(facts) if each.code == "sets_unplaced"]
    assert row.settled is covered
    assert ("1/2" in row.text.ru, "1/3" in row.text.ru) == (covered, True), "open is what no act names"


def two_rooms(*packets, **numbers):
    """Two preparation rooms whose stations have one number: each printed a set 1/1."""
    facts = spoken(*packets, sets=(1,))
    sets = {
        room: [PrintedSet(room, "1", 1, sheets={"R": numbers[name]} if name in numbers else {})]
        for name, room in (("one", "0101"), ("two", "0102"))
    }
    kinds = {**facts.kinds, "0102": "preparation"}
    return replace(facts, sets=sets, kinds=kinds, sources=dict.fromkeys(sets, PrintSource(3, AT)))


def test_two_rooms_with_stations_of_one_number_owe_two_sets():
    assert not found(two_rooms(voice(1, "0201", 1), voice(2, "0202", 1))), "each came with one voice room"
    rows = found(two_rooms(voice(1, "0201", 1), voice(2, "0202")))
    assert [each.code for each in rows] == ["sets_unplaced", "sets_unplaced"], "whose set is missing is not known"
    assert all("1/1 (0101, 0102)" in each.text.ru for each in rows)
    facts = two_rooms(voice(1, "0201", 1), voice(2, "0202", 1), voice(4, "0203", 1))
    facts = replace(facts, places=[*facts.places, RoomUse("0203", "audio", 2)], kinds={**facts.kinds, "0203": "voice"})
    assert [each.code for each in found(facts)] == ["sets_contested"]


def test_open_numbers_tell_sets_of_one_name_apart():
    one, two = make_number("R", 71), make_number("R", 72)
    here = voice(1, "0201", 1, numbers=frozenset({one}))
    assert not found(two_rooms(here, voice(2, "0202", 1, numbers=frozenset({two})), one=one, two=two))
    (row,) = found(two_rooms(here, voice(2, "0202"), one=one, two=two))
    assert (row.code, "0102" in row.text.ru, "0101" in row.text.ru) == ("sets_unplaced", True, False)


def test_a_set_that_two_rooms_say_is_theirs_is_open():
    (row,) = found(spoken(voice(1, "0201", 1, 2), voice(2, "0202", 2)))
    assert row.code == "sets_contested"
    assert "0201, 0202" in row.text.ru


@pytest.mark.parametrize(("said", "differs"), [("written", True), ("voice", False), ("", False)])
def test_a_room_of_another_kind_than_the_registry_says_is_open(said, differs):
    rows = found(spoken(voice(1, "0201", 1, room_kind=said), voice(2, "0202", 2)))
    assert [each.code for each in rows] == ["room_kind_differs"] * differs


@pytest.mark.django_db
def test_packets_and_journals_as_they_come(point, stranger):
    SittingRoom.objects.filter(room__number="0101").update(kind="preparation")
    assert [cell.room for cell in shown(point).rooms] == ["0102", "0103", "0104"]
    status = arrive(journals(point, [printed(1), printed(2), printed(3, unused=True)], stranger))
    arrive(full(point, "0102", room_json={"sets": {"0001": [1]}}))
    arrive(full(point, "0103", room_json={"sets": {}}))
    assert not codes(point) & CODES
    last = arrive(full(point, "0104", room_json={"sets": {}}))
    assert codes(point) & CODES == {"sets_unplaced"}
    assert "1/2" in status.findings.get(code="sets_unplaced").text.ru
    arrive(full(point, "0104", version=2, supersedes=last.uid, room_json={"sets": {"1": [2]}}, room_kind="voice"))
    assert codes(point) & CODES == {"room_kind_differs"}


@pytest.mark.django_db
def test_an_act_brings_the_sets_that_it_names(point, stranger, coordinator):
    SittingRoom.objects.filter(room__number="0101").update(kind="preparation")
    arrive(journals(point, [printed(1), printed(2), printed(3)], stranger))
    arrive(full(point, "0102", room_json={"sets": {"0001": [1]}}))
    for room in ("0103", "0104"):
        arrive(full(point, room, room_json={"sets": {}}))

    def told(*sets, **more):
        difference = {"sets": [["0101", "0001", each] for each in sets]}
        act = point.act(kind="room_difference", room="0101", station=None, station_kind=None, difference=difference)
        return arrive(point.status("blanks_transferred", acts=[act], **more))

    first = told(2)
    assert codes(point) & CODES == {"sets_unplaced"}, "the third set is told by no act"
    page = coordinator.client.get(f"/centre/statuses/{point.day.key}/").content.decode()
    assert "аудитория подготовки 0101" in " ".join(page.split())
    told(2, 3, version=2, supersedes=first.uid)
    assert not codes(point) & CODES
