"""Who is told when a sitting's journals say something new: rooms above compare at once what rests on them."""

from collections.abc import Iterable
from functools import partial

from django.db import transaction

from common.listeners import Listeners
from stations.models import Sitting

#: Each is called after the commit with the sitting and the rooms of what changed.
on_change: Listeners[[Sitting, Iterable[int | None]]] = Listeners()


def tell(sitting: Sitting | None, rooms: Iterable[int | None]) -> None:
    """Tell every listener after the commit; whatever one does with it, what was taken in stays."""
    if sitting is None:
        return
    for listener in on_change:
        transaction.on_commit(partial(listener, sitting, tuple(rooms)), robust=True)
