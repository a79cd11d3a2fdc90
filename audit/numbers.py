"""What is said when the database knows less than this node has given out."""

import logging

from audit.log import SYSTEM, record
from common import marks
from common.marks import Mark

log = logging.getLogger(__name__)


def ahead(series: str, number: int, *, region: str = "", point: str = "") -> Mark | None:
    """Return the mark of a series when the database is behind it, and say so; None when the database is right.

    Args:
        series: Name of the series.
        number: The last number that the database knows.
        region: Region of the point whose series it is.
        point: Code of that point; empty for a series of the node.
    """
    mark = marks.get(series)
    if mark.number <= number:
        return None
    log.error("the database was put back: %s is at %d there, %d was given out", series, number, mark.number)
    record(
        "node.numbers_behind",
        actor=SYSTEM,
        region=region,
        point=point,
        subject=series,
        data={"series": series, "database": number, "given_out": mark.number},
    )
    marks.lost(series, after=number, to=mark.number)
    return mark


def made_anew(series: dict[str, Mark]) -> None:
    """Write the numbers of the database into the file, and say when that made the file; called at each start."""
    if series and not marks.there():
        record("node.numbers_made", actor=SYSTEM, data={"series": len(series)})
    marks.raise_to(series)
