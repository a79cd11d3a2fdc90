"""Rooms, places and times of a journal against the registry; participants that two journals tell of."""

from datetime import timedelta

import pytest
from django.test import Client

from common.work.clock import now
from day import facts
from journals import elsewhere, intake, rows
from journals.models import Journal
from stations.models import Duty, Sitting, SittingRoom
from stations.replacement import replace_station
from tests.support import factories
from tests.support.factories import add_post, make_voice_day
from tests.support.journals import JournalStation, print_station, sets
from tests.support.keys import OPERATOR, make_keys
from wire import journal
from wire.pki import CertificateRole

pytestmark = pytest.mark.django_db


def take(station):
    return intake.ingest(data=station.close(), name=station.name, door="browser", actor=OPERATOR)


def fields(verdict):
    return {doubt["field"] for doubt in verdict.journal.blocking}


@pytest.fixture
def oral(data_dir, token_dir, db):
    keys = make_keys(make_voice_day(), token_dir)
    keys.activate()
    return keys


def voice(keys, number="0201-3", *, room="0201", **more):
    return JournalStation(keys, "voice", number, room=room, **more).add("software_started", version="1")


def answer(ordinal=1, place=3, name="a.ogg", sha256="a"):
    return {"set": ordinal, "place": place, "file_name": name, "seconds": 9.5, "sha256": sha256 * 64}


def add(station, when, event="set_printed", **data):
    entry = journal.next_entry(station.lines[-1], event, kind=station.kind, data=data, at=when)
    station.lines.append(journal.make_line(entry))
    return station


def test_a_room_of_the_point_that_the_exam_does_not_have_is_told(keys):
    factories.RoomFactory(point=keys.day.point, number="0110")
    verdict = take(print_station(keys, room="0110"))
    assert fields(verdict) >= {"post", "room.exam"}
    assert "аудитория 0110 в этом экзамене не участвует" in verdict.line


def test_a_room_that_the_registry_gets_later_settles_the_doubt_by_itself(keys):
    room = factories.RoomFactory(point=keys.day.point, number="0110")
    row = take(print_station(keys, room="0110")).journal
    known = {}
    assert intake.recheck_registry(known) == 0
    assert intake.recheck_registry(known) == 0
    SittingRoom.objects.create(sitting=keys.day.sitting, room=room, seats=15)
    assert intake.recheck_registry(known) == 0
    row.refresh_from_db()
    assert {doubt["field"] for doubt in row.blocking} == {"post"}
    factories.StationAssignmentFactory(
        sitting=keys.day.sitting, station=keys.day.stations["print-0001"], room=room, duty=Duty.MAIN
    )
    assert intake.recheck_registry(known) == 1
    row.refresh_from_db()
    assert (row.state, row.doubts) == ("accepted", [])


def test_what_the_registry_assigns_itself_or_says_nothing_of_is_not_judged(keys):
    SittingRoom.objects.filter(room=keys.day.rooms["0101"]).delete()
    assert take(print_station(keys)).state == "accepted"
    SittingRoom.objects.all().delete()
    assert take(print_station(keys, "0002", room="0102").add("set_printed", set=1)).state == "accepted"


def test_an_entry_names_a_room_that_the_point_has_not(keys):
    scan = JournalStation(keys, "scan", "01", room=None).add("room_opened", room="0777").add("room_opened", room="0101")
    verdict = take(scan)
    assert fields(verdict) == {"room.named"}
    assert "0777" in verdict.line


def test_the_rooms_of_all_exams_and_the_hq_are_rooms_of_the_point(keys):
    factories.RoomFactory(point=keys.day.point, number="0110")
    scan = JournalStation(keys, "scan", "01", room=None)
    for room in ("0110", "HQ", "0000"):
        scan.add("room_opened", room=room)
    assert take(scan).state == "accepted"


