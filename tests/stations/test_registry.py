"""Registry documents in and out."""

import copy
from typing import Any

import pytest

from audit.log import SYSTEM
from stations.models import Assignment, ExamPoint, Region, Room, Sitting, StationAssignment
from stations.registry import document_of, import_registry
from wire.errors import PpeError

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rehearsal(settings):
    """The document below is a rehearsal's, and so is the node."""
    settings.PPE_MODE = "training"


DOCUMENT = {
    "format": "ppe-registry/1",
    "mode": "training",
    "region": {"code": "78", "name": "Санкт-Петербург", "timezone": "Europe/Moscow"},
    "points": [
        {
            "code": "0001",
            "name": "Школа № 1",
            "address": "ул. Первая, 1",
            "timezone": "Europe/Moscow",
            "rooms": [{"number": "0101", "name": "", "seats": 15, "kind": "room"}],
            "stations": [
                {"kind": "print", "number": "0001", "serial": "A1", "duty": "main"},
                {"kind": "print", "number": "0006", "serial": "A6", "duty": "reserve"},
            ],
            "people": [{"uid": "p1", "full_name": "Иванов Пётр Ильич", "phone": ""}],
            "sittings": [
                {
                    "date": "2026-05-29",
                    "subject": "01",
                    "rooms": [{"number": "0101", "seats": 15, "voice": False, "places": 0}],
                    "posts": [
                        {
                            "station_kind": "print",
                            "station_number": "0001",
                            "room": "0101",
                            "place": None,
                            "duty": "main",
                        },
                        {
                            "station_kind": "print",
                            "station_number": "0006",
                            "room": None,
                            "place": None,
                            "duty": "reserve",
                        },
                    ],
                    "assignments": [{"person": "p1", "role": "technical_specialist"}],
                    "deadlines": {"exams_finished": "18:00"},
                }
            ],
        }
    ],
    "staff": [{"uid": "s1", "full_name": "Павлов Денис Олегович", "role": "rcoi_operator"}],
}


def test_it_writes_the_whole_region():
    import_registry(DOCUMENT, actor=SYSTEM)
    sitting = Sitting.objects.get()
    assert sitting.key == "78-0001-290526-01"
    assert sitting.deadline("exams_finished").isoformat() == "2026-05-29T18:00:00+03:00"
    assert StationAssignment.objects.count() == 2
    assert Room.objects.filter(kind="hq").count() == 1
    assert Assignment.objects.filter(region__code="78").count() == 1


def test_the_same_document_twice_changes_nothing():
    import_registry(DOCUMENT, actor=SYSTEM)
    before = {
        model: model.objects.count() for model in (Region, ExamPoint, Room, Sitting, StationAssignment, Assignment)
    }
    import_registry(DOCUMENT, actor=SYSTEM)
    assert {model: model.objects.count() for model in before} == before


def test_what_leaves_in_a_package_can_be_taken_in_again():
    import_registry(DOCUMENT, actor=SYSTEM)
    sitting = Sitting.objects.get()
    out = document_of(sitting.point, sitting.date)
    import_registry(out, actor=SYSTEM)
    assert document_of(sitting.point, sitting.date) == out


@pytest.mark.parametrize("broken", ["region", "points", "mode"])
def test_a_malformed_document_is_refused_and_nothing_is_written(broken):
    document = copy.deepcopy(DOCUMENT)
    del document[broken]
    with pytest.raises(PpeError):
        import_registry(document, actor=SYSTEM)
    assert not Region.objects.exists()


@pytest.mark.parametrize(("own", "words"), [("live", "режиме экзамена"), ("training", "режиме тренировки")])
def test_a_registry_of_another_mode_is_refused_in_words_and_nothing_is_written(own, words, settings):
    settings.PPE_MODE = own
    document = {**DOCUMENT, "mode": "training" if own == "live" else "live"}
    with pytest.raises(PpeError) as caught:
        import_registry(document, actor=SYSTEM)
    assert caught.value.code == "registry_wrong_mode"
    assert words in caught.value.text("ru")
    assert caught.value.remedy_text("ru")
    assert caught.value.remedy_text("en")
    assert not Region.objects.exists()
    assert not Sitting.objects.exists()


def oral(rooms, posts):
    """The document of a spoken exam with these rooms and posts."""
    document: Any = copy.deepcopy(DOCUMENT) | {"format": "ppe-registry/2"}
    (point,) = document["points"]
    point["rooms"] = [{"number": room["number"], "seats": 8} for room in rooms]
    point["stations"] = [{"kind": kind, "number": number} for kind, number, _room in posts]
    point["sittings"][0] |= {
        "subject": "29",
        "rooms": rooms,
        "posts": [{"station_kind": kind, "station_number": number, "room": room} for kind, number, room in posts],
    }
    return document


PREPARATION = {"number": "0101", "seats": 8, "kind": "preparation"}
VOICE = {"number": "0201", "seats": 8, "kind": "voice", "places": 4}
POSTS = [("print", "0001", "0101"), ("voice", "0201-1", "0201")]


def test_what_a_room_is_for_comes_in_and_leaves_again():
    import_registry(oral([PREPARATION, VOICE], POSTS), actor=SYSTEM)
    sitting = Sitting.objects.get()
    assert dict(sitting.rooms.values_list("room__number", "kind")) == {"0101": "preparation", "0201": "voice"}
    assert [use.room.number for use in sitting.rooms.collecting()] == ["0201"]
    out = document_of(sitting.point, sitting.date)
    assert out["format"] == "ppe-registry/2"
    assert out["points"][0]["sittings"][0]["rooms"] == [
        {"number": "0101", "seats": 8, "kind": "preparation", "voice": False, "places": 0},
        {"number": "0201", "seats": 8, "kind": "voice", "voice": True, "places": 4},
    ]
    import_registry(out, actor=SYSTEM)
    assert document_of(sitting.point, sitting.date) == out


def test_without_a_kind_of_room_the_first_version_decides():
    rooms = [{"number": "0101", "seats": 8}, {"number": "0201", "seats": 8, "voice": True, "places": 4}]
    import_registry(oral(rooms, POSTS), actor=SYSTEM)
    assert dict(Sitting.objects.get().rooms.values_list("room__number", "kind")) == {
        "0101": "written",
        "0201": "voice",
    }


@pytest.mark.parametrize(
    ("rooms", "posts", "words"),
    [
        ([PREPARATION], POSTS[:1], "нет аудитории проведения"),
        ([PREPARATION, VOICE], [("voice", "0201-1", "0101")], "станция записи ответов 0201-1"),
        ([PREPARATION | {"voice": True}, VOICE], POSTS, "противоречат"),
    ],
)
def test_rooms_that_do_not_fit_the_exam_are_refused_in_words(rooms, posts, words):
    with pytest.raises(PpeError) as caught:
        import_registry(oral(rooms, posts), actor=SYSTEM)
    assert words in caught.value.text("ru")
    assert not Sitting.objects.exists()


@pytest.mark.parametrize("room", [PREPARATION, VOICE])
def test_a_written_exam_has_neither_voice_nor_preparation_rooms(room):
    document = oral([room], [])
    document["points"][0]["sittings"][0]["subject"] = "01"
    with pytest.raises(PpeError) as caught:
        import_registry(document, actor=SYSTEM)
    assert "письменном экзамене" in caught.value.text("ru")
