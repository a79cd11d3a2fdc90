"""Versions of packages and access keys: none is given out twice, also after the database was put back from a copy.

A point takes no package of a version that it knows, and two keys of one version would bear one name: what has been made
stands in `common.marks` too, and the next version goes on above it.
"""

from datetime import date as day

from audit import numbers
from common import marks
from common.marks import Mark
from keys.models import AccessKey, ExamPackage
from stations.models import ExamPoint, Sitting


def _package(point: ExamPoint, date: day) -> str:
    return f"package:{point.key}:{date.isoformat()}"


def _access_key(sitting: Sitting) -> str:
    return f"access_key:{sitting.key}"


def next_package(point: ExamPoint, date: day) -> int:
    """Return the version of the next package; call inside the transaction that makes it."""
    rows = ExamPackage.objects.filter(point=point, date=date).order_by("-version").values_list("version", flat=True)
    return _next(_package(point, date), rows.first() or 0, point)


def next_access_key(sitting: Sitting, last: AccessKey | None) -> int:
    """Return the version of the access key that comes after `last`; call inside the transaction that makes it."""
    return _next(_access_key(sitting), last.version if last else 0, sitting.point)


def _next(series: str, known: int, point: ExamPoint) -> int:
    mark = numbers.ahead(series, known, about=point)
    version = (mark.number if mark else known) + 1
    # On the disk before the answer is: the file may be carried away at once.
    marks.leaves(series, version)
    return version


def catch_up() -> None:
    """Hold the file to the versions of the centre's database: at each start of the node."""
    made: dict[str, Mark] = {}
    for package in ExamPackage.objects.select_related("point__region").order_by("version"):
        made[_package(package.point, package.date)] = Mark(package.version)
    keys = AccessKey.objects.select_related("sitting__point__region", "sitting__subject").order_by("version")
    for key in keys:
        made[_access_key(key.sitting)] = Mark(key.version)
    numbers.made_anew(made)