def test_answers_of_a_room_where_nobody_speaks_and_sets_of_a_voice_room_are_told(oral):
    SittingRoom.objects.filter(room=oral.day.rooms["0202"]).update(kind="written", places=0)
    assert fields(take(voice(oral, "0202-1", room="0202").add("answer_finished", **answer(place=1)))) == {"room.kind"}
    oral.certify(CertificateRole.PRINT, "0001")
    factories.StationFactory(point=oral.day.point, kind="print", number="0001")
    verdict = take(print_station(oral, room="0201").add("set_printed", set=1))
    assert fields(verdict) == {"room.kind", "post"}


def test_a_print_station_that_the_registry_puts_into_a_voice_room_prints_there(oral):
    oral.certify(CertificateRole.PRINT, "0001")
    add_post(oral.day, "print", "0001", room="0201")
    assert take(print_station(oral, room="0201").add("set_printed", set=1)).state == "accepted"


def test_a_reserve_voice_station_that_stood_idle_in_a_written_room_says_nothing_wrong(oral):
    SittingRoom.objects.filter(room=oral.day.rooms["0202"]).update(kind="written", places=0)
    assert take(voice(oral, "0202-1", room="0202")).state == "accepted"


@pytest.mark.parametrize("place", [0, 5, 44])
def test_a_place_that_the_room_does_not_have_is_told_once(oral, place):
    station = voice(oral).add("participant_seated", set=1, place=place).add("answer_started", set=1, place=place)
    verdict = take(station)
    assert fields(verdict) == {"place"}
    assert len(verdict.journal.blocking) == 1
    assert f"рабочего места {place}" in verdict.line


def test_workplaces_that_the_registry_does_not_count_are_not_judged(oral):
    SittingRoom.objects.update(places=0)
    assert take(voice(oral).add("participant_seated", set=1, place=44)).state == "accepted"


# --- times ------------------------------------------------------------------------------------------------------------


def test_an_exam_of_another_day_and_of_the_future_waits_for_a_person(keys):
    verdict = take(add(print_station(keys), now() - timedelta(days=2), set=1))
    assert fields(verdict) == {"told.day", "told.clock"}
    intake.accept(journal=verdict.journal, reason="часы станции отстали на двое суток", actor=OPERATOR)
    assert fields(take(add(print_station(keys, "0002", room="0102"), now() + timedelta(days=2), set=1))) >= {
        "told.day",
        "told.future",
    }


def test_preparation_days_before_and_a_clock_fast_by_minutes_or_of_another_zone_are_no_doubt(keys):
    early = JournalStation(keys, "print", "0001", room="0101", opened_at=now() - timedelta(days=5))
    add(early, now() - timedelta(days=4), "readiness_checked", check="печать")
    assert take(add(early, now(), set=1)).state == "accepted"
    verdict = take(add(print_station(keys, "0002", room="0102"), now() + timedelta(minutes=4), set=1))
    assert verdict.state == "accepted"
    assert [doubt["field"] for doubt in verdict.journal.doubts if doubt["field"] == "clock"]


def test_a_point_beyond_the_night_of_the_node_is_judged_by_its_own_day(keys):
    """It is the 29th in Kamchatka while the node's papers say the 28th."""
    point = keys.day.point
    point.timezone = "Asia/Kamchatka"
    point.save()
    day = now().astimezone(point.zone).date()
    Sitting.objects.filter(pk=keys.day.sitting.pk).update(date=day)
    keys.day.sitting.refresh_from_db()
    assert take(add(print_station(keys), now(), set=1)).state == "accepted"


# --- two journals -----------------------------------------------------------------------------------------------------


def told_to(verdict):
    return [said.ru for said in elsewhere.of_journal(Journal.objects.get(pk=verdict.journal.pk))]


def both(keys, one, other, made):
    """Two voice stations of this exam, each with this participant's answer."""
    first = take(voice(keys, one, room=one[:4]).seal(made).add("answer_finished", **answer(place=int(one[-1]))))
    second = take(
        voice(keys, other, room=other[:4])
        .seal(made)
        .add("answer_finished", **answer(place=int(other[-1]), name="b.ogg", sha256="b"))
    )
    assert (first.state, second.state) == ("accepted", "accepted")
    return first, second


