"""django-q2 with both brokers, as the node runs it: a wake-up reaches a worker; a frozen cluster is restarted."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppe_portal.supervisor import kill_marked, mark_of, marked
from tests.services.conftest import free_port

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]

ROOT = Path(__file__).resolve().parents[2]


class RunningNode:
    """A node started by `run_node`, with fast sweeps and an impatient watchdog."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data, self.port = folder / "data", free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PPE_")},
            "DJANGO_SETTINGS_MODULE": "ppe_portal.settings",
            "PPE_NODE": "rcoi",
            "PPE_DATA_DIR": str(self.data),
            "PPE_SWEEP_SECONDS": "1",
            "PPE_WATCHDOG_SECONDS": "8",
            "PPE_WEB_WORKERS": "1",
            **environment,
        }
        command = [sys.executable, "manage.py", "run_node", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL)

    def beat(self, cluster: str) -> float:
        """Return the time of a cluster's last heartbeat, or 0."""
        file = self.data / "run" / f"beat-{cluster}"
        return file.stat().st_mtime if file.exists() else 0.0

    def wait_for_beat(self, cluster: str, after: float, seconds: float) -> bool:
        """Return whether a heartbeat later than ``after`` arrives in time."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.beat(cluster) > after:
                return True
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        """End the node and whatever is left of it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        kill_marked(mark_of(self.data))


@pytest.fixture
def node(tmp_path):
    running = []

    def start(**environment):
        running.append(RunningNode(tmp_path, **environment))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def test_wake_ups_reach_both_clusters_through_the_database(node):
    running = node()
    for cluster in ("heavy", "link"):
        assert running.wait_for_beat(cluster, 0.0, 240)


def test_wake_ups_reach_both_clusters_through_redis(node, redis_url):
    running = node(PPE_REDIS_URL=redis_url)
    for cluster in ("heavy", "link"):
        assert running.wait_for_beat(cluster, 0.0, 240)


def test_a_killed_process_of_the_node_comes_back(node):
    running = node()
    assert running.wait_for_beat("link", 0.0, 240)
    kill_marked(mark_of(running.data, "link"))
    assert running.wait_for_beat("link", time.time(), 240)
    assert marked(mark_of(running.data, "link"))


ROW = """
import django; django.setup()
from django.utils import timezone
from common import files
from uploads.models import Upload
path = files.folder("uploads", "complete") / ("0" * 32)
path.write_bytes(b"work")
at = timezone.now()
Upload.objects.create(uid="0" * 32, purpose="nothing", owner_urn="urn:x", length=4, offset=4, state="complete",
                      relative_path=files.relative(path), progress_at=at, expires_at=at)
"""


def holder(cluster_mark):
    """Return the idle worker that holds the lock of the task queue: it reads the pipe, the others wait for the lock."""
    reading, waiting = [], 0
    for pid in marked(cluster_mark):
        said = Path(f"/proc/{pid}/wchan")
        try:
            waits_for = said.read_text()
        except OSError:
            continue
        reading += [pid] if "pipe" in waits_for else []
        waiting += "futex" in waits_for
    return reading


def state_of_the_row(data):
    with sqlite3.connect(data / "db.sqlite3", timeout=20) as base:
        found = base.execute("select state from uploads_upload").fetchone()
    base.close()
    return found and found[0]


def hurt_and_see_work_resume(running, number, seconds):
    """Kill or freeze the idle worker of the cluster of delivery, then leave work: it must be done in time."""
    mark = mark_of(running.data, "link")
    assert running.wait_for_beat("link", 0.0, 240)
    time.sleep(2)
    before, readers = set(marked(mark)), holder(mark)
    assert readers, "no worker reads the queue"
    for pid in readers:
        os.kill(pid, number)
    hurt = time.time()
    subprocess.run([sys.executable, "-c", ROW], cwd=ROOT, env=running.environment, check=True)
    until = time.monotonic() + seconds
    while state_of_the_row(running.data) != "refused":
        assert time.monotonic() < until, f"no work for {seconds} s"
        time.sleep(0.5)
    sys.stdout.write(f"work resumed after {time.time() - hurt:.0f} s\n")
    assert not before & set(marked(mark)), "the cluster was not the one that stood still"
    with sqlite3.connect(running.data / "db.sqlite3", timeout=20) as base:
        told = base.execute("select count(*) from audit_event where kind = 'node.cluster_restarted'").fetchone()[0]
    base.close()
    # A machine so busy that the new cluster does not start in time sees it ended once more.
    assert told >= 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_an_impatient_watchdog_cures_a_cluster_whose_idle_worker_was_hurt(node, number):
    hurt_and_see_work_resume(node(), number, 300)


@pytest.mark.prove
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_work_resumes_within_three_minutes_of_the_death_of_the_idle_worker(node, number):
    """GIVEN the settings of a real node: the reproduced fault of django-q2 that stops it silently and for ever."""
    hurt_and_see_work_resume(node(PPE_WATCHDOG_SECONDS="120", PPE_SWEEP_SECONDS="5"), number, 180)


def test_stopping_the_node_leaves_nothing_behind(node):
    running = node()
    assert running.wait_for_beat("heavy", 0.0, 240)
    running.stop()
    assert marked(mark_of(running.data)) == []
