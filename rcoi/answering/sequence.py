"""Numbers without holes: the row of a series is locked until the transaction that took the number ends.

A number is given out once, also after the database was put back from an older copy: what has left this node stands in
`common.marks` too, and the series goes on above it. Only there is a hole, and it is said what is missing.
"""

from datetime import timedelta

from django.db import transaction

from audit import numbers
from audit.subjects import AuditSubject
from common import marks
from common.marks import Gap, Mark
from common.work.clock import now
from rcoi.models import NumberSequence
from wire.canonical import parse_stamp

FEED = "feed:"
#: Series whose numbers leave the centre.
_LEAVING = ("receipt", "report", FEED)


def lock(name: str) -> NumberSequence:
    """Return the row of a series under a lock, not behind what was given out. Call inside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number is taken inside the transaction that uses it")
    NumberSequence.objects.get_or_create(name=name)
    row = NumberSequence.objects.select_for_update().get(name=name)
    region, _dash, point = name.removeprefix(FEED).partition("-") if name.startswith(FEED) else ("", "", "")
    mark = numbers.ahead(name, row.number, about=AuditSubject(region, point))
    if mark is not None:
        row.number, row.hash = mark.number, mark.hash
        row.save(update_fields=["number", "hash"])
    return row


def advance(row: NumberSequence, digest: str = "") -> int:
    """Give out the next number of a locked series.

    Args:
        row: The row that `lock` returned.
        digest: Hash of what gets the number, where the next one names it.
    """
    row.number, row.hash = row.number + 1, digest
    row.save(update_fields=["number", "hash"])
    marks.note(row.name, row.number, digest)
    return row.number


def missing(since: timedelta) -> list[Gap]:
    """Return what databases that were put back lost of this centre's numbers within a time, oldest first."""
    known = [gap for gap in marks.gaps() if gap.series.startswith(_LEAVING)]
    return [gap for gap in known if parse_stamp(gap.at) > now() - since]


def catch_up() -> None:
    """Hold the database to what was given out, and the file to the database: at each start of the node."""
    with transaction.atomic():
        for name in sorted(marks.known()):
            if name.startswith(_LEAVING):
                lock(name)
        rows = list(NumberSequence.objects.filter(number__gt=0))
    numbers.made_anew({row.name: Mark(row.number, row.hash) for row in rows if row.name.startswith(_LEAVING)})
