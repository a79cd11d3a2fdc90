"""Numbering and keeping of reports."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from audit.log import Actor, record
from audit.models import ChainHead
from common import marks
from common.paper import pdf
from common.work.clock import local, now
from keys import anchors
from rcoi.answering import sequence
from rcoi.models import IssuedReceipt, Report
from rcoi.receiving import store
from stations.models import ExamPoint, Region
from wire import canonical


@dataclass(frozen=True)
class Stamp:
    """What a report says about itself.

    Attributes:
        number: Its number at this centre.
        data_sha256: Hash of the data it was formed from.
        at: When it was formed, which is when it was first printed.
        zone: Time zone that its times are written in.
        head: Head of the audit chain at that moment.
    """

    number: int
    data_sha256: str
    at: datetime
    zone: str
    head: str

    def when(self, moment: datetime | None) -> str:
        """Return a moment as the report writes it."""
        return f"{local(moment, self.zone):%d.%m.%Y %H:%M:%S}" if moment else "—"


Draw = Callable[[Stamp], Sequence[Flowable]]


def formed(
    *,
    kind: str,
    key: str,
    data: dict[str, Any],
    draw: Draw,
    region: Region,
    point: ExamPoint | None,
    title: str,
    actor: Actor,
    receipts: Iterable[IssuedReceipt] = (),
) -> Report:
    """Return the report of some data: the one formed before, or a new one with the next number.

    Args:
        kind: A kind of `Report.Kind`.
        key: What it is about: uid, sitting or date.
        data: Everything that it shows, JSON-able; it decides whether a report of this very content exists.
        draw: Makes the pages.
        region: The region.
        point: The point it is about, if it is about one.
        title: Title in the document's metadata.
        actor: Who asks for it.
        receipts: The receipts it speaks of; they travel inside the PDF, so that the paper's words can be checked.
    """
    digest = hashlib.sha256(canonical.dumps(data)).hexdigest()
    with transaction.atomic():
        number = sequence.lock("report")
        row = Report.objects.filter(kind=kind, key=key, data_sha256=digest).first()
        if row is None:
            row = _form(sequence.advance(number), kind, key, digest, draw, region, point, title, actor, receipts)
        Report.objects.filter(pk=row.pk).update(prints=F("prints") + 1)
    return row


def _form(
    number: int,
    kind: str,
    key: str,
    digest: str,
    draw: Draw,
    region: Region,
    point: ExamPoint | None,
    title: str,
    actor: Actor,
    receipts: Iterable[IssuedReceipt],
) -> Report:
    zone = point.timezone if point else region.timezone
    stamp = Stamp(number, digest, now(), zone, _head(point))
    footer = _("Report No. %(number)d · data SHA-256 %(digest)s… · printed %(at)s (%(zone)s)") % {
        "number": number,
        "digest": digest[:16],
        "at": stamp.when(stamp.at),
        "zone": zone,
    }
    inside = {f"receipt-{each.number:06d}.{each.level}.p7m": bytes(each.body) for each in receipts}
    training = settings.PPE_MODE == "training"
    data = pdf.document(draw(stamp), title=title, footer=footer, training=training, attachments=inside)
    path, sha256 = store.write(store.REPORTS, f"{number:06d}-{kind}.pdf", data)
    row = Report.objects.create(
        kind=kind,
        key=key,
        region=region,
        point=point,
        number=number,
        data_sha256=digest,
        sha256=sha256,
        path=path,
        made_at=stamp.at,
        made_by=actor.name[:200],
    )
    record("rcoi.report", about=row, actor=actor, data={"number": number, "sha256": sha256, "data_sha256": digest})
    return row


def _head(point: ExamPoint | None) -> str:
    """Return the head of the audit chain and the newest anchor: whoever keeps the paper can prove the log by them."""
    row = ChainHead.objects.filter(chain=point.key if point else "node").first()
    words = "—"
    if row:
        words = _("%(chain)s, record No. %(number)d, %(hash)s") % {
            "chain": row.chain,
            "number": row.number,
            "hash": row.hash,
        }
    anchor = anchors.newest()
    if anchor is None:
        return words
    return _("%(log)s. Anchor No. %(number)d, SHA-256 %(sha256)s") % {
        "log": words,
        "number": anchor.number,
        "sha256": anchor.sha256,
    }


def file_bytes(row: Report) -> bytes:
    """Return the bytes of a report.

    Raises:
        FileGoneError: The file is not in the store.
        DiskError: The disk does not take its number, which must survive the database.
    """
    marks.leaves("report", row.number)
    return store.there(row.path).read_bytes()
