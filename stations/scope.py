"""Scope: what a person may see. One queryset method, used by every list, form, file, export and API."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Self, TypeVar

from django.db import models
from django.db.models import Q

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows of exam points; the model's ``SCOPE`` says how a row reaches its point (``""`` for the point itself)."""

    def visible_to(self, user: Any) -> Self:
        """Return the rows within a person's scope: region → point → sitting."""
        path = getattr(self.model, "SCOPE", "sitting__point")
        return self.filter(condition(user, path)).distinct() if path is not None else self


def condition(user: Any, path: str) -> Q:
    """Return the condition of rows whose point, reached by ``path``, lies in the scope of a user."""
    if not getattr(user, "is_active", False):
        return Q(pk__in=[])
    if user.is_superuser:
        return Q()
    prefix = f"{path}__" if path else ""
    points, regions = set(), set()
    for assignment in user.assignments():
        if assignment.sitting is not None:
            points.add(assignment.sitting.point_id)
        elif assignment.point_id:
            points.add(assignment.point_id)
        elif assignment.region_id:
            regions.add(assignment.region_id)
    # Lists and no chain of ORs: SQLite takes no expression deeper than a thousand.
    return Q(**{f"{prefix}pk__in": points}) | Q(**{f"{prefix}region_id__in": regions})


def addressed(keys: Iterable[str]) -> Q:
    """Return the condition of rows that name their region and point as text, for keys such as ``78-0001``."""
    points = defaultdict(list)
    for key in keys:
        region, point = key.split("-")
        points[region].append(point)
    wanted = Q(pk__in=[])
    for region, codes in points.items():
        wanted |= Q(region=region, point__in=codes)
    return wanted
