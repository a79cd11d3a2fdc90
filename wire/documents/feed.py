"""The feed: one numbered, hash-chained list of signed items from the centre to a point.

The same items travel as files: a bundle is JSON Lines, one base64 item a line.
"""

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from wire import canonical, schema
from wire.cms import Signer
from wire.documents.anchor import AnchoredHead, head_json
from wire.documents.signed import read_signed, same_place, write_signed
from wire.errors import MalformedDocumentError, PpeError
from wire.messages import Message
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-feed/2"
BUNDLE_FORMAT = "ppe-feed-bundle/1"
MAX_BUNDLE = 64 * 1024 * 1024
Kind = Literal["receipt", "status_undo", "rescan_request", "withdrawal", "reserve_key", "crl", "announcement"]
KINDS: tuple[Kind, ...] = (
    "receipt",
    "status_undo",
    "rescan_request",
    "withdrawal",
    "reserve_key",
    "crl",
    "announcement",
)


class BrokenChainError(PpeError):
    """An item does not follow the one before it."""

    code: ClassVar[str] = "feed_chain"


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item; `prev` is the SHA-256 of the bytes of the item before it, empty for the first.

    `lost_after` stands in the first item after the centre's database was put back from an older copy: the items after
    that number are gone, and whoever has not read them goes on here. `epoch` counts how often it was, from 1; `heads`
    are the last events of the point's and of the centre's logs that the centre holds.
    """

    number: int
    prev: str
    kind: Kind
    mode: str
    region: str
    point: str
    at: dt.datetime
    body: Mapping[str, Any]
    lost_after: int | None = None
    epoch: int | None = None
    heads: tuple[AnchoredHead, ...] = ()


def item_hash(blob: bytes) -> str:
    """What the next item's `prev` must be."""
    return hashlib.sha256(blob).hexdigest()


def write(item: FeedItem, signer: Signer) -> bytes:
    """Sign an item.

    Raises:
        SchemaError: the item or its body does not agree with the schema.
    """
    document = {
        "format": FORMAT,
        "number": item.number,
        "prev": item.prev,
        "kind": item.kind,
        "mode": item.mode,
        "region": item.region,
        "point": item.point,
        "at": canonical.stamp(item.at),
        "body": dict(item.body),
    }
    if item.lost_after is not None:
        document["lost_after"] = item.lost_after
    if item.epoch is not None:
        document["epoch"] = item.epoch
    if item.heads:
        document["heads"] = [head_json(head) for head in item.heads]
    schema.validate(f"feed_{item.kind}", document["body"])
    return write_signed("feed", document, signers=[signer])


def read(blob: bytes, trust: TrustStore, *, at: dt.datetime | None = None) -> FeedItem:
    """Read an item.

    Raises:
        PpeError: the signature does not hold, the signer is not this region's centre, or the shape is wrong.
    """
    document, signed_by = read_signed("feed", blob, trust=trust, roles={CertificateRole.RCOI}, at=at)
    same_place(signed_by, region=document["region"])
    schema.validate(f"feed_{document['kind']}", document["body"])
    del document["format"]
    document["at"] = canonical.parse_stamp(document["at"])
    document["heads"] = tuple(AnchoredHead(**head) for head in document.get("heads", []))
    return FeedItem(**document)


def follow(items: Sequence[tuple[bytes, FeedItem]], *, number: int = 0, prev: str = "") -> None:
    """Hold items to the chain that starts after the item `number`, whose hash is `prev`.

    Raises:
        BrokenChainError: a number is missing or an item's `prev` is not the hash of the item before it.
    """
    for blob, item in items:
        if (item.number != number + 1 or item.prev != prev) and not passes_a_gap(item, number):
            raise BrokenChainError(
                Message(
                    "The feed is broken: item {item_number} came after item {number}.",
                    item_number=item.number,
                    number=number,
                ),
                remedy=Message("Fetch the feed again from its start, or ask the centre for it on a flash drive."),
            )
        number, prev = item.number, item_hash(blob)


def passes_a_gap(item: FeedItem, number: int) -> bool:
    """Whether an item says that those between `number` and itself are lost: they are waited for no longer."""
    return item.lost_after is not None and item.lost_after <= number < item.number - 1


def bundle(items: Iterable[bytes]) -> bytes:
    """Items as one file for a flash drive."""
    rows = [{"item": base64.b64encode(item).decode("ascii")} for item in items]
    return b"".join(canonical.dumps(row) + b"\n" for row in [{"format": BUNDLE_FORMAT, "count": len(rows)}, *rows])


def read_bundle(data: bytes) -> list[bytes]:
    """The items of a bundle, as they were signed.

    Raises:
        MalformedDocumentError: not a bundle, or it is torn.
    """
    rows = data.split(b"\n")
    try:
        if len(data) > MAX_BUNDLE or rows.pop() != b"":
            raise ValueError("torn or too big")
        head = canonical.loads(rows[0])
        if head != {"format": BUNDLE_FORMAT, "count": len(rows) - 1}:
            raise ValueError("not a bundle, or lines are missing")
        return [base64.b64decode(canonical.loads(row)["item"], validate=True) for row in rows[1:]]
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error, MalformedDocumentError) as error:
        raise MalformedDocumentError(Message("This is not a feed file, or it is torn.")) from error
