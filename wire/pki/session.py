"""Login of a machine: it signs the challenge that the server gave it."""

import base64
import binascii
from collections.abc import Collection
from datetime import datetime

from wire import cms
from wire.cms import SignedBy, Signer
from wire.errors import MalformedDocumentError
from wire.messages import Message
from wire.pki.identity import CertificateRole
from wire.pki.trust import TrustStore

# What is signed can never be taken for a document of another kind.
_PREFIX = b"ppe-session/1\n"
MAX_CHALLENGE = 512
MAX_SIGNED = 64 * 1024


def sign_challenge(challenge: str, signer: Signer) -> str:
    """Sign a server's challenge.

    Returns:
        CMS SignedData in base64, for the `signed` field of `POST /api/v1/session/`.

    Raises:
        KeyUnusableError: The key or token failed.
        MalformedDocumentError: The challenge is not one.
    """
    if not 0 < len(challenge) <= MAX_CHALLENGE or not challenge.isascii() or not challenge.isprintable():
        raise _malformed()
    return base64.b64encode(cms.sign(_PREFIX + challenge.encode("ascii"), signers=[signer])).decode("ascii")


def read_challenge(
    signed: str, *, trust: TrustStore, at: datetime, roles: Collection[CertificateRole] | None = None
) -> tuple[str, SignedBy]:
    """Read a signed challenge; that it was given out and not used yet is the caller's to know.

    Args:
        signed: What `sign_challenge` returned.
        trust: The authorities that are trusted.
        at: Server time: the certificate must be valid now, not when the machine says.
        roles: The roles that may log in; None accepts all.

    Raises:
        PpeError: Not a signed challenge, or a signer that is not to be relied upon.
    """
    if not isinstance(signed, str) or len(signed) > MAX_SIGNED:
        raise _malformed()
    try:
        blob = base64.b64decode(signed, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _malformed() from error
    verified = cms.verify(blob, trust=trust, at=at, roles=roles)
    if len(verified.signers) != 1 or not verified.content.startswith(_PREFIX):
        raise _malformed()
    try:
        challenge = verified.content.removeprefix(_PREFIX).decode("ascii")
    except UnicodeDecodeError as error:
        raise _malformed() from error
    return challenge, verified.signers[0]


def _malformed() -> MalformedDocumentError:
    return MalformedDocumentError(Message("This is not a signed login challenge."))
