"""Receipts: what the centre says about one file, signed.

There is one receipt for each SHA-256 and level; a resend is answered with the stored bytes of the latest one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NotRequired, TypedDict

from wire import canonical
from wire.cms import Signer
from wire.documents.anchor import AnchoredHead, head_json
from wire.documents.signed import read_signed, same_place, write_signed
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-receipt/2"
Level = Literal["delivered", "acknowledged", "rejected", "withdrawn"]


class Reason(TypedDict):
    """Why a packet was rejected or withdrawn, or what is open about it, down to the sheet."""

    code: str
    ru: str
    en: str
    sheet: NotRequired[str | None]
    room: NotRequired[str | None]


@dataclass(frozen=True, slots=True)
class Receipt:
    """One verdict about one file.

    Attributes:
        epoch: How often the centre's database was put back from an older copy, counted from 1.
        heads: The last events of the point's and of the centre's logs that the centre holds.
        reasons: Why it was rejected or withdrawn.
        open: Of a confirmed one, what was still open about the packet; the verdict about the file stands without it.
    """

    level: Level
    uid: str | None
    version: int | None
    sha256: str
    number: int
    supersedes: int | None
    region: str
    point: str
    reasons: tuple[Reason, ...]
    counts: Mapping[str, int]
    operator: str
    received_at: dt.datetime
    issued_at: dt.datetime
    mode: str = "live"
    extra: Mapping[str, Any] = field(default_factory=dict)
    epoch: int | None = None
    heads: tuple[AnchoredHead, ...] = ()
    open: tuple[Reason, ...] = ()


def write(receipt: Receipt, signer: Signer) -> bytes:
    """Sign a receipt.

    Raises:
        SchemaError: a field does not agree with the schema.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "level": receipt.level,
        "uid": receipt.uid,
        "version": receipt.version,
        "sha256": receipt.sha256,
        "number": receipt.number,
        "supersedes": receipt.supersedes,
        "region": receipt.region,
        "point": receipt.point,
        "reasons": [dict(reason) for reason in receipt.reasons],
        "counts": dict(receipt.counts),
        "operator": receipt.operator,
        "received_at": canonical.stamp(receipt.received_at),
        "issued_at": canonical.stamp(receipt.issued_at),
        "mode": receipt.mode,
    }
    if receipt.extra:
        document["extra"] = dict(receipt.extra)
    if receipt.epoch is not None:
        document["epoch"] = receipt.epoch
    if receipt.heads:
        document["heads"] = [head_json(head) for head in receipt.heads]
    if receipt.open:
        document["open"] = [dict(reason) for reason in receipt.open]
    return write_signed("receipt", document, signers=[signer])


def read(blob: bytes, trust: TrustStore, *, at: dt.datetime | None = None) -> Receipt:
    """Read a receipt of the centre.

    Raises:
        PpeError: the signature does not hold, the signer is not this region's centre, or the shape is wrong.
    """
    document, signed_by = read_signed("receipt", blob, trust=trust, roles={CertificateRole.RCOI}, at=at)
    same_place(signed_by, region=document["region"])
    del document["format"]
    document["reasons"] = tuple(document["reasons"])
    document["heads"] = tuple(AnchoredHead(**head) for head in document.get("heads", []))
    document["open"] = tuple(document.get("open", []))
    if document["level"] == "acknowledged" and not document["open"]:
        # The reasons of a confirmed receipt said it before there was a field for it.
        document["open"], document["reasons"] = document["reasons"], ()
    document["received_at"] = canonical.parse_stamp(document["received_at"])
    document["issued_at"] = canonical.parse_stamp(document["issued_at"])
    return Receipt(**document)