def test_a_participant_of_two_voice_journals_is_told_on_both_with_the_place_of_the_other(oral):
    first, second = both(oral, "0201-3", "0202-1", sets(1, subject="29"))
    (said,) = told_to(first)
    assert "0202-1" in said
    assert "ауд. 0202" in said
    assert second.journal.name in said
    (said,) = told_to(second)
    assert "0201-3" in said
    (exam,) = facts.read(oral.day.point, oral.day.sitting.date).exams
    assert sorted(bool(each.elsewhere) for each in exam.journals) == [True, True]


def test_when_one_of_them_no_longer_counts_nothing_is_told(oral):
    first, second = both(oral, "0201-3", "0202-1", sets(1, subject="29"))
    Journal.objects.filter(pk=second.journal.pk).update(state="superseded")
    assert told_to(first) == told_to(second) == []


def test_a_station_that_took_the_place_of_another_goes_on_with_its_participants(oral):
    first, second = both(oral, "0201-3", "0201-4", sets(1, subject="29"))
    assert told_to(first)
    replace_station(
        sitting=oral.day.sitting,
        old=oral.day.stations["voice-0201-3"],
        new=oral.day.stations["voice-0201-4"],
        room=oral.day.rooms["0201"],
        actor=OPERATOR,
    )
    assert told_to(first) == told_to(second) == []


def test_the_same_recording_is_told_before_any_number_is_open(oral):
    first = take(voice(oral, "0201-3").add("answer_finished", **answer()))
    second = take(voice(oral, "0201-4").add("answer_finished", **answer(place=4, name="b.ogg")))
    assert told_to(first)
    assert told_to(second)


def test_recordings_of_one_name_are_told_in_one_room_and_not_of_two(oral):
    first = take(voice(oral, "0201-3").add("answer_finished", **answer()))
    take(voice(oral, "0202-1", room="0202").add("answer_finished", **answer(place=1, sha256="b")))
    assert told_to(first) == []
    take(voice(oral, "0201-4").add("answer_finished", **answer(place=4, name="A.OGG", sha256="c")))
    assert "0201-4" in told_to(first)[0]


def test_a_form_of_two_print_journals_is_told_and_one_that_is_printed_and_spoken_to_is_not(keys):
    keys.activate()
    made = sets(2)
    first = take(print_station(keys).seal(made))
    second = take(print_station(keys, "0002", room="0102").seal(made[:1]))
    assert "бланки (4)" in told_to(first)[0] or "0002" in told_to(first)[0]
    assert told_to(second)


def test_a_registration_form_printed_in_one_room_and_spoken_to_in_another_is_no_doubt(oral):
    oral.certify(CertificateRole.PRINT, "0001")
    oral.day.rooms["0210"] = factories.RoomFactory(point=oral.day.point, number="0210")
    factories.SittingRoomFactory(sitting=oral.day.sitting, room=oral.day.rooms["0210"])
    add_post(oral.day, "print", "0001", room="0210")
    made = sets(1, subject="29")
    first = take(print_station(oral, room="0210").seal(made))
    second = take(voice(oral).seal(made).add("answer_finished", **answer()))
    assert told_to(first) == told_to(second) == []


def test_the_page_of_a_journal_and_that_of_the_day_show_what_two_journals_tell(oral):
    first, second = both(oral, "0201-3", "0202-1", sets(1, subject="29"))
    client = Client()
    client.force_login(factories.make_user("t", "Техник", "technical_specialist", point=oral.day.point))
    page = client.get(f"/journals/{first.journal.pk}/").content.decode()
    assert second.journal.name in page
    assert page.count("те же участники") == 1
    assert client.get("/today/78-0002/").content.decode().count("те же участники") >= 2


def test_rows_of_answers_know_their_journal(oral):
    verdict = take(voice(oral).add("answer_finished", **answer()))
    (row,) = rows.answers([oral.day.sitting.pk])
    assert row.journal == verdict.journal.pk
