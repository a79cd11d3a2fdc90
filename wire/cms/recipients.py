"""Giving a content key to the holder of a certificate: RSA-OAEP-SHA256 (RFC 3560), ECDH P-256 (RFC 5753).

Each algorithm identifier is written in one spelling. Of those read, the few spellings are accepted that other makers
write; nothing in them is ignored, because the authentication tag of the content does not cover them.
"""

from typing import NamedTuple, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

from wire.cms import der, identifiers
from wire.cms.der import DerNode
from wire.cms.errors import CmsMalformedError, DamagedEnvelopeError, KeyUnusableError
from wire.cms.errors import UnsupportedAlgorithmError as Unsupported
from wire.cms.names import is_named, issuer_and_serial
from wire.cms.provider import AgreementKey, Recipient, TransportKey
from wire.errors import PpeError
from wire.messages import Message
from wire.pki.certificates import PublicKey, public_key_of

KEY_BYTES = 32
_NULL = b"\x05\x00"
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
_WRAP = der.sequence(der.oid(identifiers.AES256_WRAP))
_WRAP_SPELLINGS = {_WRAP, der.sequence(der.oid(identifiers.AES256_WRAP), _NULL)}
_AGREEMENT = der.sequence(der.oid(identifiers.ECDH_SHA256_KDF), _WRAP)
_AGREEMENT_SPELLINGS = {der.sequence(der.oid(identifiers.ECDH_SHA256_KDF), wrap) for wrap in _WRAP_SPELLINGS}
_SHA256_SPELLINGS = (
    der.sequence(der.oid(identifiers.SHA256), _NULL),
    der.sequence(der.oid(identifiers.SHA256)),
)
_TRANSPORT_SPELLINGS = [
    der.sequence(
        der.oid(identifiers.RSA_OAEP),
        der.sequence(der.tlv(0xA0, digest), der.tlv(0xA1, der.sequence(der.oid(identifiers.MGF1), mask))),
    )
    for digest in _SHA256_SPELLINGS
    for mask in _SHA256_SPELLINGS
]
_POINT_SPELLINGS = {
    der.sequence(der.oid(identifiers.EC_PUBLIC_KEY)),
    der.sequence(der.oid(identifiers.EC_PUBLIC_KEY), _NULL),
    der.sequence(der.oid(identifiers.EC_PUBLIC_KEY), der.oid(identifiers.P256)),
}


def wrap_key(certificate: x509.Certificate, key: bytes) -> bytes:
    """Return the RecipientInfo for a certificate.

    Raises:
        CertificateError: The certificate's key is of another kind.
        KeyUnusableError: The certificate is not for encryption.
    """
    public = public_key_of(certificate)
    _check_usage(certificate, public)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _wrap_by_agreement(certificate, public, key)
    return der.sequence(
        der.integer(0), issuer_and_serial(certificate), _TRANSPORT_SPELLINGS[0], der.octets(public.encrypt(key, _OAEP))
    )


def unwrap_key(info: DerNode, recipient: Recipient) -> bytes | None:
    """Return the content key from a RecipientInfo, or None when it is for somebody else.

    Raises:
        CmsMalformedError: It is for this recipient, but not built as it should be.
        UnsupportedAlgorithmError: It is for this recipient, by another algorithm.
        DamagedEnvelopeError: It is for this recipient, but does not open.
        KeyUnusableError: The token failed.
    """
    elliptic = isinstance(public_key_of(recipient.certificate), ec.EllipticCurvePublicKey)
    if info.tag == der.SEQUENCE and not elliptic:
        key = _unwrap_by_transport(info, recipient)
    elif info.tag == 0xA1 and elliptic:
        key = _unwrap_by_agreement(info, recipient)
    else:
        return None
    if key is not None and len(key) != KEY_BYTES:
        raise DamagedEnvelopeError("the content key has a wrong length")
    return key


def is_for(info: DerNode, certificate: x509.Certificate) -> bool:
    """Tell without a key whether a RecipientInfo names a certificate, by an algorithm that its holder can open.

    Raises:
        CmsMalformedError: It names the certificate, but is not built as it should be.
        UnsupportedAlgorithmError: It names the certificate, by another algorithm.
    """
    elliptic = isinstance(public_key_of(certificate), ec.EllipticCurvePublicKey)
    if info.tag == der.SEQUENCE and not elliptic:
        return _transport_for(info, certificate) is not None
    if info.tag == 0xA1 and elliptic:
        found = _agreement_for(info, certificate)
        if found is not None:
            _peer(found.originator)
        return found is not None
    return False


def _check_usage(certificate: x509.Certificate, public: PublicKey) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    except ValueError as error:
        raise CmsMalformedError("the recipient's certificate") from error
    elliptic = isinstance(public, ec.EllipticCurvePublicKey)
    if not (usage.key_agreement if elliptic else usage.key_encipherment):
        raise KeyUnusableError(
            Message("The recipient's certificate is not for encryption."),
        )


