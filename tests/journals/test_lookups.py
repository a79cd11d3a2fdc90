"""Many journals in a row ask the registry once, and are judged as each by itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from journals import intake, lookups
from journals.lookups import Lookups
from stations.models import Station
from tests.support.journals import print_station
from tests.support.keys import OPERATOR

pytestmark = pytest.mark.django_db


def take(station, known):
    return intake.ingest(data=station.close(), name=station.name, door="flash", actor=OPERATOR, lookups=known)


def test_the_verdicts_are_the_same_with_fewer_questions(keys):
    known = Lookups()
    with CaptureQueriesContext(
        connection,
    ) as first:
        assert take(print_station(keys), known).state == "accepted"
    with CaptureQueriesContext(connection) as second:
        assert take(print_station(keys, "0002", room="0102"), known).state == "accepted"
    assert len(second) <= len(first) - 4
    strange = print_station(keys, "0003", room="0101")
    assert (
        take(strange, known).state
        == intake.ingest(data=strange.signed(), name=strange.name, door="flash", actor=OPERATOR).state
        == "quarantined"
    )


def test_what_the_registry_learns_meanwhile_is_seen(keys, monkeypatch):
    monkeypatch.setattr(lookups, "LIFETIME", -1.0)
    known = Lookups()
    assert take(print_station(keys), known).state == "accepted"
    Station.objects.filter(number="0001").update(number="0777")
    again = print_station(keys)
    again.add("note_written", text="ещё")
    assert take(again, known).state == "quarantined"
