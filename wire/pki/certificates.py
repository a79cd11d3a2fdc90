"""Keys, requests, certificates and revocation lists of the regional authority; PKCS#12 key files.

EC P-256 is written. RSA of 3072 bits and more is accepted, because some tokens hold nothing else.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wire.messages import Message
from wire.pki.identity import REGION_POINT, CertificateError, CertificateRole, Identity

PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

MIN_RSA_BITS = 3072
MAX_RSA_BITS = 8192
MAX_PEM_BYTES = 1 << 20
MAX_COMMON_NAME = 64  # bytes
# Every error that the parsers of X.509 structures are known to raise on hostile bytes. The last one only where
# warnings are errors; what it warns of that matters (a serial number below one) is refused by us either way.
PARSE_ERRORS = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    UserWarning,
)


@dataclass(frozen=True, slots=True)
class CsrInfo:
    """What a certificate signing request asks for; its own signature has been checked."""

    identity: Identity
    common_name: str
    public_key: PublicKey
    key_fingerprint: str


def generate_key() -> ec.EllipticCurvePrivateKey:
    """Return a new EC P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def accept_public_key(key: object) -> PublicKey:
    """Return the key when it is of a kind that this system uses.

    Raises:
        CertificateError: Another algorithm, another curve, or an RSA key that is too short.
    """
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        return key
    raise CertificateError(
        Message(
            "The key is not suitable: EC P-256 or RSA of at least {min_rsa_bits} bits is needed.",
            min_rsa_bits=MIN_RSA_BITS,
        ),
    )


def public_key_of(cert: x509.Certificate) -> PublicKey:
    """Return the certificate's key when it is of a kind that this system uses.

    Raises:
        CertificateError: It is not.
    """
    try:
        key = cert.public_key()
    except PARSE_ERRORS as error:
        raise _unreadable(Message("The certificate")) from error
    return accept_public_key(key)


def make_csr(key: PrivateKey, identity: Identity, *, common_name: str) -> bytes:
    """Return a certificate signing request, PEM, for the identity."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(identity, common_name))
    request = builder.add_extension(_alternative_name(identity), critical=False).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def read_csr(data: bytes) -> CsrInfo:
    """Read a certificate signing request, PEM or DER, and check that its sender holds the key.

    Raises:
        CertificateError: Not a request, an unsuitable key, a wrong signature, no identity of this system.
    """
    if len(data) > MAX_PEM_BYTES:
        raise _unreadable(Message("The certificate request"))
    try:
        pem_form = b"-----BEGIN" in data
        request = x509.load_pem_x509_csr(data) if pem_form else x509.load_der_x509_csr(data)
        key = accept_public_key(request.public_key())
        valid = request.is_signature_valid
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        identity = _identity_in(names)
        common_name = _common_name(request.subject)
    except (*PARSE_ERRORS, x509.ExtensionNotFound, InvalidSignature) as error:
        raise _unreadable(Message("The certificate request")) from error
    if not valid:
        raise CertificateError(Message("The signature of the certificate request is wrong."))
    if identity.role is CertificateRole.CA:
        raise CertificateError(Message("The request asks for the rights of an authority."))
    return CsrInfo(identity, common_name, key, key_fingerprint(key))


def make_ca(key: PrivateKey, *, region: str, name: str, days: int = 3650) -> x509.Certificate:
    """Return the self-signed certificate of a regional authority.

    Raises:
        CertificateError: The region's code is not two digits or the name does not fit.
    """
    identity = Identity(CertificateRole.CA, region, REGION_POINT, "01")
    subject = _subject(identity, name)
    now = datetime.now(UTC).replace(microsecond=0)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of one region differ by minutes: a certificate is good a little before it was made.
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(_alternative_name(identity), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def issue(
    ca_cert: x509.Certificate,
    ca_key: PrivateKey,
    *,
    public_key: PublicKey,
    identity: Identity,
    common_name: str,
    not_before: datetime,
    not_after: datetime,
) -> x509.Certificate:
    """Issue a certificate to a station, node, person, centre or access key.

    Raises:
        CertificateError: An unsuitable key, a name that does not fit, an empty validity, a second authority.
    """
    if identity.role is CertificateRole.CA:
        raise CertificateError(Message("A second authority is not issued."))
    if not_before >= not_after:
        raise CertificateError(Message("The validity of the certificate is empty."))
    key = accept_public_key(public_key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(identity, common_name))
        .issuer_name(ca_cert.subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before.astimezone(UTC))
        .not_valid_after(not_after.astimezone(UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_role_usage(identity.role, key), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, identity.role.oid]), critical=False)
        .add_extension(_alternative_name(identity), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    return builder.sign(ca_key, hashes.SHA256())


def make_crl(
    ca_cert: x509.Certificate,
    ca_key: PrivateKey,
    *,
    revoked: Iterable[tuple[int, datetime]],
    number: int,
    at: datetime,
    days: int = 30,
) -> bytes:
    """Return a certificate revocation list, DER.

    Args:
        ca_cert: The authority.
        ca_key: Its key.
        revoked: Serial numbers with the moments of revocation.
        number: Number of the list; a greater number replaces a smaller one.
        at: When the list is made.
        days: For how long it is the newest one to be expected.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ca_cert.subject)
        .last_update(at.astimezone(UTC))
        .next_update(at.astimezone(UTC) + timedelta(days=days))
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    for serial, moment in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment.astimezone(UTC))
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def identity_of(cert: x509.Certificate) -> Identity:
    """Return whom the certificate speaks for (its path is not checked here).

    Raises:
        CertificateError: It names nobody of this system, or more than one.
    """
    try:
        names = cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (*PARSE_ERRORS, x509.ExtensionNotFound) as error:
        raise CertificateError(Message("The certificate names no holder of this system.")) from error
    return _identity_in(names)


