"""Background work. The database row is the queue; django-q2 only wakes a worker (docs/operations.md).

This is the only module that imports django_q. A room declares its work in ``tasks.py``::

    @jobs.job("scanning.recognise", cluster="heavy")
    def recognise(pk: int) -> None: ...


    @jobs.scheduled("scanning.recognise")
    def due() -> QuerySet[Sheet]:
        return Sheet.objects.filter(state=Sheet.State.RECEIVED)

and a service says ``jobs.enqueue("scanning.recognise", sheet.pk)`` inside its transaction.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from django.db import close_old_connections, transaction
from django.db.models import Q, QuerySet
from django_q.tasks import async_task

from common.work import leases, life
from common.work.clock import now

log = logging.getLogger(__name__)

Cluster = Literal["heavy", "link"]
CLUSTERS: tuple[Cluster, ...] = ("heavy", "link")

#: A row that was woken and not taken within this time is woken again: the queue may have lost it.
ENQUEUE_AGAIN_AFTER = timedelta(seconds=60)
SCHEDULER_LIMIT = 200


@dataclass(frozen=True)
class Job:
    """One kind of background work."""

    name: str
    run: Callable[[int], None]
    cluster: Cluster


_jobs: dict[str, Job] = {}
_due: dict[str, Callable[[], QuerySet[Any]]] = {}
_periodic_tasks: list[tuple[str, float, Callable[[], None]]] = []


def job(name: str, *, cluster: Cluster) -> Callable[[Callable[[int], None]], Callable[[int], None]]:
    """Register ``run(pk)`` under a dotted name; it must be safe to run twice or be killed anywhere."""

    def register(run: Callable[[int], None]) -> Callable[[int], None]:
        _jobs[name] = Job(name, run, cluster)
        return run

    return register


def scheduled(name: str) -> Callable[[Callable[[], QuerySet[Any]]], Callable[[], QuerySet[Any]]]:
    """Register the queryset of `Leased` rows that are due for a job."""

    def register(rows: Callable[[], QuerySet[Any]]) -> Callable[[], QuerySet[Any]]:
        _due[name] = rows
        return rows

    return register


def periodic_task(name: str, *, every: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a short function without a row that the watchdog runs itself every so many seconds."""

    def register(run: Callable[[], None]) -> Callable[[], None]:
        _periodic_tasks.append((name, every, run))
        return run

    return register


def periodic_tasks() -> list[tuple[str, float, Callable[[], None]]]:
    """Return the registered chores: name, period in seconds, function."""
    return list(_periodic_tasks)


def enqueue(name: str, pk: int) -> None:
    """Ask a worker to look at a row once the surrounding transaction is committed.

    A wake-up may be lost: the sweep finds the row again.
    """
    cluster = _jobs[name].cluster
    transaction.on_commit(lambda: _enqueue(name, pk, cluster))


def _enqueue(name: str, pk: int, cluster: Cluster) -> None:
    try:
        async_task("common.work.jobs.run", name, pk, cluster=cluster, task_name=f"{name}:{pk}"[:100])
    except Exception:
        # The row is safe in its table; a dead broker must not undo what was accepted.
        log.exception("wake-up of %s %s was not queued; the sweep will", name, pk)


def run(name: str, pk: int) -> None:
    """Run one job in a worker process."""
    close_old_connections()
    found = _jobs[name]
    life.sign(found.cluster)
    try:
        found.run(pk)
    finally:
        life.sign(found.cluster)


def run_scheduler() -> int:
    """Wake a worker for every due row that nobody was woken for lately; return how many."""
    woken = 0
    leases.free_dead()
    at = now()
    for name, rows in _due.items():
        due = rows().filter(leases.free(at)).filter(Q(woken_at__isnull=True) | Q(woken_at__lt=at - ENQUEUE_AGAIN_AFTER))
        pks = list(due.order_by("next_try_at").values_list("pk", flat=True)[:SCHEDULER_LIMIT])
        if not pks:
            continue
        rows().model._default_manager.filter(pk__in=pks).update(woken_at=at)
        for pk in pks:
            _enqueue(name, pk, _jobs[name].cluster)
        woken += len(pks)
    return woken


def due_count(cluster: Cluster) -> int:
    """Return how many rows wait for a cluster right now."""
    at = now()
    return sum(rows().filter(leases.free(at)).count() for name, rows in _due.items() if _jobs[name].cluster == cluster)


def enqueue_again(cluster: Cluster) -> None:
    """Let the next sweep wake every due row of a cluster at once: the wake-ups it had taken died with it."""
    for name, rows in _due.items():
        if _jobs[name].cluster == cluster:
            due = rows().filter(leases.free(now())).values("pk")
            rows().model._default_manager.filter(pk__in=due).update(woken_at=None)


def beat(cluster: Cluster) -> None:
    """Leave a sign of life; runs as a task of the cluster itself."""
    life.sign(cluster)


def ask_for_heartbeat(cluster: Cluster) -> None:
    """Put a heartbeat task into a cluster's queue."""
    async_task("common.work.jobs.beat", cluster, cluster=cluster, task_name=f"beat:{cluster}")
