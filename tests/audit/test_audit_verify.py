"""The command proves the chains whole, and finds each way of touching them."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.log import SYSTEM, record
from audit.models import Event
from audit.subjects import AuditSubject

pytestmark = pytest.mark.django_db
POINT = AuditSubject("78", "0001")


def verify(**options) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("audit_verify", stdout=out, stderr=err, **options)
    except CommandError as error:
        if error.returncode != 1:
            raise
        return out.getvalue(), err.getvalue() + str(error)
    return out.getvalue(), ""


@pytest.fixture
def log():
    for number in range(3):
        record("node.started", actor=SYSTEM, subject=f"{number}")
        record("station.replaced", about=POINT, subject=f"{number}", actor=SYSTEM)


def test_a_whole_log(log):
    out, err = verify()
    assert not err
    assert "78-0001: событий 3" in out


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_event SET subject='другое' WHERE chain='78-0001' AND number=2",
        "UPDATE audit_event SET data='{\"a\": 1}' WHERE chain='78-0001' AND number=2",
        "DELETE FROM audit_event WHERE chain='78-0001' AND number=2",
        "UPDATE audit_event SET number=7 WHERE chain='78-0001' AND number=2",
    ],
)
def test_a_touched_event_is_named(log, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
    _out, err = verify()
    assert "78-0001: событие №" in err
    assert "Станция заменена" in err


def test_a_cut_end_is_seen(log):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE chain='78-0001' AND number=3")
    _out, err = verify()
    assert "№ 3" in err
    assert "№ 2" in err


def test_one_chain_can_be_asked_for(log):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_event WHERE chain='78-0001' AND number=1")
    assert not verify(chain=["node"])[1]
    assert verify(chain=["78-0001"])[1]
    assert "нет" in verify(chain=["99-0000"])[1]


def test_events_cannot_be_changed_through_the_model(log):
    with pytest.raises(TypeError):
        Event.objects.update(subject="другое")
