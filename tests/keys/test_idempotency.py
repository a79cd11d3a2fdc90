"""A request that a machine repeats under one Idempotency-Key has one effect and one answer."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from rest_framework.response import Response

from common.work.clock import now
from keys import idempotency
from keys.idempotency import BadKeyError, KeyReusedError, StillWorkingError
from keys.models import KeptAnswer

MACHINE = SimpleNamespace(identity=SimpleNamespace(urn="urn:ppe:print:78:0001:0001"))
OTHER = SimpleNamespace(identity=SimpleNamespace(urn="urn:ppe:print:78:0001:0002"))

pytestmark = pytest.mark.django_db


class Work:
    """Counts what was done."""

    def __init__(self, status=201):
        self.times, self.status = 0, status

    def __call__(self):
        self.times += 1
        return Response({"times": self.times}, status=self.status)


def ask(work, key="k-1", request="POST /a", machine=MACHINE):
    return idempotency.once(machine=machine, key=key, request=request, make=work)


@pytest.mark.parametrize(("status", "kind"), [(201, None), (409, "application/problem+json")])
def test_a_repetition_gets_the_first_answer_and_does_nothing(status, kind):
    work = Work(status)
    first, again = ask(work), ask(work)
    assert (work.times, again.status_code, again.data) == (1, first.status_code, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content_type == kind


def test_without_a_key_and_for_another_machine_the_work_is_done():
    work = Work()
    for key, machine in (("", MACHINE), ("", MACHINE), ("k-1", MACHINE), ("k-1", OTHER)):
        ask(work, key, machine=machine)
    assert work.times == 4


@pytest.mark.parametrize("key", ["a b", "ключ", "x" * 101, "a\n"])
def test_a_key_that_is_no_key_is_refused_before_the_work(key):
    work = Work()
    with pytest.raises(BadKeyError):
        ask(work, key)
    assert work.times == 0


def test_a_key_of_another_request_is_refused():
    work = Work()
    ask(work)
    with pytest.raises(KeyReusedError):
        ask(work, request="POST /b")
    assert work.times == 1


def test_a_failed_request_leaves_its_key_free():
    def fail():
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        ask(fail)
    assert ask(Work()).status_code == 201


def test_a_request_under_way_is_waited_for_and_one_of_a_killed_process_is_done_again():
    row = KeptAnswer.objects.create(urn=MACHINE.identity.urn, key="k-1", request="POST /a", at=now())
    work = Work()
    with pytest.raises(StillWorkingError):
        ask(work)
    KeptAnswer.objects.filter(pk=row.pk).update(at=now() - idempotency.PATIENCE - timedelta(seconds=1))
    assert ask(work).status_code == 201
    assert (work.times, KeptAnswer.objects.get().status) == (1, 201)


def test_an_answer_is_kept_for_a_day():
    ask(Work())
    idempotency.forget()
    assert KeptAnswer.objects.count() == 1
    KeptAnswer.objects.update(at=now() - idempotency.KEPT - timedelta(seconds=1))
    idempotency.forget()
    assert not KeptAnswer.objects.exists()
