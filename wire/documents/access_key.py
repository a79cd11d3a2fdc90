"""Access keys to exam materials: an EC P-256 private key in PKCS#8, enveloped to the GEK members of one point."""

import contextlib
from collections.abc import Sequence
from typing import ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate

from wire import cms, pki
from wire.cms import Recipient, der
from wire.errors import PpeError
from wire.messages import Message

MAX_FILE = 1024 * 1024


class ForeignAccessKeyError(PpeError):
    """What the file holds is not the key of this certificate."""

    code: ClassVar[str] = "access_key_foreign"


def write(private_key: ec.EllipticCurvePrivateKey, *, recipients: Sequence[Certificate]) -> bytes:
    """Envelope a key to the GEK members (or, re-enveloped, to the node)."""
    blob = private_key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return cms.seal_bytes(blob, recipients=recipients)


def require_envelope(blob: bytes) -> None:
    """Look at the outside of a key file; for whom it is, and what is in it, only the token tells.

    Raises:
        PpeError: not an envelope, or not a whole one.
    """
    der.parse(blob)
    with contextlib.suppress(cms.NoRecipientError):
        cms.open_bytes(blob, recipients=[])


def read(blob: bytes, *, recipients: Sequence[Recipient], certificate: Certificate) -> ec.EllipticCurvePrivateKey:
    """Open a key and prove that it is the one of the certificate.

    Raises:
        ForeignAccessKeyError: not a key file, or another sitting's key.
        PpeError: none of the recipients can open the envelope.
    """
    if len(blob) > MAX_FILE:
        raise _foreign(Message("the file is too big"))
    content = cms.open_bytes(blob, recipients=recipients)
    try:
        key = serialization.load_der_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _foreign(Message("the envelope holds no key")) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise _foreign(Message("the key is of another kind"))
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or pki.key_fingerprint(
        key.public_key()
    ) != pki.key_fingerprint(public):
        raise _foreign(Message("the key is not that of this exam's certificate"))
    return key


def _foreign(message: Message) -> ForeignAccessKeyError:
    return ForeignAccessKeyError(
        Message("The access key is not accepted: {reason}.", reason=message),
        remedy=Message("Take the KEY_….p7m file of this point, date and subject."),
    )
