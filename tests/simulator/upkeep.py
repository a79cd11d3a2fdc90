"""What both kinds of node do in the background, and the check of their event log."""

import io

from django.core.management import CommandError, call_command

from common.work import jobs
from tests.simulator import node


def job(name: str, pk: int) -> None:
    """Do the work that a wake-up names."""
    jobs.run(name, pk)


def sweep() -> int:
    """Do what the watchdog does: the periodic tasks whose time has come, then a wake-up for everything that is due."""
    node.run_periodic(jobs.periodic_tasks())
    return jobs.run_scheduler()


def audit() -> str:
    """Return what is wrong with the event log; nothing when it is whole."""
    out = io.StringIO()
    try:
        call_command("audit_verify", stdout=io.StringIO(), stderr=out)
    except CommandError:
        return out.getvalue()
    return ""
