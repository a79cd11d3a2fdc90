"""The planned day: the same every time, consistent with itself, and planted with every kind of trouble."""

import datetime as dt
from collections import Counter
from typing import get_args

import pytest

from demo.registry import registry
from drawing.days import demo_day, mini_day
from drawing.plan import HQ, RESCAN, FaultKind, all_scans
from wire import schema
from wire.forms import CATALOGUE, check_number

DAY = dt.date(2026, 5, 29)


@pytest.fixture(scope="module")
def plan():
    return demo_day(date=DAY)


def test_it_is_the_same_day_every_time(plan):
    assert demo_day(date=DAY) == plan
    assert demo_day(date=DAY, seed=5) != plan


def test_every_number_is_a_number_and_only_planted_sheets_repeat(plan):
    numbers = Counter(scan.spec.number for _point, scan in all_scans(plan) if scan.note != RESCAN)
    assert all(check_number(number) for number in numbers)
    twice = {number for number, count in numbers.items() if count > 1}
    assert twice == {fault.number for fault in plan.faults if fault.kind == "scanned_twice"}


def test_every_kind_of_fault_is_planted_once(plan):
    assert Counter(fault.kind for fault in plan.faults) == Counter(get_args(FaultKind))


def test_the_balance_of_every_room_holds(plan):
    for room in plan.point("0001").rooms:
        printed, spoiled = len(room.sets), sum(item.spoiled for item in room.sets)
        unused = sum(item.unused for item in room.sets)
        assert printed - spoiled - unused == room.seats - room.absent == room.registrations
    day = plan.point("0001")
    assert any(item.spoiled for room in day.rooms for item in room.sets)
    assert any(item.unused for room in day.rooms for item in room.sets)


def test_two_stations_cover_the_room_of_the_replacement(plan):
    assert {item.station for item in plan.point("0001").room("0102").sets} == {"0002", "0005"}


def test_sheets_of_a_room_are_its_sets_and_additional_forms(plan):
    for room in plan.point("0001").rooms:
        owned = {scan.spec.number for scan in plan.point("0001").scans if scan.owner == room.number}
        expected = {number for item in room.sets if item.sat for number in item.sheets.values()} | set(room.dbo)
        assert owned == expected


def test_what_voice_rooms_collect_was_printed_in_the_preparation_room(plan):
    point = plan.point("0002")
    (preparation,) = point.preparation
    said = {answer.registration for room in point.rooms for answer in room.answers}
    assert said == {item.sheets["R"] for item in preparation.sets if item.sat}
    assert {item.ordinal for item in preparation.sets if not item.sat} == {3, 18}
    assert preparation not in point.rooms
    assert not [scan for scan in point.scans if preparation.number in (scan.pile, scan.owner, scan.spec.room)]


def test_the_hq_scans_a_protocol_and_an_absence_sheet_for_each_room(plan):
    for point in plan.points:
        kinds = Counter(scan.spec.kind for scan in point.scans if scan.pile == HQ)
        assert kinds["05-02"] == kinds["12-04-МАШ"] == len(point.rooms)
        assert kinds["13-03-У" if point.oral else "13-02-МАШ"] == kinds["18-МАШ"] == 1


@pytest.mark.parametrize("day", [demo_day, mini_day])
def test_the_registry_follows_its_schema(day):
    schema.validate("registry", registry(day(date=DAY)))


def test_no_fault_reaches_the_registry(plan):
    text = str(registry(plan))
    assert not any(fault.number in text for fault in plan.faults if len(fault.number) == 13)


def test_the_forms_of_the_hq_say_what_happened_in_the_rooms():
    plan = demo_day()
    point = plan.points[0]
    summary = next(scan.spec for scan in point.scans if scan.spec.kind == "13-02-МАШ")
    for row, room in enumerate(point.rooms, 1):
        assert summary.values[f"room/{row}"] == room.number
        assert summary.values[f"absent/{row}"] == str(room.absent)
        protocol = next(scan.spec for scan in point.scans if (scan.spec.kind, scan.spec.room) == ("05-02", room.number))
        crosses = [name for name, value in protocol.values.items() if value == "x"]
        assert sum(name.startswith("seat_present/") for name in crosses) == room.registrations
        assert sum(name.startswith("seat_absent/") for name in crosses) == room.seats - room.registrations
    known = {f"{field.name}/{row}" for field in CATALOGUE["13-02-МАШ"].fields for row, _boxes in field.boxes()}
    assert summary.values.keys() <= known