def _wrap_by_agreement(certificate: x509.Certificate, public: ec.EllipticCurvePublicKey, key: bytes) -> bytes:
    ephemeral = ec.generate_private_key(public.curve)
    wrapping = _derive(ephemeral.exchange(ec.ECDH(), public), _WRAP, b"")
    point = ephemeral.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    originator = der.tlv(0xA1, der.sequence(der.oid(identifiers.EC_PUBLIC_KEY)), der.tlv(der.BIT_STRING, b"\0", point))
    wrapped = der.sequence(issuer_and_serial(certificate), der.octets(keywrap.aes_key_wrap(wrapping, key)))
    return der.tlv(0xA1, der.integer(3), der.tlv(0xA0, originator), _AGREEMENT, der.sequence(wrapped))


def _transport_for(info: DerNode, certificate: x509.Certificate) -> DerNode | None:
    """Return the content key encrypted for a certificate, or None when the RecipientInfo names another."""
    version, name, algorithm, encrypted = info.fields(4)
    if not is_named(name, certificate, key_identifier_tag=0x80):
        return None
    if version.integer() != (0 if name.tag == der.SEQUENCE else 2):
        raise CmsMalformedError("version of a recipient")
    if algorithm.raw not in _TRANSPORT_SPELLINGS:
        raise Unsupported("RSA key transport other than OAEP with SHA-256")
    return encrypted


def _unwrap_by_transport(info: DerNode, recipient: Recipient) -> bytes | None:
    encrypted = _transport_for(info, recipient.certificate)
    if encrypted is None:
        return None
    key = cast("TransportKey", recipient.key)
    try:
        return bytes(key.decrypt(encrypted.octets(), _OAEP))
    except ValueError as error:
        raise DamagedEnvelopeError("the key does not open the content key") from error
    except PpeError:
        raise
    except Exception as error:  # a token may raise anything of its driver's
        raise _token_failed() from error


class _Agreement(NamedTuple):
    """A RecipientInfo by key agreement, and the content key wrapped for one certificate in it."""

    originator: DerNode
    ukm: bytes
    algorithm: DerNode
    encrypted: DerNode


def _agreement_for(info: DerNode, certificate: x509.Certificate) -> _Agreement | None:
    fields = info.fields(4, 5)
    version, originator = fields[:2]
    ukm = fields[2].expect(0xA1).fields(1)[0].octets() if len(fields) == 5 else b""
    algorithm, encrypted_keys = fields[-2:]
    for entry in encrypted_keys.expect(der.SEQUENCE).children():
        name, encrypted = entry.expect(der.SEQUENCE).fields(2)
        if not is_named(name, certificate, key_identifier_tag=0xA0):
            continue
        if version.integer() != 3:
            raise CmsMalformedError("version of a recipient")
        if algorithm.raw not in _AGREEMENT_SPELLINGS:
            raise Unsupported("key agreement other than ECDH with SHA-256 and AES-256 key wrap")
        return _Agreement(originator, ukm, algorithm, encrypted)
    return None


def _unwrap_by_agreement(info: DerNode, recipient: Recipient) -> bytes | None:
    found = _agreement_for(info, recipient.certificate)
    if found is None:
        return None
    shared = _exchange(cast("AgreementKey", recipient.key), _peer(found.originator))
    try:
        wrapping = _derive(shared, found.algorithm.fields(2)[1].raw, found.ukm)
        return keywrap.aes_key_unwrap(wrapping, found.encrypted.octets())
    except (keywrap.InvalidUnwrap, ValueError) as error:
        raise DamagedEnvelopeError("the key does not open the content key") from error


def _peer(originator: DerNode) -> ec.EllipticCurvePublicKey:
    (named,) = originator.expect(0xA0).fields(1)
    algorithm, point = named.expect(0xA1).fields(2)
    if algorithm.raw not in _POINT_SPELLINGS:
        raise Unsupported("key agreement on a curve other than P-256")
    body = point.expect(der.BIT_STRING).body
    # Only the uncompressed form: one key must not have two spellings.
    if len(body) != 66 or body[:2] != b"\0\x04":
        raise CmsMalformedError("the sender's point")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), body[1:])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise DamagedEnvelopeError("the sender's point is not on the curve") from error


def _exchange(key: AgreementKey, peer: ec.EllipticCurvePublicKey) -> bytes:
    try:
        return bytes(key.exchange(ec.ECDH(), peer))
    except PpeError:
        raise
    except Exception as error:  # a token may raise anything of its driver's
        raise _token_failed() from error


def _derive(shared: bytes, wrap_algorithm: bytes, ukm: bytes) -> bytes:
    """Derive the wrapping key by X9.63 over ECC-CMS-SharedInfo (RFC 5753 §7.2)."""
    parts = [wrap_algorithm]
    if ukm:
        parts.append(der.tlv(0xA0, der.octets(ukm)))
    parts.append(der.tlv(0xA2, der.octets((KEY_BYTES * 8).to_bytes(4, "big"))))
    return X963KDF(hashes.SHA256(), KEY_BYTES, der.sequence(*parts)).derive(shared)


def _token_failed() -> KeyUnusableError:
    return KeyUnusableError(Message("The key or token failed."), remedy=Message("Check the token and try again."))
