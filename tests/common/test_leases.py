"""Leases and the sweep, on a real table of a room."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common import jobs, leases
from tests import factories
from transfers.models import FeedCursor

pytestmark = pytest.mark.django_db


@pytest.fixture
def row():
    return FeedCursor.objects.create(point=factories.ExamPointFactory())


def test_only_one_worker_gets_the_row(row):
    model = type(row)
    assert leases.claim(model.objects.all(), row.pk, seconds=30) is not None
    assert leases.claim(model.objects.all(), row.pk, seconds=30) is None


def test_a_lease_that_ran_out_is_taken_over(row):
    model = type(row)
    leases.claim(model.objects.all(), row.pk, seconds=30)
    model.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    again = leases.claim(model.objects.all(), row.pk, seconds=30)
    assert again is not None
    assert again.attempts == 2


def test_attempts_are_counted_before_the_work(row):
    leases.claim(type(row).objects.all(), row.pk, seconds=30)
    row.refresh_from_db()
    assert row.attempts == 1


def test_a_poison_row_is_parked_for_a_person(row):
    model = type(row)
    model.objects.update(attempts=3)
    assert leases.claim(model.objects.all(), row.pk, seconds=30, max_attempts=3) is None
    row.refresh_from_db()
    assert row.parked_at is not None
    assert row.parked_reason
    leases.unpark(row)
    assert leases.claim(model.objects.all(), row.pk, seconds=30, max_attempts=3) is not None


def test_a_released_row_waits_for_its_time(row):
    model = type(row)
    claimed = leases.claim(model.objects.all(), row.pk, seconds=30)
    leases.release(claimed, retry_in=60)
    assert leases.claim(model.objects.all(), row.pk, seconds=30) is None
    model.objects.update(next_try_at=timezone.now())
    assert leases.claim(model.objects.all(), row.pk, seconds=30) is not None


def test_the_sweep_wakes_what_nobody_was_woken_for(row, monkeypatch):
    model = type(row)
    woken = []
    monkeypatch.setattr(jobs, "_jobs", {"test.work": jobs.Job("test.work", lambda pk: None, "heavy")})
    monkeypatch.setattr(jobs, "_due", {"test.work": lambda: model.objects.all()})
    monkeypatch.setattr(jobs, "async_task", lambda *args, **kwargs: woken.append(args[2]))
    assert jobs.run_sweep() == 0  # woken when it was made
    model.objects.update(woken_at=timezone.now() - timedelta(minutes=2))
    assert jobs.run_sweep() == 1
    assert woken == [row.pk]
    assert jobs.run_sweep() == 0
    assert jobs.due_count("heavy") == 1
    assert jobs.due_count("link") == 0
