"""Receipts: one for each SHA-256 and level, signed once, its bytes given again whenever they are asked for."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from audit.log import Actor, record
from common import marks
from common.stored import stored
from common.work import faultpoints
from common.work.clock import now
from keys import authority
from rcoi.answering import feed, sequence
from rcoi.models import InboxPacket, IssuedReceipt
from stations.lookup import this_node
from wire.documents import receipt as wire_receipt
from wire.documents.receipt import Level, Reason, Receipt
from wire.errors import PpeError

#: Stands in the signed receipt as it is; pages say it in the reader's language.
AUTOMATIC = stored("automatically")


def latest(sha256: str) -> IssuedReceipt | None:
    """Return the latest receipt of a file: what every resend is answered with."""
    return IssuedReceipt.objects.filter(sha256=sha256).order_by("-number").first()


def latest_numbers() -> list[tuple[str, int]]:
    """Return the number of the latest receipt of every file."""
    rows = IssuedReceipt.objects.values("sha256").annotate(last=Max("number"))
    return list(rows.values_list("sha256", "last"))


def issue(
    *,
    packet: InboxPacket,
    level: str,
    actor: Actor,
    reasons: Sequence[Mapping[str, Any]] = (),
    still_open: Sequence[Mapping[str, Any]] = (),
    counts: Mapping[str, int] | None = None,
    operator: str = AUTOMATIC,
) -> IssuedReceipt:
    """Sign a receipt and put it into the feed of the point, in one transaction with what it says.

    Args:
        packet: The file it speaks of.
        level: A level of `wire.documents.receipt.Level`; a second call for the same level returns the first receipt.
        actor: Who issues it.
        reasons: Why it was rejected or withdrawn.
        still_open: What is open about it though it is confirmed.
        counts: What was counted in it.
        operator: The person who decided, or that it was automatic.
    """
    with transaction.atomic():
        number = sequence.lock("receipt")
        said = IssuedReceipt.objects.filter(sha256=packet.sha256, level=level).first()
        if said is not None:
            return said
        before = latest(packet.sha256)
        taken = sequence.advance(number)
        at = now()
        body = wire_receipt.write(
            _document(packet, level, taken, before, reasons, still_open, counts or {}, operator, at),
            authority.rcoi_signer(),
        )
        faultpoints.here(f"issue.signed-{level}")
        row = IssuedReceipt.objects.create(
            packet=packet,
            point=packet.point,
            number=taken,
            level=level,
            sha256=packet.sha256,
            supersedes=before.number if before else None,
            reasons=list(reasons),
            open=list(still_open),
            issued_at=at,
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
        )
        if packet.point:
            feed.append(point=packet.point, kind="receipt", body={"p7m": base64.b64encode(body).decode("ascii")})
        record(
            "rcoi.receipt",
            about=row,
            actor=actor,
            data={"sha256": packet.sha256, "level": level, "number": row.number, "receipt_sha256": row.body_sha256},
        )
        return row


def _document(
    packet: InboxPacket,
    level: str,
    number: int,
    before: IssuedReceipt | None,
    reasons: Sequence[Mapping[str, Any]],
    still_open: Sequence[Mapping[str, Any]],
    counts: Mapping[str, int],
    operator: str,
    at: Any,
) -> Receipt:
    node = this_node()
    version = packet.version or packet.header.get("version")
    extra = {
        name: packet.header[name] for name in ("kind", "sitting", "room", "node", "sequence") if name in packet.header
    }
    return Receipt(
        level=cast(Level, level),
        uid=packet.claimed_uid or None,
        version=version,
        sha256=packet.sha256,
        number=number,
        supersedes=before.number if before else None,
        region=packet.region or (node.region if node else "00"),
        point=packet.point_code or "0000",
        reasons=tuple(cast(Reason, dict(reason)) for reason in reasons),
        open=tuple(cast(Reason, dict(each)) for each in still_open),
        counts=dict(counts),
        operator=operator,
        received_at=packet.received_at,
        issued_at=at,
        mode=settings.PPE_MODE,
        extra=extra,
    )


def reasons_of(refusal: PpeError, *, room: str = "") -> list[dict[str, Any]]:
    """Return a refusal as typed reasons: one for itself, and one for each part when it names several."""
    first: dict[str, Any] = {
        "code": refusal.code,
        "ru": refusal.text("ru"),
        "en": refusal.text("en"),
        "room": room or None,
    }
    parts = [
        {
            "code": refusal.code,
            "ru": part.message.ru,
            "en": part.message.en,
            "sheet": part.found if part.field == "sheet" else None,
            "room": room or None,
        }
        for part in (refusal.parts if len(refusal.parts) > 1 else ())
    ]
    return [{**first, "sheet": None}, *parts]


def bytes_of(row: IssuedReceipt) -> bytes:
    """Return the signed bytes of a receipt, for whoever carries them out of the node.

    Raises:
        DiskError: The disk does not take its number, which must survive the database.
    """
    marks.leaves("receipt", row.number)
    return bytes(row.body)


def answer(row: IssuedReceipt) -> dict[str, Any]:
    """Return a receipt as the result of an upload."""
    return {
        "level": row.level,
        "number": row.number,
        "sha256": row.sha256,
        "receipt": base64.b64encode(bytes_of(row)).decode("ascii"),
    }
