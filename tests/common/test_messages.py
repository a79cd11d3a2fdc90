"""Sentences of rows: read in the reader's language, whatever was known when they were written."""

import json

import pytest
from django.core import serializers
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone, translation

from common.messages import LIMIT, kept
from tests.support.factories import ExamPointFactory, make_day
from transfers.models import FeedCursor
from wire import messages
from wire.messages import NOTHING, Both, Message, Several

BEFORE = [
    ("journals", "0003_station_signs"),
    ("scanning", "0004_reopen_reason_en"),
    ("transfers", "0008_one_packet_of_a_version"),
    ("rcoi", "0005_settled_findings"),
]
AFTER = [
    ("journals", "0005_messages"),
    ("scanning", "0005_messages"),
    ("transfers", "0009_messages"),
    ("rcoi", "0006_messages"),
]


@pytest.fixture
def row(db):
    return FeedCursor.objects.create(point=make_day().point)


def stored(row, value):
    row.trouble = value
    row.save()
    return FeedCursor.objects.get(pk=row.pk).trouble


def test_a_sentence_written_under_one_language_is_read_in_the_other(row):
    with translation.override("en"):
        row.trouble = Message("Rescan request: {reason}", reason=Message("Being built again"))
        row.save()
    read = FeedCursor.objects.get(pk=row.pk).trouble
    with translation.override("ru"):
        assert str(read) == "Запрос повторного сканирования: Собирается заново"
    with translation.override("en"):
        assert f"{read}" == "Rescan request: Being built again"
    assert read == row.trouble


def test_several_sentences_keep_their_parts(row):
    said = Several([Message("Being built again"), Both("своё", "own")], ". ")
    read = stored(row, said)
    assert (read.ru, read.en, read) == ("Собирается заново. своё", "Being built again. own", said)


@pytest.mark.parametrize("inside", [False, True])
def test_a_sentence_that_the_catalogue_does_not_know_any_more_stays_russian(row, monkeypatch, inside):
    gone = "Being built again"
    said = Message("Rescan request: {reason}", reason=Message(gone)) if inside else Message(gone)
    row.trouble = Several([said, Message("It could not be sent.")], " ") if inside else said
    row.save()
    known = messages.translate
    monkeypatch.setattr(messages, "translate", lambda text, to: text if text == gone else known(text, to))
    read = FeedCursor.objects.get(pk=row.pk).trouble
    assert "Собирается заново" in read.ru
    assert "Being" not in read.ru
    assert gone in read.en
    assert "Собирается заново" in stored(row, read).ru  # written once more, it is still known


def test_a_sentence_whose_places_have_other_names_now_stays_as_it_was_written(row, monkeypatch):
    row.trouble = Message("Rescan request: {reason}", reason="x")
    row.save()
    monkeypatch.setattr(messages, "translate", lambda text, to: "Запрос: {why}" if to == "ru" else text)
    assert FeedCursor.objects.get(pk=row.pk).trouble.ru == "Запрос повторного сканирования: x"


@pytest.mark.parametrize("empty", ["", NOTHING, {}, None])
def test_no_sentence_is_found_as_none(row, empty):
    assert stored(row, empty) == NOTHING
    assert FeedCursor.objects.filter(trouble=NOTHING).exists()
    FeedCursor.objects.update(trouble=Message("Being built again"))
    assert not FeedCursor.objects.filter(trouble="").exists()
    assert FeedCursor.objects.filter(trouble__icontains="Собирается").exists()  # a search reads the Russian


def test_a_sentence_with_very_much_in_it_is_kept_short():
    said = Message("Rescan request: {reason}", reason="я" * LIMIT * 3)
    assert len(json.dumps(kept(said), ensure_ascii=False)) < LIMIT * 3
    assert kept(said)["ru"].startswith("Запрос повторного сканирования: яяя")


def test_a_row_survives_a_fixture(row):
    row.trouble = Message("Being built again")
    row.save()
    text = serializers.serialize("json", [row])
    FeedCursor.objects.update(trouble=NOTHING)
    for each in serializers.deserialize("json", text):
        each.save()
    assert FeedCursor.objects.get().trouble == Message("Being built again")


@pytest.mark.django_db(transaction=True)
def test_an_old_database_says_every_sentence_in_both_languages():
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps
        held = ExamPointFactory(code="0001")
        cursor = old.get_model("transfers", "FeedCursor").objects.create(
            point_id=held.pk, trouble="Нет связи: «№ 7»", trouble_en="No line"
        )
        point = {"point_id": held.pk, "at": timezone.now(), "kind": "crl", "document": b""}
        records = old.get_model("transfers", "FeedRecord").objects
        only = records.create(number=1, problem="Только по-русски", **point)
        none = records.create(number=2, **point)
        executor = MigrationExecutor(connection)
        executor.migrate(AFTER)
        new = executor.loader.project_state(AFTER).apps
        said = new.get_model("transfers", "FeedCursor").objects.get(pk=cursor.pk).trouble
        assert (said.ru, said.en) == ("Нет связи: «№ 7»", "No line")
        records = new.get_model("transfers", "FeedRecord").objects
        said = records.get(pk=only.pk).problem
        assert (said.ru, said.en) == ("Только по-русски", "Только по-русски")
        assert records.get(pk=none.pk).problem == NOTHING
        MigrationExecutor(connection).migrate(BEFORE)
        back = old.get_model("transfers", "FeedCursor").objects.get(pk=cursor.pk)
        assert (back.trouble, back.trouble_en) == ("Нет связи: «№ 7»", "No line")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
