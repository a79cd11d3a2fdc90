"""What the open entries of a journal tell twice keeps it in quarantine, without any key."""

import pytest

from journals import intake
from tests.support.factories import make_voice_day
from tests.support.journals import JournalStation, print_station
from tests.support.keys import OPERATOR, make_keys

HASH = "a" * 64


def take(station):
    return intake.ingest(data=station.close(), name=station.name, door="browser", actor=OPERATOR)


@pytest.fixture
def voice(data_dir, token_dir, db):
    keys = make_keys(make_voice_day(), token_dir)
    return JournalStation(keys, "voice", "0201-3", room="0201").add("software_started", version="1")


def test_a_set_printed_twice_needs_a_decision(keys):
    verdict = take(print_station(keys).add("set_printed", set=1).add("set_printed", set=2).add("set_printed", set=1))
    assert verdict.state == "quarantined"
    assert "комплект № 1" in verdict.line
    (doubt,) = verdict.journal.blocking
    assert doubt["field"] == "told.set"
    intake.accept(journal=verdict.journal, reason="принтер посчитал лист дважды", actor=OPERATOR)


def test_a_set_printed_instead_of_another_is_told_of_once(keys):
    station = print_station(keys).add("set_printed", set=1).add("set_reprinted", set=2, instead_of=1)
    assert take(station).state == "accepted"


def test_a_participant_seated_twice_needs_a_decision_and_after_a_failure_none(voice):
    voice.add("participant_seated", set=1, place=3).add("answer_failed", set=1, reason="микрофон")
    assert take(voice.add("participant_seated", set=1, place=3)).state == "accepted"
    voice.add("journal_reopened", reason="ещё").add("participant_seated", set=1, place=3)
    verdict = take(voice)
    assert verdict.state == "quarantined"
    assert "участник комплекта № 1" in verdict.line


def answer(ordinal, name):
    return {"set": ordinal, "place": 3, "file_name": name, "seconds": 9.5, "sha256": HASH}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([answer(1, "a.ogg"), answer(2, "A.ogg")], "для комплектов № 2 и 1"),
        ([answer(1, "a.ogg"), answer(1, "b.ogg")], "два файла"),
        ([answer(1, "../../etc/passwd")], "недопустимое имя файла"),
        ([answer(1, "con\\a.ogg")], "недопустимое имя файла"),
    ],
)
def test_files_that_cannot_be_told_apart_need_a_decision(voice, answers, said):
    for each in answers:
        voice.add("answer_finished", **each)
    verdict = take(voice)
    assert verdict.state == "quarantined"
    assert said in verdict.line


def test_an_answer_recorded_again_after_a_failure_is_sound(voice):
    voice.add("answer_finished", **answer(1, "a.ogg")).add("answer_failed", set=1, reason="тишина")
    assert take(voice.add("answer_finished", **answer(1, "b.ogg"))).state == "accepted"
