"""Words of the centre to points, through the feed."""

from collections.abc import Sequence

from django.db import transaction

from audit.log import Actor, record
from common.work.clock import now
from rcoi.answering import feed
from rcoi.errors import RequestRefusedError
from rcoi.models import Announcement
from stations.models import ExamPoint
from wire.messages import Message


def announce(*, points: Sequence[ExamPoint], title: str, text: str, actor: Actor) -> Announcement:
    """Tell points something.

    Raises:
        RequestRefusedError: No title or nobody to tell.
    """
    title, text = title.strip(), text.strip()
    if not title or not points:
        raise RequestRefusedError(Message("A title and at least one point are needed."))
    with transaction.atomic():
        row = Announcement.objects.create(title=title[:200], text=text, by=actor.name[:200], at=now())
        row.points.set(points)
        for point in points:
            feed.append(point=point, kind="announcement", body={"title": title[:200], "text": text})
            record("rcoi.announced", about=point, subject=title[:200], actor=actor, data={"title": title[:200]})
    return row
