"""A replaced station stays in the expected set, and its successor enters it."""

import pytest

from audit.log import SYSTEM
from audit.models import Event
from stations.models import Duty, StationAssignment
from stations.replacement import ReplacementRefusedError, replace_station


def replace(day, old="print-0002", new="print-0005", room="0102"):
    return replace_station(
        sitting=day.sitting, old=day.stations[old], new=day.stations[new], room=day.rooms[room], actor=SYSTEM
    )


def test_a_reserve_without_a_room_takes_it(day):
    posts = StationAssignment.objects.count()
    after = replace(day)
    before = StationAssignment.objects.get(pk=day.posts["print-0002"].pk)
    assert StationAssignment.objects.count() == posts
    assert (after.pk, after.room.number, after.since is not None) == (day.posts["print-0005"].pk, "0102", True)
    assert (before.duty, before.replaced_by) == (Duty.REPLACED, after)
    assert Event.objects.filter(kind="station.replaced", chain="78-0001").count() == 1


def test_the_same_again_changes_nothing(day):
    assert replace(day).pk == replace(day).pk
    assert Event.objects.filter(kind="station.replaced").count() == 1


def test_a_reserve_in_a_second_room_gets_a_second_post(day):
    first = replace(day)
    second = replace(day, old="print-0003", room="0103")
    assert first.pk != second.pk
    assert second.station == first.station


@pytest.mark.parametrize(
    ("old", "new", "room"),
    [
        ("print-0002", "print-0002", "0102"),
        ("print-0002", "scan-02", "0102"),
        ("print-0002", "print-0005", "0101"),
    ],
)
def test_what_does_not_follow_is_refused(day, old, new, room):
    with pytest.raises(ReplacementRefusedError):
        replace(day, old, new, room)
    assert not Event.objects.exists()


def test_a_replaced_one_is_not_replaced_again(day):
    replace(day)
    with pytest.raises(ReplacementRefusedError):
        replace(day, new="print-0006")
