"""The watchdog and real processes of a cluster: who works is left alone, who stands still is ended."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django_q.models import OrmQ

from common import files
from common.work import leases
from common.work.clock import now
from ppe_portal.supervisor import kill_marked, mark_of
from ppe_portal.watchdog import Watchdog
from tests.support import factories
from transfers.models import FeedCursor

pytestmark = pytest.mark.django_db
PATIENCE = 120.0
LONG_AGO = 600


@pytest.fixture
def worker(data_dir):
    """A living process of the cluster of delivery."""
    mark = mark_of(data_dir, "link")
    code = [sys.executable, "-c", "print(flush=True); import time; time.sleep(120)"]
    with subprocess.Popen(code, env={**os.environ, "PPE_CHILD": mark}, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield process
        kill_marked(mark)


@pytest.fixture
def watchdog(data_dir, settings):
    """A watchdog that saw the last sign of life ten minutes ago, and a feed that is due."""
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    FeedCursor.objects.create(point=factories.ExamPointFactory())
    beat = files.folder("run") / "beat-link"
    beat.touch()
    os.utime(beat, (time.time() - LONG_AGO,) * 2)
    return Watchdog(5.0, PATIENCE, born=time.monotonic() - LONG_AGO)


def work_under_a_lease(process, *, seconds):
    """Let a process hold the lease of a row, as a worker does that sends a packet on a slow line."""
    row = FeedCursor.objects.create(
        point=factories.ExamPointFactory(), lease_until=now() + timedelta(seconds=seconds), woken_at=now()
    )
    words = f"{process.pid} {leases._started(process.pid)} {row.lease_until.isoformat()}"
    leases._file(row).write_text(words, encoding="ascii")


def lives(process):
    try:
        return process.wait(0.3) is None
    except subprocess.TimeoutExpired:
        return True


def test_a_cluster_at_work_under_a_lease_is_left_alone_however_long_its_queue(watchdog, worker):
    work_under_a_lease(worker, seconds=60)
    watchdog._look_after("link")
    assert lives(worker)


def test_a_cluster_that_stands_still_with_work_waiting_is_ended(watchdog, worker):
    watchdog._look_after("link")
    assert worker.wait(120) == -signal.SIGKILL


def test_a_worker_whose_lease_ran_out_does_not_count_as_at_work(watchdog, worker):
    work_under_a_lease(worker, seconds=-1)
    watchdog._look_after("link")
    assert worker.wait(120) == -signal.SIGKILL


def test_a_frozen_worker_does_not_count_as_at_work(watchdog, worker):
    work_under_a_lease(worker, seconds=60)
    worker.send_signal(signal.SIGSTOP)
    while leases._process(worker.pid)[0] != "T":
        time.sleep(0.01)
    watchdog._look_after("link")
    assert worker.wait(120) == -signal.SIGKILL


def test_the_work_itself_is_the_sign_of_life(watchdog, worker, monkeypatch):
    monkeypatch.setenv("Q_CLUSTER_NAME", "link")
    row = leases.claim(FeedCursor.objects.all(), FeedCursor.objects.get().pk, seconds=60)
    assert watchdog.silence("link") < LONG_AGO / 2
    beat = files.folder("run") / "beat-link"
    os.utime(beat, (time.time() - LONG_AGO,) * 2)
    leases.renew(row, seconds=60)
    assert watchdog.silence("link") < LONG_AGO / 2


def test_heartbeats_do_not_pile_up_behind_long_work(watchdog, worker):
    work_under_a_lease(worker, seconds=60)
    for _ in range(5):
        watchdog._look_after("link")
    assert OrmQ.objects.count() == 1
