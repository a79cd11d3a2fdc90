"""Numbers without holes: the row of a series is locked until the transaction that took the number ends."""

from django.db import transaction

from rcoi.models import Series


def lock(name: str) -> Series:
    """Return the row of a series under a lock. Call inside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("a number is taken inside the transaction that uses it")
    Series.objects.get_or_create(name=name)
    return Series.objects.select_for_update().get(name=name)


def take(name: str) -> int:
    """Return the next number of a series. Call inside a transaction."""
    row = lock(name)
    row.number += 1
    row.save(update_fields=["number"])
    return row.number