def fingerprint(cert: x509.Certificate) -> str:
    """Return SHA-256 of the certificate, in hex."""
    return cert.fingerprint(hashes.SHA256()).hex()


def key_fingerprint(public_key: PublicKey) -> str:
    """Return SHA-256 of the key's SubjectPublicKeyInfo, in hex."""
    spki = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def load_pem_certificates(data: bytes) -> list[x509.Certificate]:
    """Read one or more certificates in PEM.

    Raises:
        CertificateError: There is none, or one cannot be read.
    """
    if len(data) > MAX_PEM_BYTES:
        raise _unreadable(Message("The certificate file"))
    try:
        return [_read_through(cert) for cert in x509.load_pem_x509_certificates(data)]
    except PARSE_ERRORS as error:
        raise _unreadable(Message("The certificate file")) from error


def load_der_certificate(data: bytes) -> x509.Certificate:
    """Read one certificate in DER.

    Raises:
        CertificateError: It cannot be read.
    """
    try:
        return _read_through(x509.load_der_x509_certificate(data))
    except PARSE_ERRORS as error:
        raise _unreadable(Message("The certificate")) from error


def pem(cert: x509.Certificate) -> str:
    """Return the certificate in PEM."""
    return cert.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _read_through(cert: x509.Certificate) -> x509.Certificate:
    """Read every part once: the library parses when a part is first asked for, which is too late for a refusal."""
    for part in ("issuer", "subject", "extensions", "not_valid_before_utc", "not_valid_after_utc"):
        getattr(cert, part)
    cert.public_key()
    if cert.serial_number <= 0:
        raise ValueError("serial number")
    return cert


def _subject(identity: Identity, common_name: str) -> x509.Name:
    # The library counts bytes, and thirty-two Cyrillic letters fill it: a long name is cut between two letters. The
    # certificate speaks for the identity; the full name stands in the registry.
    name = common_name.strip().encode("utf-8", "ignore")[:MAX_COMMON_NAME].decode("utf-8", "ignore").strip()
    if not name or not name.isprintable():
        raise CertificateError(
            Message("The name in a certificate is empty or holds unprintable characters."),
        )
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "RU"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, identity.unit),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _common_name(subject: x509.Name) -> str:
    values = [attribute.value for attribute in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if len(values) != 1 or not isinstance(values[0], str) or not 0 < len(values[0].strip()) <= MAX_COMMON_NAME:
        raise CertificateError(Message("The request has no common name."))
    return values[0].strip()


def _alternative_name(identity: Identity) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity.urn)])


def _identity_in(names: x509.SubjectAlternativeName) -> Identity:
    found = [name for name in names.get_values_for_type(x509.UniformResourceIdentifier) if name.startswith("urn:ppe:")]
    if len(found) != 1:
        raise CertificateError(
            Message("A certificate must name exactly one holder of this system."),
        )
    return Identity.parse(found[0])


def _usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_agreement: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=key_agreement,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _role_usage(role: CertificateRole, key: PublicKey) -> x509.KeyUsage:
    elliptic = isinstance(key, ec.EllipticCurvePublicKey)
    return _usage(digital_signature=role.signs, key_agreement=elliptic, key_encipherment=not elliptic)


def _unreadable(message: Message) -> CertificateError:
    return CertificateError(Message("{document} cannot be read.", document=message))
