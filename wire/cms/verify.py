"""Verifying: CMS SignedData, every signer's signature, path and role."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from wire.cms import der, identifiers
from wire.cms.der import Buffer, DerError, DerNode
from wire.cms.errors import CmsMalformedError, NotSignedError, SignatureWrongError
from wire.cms.names import is_named, issuer_and_serial
from wire.cms.provider import CryptoProvider
from wire.cms.standard import STANDARD
from wire.pki.certificates import load_der_certificate
from wire.pki.identity import CertificateRole, Identity
from wire.pki.trust import TrustStore

MAX_SIGNERS = 8
MAX_CERTIFICATES = 16


@dataclass(frozen=True, slots=True)
class SignedBy:
    """A signer whose signature, path and role hold."""

    identity: Identity
    certificate: x509.Certificate
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Verified:
    """A content and those who signed it."""

    content: bytes
    signers: tuple[SignedBy, ...]

    def by(self, *roles: CertificateRole) -> SignedBy | None:
        """Return the first signer of one of the roles."""
        return next((signer for signer in self.signers if signer.identity.role in roles), None)


@dataclass(frozen=True, slots=True)
class Span:
    """A content that was left where it stands: in the message itself."""

    data: Buffer
    begin: int
    end: int

    def copy(self) -> bytes:
        """Return the bytes."""
        return self.data[self.begin : self.end]


@dataclass(frozen=True, slots=True)
class _Message:
    content: Span | None
    certificates: tuple[x509.Certificate, ...]
    signer_infos: tuple[DerNode, ...]
    version: int
    digests: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class _Attributes:
    digest: bytes
    signed_at: datetime
    signing_certificate: DerNode | None


def verify(
    blob: bytes,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    content: bytes | None = None,
    roles: Collection[CertificateRole] | None = None,
    provider: CryptoProvider = STANDARD,
) -> Verified:
    """Verify a signed message; every signer must hold.

    Args:
        blob: CMS SignedData, DER or BER.
        trust: The authorities that are trusted.
        at: The moment at which the certificates must be valid; by default each signer's own signing time, which
            is the signer's word only.
        content: The content of a detached signature.
        roles: The roles that each signer may have; None accepts every role.
        provider: The family of algorithms.

    Raises:
        CmsMalformedError: Not SignedData.
        NotSignedError: There is no signer.
        SignatureWrongError: The content or what was signed with it has been altered.
        UnsupportedAlgorithmError: Signed with another algorithm.
        CertificatePathError: A signer is not to be relied upon.
        CertificateError: A certificate names nobody of this system.
    """
    span, signers = verify_in_place(bytes(blob), trust=trust, at=at, content=content, roles=roles, provider=provider)
    return Verified(span.copy(), signers)


def verify_in_place(
    blob: Buffer,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    content: bytes | None = None,
    roles: Collection[CertificateRole] | None = None,
    provider: CryptoProvider = STANDARD,
) -> tuple[Span, tuple[SignedBy, ...]]:
    """Verify a signed message as `verify` does, and leave its content where it stands.

    Raises:
        PpeError: As `verify`.
    """
    try:
        message = _read(blob)
        found = _the_content(message, content)
        if not message.signer_infos:
            raise NotSignedError
        _check_frame(message)
        signers = tuple(
            _check_signer(info, message, found, trust, at, roles, provider) for info in message.signer_infos
        )
    except DerError as error:
        raise CmsMalformedError(error.message.en) from error
    if len({signer.certificate for signer in signers}) != len(signers):
        raise CmsMalformedError("one signer twice")
    return found, signers


def _check_frame(message: _Message) -> None:
    """Hold what no signature covers against what it does cover, so that no byte of a message can change unseen.

    RFC 5652 §5.1 derives the version from the signers; §5.3 lets us refuse a digest that was not announced.
    """
    fields = [info.expect(der.SEQUENCE).fields(6, 7) for info in message.signer_infos]
    if message.version != max(field[0].integer() for field in fields):
        raise CmsMalformedError("version")
    if any(field[2].raw not in message.digests for field in fields):
        raise CmsMalformedError("a digest algorithm that was not announced")


def unverified_content(blob: bytes) -> bytes:
    """Return what a signed message says, its signature unchecked: to show what a foreign one is about.

    Raises:
        CmsMalformedError: Not SignedData, or the content is not in it.
    """
    return unverified_in_place(bytes(blob)).copy()


def unverified_in_place(blob: Buffer) -> Span:
    """Return where the content of a signed message stands, its signature unchecked.

    Raises:
        CmsMalformedError: Not SignedData, or the content is not in it.
    """
    try:
        message = _read(blob)
    except DerError as error:
        raise CmsMalformedError(error.message.en) from error
    if message.content is None:
        raise CmsMalformedError("the signature is detached")
    return message.content


def _read(blob: Buffer) -> _Message:
    kind, explicit = der.parse(blob).expect(der.SEQUENCE).fields(2)
    if not kind.is_oid(identifiers.SIGNED_DATA):
        raise CmsMalformedError("not SignedData")
    (signed_data,) = explicit.expect(0xA0).fields(1)
    version, digests, encapsulated, *rest = signed_data.expect(der.SEQUENCE).fields(4, 6)
    if version.integer() not in (1, 3):
        raise CmsMalformedError("version")
    named = frozenset(child.raw for child in digests.expect(der.SET).children())
    certificates: tuple[x509.Certificate, ...] = ()
    if rest[0].tag == 0xA0:
        certificates = _certificates(rest.pop(0))
    if rest and rest[0].tag == 0xA1:
        rest.pop(0)  # revocation lists come from the package and the feed, never from a message
    if len(rest) != 1:
        raise CmsMalformedError("fields of SignedData")
    infos = rest[0].expect(der.SET).fields(0, MAX_SIGNERS)
    return _Message(_encapsulated(encapsulated), certificates, infos, version.integer(), named)


def _certificates(node: DerNode) -> tuple[x509.Certificate, ...]:
    found = node.fields(0, MAX_CERTIFICATES)
    return tuple(load_der_certificate(item.expect(der.SEQUENCE).raw) for item in found)


def _encapsulated(node: DerNode) -> Span | None:
    kind, *content = node.expect(der.SEQUENCE).fields(1, 2)
    if not kind.is_oid(identifiers.DATA):
        raise CmsMalformedError("the content is not plain data")
    if not content:
        return None
    (octets,) = content[0].expect(0xA0).fields(1)
    return Span(*octets.octets_in_place())


def _the_content(message: _Message, given: bytes | None) -> Span:
    if message.content is None:
        if given is None:
            raise CmsMalformedError("the signature is detached and the content is missing")
        return Span(given, 0, len(given))
    if given is not None and given != message.content.copy():
        raise SignatureWrongError("the content beside the message is another one")
    return message.content


def _check_signer(
    node: DerNode,
    message: _Message,
    content: Span,
    trust: TrustStore,
    at: datetime | None,
    roles: Collection[CertificateRole] | None,
    provider: CryptoProvider,
) -> SignedBy:
    version, name, digest_algorithm, signed, algorithm, signature, *rest = node.expect(der.SEQUENCE).fields(6, 7)
    if version.integer() != (1 if name.tag == der.SEQUENCE else 3) or (rest and rest[0].tag != 0xA1):
        raise CmsMalformedError("version of a signer")
    certificate = _certificate_of(name, message.certificates)
    attributes = _attributes(signed)
    with memoryview(content.data) as view, view[content.begin : content.end] as held:
        digest = provider.digest(digest_algorithm, held)
    if digest != attributes.digest:
        raise SignatureWrongError("the content has another digest")
    provider.verify(
        certificate,
        digest=digest_algorithm,
        algorithm=algorithm,
        signature=signature.octets(),
        data=der.tlv(der.SET, signed.body),
    )
    if attributes.signing_certificate is not None:
        _check_signing_certificate(attributes.signing_certificate, certificate, provider)
    others = [other for other in message.certificates if other != certificate]
    identity = trust.check(certificate, others, at=at or attributes.signed_at, roles=roles, signing=True)
    return SignedBy(identity, certificate, attributes.signed_at)


def _certificate_of(name: DerNode, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    for certificate in certificates:
        if is_named(name, certificate, key_identifier_tag=0x80):
            return certificate
    raise CmsMalformedError("the signer's certificate is not in the message")


def _attributes(node: DerNode) -> _Attributes:
    values: dict[bytes, DerNode] = {}
    for attribute in node.expect(0xA0).children():
        kind, held = attribute.expect(der.SEQUENCE).fields(2)
        if kind.expect(der.OID).raw in values:
            raise CmsMalformedError("a signed attribute occurs twice")
        values[kind.raw] = held.expect(der.SET)

    def single(kind: str) -> DerNode:
        held = values.get(der.oid(kind))
        if held is None:
            raise CmsMalformedError("a signed attribute is missing")
        return held.fields(1)[0]

    # What was signed is the DER form: attributes in another form would be read one way and signed another.
    if der.set_of(*(child.raw for child in node.children()), tag=0xA0) != node.raw:
        raise CmsMalformedError("signed attributes are not in DER")
    if not single(identifiers.CONTENT_TYPE).is_oid(identifiers.DATA):
        raise CmsMalformedError("content type")
    certificate = identifiers.SIGNING_CERTIFICATE_V2
    return _Attributes(
        digest=single(identifiers.MESSAGE_DIGEST).octets(),
        signed_at=_time(single(identifiers.SIGNING_TIME)),
        signing_certificate=single(certificate) if der.oid(certificate) in values else None,
    )


def _time(node: DerNode) -> datetime:
    text = node.body.decode("ascii", "replace")
    pattern = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}.get(node.tag)
    if pattern is None or len(text) != (13 if node.tag == 0x17 else 15) or not text[:-1].isdecimal():
        raise CmsMalformedError("signing time")
    try:
        moment = datetime.strptime(text, pattern).replace(tzinfo=UTC)
    except ValueError as error:
        raise CmsMalformedError("signing time") from error
    # strptime begins the century at 1969, CMS at 1950.
    return moment.replace(year=moment.year - 100) if node.tag == 0x17 and moment.year >= 2050 else moment


def _check_signing_certificate(node: DerNode, certificate: x509.Certificate, provider: CryptoProvider) -> None:
    entries = node.expect(der.SEQUENCE).fields(1, 2)[0].expect(der.SEQUENCE).children()
    if not entries:
        raise CmsMalformedError("signing certificate")
    fields = entries[0].expect(der.SEQUENCE).fields(1, 3)
    algorithm = der.parse(provider.digest_algorithm)
    rest = list(fields)
    if rest[0].tag == der.SEQUENCE:
        algorithm = rest.pop(0)
    if not rest or rest[0].octets() != provider.digest(algorithm, certificate.public_bytes(serialization.Encoding.DER)):
        raise SignatureWrongError("made for another certificate")
    if len(rest) == 2:
        names, serial = rest[1].expect(der.SEQUENCE).fields(2)
        (issuer,) = names.expect(der.SEQUENCE).fields(1)
        issuer_name = issuer.expect(0xA4).body
        if der.sequence(issuer_name, serial.raw) != issuer_and_serial(certificate):
            raise SignatureWrongError("made for another certificate")
