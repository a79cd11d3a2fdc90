"""What a room is for came in the place of a boolean: nothing of an older node is lost, forth and back."""

import datetime as dt

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("stations", "0003_names_of_the_field")], [("stations", "0004_kinds_of_rooms")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.mark.django_db(transaction=True)
def test_voice_rooms_of_an_older_node_stay_voice_rooms():
    old = migrate(BEFORE)
    try:
        region = old.get_model("stations", "Region").objects.create(code="78", name="x", timezone="Europe/Moscow")
        point = old.get_model("stations", "ExamPoint").objects.create(region=region, code="0001", timezone="UTC")
        subject = old.get_model("stations", "Subject").objects.create(code="29", name="x", oral=True)
        day = dt.date(2026, 5, 29)
        sitting = old.get_model("stations", "Sitting").objects.create(point=point, subject=subject, date=day)
        room, use = old.get_model("stations", "Room"), old.get_model("stations", "SittingRoom")
        for number, voice in (("0101", False), ("0201", True)):
            made = room.objects.create(point=point, number=number)
            use.objects.create(sitting=sitting, room=made, seats=8, voice=voice, places=4 * voice)
        new = migrate(AFTER).get_model("stations", "SittingRoom")
        assert dict(new.objects.values_list("room__number", "kind")) == {"0101": "written", "0201": "voice"}
        new.objects.filter(room__number="0101").update(kind="preparation")
        back = migrate(BEFORE).get_model("stations", "SittingRoom")
        assert dict(back.objects.values_list("room__number", "voice")) == {"0101": False, "0201": True}
    finally:
        # The tests that follow find the database whole, with all that came later.
        migrate(MigrationExecutor(connection).loader.graph.leaf_nodes())
