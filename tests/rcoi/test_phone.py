"""A status told by telephone, at the region."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from keys import phone as keys_phone
from rcoi import board
from rcoi.answering import phone, statuses
from rcoi.errors import PhoneCodeUsedError, PhoneCodeWrongError, PhoneLockedError
from rcoi.models import InboxFinding, PhoneReport
from tests.rcoi.conftest import arrive
from wire.documents import phone as wire_phone
from wire.documents.phone import PhoneBinding, PhoneCodeRefusedError
from wire.errors import PpeError


def made(there, status="exams_finished", counter=1, **place):
    sitting = there.day.sitting
    where = PhoneBinding(**{"mode": "live", "region": "78", "point": "0001", "date": sitting.date} | place)
    (secret,) = keys_phone.secrets_of(sitting.point, sitting.date)
    return wire_phone.make(secret, where, status=status, counter=counter)


def take(point, typed):
    return phone.accept(sitting=point.day.sitting, typed=typed, actor=SYSTEM)


def cell(point, status="exams_finished"):
    (shown,) = board.boards([point.day.sitting])
    return next(each for each in shown.statuses if each.status == status)


def test_a_code_is_taken_once_shown_and_joined_by_the_packet(point, operator):
    typed = made(point)
    address = f"/centre/statuses/{point.day.key}/"
    page = operator.client.post(address, {"form": "phone", "code": typed.lower()}, follow=True).content.decode()
    row = PhoneReport.objects.get()
    assert " ".join(row.answer) in page
    assert "сообщено по телефону" in page
    assert (cell(point).words, cell(point).reported, cell(point).phoned) == ("сообщено по телефону", False, True)
    assert "сообщено по телефону" in operator.client.get("/centre/").content.decode()
    with pytest.raises(PhoneCodeUsedError):
        take(point, typed)
    assert arrive(point.status("exams_finished")).state == "acknowledged"
    assert (cell(point).words, cell(point).phoned) == ("передан", False)
    assert "пакет получен" in operator.client.get(address).content.decode()
    with pytest.raises(PhoneCodeUsedError):
        take(point, made(point, counter=2))
    assert Event.objects.filter(kind="rcoi.phone_status").count() == 1


def test_a_status_told_in_time_is_not_late(point):
    sitting = point.day.sitting
    sitting.deadlines = {"exams_finished": "00:01"}
    sitting.save()
    due = sitting.deadline("exams_finished")
    take(point, made(point))
    assert not cell(point).late
    PhoneReport.objects.update(at=due - timedelta(minutes=1))
    arrive(point.status("exams_finished"))
    assert not InboxFinding.objects.filter(code="late").exists()


def test_after_an_undo_only_a_new_code_counts(point):
    take(point, made(point))
    arrive(point.status("exams_finished"))
    statuses.undo(sitting=point.day.sitting, status="exams_finished", reason="Рано передан", actor=SYSTEM)
    assert not cell(point).phoned
    with pytest.raises(PhoneCodeUsedError):
        take(point, made(point))
    take(point, made(point, counter=2))
    assert cell(point).phoned


def test_wrong_codes_are_told_what_to_do_and_lock_the_point(point):
    foreign = made(point, point="0002")
    for _ in range(5):
        with pytest.raises(PhoneCodeWrongError) as said:
            take(point, foreign)
        assert "заново" in said.value.remedy_text("ru")
    assert PhoneReport.objects.filter(outcome="wrong").count() == 5
    with pytest.raises(PhoneLockedError) as locked:
        take(point, made(point))
    assert "15 мин" in locked.value.text("ru") or "14 мин" in locked.value.text("ru")
    PhoneReport.objects.update(at=timezone.now() - timedelta(minutes=16))
    assert take(point, made(point)).row.status == "exams_finished"


def test_what_has_not_the_shape_of_a_code_is_no_try(point):
    for typed in ("", "АБВГ", "U" * 16, "1" * 15):
        with pytest.raises(PhoneCodeRefusedError):
            take(point, typed)
    assert not PhoneReport.objects.exists()


def test_who_has_no_right_types_nothing_in(point, administrator, outsider):
    code = made(point)
    outsider.client.post(f"/centre/statuses/{point.day.key}/", {"form": "phone", "code": code})
    assert not PhoneReport.objects.exists()
    administrator.client.post(f"/centre/statuses/{point.day.key}/", {"form": "phone", "code": code})
    assert PhoneReport.objects.filter(outcome="accepted").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_take_it_once(point):
    code, start, said = made(point), Barrier(4), []

    def one():
        try:
            start.wait()
            take(point, code)
            said.append("taken")
        except PpeError as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=one) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(said) == ["phone_code_used"] * 3 + ["taken"]
