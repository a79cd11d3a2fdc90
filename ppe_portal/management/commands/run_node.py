"""``manage.py run_node``: everything a node is, in one command."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connections
from django.utils.translation import gettext as _

from audit.log import SYSTEM, record
from keys import node as node_keys
from keys import versions
from ppe_portal import arriving, first_run
from ppe_portal.pulse import Pulse
from ppe_portal.supervisor import Supervisor, children
from rcoi.answering import sequence
from transfers import sequences

PORTS = {"hq": 8000, "rcoi": 8001}


class Command(BaseCommand):
    """Bring the database up to date, then start and supervise web, clusters and watchdog."""

    help = "Start this node: web server, background clusters, watchdog."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=PORTS.get(settings.PPE_NODE, 8000))
        parser.add_argument("--logs", type=Path, default=None, help="folder of the log files")
        parser.add_argument("--log-prefix", default="")
        parser.add_argument("--with-stdin", action="store_true", help="end when standard input ends")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_("Node %(kind)s: preparing the database…") % {"kind": settings.PPE_NODE})
        call_command("check", fail_level="ERROR", verbosity=0)
        call_command("migrate", verbosity=0, interactive=False)
        node_keys.ensure_keys()
        node = first_run.this_node()
        # Before anything is given out: a database that was put back from a copy does not take its numbers back.
        sequence.catch_up()
        sequences.catch_up()
        if settings.PPE_NODE == "rcoi":
            versions.catch_up()
        record("node.started", actor=SYSTEM, subject=node.uid, data={"kind": node.kind})
        address = f"http://{options['host']}:{options['port']}/"
        self.stdout.write(_("Node %(kind)s: %(address)s") % {"kind": settings.PPE_NODE, "address": address})
        if not first_run.finished():
            self.stdout.write(_("First-run code: %(code)s") % {"code": first_run.one_time_code()})
        self.stdout.flush()
        connections.close_all()
        data_dir = Path(settings.PPE_DATA_DIR)
        members = children(
            data_dir=data_dir,
            logs=options["logs"] or data_dir / "logs",
            prefix=options["log_prefix"],
            host=options["host"],
            port=options["port"],
            workers=settings.PPE_WEB_WORKERS,
            threads=settings.PPE_WEB_THREADS,
        )
        arriving.sweep(all_are_dead=True)
        lifeline = sys.stdin.fileno() if options["with_stdin"] else None
        Supervisor(members, data_dir, lifeline, Pulse(options["host"], options["port"])).run()
