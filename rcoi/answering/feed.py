"""The feed: one numbered, hash-chained list of signed words to each point."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from common import marks
from common.work.clock import now
from keys import authority
from rcoi.answering import sequence
from rcoi.models import FeedEntry
from stations.models import ExamPoint
from wire.documents import feed
from wire.documents.feed import FeedItem, Kind
from wire.names.files import feed_name

PAGE = 200


def append(*, point: ExamPoint, kind: Kind, body: Mapping[str, Any]) -> FeedEntry:
    """Sign the next item of a point's feed, in the transaction of what it tells.

    Args:
        point: Whom it is told.
        kind: A kind of `wire.documents.feed.KINDS`.
        body: Its content, as the schema of the kind demands.
    """
    at = now()
    with transaction.atomic():
        head = sequence.lock(f"{sequence.FEED}{point.key}")
        stored = last_number(point)
        item = FeedItem(
            number=head.number + 1,
            prev=head.hash,
            kind=kind,
            mode=settings.PPE_MODE,
            region=point.region.code,
            point=point.code,
            at=at,
            body=body,
            # Only a database that was put back from an older copy has less than it gave out.
            lost_after=stored if stored < head.number else None,
        )
        blob = feed.write(item, authority.rcoi_signer())
        sequence.advance(head, feed.item_hash(blob))
        return FeedEntry.objects.create(
            point=point, number=item.number, kind=kind, at=at, prev=item.prev, hash=head.hash, body=blob
        )


def after(point: ExamPoint, number: int, *, limit: int = PAGE) -> list[FeedEntry]:
    """Return the items that follow a number, oldest first.

    Raises:
        DiskError: The disk does not take their numbers.
    """
    return _leaving(point, list(FeedEntry.objects.filter(point=point, number__gt=number).order_by("number")[:limit]))


def _leaving(point: ExamPoint, entries: list[FeedEntry]) -> list[FeedEntry]:
    """Return items of one point that leave the node, once their numbers survive the database."""
    if entries:
        newest = entries[-1]
        marks.leaves(f"{sequence.FEED}{point.key}", newest.number, newest.hash)
    return entries


def last_number(point: ExamPoint) -> int:
    """Return the number of the newest item, 0 before the first."""
    newest = FeedEntry.objects.filter(point=point).order_by("-number").values_list("number", flat=True).first()
    return newest or 0


def bundle(point: ExamPoint, *, since: int = 0) -> tuple[str, bytes]:
    """Return name and bytes of a point's feed as a file for a flash drive."""
    entries = _leaving(point, list(FeedEntry.objects.filter(point=point, number__gt=since).order_by("number")))
    items = [bytes(entry.body) for entry in entries]
    return feed_name(point.region.code, point.code, last_number(point)), feed.bundle(items)
