"""What is said when the database knows less than this node has given out."""

import logging

from audit.log import SYSTEM, record
from audit.subjects import Audited
from common import marks
from common.marks import Mark

log = logging.getLogger(__name__)


def ahead(series: str, number: int, *, about: Audited | None = None) -> Mark | None:
    """Return the mark of a series when the database is behind it, and say so; None when the database is right.

    Args:
        series: Name of the series.
        number: The last number that the database knows.
        about: The point whose series it is; None for a series of the node.
    """
    mark = marks.get(series)
    if mark.number <= number:
        return None
    log.error("the database was put back: %s is at %d there, %d was given out", series, number, mark.number)
    record(
        "node.numbers_behind",
        about=about,
        subject=series,
        actor=SYSTEM,
        data={"series": series, "database": number, "given_out": mark.number},
    )
    marks.lost(series, after=number, to=mark.number)
    return mark


def made_anew(series: dict[str, Mark]) -> None:
    """Write the numbers of the database into the file, and say when that made the file; called at each start."""
    if series and not marks.there():
        record("node.numbers_made", actor=SYSTEM, data={"series": len(series)})
    marks.raise_to(series)
