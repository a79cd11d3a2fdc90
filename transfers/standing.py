"""Telling the centre what is open again at the point: one signed word about a day, sent until the centre has it.

It is no packet: it holds nothing of people, is never confirmed and opens no envelope. The row of the day is its queue,
and only its newest word is worth sending. `day.telling` says what stands in it.
"""

import base64
import datetime as dt
import hashlib
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from audit import numbers
from audit.log import SYSTEM, hold, record
from audit.models import ChainHead
from common import marks
from common.work import jobs, leases
from common.work.clock import now
from keys import node
from stations.models import ExamPoint
from transfers import link, outbox, pausing
from transfers.models import StandingReport
from wire.documents import standing
from wire.documents.anchor import AnchoredHead
from wire.documents.standing import SittingStanding, StandingDocument
from wire.errors import PpeError
from wire.messages import NOTHING
from wire.tus_errors import ExchangeError

ADDRESS = "/api/v1/standing/"
LEASE_SECONDS = 90.0
#: A centre that refuses a word for good is asked again after this: an update of it may understand it.
REST = 600.0


def series(point: ExamPoint, date: dt.date) -> str:
    """Return the name under which the numbers of a day's words survive the database."""
    return f"standing:{point.key}-{date:%d%m%y}"


def outdated(row: StandingReport | None, point: ExamPoint, date: dt.date) -> bool:
    """Return whether a later word was given out than the database knows: it was put back from an older copy."""
    return marks.get(series(point, date)).number > (row.number if row else 0)


def write(point: ExamPoint, date: dt.date, sittings: Sequence[SittingStanding]) -> StandingReport:
    """Sign the next word about a day and let it go. Call inside the transaction that has evaluated the day.

    Raises:
        NodeCertificateMissingError: The node's certificate has not arrived.
    """
    row = StandingReport.objects.select_for_update().filter(point=point, date=date).first()
    name, last = series(point, date), row.number if row else 0
    mark = numbers.ahead(name, last, about=point)
    number, at = max(last, mark.number if mark else 0) + 1, now()
    head = ChainHead.objects.filter(chain=point.key, number__gt=0).first()
    said = StandingDocument(
        number=number,
        mode=settings.PPE_MODE,
        region=point.region.code,
        point=point.code,
        date=date,
        at=at,
        sittings=tuple(sittings),
        head=AnchoredHead(head.chain, head.number, head.hash) if head else None,
    )
    document = standing.write(said, [node.node_signer(point)])
    digest = hashlib.sha256(document).hexdigest()
    made, _new = StandingReport.objects.update_or_create(
        point=point,
        date=date,
        defaults={
            "number": number,
            "said": said_in(sittings),
            "document": document,
            "sha256": digest,
            "made_at": at,
            "told_at": None,
            "problem": NOTHING,
            "attempts": 0,
            "next_try_at": at,
        },
    )
    marks.note(name, number)
    record(
        "transfers.standing",
        about=made,
        actor=SYSTEM,
        data={"number": number, "sha256": digest, "open": {each.sitting: len(each.open) for each in sittings}},
    )
    jobs.enqueue("transfers.tell", made.pk)
    return made


def said_in(sittings: Sequence[SittingStanding]) -> dict[str, list[list[str]]]:
    """Return what tells one word from the next: which matters are open, not how they are put."""
    return {each.sitting: sorted([one.code, one.place] for one in each.open) for each in sittings if each.open}


def send(pk: int) -> None:
    """Bring the newest word about a day to the centre; called by a worker, safe to run twice or be killed anywhere."""
    if not link.has_centre() or pausing.paused():
        return
    rows = StandingReport.objects.filter(told_at=None).select_related("point__region")
    row = leases.claim(rows, pk, seconds=LEASE_SECONDS, max_attempts=1_000_000)
    if row is None:
        return
    try:
        marks.leaves(series(row.point, row.date), row.number)
        with link.session(row.point, link.address(row.attempts)) as client:
            p7m = base64.b64encode(bytes(row.document)).decode("ascii")
            link.post_json(client, ADDRESS, {"p7m": p7m})
            link.heard(row.point)
    except PpeError as refusal:
        if isinstance(refusal, ExchangeError) and refusal.status is None:
            link.silent(row.point, refusal)
        StandingReport.objects.filter(pk=row.pk, number=row.number).update(problem=link.words(refusal))
        leases.release(row, retry_in=REST if refusal.permanent else outbox.pause_after(row.attempts, None))
        return
    with transaction.atomic():
        hold(row)
        # A word that was formed meanwhile is not told by this answer.
        if StandingReport.objects.filter(pk=row.pk, number=row.number).update(told_at=now(), problem=NOTHING):
            record("transfers.standing_told", about=row, actor=SYSTEM, data={"number": row.number})
    leases.release(row, retry_in=0.0, reset_attempts=True)
