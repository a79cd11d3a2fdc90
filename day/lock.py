"""The lock of a day: whoever acts on a conclusion holds it until the act is written.

The lock is the head of the point's chain in the event log. Every change of a fact writes its event in the transaction
of the change, and an event takes that row: so every writer of a fact takes the lock, without knowing of it. Between
the evaluation under the lock and the commit no fact can change; what a writer has begun and not yet committed is waited
for, and what it commits later is judged by the next evaluation. The head comes first everywhere (`audit.log.hold`),
then the exams' rows in one order, as those take them who write scan journals and statuses. An HQ runs on SQLite, where
a transaction that writes is alone from its first statement: the registry, read in under the node's own chain, and what
moves without an event (how a room was last compared) are shut out too.
"""

from django.db import transaction

from audit import log
from stations.models import ExamPoint, Sitting


def hold(point: ExamPoint, sittings: list[int]) -> None:
    """Take the lock of a point's day until the transaction ends.

    Args:
        point: The exam point.
        sittings: Its exams of the day.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("the lock of a day is held by a transaction")
    log.hold(point)
    rows = Sitting.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=sittings)
    list(rows.order_by("pk").values_list("pk"))
