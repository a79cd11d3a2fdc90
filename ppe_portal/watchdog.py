"""The watchdog: finds work that is due, runs the chores, and ends a cluster that lives without working.

django-q2 can stop for good while its processes stay alive (a killed idle worker takes the queue's lock with it).
The cure is to end the whole cluster; the supervisor starts it again. A cluster with a worker under a lease is at work,
however long its queue: a packet on a slow line, or a file of a thousand sheets, is no silence.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from audit.log import SYSTEM, record
from common.work import jobs, leases, life
from ppe_portal.supervisor import kill_marked, mark_of, marked

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
    asked: dict[str, float] = field(default_factory=dict)
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
            self._safely("sweep", jobs.run_scheduler)
        for name, every, chore in jobs.periodic_tasks():
            if self.due(name, every):
                self._safely(name, chore)
        if self.due("beat", self.pace):
            for cluster in jobs.CLUSTERS:
                self._safely(f"beat {cluster}", lambda cluster=cluster: self._look_after(cluster))  # type: ignore[misc]

    def _safely(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:
            log.exception("the watchdog's %s failed", name)

    def _look_after(self, cluster: jobs.Cluster) -> None:
        mark = mark_of(Path(settings.PPE_DATA_DIR), cluster)
        silent = self.silence(cluster)
        if silent > self.patience_seconds and jobs.due_count(cluster) and not leases.at_work(marked(mark)):
            ended = kill_marked(mark)
            log.error("cluster %s was silent for %.0f s with work waiting; ended %d processes", cluster, silent, ended)
            record("node.cluster_restarted", actor=SYSTEM, subject=cluster, data={"silent_seconds": round(silent)})
            life.sign(cluster)
            jobs.enqueue_again(cluster)
        elif self._unasked(cluster):
            self.asked[cluster] = time.time()
            jobs.ask_for_heartbeat(cluster)

    def _unasked(self, cluster: jobs.Cluster) -> bool:
        """Whether a heartbeat is wanted: the cluster is quiet, and the one asked for last came or must be lost.

        Requests never pile up behind long work.
        """
        age, asked = life.age(cluster), self.asked.get(cluster)
        if age is not None and age < self.pace:
            return False
        waited = None if asked is None else time.time() - asked
        return waited is None or waited > self.patience_seconds or (age is not None and age < waited)

    @property
    def pace(self) -> float:
        """The seconds between two looks at a cluster."""
        return min(BEAT_SECONDS, self.patience_seconds / 4)

    def silence(self, cluster: jobs.Cluster) -> float:
        """Return the seconds since a cluster's last sign of life, or since our own start when it gave none."""
        age = life.age(cluster)
        lived = time.monotonic() - self.born
        return lived if age is None else min(lived, age)

    def run(self) -> None:
        """Go round for ever."""
        while True:
            close_old_connections()
            self.round()
            time.sleep(0.25)
