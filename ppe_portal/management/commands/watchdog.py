"""``manage.py watchdog``: one of the processes of `run_node`."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from ppe_portal.watchdog import Watchdog


class Command(BaseCommand):
    """Sweep for due work, run the chores, restart clusters that stopped working."""

    help = "Find due work and restart clusters that stopped working (started by run_node)."

    def handle(self, *args: Any, **options: Any) -> None:
        Watchdog(settings.PPE_SWEEP_SECONDS, settings.PPE_WATCHDOG_SECONDS).run()
