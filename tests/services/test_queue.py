"""django-q2 with both brokers, as the node runs it: a wake-up reaches a worker; a frozen cluster is restarted."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ppe_portal.supervisor import kill_marked, mark_of, marked
from tests.services.conftest import free_port

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(240)]

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
        assert running.wait_for_beat(cluster, 0.0, 60)


def test_wake_ups_reach_both_clusters_through_redis(node, redis_url):
    running = node(PPE_REDIS_URL=redis_url)
    for cluster in ("heavy", "link"):
        assert running.wait_for_beat(cluster, 0.0, 60)


def test_a_killed_process_of_the_node_comes_back(node):
    running = node()
    assert running.wait_for_beat("link", 0.0, 60)
    kill_marked(mark_of(running.data, "link"))
    assert running.wait_for_beat("link", time.time(), 60)
    assert marked(mark_of(running.data, "link"))


def test_stopping_the_node_leaves_nothing_behind(node):
    running = node()
    assert running.wait_for_beat("heavy", 0.0, 60)
    running.stop()
    assert marked(mark_of(running.data)) == []
