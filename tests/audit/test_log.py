"""The audit log: a chain that breaks when anything is changed."""

import threading

import pytest
from django.db import connection, connections

from audit.log import SYSTEM, Actor, first_broken, record, record_refusal
from audit.models import Event
from audit.subjects import AuditSubject
from wire.errors import PpeError
from wire.forms import make_number
from wire.messages import Both

pytestmark = pytest.mark.django_db
POINT = AuditSubject("78", "0001")


def three():
    return [record("registry.taken_in", about=POINT, actor=SYSTEM, data={"n": n}) for n in range(3)]


def test_it_numbers_and_chains_the_events_of_a_point():
    first, second, third = three()
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert second.prev == first.hash
    assert first_broken("78-0001") is None


def test_points_have_chains_of_their_own_and_the_node_has_one():
    record("registry.taken_in", about=POINT, actor=SYSTEM)
    record("registry.taken_in", about=AuditSubject("78", "0002"), actor=SYSTEM)
    record("node.started", actor=SYSTEM)
    assert sorted(Event.objects.values_list("chain", "number")) == [("78-0001", 1), ("78-0002", 1), ("node", 1)]


@pytest.mark.parametrize("field", ["actor", "kind", "data", "at", "subject", "means"])
def test_it_finds_a_changed_event(field):
    three()
    value = {"data": "'{}'", "at": "'2020-01-01 00:00:00'"}.get(field, "'forged'")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_event SET {field} = {value} WHERE number = 2")
    assert first_broken("78-0001").number == 2


def test_it_finds_a_missing_event():
    three()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE number = 2")
    assert first_broken("78-0001").number == 3


def test_rows_are_neither_changed_nor_deleted_through_the_model():
    event = three()[0]
    with pytest.raises(TypeError):
        Event.objects.all().delete()
    with pytest.raises(TypeError):
        Event.objects.update(actor="x")
    with pytest.raises(TypeError):
        event.delete()


def test_no_form_number_stands_in_the_log_whoever_has_said_it():
    number = make_number("R", 7)
    record_refusal(PpeError(Both(f"№ {number} нет в журналах.", f"{number} is unknown.")), None)
    record("registry.taken_in", about=POINT, subject=f"{number}.tif", actor=SYSTEM, data={"reason": number})
    refused, taken = Event.objects.order_by("pk")
    assert refused.data["text"] == f"№ …{number[-4:]} нет в журналах."
    assert (taken.subject, taken.data) == (f"…{number[-4:]}.tif", {"reason": f"…{number[-4:]}"})
    assert first_broken("78-0001") is None
    assert first_broken("node") is None


def test_an_unknown_kind_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        record("no.such.kind", actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_never_share_a_number():
    def write():
        try:
            for _ in range(5):
                record("node.started", actor=Actor("станция", "api"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Event.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 21))
    assert first_broken("node") is None
