"""Pausing the delivery over the network: the line is needed for something else, or is paid by the megabyte.

The word is a file of this node, not a row: it belongs to the machine, and a worker looks at it before every packet.
"""

from django.db import transaction

from audit.log import Actor, record
from common import files
from common.work import jobs
from common.work.clock import now
from transfers.models import Packet
from transfers.states import SENDING
from wire import canonical
from wire.durable import write_durable

_NAME = "link-paused"


def paused() -> bool:
    """Return whether packets wait for “Go on”."""
    return (files.folder("run") / _NAME).exists()


def pause(*, actor: Actor) -> None:
    """Let packets wait; what is under way ends with its minute."""
    with transaction.atomic():
        record("transfers.paused", actor=actor, subject=actor.name, data={})
        write_durable(files.folder("run") / _NAME, canonical.stamp(now()).encode("ascii"))


def resume(*, actor: Actor) -> None:
    """Let packets go on at once."""
    with transaction.atomic():
        record("transfers.resumed", actor=actor, subject=actor.name, data={})
        (files.folder("run") / _NAME).unlink(missing_ok=True)
        for pk in Packet.objects.filter(state__in=SENDING).values_list("pk", flat=True):
            jobs.enqueue("transfers.deliver", pk)
