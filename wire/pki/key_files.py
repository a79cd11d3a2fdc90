"""PKCS#12 key files: a key under a PIN, with its certificate once there is one."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from wire.cms import der
from wire.errors import PpeError
from wire.messages import Message
from wire.pki.certificates import PARSE_ERRORS, PrivateKey, accept_public_key
from wire.pki.identity import CertificateError

# The library fixes the rounds of the file's MAC at 2048, so more rounds here would slow down the holder, not a thief.
KDF_ROUNDS = 20_000
MAX_KDF_ROUNDS = 5_000_000
MAX_BYTES = 256 * 1024
MAX_PIN = 256
_SCRYPT = "1.3.6.1.4.1.11591.4.11"
_DERIVATIONS = ("1.2.840.113549.1.5.12", _SCRYPT, *(f"1.2.840.113549.1.12.1.{kind}" for kind in range(1, 7)))
#: Files within files: the safe, its contents, a bag, a nested safe.
_LEVELS = 6


class WrongPinError(PpeError):
    """The PIN does not open the key file."""

    code = "wrong_pin"
    http_status = 403
    permanent = False


@dataclass(frozen=True, slots=True)
class Pkcs12:
    """What a key file holds; `certificate` is None until the centre has issued one."""

    key: PrivateKey
    certificate: x509.Certificate | None


def dump_pkcs12(key: PrivateKey, cert: x509.Certificate | None, pin: str, *, name: str) -> bytes:
    """Return a PKCS#12 file: AES-256, PBKDF2 with SHA-256.

    Raises:
        WrongPinError: The PIN is empty, or too long.
    """
    if not pin or "\0" in pin or len(pin) > MAX_PIN:
        raise WrongPinError(
            Message("The PIN cannot be empty or longer than {max_pin} letters.", max_pin=MAX_PIN),
        )
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(KDF_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(pin.encode())
    )
    return pkcs12.serialize_key_and_certificates(name.encode(), key, cert, None, encryption)


def load_pkcs12(data: bytes, pin: str) -> Pkcs12:
    """Open a PKCS#12 file.

    Raises:
        WrongPinError: The PIN does not open it.
        CertificateError: It is not a PKCS#12 file, holds no key, or an unsuitable one.
    """
    _inspect(data)
    if "\0" in pin or len(pin) > MAX_PIN:
        # The library panics at a NUL, and what panics there is no Exception that anybody catches.
        raise WrongPinError(Message("The PIN is wrong."))
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(data, pin.encode())
    except PARSE_ERRORS as error:
        # The library says one thing for both; the structure has been looked at, so it is the PIN.
        raise WrongPinError(Message("The PIN is wrong.")) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise _not_a_key_file()
    accept_public_key(key.public_key())
    if certificate is not None and certificate.public_key() != key.public_key():
        raise CertificateError(Message("The certificate in the key file is not of this key."))
    return Pkcs12(key, certificate)


def _inspect(data: bytes) -> None:
    """Look at the outside of the file: its shape, and that guessing the PIN will not hang the machine."""
    if len(data) > MAX_BYTES:
        raise _not_a_key_file()
    try:
        version, _, mac = der.parse(data).expect(der.SEQUENCE).children()
        fields = mac.expect(der.SEQUENCE).children()
        if version.integer() != 3 or not 2 <= len(fields) <= 3:
            raise _not_a_key_file()
        rounds = [fields[2].integer()] if len(fields) == 3 else []
        rounds += _rounds(der.parse(data))
        if any(count <= 0 for count in rounds) or sum(rounds) > MAX_KDF_ROUNDS:
            raise _not_a_key_file()
    except (der.DerError, ValueError) as error:
        raise _not_a_key_file() from error


def _rounds(node: der.DerNode, levels: int = _LEVELS) -> list[int]:
    """Return the rounds of every key derivation that the file asks for, wherever in it they stand."""
    if not node.tag & der.CONSTRUCTED:
        if node.tag != der.OCTET_STRING or node.body[:1] != b"\x30" or not levels:
            return []
        try:
            return _rounds(der.parse(node.body), levels - 1)
        except der.DerError:
            return []  # salt or cipher text that begins like a sequence
    children = node.children()
    found = [count for child in children for count in _rounds(child, levels)]
    if len(children) == 2 and any(children[0].is_oid(dotted) for dotted in _DERIVATIONS):
        if children[0].is_oid(_SCRYPT):
            raise _not_a_key_file()
        found += [field.integer() for field in children[1].children()[1:2]]
    return found


def _not_a_key_file() -> CertificateError:
    return CertificateError(Message("This is not a PKCS#12 key file."))
