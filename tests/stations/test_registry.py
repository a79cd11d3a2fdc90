"""Registry documents in and out."""

import copy

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
