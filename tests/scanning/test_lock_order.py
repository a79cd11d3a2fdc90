"""Whoever saves a card and whoever acts on the day take their locks in one order: neither waits for the other's."""

import threading

import pytest
from django.db import connection, transaction

from audit.log import SYSTEM, record
from day import lock
from scanning import cards, scan_journal
from scanning.models import COUNTS, RoomCard

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_a_card_and_an_act_of_the_day_do_not_wait_for_each_other(day, monkeypatch):
    if not connection.features.has_select_for_update:
        pytest.skip("rows are not locked here: a transaction that writes is alone")
    cards.ensure_cards(day.sitting)
    card = RoomCard.objects.select_related("room", "sitting__point__region", "sitting__subject").get(
        sitting=day.sitting, room__number="0101"
    )
    written, begun, failed = threading.Event(), threading.Event(), []
    original = cards.open_card

    def after_the_event(*given, **options):
        written.set()
        begun.wait(20)
        threading.Event().wait(0.5)  # the act has taken what it can, and waits
        return original(*given, **options)

    monkeypatch.setattr(cards, "open_card", after_the_event)

    def act():
        try:
            written.wait(20)
            begun.set()
            with transaction.atomic():
                lock.hold(day.point, [day.sitting.pk])
                record("node.started", actor=SYSTEM, about=day.point)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=act)
    other.start()
    counts = dict.fromkeys(COUNTS, 0)
    saved = cards.save_card(card=card, counts=counts, version=card.version, actor=SYSTEM)
    other.join(30)
    assert not failed
    assert saved.version == card.version + 1


def test_a_journal_entry_alone_takes_the_head_first(day):
    if not connection.features.has_select_for_update:
        pytest.skip("rows are not locked here: a transaction that writes is alone")
    taken = []
    with connection.execute_wrapper(lambda run, sql, *rest: (taken.append(sql), run(sql, *rest))[1]):
        scan_journal.note(sitting=day.sitting, event="scanning_started", room="0101", source="browser", sha256="0" * 64)
    locked = [sql for sql in taken if "FOR " in sql and "UPDATE" in sql.rpartition("FOR ")[2]]
    assert "audit_chainhead" in locked[0], locked
