"""Anchors: a node's signed word about the last event of each of its event logs, so that no log can be written anew."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wire import canonical
from wire.cms import SignedBy, Signer
from wire.documents.signed import read_signed, write_signed
from wire.pki import CertificateRole, TrustStore

FORMAT = "ppe-anchor/2"


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """The last event of one chain: a point's (``78-0001``) or the node's own (``node``)."""

    chain: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class AnchorDocument:
    """One anchor; `prev` is the SHA-256 of the bytes of the anchor before it, empty for the first."""

    number: int
    prev: str
    node: str
    mode: str
    at: dt.datetime
    heads: tuple[AnchoredHead, ...]
    epoch: int | None = None


def head_json(head: AnchoredHead) -> dict[str, Any]:
    """The end of a chain as JSON."""
    return {"chain": head.chain, "number": head.number, "hash": head.hash}


def anchor_hash(blob: bytes) -> str:
    """What the next anchor's `prev` must be."""
    return hashlib.sha256(blob).hexdigest()


def write(anchor: AnchorDocument, signers: Sequence[Signer]) -> bytes:
    """Sign an anchor.

    Raises:
        SchemaError: a field does not agree with the schema.
    """
    document = {
        "format": FORMAT,
        "number": anchor.number,
        "prev": anchor.prev,
        "node": anchor.node,
        "mode": anchor.mode,
        "at": canonical.stamp(anchor.at),
        "heads": [head_json(head) for head in anchor.heads],
    }
    if anchor.epoch is not None:
        document["epoch"] = anchor.epoch
    return write_signed("anchor", document, signers=signers)


def read(blob: bytes, trust: TrustStore, *, at: dt.datetime | None = None) -> tuple[AnchorDocument, SignedBy]:
    """Read an anchor and who signed it.

    Raises:
        PpeError: the signature does not hold, the signer is no node, or the shape is wrong.
    """
    document, signed_by = read_signed(
        "anchor", blob, trust=trust, roles={CertificateRole.HQ, CertificateRole.RCOI}, at=at
    )
    heads = tuple(AnchoredHead(**head) for head in document["heads"])
    moment = canonical.parse_stamp(document["at"])
    return AnchorDocument(
        document["number"], document["prev"], document["node"], document["mode"], moment, heads, document.get("epoch")
    ), signed_by
