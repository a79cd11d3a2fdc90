"""Leases and the sweep, on a real table of a room."""

import os
import subprocess
from datetime import timedelta

import pytest
from django.utils import timezone

from common.work import jobs, leases
from tests.support import factories
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
    assert jobs.run_scheduler() == 0  # woken when it was made
    model.objects.update(woken_at=timezone.now() - timedelta(minutes=2))
    assert jobs.run_scheduler() == 1
    assert woken == [row.pk]
    assert jobs.run_scheduler() == 0
    assert jobs.due_count("heavy") == 1
    assert jobs.due_count("link") == 0


def _claimed_by_a_process_that_was_killed(row, *, seconds):
    leases.claim(type(row).objects.all(), row.pk, seconds=seconds)
    dead = subprocess.Popen(["sleep", "60"])
    started = leases._started(dead.pid)
    file = leases._file(row)
    file.write_text(file.read_text().replace(f"{os.getpid()} {leases._started(os.getpid())}", f"{dead.pid} {started}"))
    dead.kill()
    dead.wait()


def test_the_lease_of_a_killed_worker_is_given_back_by_the_sweep(row, data_dir):
    _claimed_by_a_process_that_was_killed(row, seconds=600)
    assert leases.free_dead() == 1
    again = leases.claim(type(row).objects.all(), row.pk, seconds=30)
    assert again is not None
    assert again.attempts == 2


def test_the_lease_of_a_living_worker_stays(row, data_dir):
    leases.claim(type(row).objects.all(), row.pk, seconds=600)
    assert leases.free_dead() == 0
    assert leases.claim(type(row).objects.all(), row.pk, seconds=30) is None


def test_a_later_lease_of_another_machine_stays(row, data_dir):
    _claimed_by_a_process_that_was_killed(row, seconds=30)
    type(row).objects.update(lease_until=timezone.now() + timedelta(seconds=300))
    assert leases.free_dead() == 0
    assert leases.claim(type(row).objects.all(), row.pk, seconds=30) is None


def test_a_file_that_makes_no_sense_harms_nobody(row, data_dir):
    folder = leases._file(row).parent
    (folder / "nonsense").write_text("x")
    (folder / "transfers.FeedCursor-x").write_text("1 2 3")
    (folder / "no.Model-1").write_text("999999999 2 2026-01-01T00:00:00+00:00")
    assert leases.free_dead() == 0
