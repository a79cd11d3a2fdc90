"""The heartbeats came from the room of the journals: rows, rights and the old address lead on."""

import pytest
from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.urls import resolve
from django.utils import timezone

BEFORE = [("journals", "0003_station_signs"), ("stations", "0001_initial")]
AFTER = [("journals", "0004_heartbeats_leave"), ("stations", "0002_heartbeats")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_rows_content_type_and_permissions_of_an_older_node_are_kept():
    create_permissions(apps.get_app_config("stations"), verbosity=0)
    old = migrate(BEFORE)
    try:
        region = old.get_model("stations", "Region").objects.create(code="78", name="x", timezone="Europe/Moscow")
        point = old.get_model("stations", "ExamPoint").objects.create(region=region, code="0001", timezone="UTC")
        station = old.get_model("stations", "Station").objects.create(point=point, kind="print", number="0001")
        at = timezone.now()
        sign = old.get_model("journals", "StationSign")
        sign.objects.create(station=station, state="paused", said_at=at, at=at, skew_seconds=1.5)
        kind = old.get_model("contenttypes", "ContentType").objects.get(app_label="journals", model="stationsign")
        _holds(migrate(AFTER), kind.pk)
    finally:
        # The tests that follow find the database whole, with all that came later.
        migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())


def _holds(new, kind):
    (row,) = new.get_model("stations", "Heartbeat").objects.all()
    assert (row.state, row.skew_seconds, row.station.number) == ("paused", 1.5, "0001")
    moved = new.get_model("contenttypes", "ContentType").objects.get(pk=kind)
    assert (moved.app_label, moved.model) == ("stations", "heartbeat")
    codes = new.get_model("auth", "Permission").objects.filter(content_type=moved).values_list("codename", flat=True)
    assert {*codes} == {f"{what}_heartbeat" for what in ("add", "change", "delete", "view")}


@pytest.mark.parametrize("rest", ["", "1/change/"])
def test_the_old_address_leads_to_the_new_one(rf, rest):
    match = resolve(f"/journals/stationsign/{rest}")
    answer = match.func(rf.get("/"), **match.kwargs)
    assert (answer.status_code, answer["Location"]) == (302, f"/stations/heartbeat/{rest}")
