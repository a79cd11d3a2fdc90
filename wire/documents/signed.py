"""Small JSON documents signed with CMS: receipts, feed items, acts."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from wire import canonical, cms, schema
from wire.cms import SignedBy, Signer
from wire.errors import FieldError, PpeError
from wire.messages import Message
from wire.pki import CertificateRole, TrustStore


class ForeignSignerError(PpeError):
    """The signature holds, but the signer has no right to say this."""

    code: ClassVar[str] = "foreign_signer"


def write_signed(name: str, document: dict[str, Any], *, signers: Sequence[Signer]) -> bytes:
    """Sign a document, attached, DER.

    Raises:
        SchemaError: the document does not agree with its own schema.
    """
    schema.validate(name, document)
    return cms.sign(canonical.dumps(document), signers=signers)


def read_signed(
    name: str, blob: bytes, *, trust: TrustStore, roles: Collection[CertificateRole], at: dt.datetime | None = None
) -> tuple[dict[str, Any], SignedBy]:
    """Read a signed document: signature and path first, then its shape.

    Raises:
        PpeError: a signature that does not hold, or a document that does not agree with its schema.
    """
    verified = cms.verify(blob, trust=trust, at=at, roles=roles)
    document = canonical.loads(verified.content)
    schema.validate(name, document)
    return document, verified.signers[0]


def same_place(signed_by: SignedBy, *, region: str, point: str | None = None) -> None:
    """Hold the signer to the address that the document names.

    Raises:
        ForeignSignerError: the certificate is of another region or another point.
    """
    identity = signed_by.identity
    pairs = [("region", identity.region, region)]
    if point is not None:
        pairs.append(("point", identity.point, point))
    parts = [
        FieldError(
            name,
            found,
            expected,
            Message("{name}: {found}, document {expected}", name=name, found=found, expected=expected),
        )
        for name, found, expected in pairs
        if found != expected
    ]
    if parts:
        raise ForeignSignerError(
            Message("The document is signed by a certificate of another place ({urn}).", urn=identity.urn),
            parts=parts,
        )
