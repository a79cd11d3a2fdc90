"""Signing: CMS SignedData (RFC 5652) with signed attributes, several signers in one message."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.hazmat.primitives import serialization

from wire.cms import der, identifiers
from wire.cms.errors import KeyUnusableError
from wire.cms.names import certificate_digest, issuer_and_serial
from wire.cms.provider import CryptoProvider, Signer
from wire.cms.standard import STANDARD
from wire.messages import Message


def sign(
    data: bytes,
    *,
    signers: Sequence[Signer],
    detached: bool = False,
    at: datetime | None = None,
    provider: CryptoProvider = STANDARD,
) -> bytes:
    """Sign a small content.

    Args:
        data: The content.
        signers: Who signs; each one's certificate goes into the message.
        detached: Leave the content out of the message.
        at: The moment to be written as signing time; now by default.
        provider: The family of algorithms.

    Returns:
        CMS SignedData, DER.

    Raises:
        KeyUnusableError: No signers, one signer twice, a token that failed, a key that is not the certificate's.
    """
    if not signers or len({signer.certificate for signer in signers}) != len(signers):
        raise KeyUnusableError(Message("Signers are missing or repeated."))
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    digest = provider.digest(der.parse(provider.digest_algorithm), data)
    content = der.oid(identifiers.DATA) + (b"" if detached else der.tlv(0xA0, der.octets(data)))
    certificates = [signer.certificate.public_bytes(serialization.Encoding.DER) for signer in signers]
    signed_data = der.sequence(
        der.integer(1),
        der.set_of(provider.digest_algorithm),
        der.sequence(content),
        der.set_of(*certificates, tag=0xA0),
        der.set_of(*(_signer_info(signer, digest, moment, provider) for signer in signers)),
    )
    return der.sequence(der.oid(identifiers.SIGNED_DATA), der.tlv(0xA0, signed_data))


def _signer_info(signer: Signer, digest: bytes, at: datetime, provider: CryptoProvider) -> bytes:
    attributes = [
        _attribute(identifiers.CONTENT_TYPE, der.oid(identifiers.DATA)),
        _attribute(identifiers.MESSAGE_DIGEST, der.octets(digest)),
        _attribute(identifiers.SIGNING_TIME, _time(at)),
        _attribute(identifiers.SIGNING_CERTIFICATE_V2, _signing_certificate(signer)),
    ]
    # Signed as a SET OF, stored under an implicit tag (RFC 5652 §5.4).
    algorithm, signature = provider.sign(signer, der.set_of(*attributes))
    return der.sequence(
        der.integer(1),
        issuer_and_serial(signer.certificate),
        provider.digest_algorithm,
        der.set_of(*attributes, tag=0xA0),
        algorithm,
        der.octets(signature),
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of(value))


def _time(at: datetime) -> bytes:
    """Write a moment as RFC 5652 §11.3 demands: UTCTime through 2049, GeneralizedTime afterwards."""
    if 1950 <= at.year < 2050:
        return der.tlv(0x17, at.strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return der.tlv(0x18, f"{at.year:04d}{at:%m%d%H%M%S}Z".encode("ascii"))


def _signing_certificate(signer: Signer) -> bytes:
    """Bind the signature to this very certificate (RFC 5035): another one of the same key does not stand in."""
    issuer, serial = der.parse(issuer_and_serial(signer.certificate)).children()
    names = der.sequence(der.tlv(0xA4, issuer.raw))
    entry = der.sequence(der.octets(certificate_digest(signer.certificate)), der.sequence(names, serial.raw))
    return der.sequence(der.sequence(entry))
