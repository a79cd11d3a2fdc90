"""The watchdog: finds work that is due, runs the chores, and ends a cluster that lives without working.

django-q2 can stop for good while its processes stay alive (a killed idle worker takes the queue's lock with it).
The cure is to end the whole cluster; the supervisor starts it again.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from audit.log import SYSTEM, record
from common import jobs
from ppe_portal.supervisor import kill_marked, mark_of

log = logging.getLogger(__name__)

BEAT_SECONDS = 15.0


@dataclass
class Watchdog:
    """One round after another, each at its own pace.

    Attributes:
        sweep_seconds: Pace of the sweep.
        patience_seconds: How old a heartbeat may grow while work waits.
    """

    sweep_seconds: float
    patience_seconds: float
    last: dict[str, float] = field(default_factory=dict)
    born: float = field(default_factory=time.monotonic)

    def due(self, name: str, every: float) -> bool:
        """Return whether something's time has come, and start its next period."""
        at = time.monotonic()
        if at - self.last.get(name, float("-inf")) < every:
            return False
        self.last[name] = at
        return True

    def round(self) -> None:
        """Do everything whose time has come; a failure of one thing does not stop the others."""
        if self.due("sweep", self.sweep_seconds):
            self._safely("sweep", jobs.run_sweep)
        for name, every, chore in jobs.chores():
            if self.due(name, every):
                self._safely(name, chore)
        if self.due("beat", min(BEAT_SECONDS, self.patience_seconds / 4)):
            for cluster in jobs.CLUSTERS:
                self._safely(f"beat {cluster}", lambda cluster=cluster: self._look_after(cluster))  # type: ignore[misc]

    def _safely(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("the watchdog's %s failed", name)

    def _look_after(self, cluster: jobs.Cluster) -> None:
        silent = self.silence(cluster)
        if silent > self.patience_seconds and jobs.due_count(cluster):
            ended = kill_marked(mark_of(Path(settings.PPE_DATA_DIR), cluster))
            log.error("cluster %s was silent for %.0f s with work waiting; ended %d processes", cluster, silent, ended)
            record("node.cluster_restarted", actor=SYSTEM, subject=cluster, data={"silent_seconds": round(silent)})
            jobs.beat_file(cluster).touch()
            jobs.wake_again(cluster)
            return
        jobs.ask_for_beat(cluster)

    def silence(self, cluster: jobs.Cluster) -> float:
        """Return the seconds since a cluster's last sign of life, or since our own start when it gave none."""
        file = jobs.beat_file(cluster)
        lived = time.monotonic() - self.born
        return min(lived, time.time() - file.stat().st_mtime) if file.exists() else lived

    def run(self) -> None:
        """Go round for ever."""
        while True:
            close_old_connections()
            self.round()
            time.sleep(0.25)
