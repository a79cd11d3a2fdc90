"""Logins of machines: a signed challenge gives a token that ends soon, is kept as a hash, and can be revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from cryptography.x509 import Certificate as CertificateFile
from django.core import signing
from django.db import IntegrityError, transaction

from audit.log import Actor, record
from common.work.clock import now
from keys import trust
from keys.errors import ChallengeEndedError, SessionRefusedError
from keys.models import Certificate, MachineSession
from stations.models import Node
from wire import pki
from wire.messages import Message
from wire.pki import CertificateRole, Identity, session

CHALLENGE_SECONDS = 120
SESSION = timedelta(minutes=30)
ROLES = frozenset(
    {CertificateRole.HQ, CertificateRole.PRINT, CertificateRole.VOICE, CertificateRole.SCAN, CertificateRole.RCOI}
)
_SALT = "keys.sessions.challenge"


@dataclass(frozen=True)
class Machine:
    """A machine that is logged in.

    Attributes:
        identity: Whom its certificate speaks for.
        certificate: The certificate.
        fingerprint: Its fingerprint.
    """

    identity: Identity
    certificate: CertificateFile
    fingerprint: str

    is_authenticated = True
    is_anonymous = False
    is_active = False
    is_staff = False
    is_superuser = False
    pk = None

    def __str__(self) -> str:
        return self.identity.urn

    @property
    def actor(self) -> Actor:
        """The machine as the actor of an event."""
        return Actor(self.identity.urn, "api", certificate=self.fingerprint)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def challenge() -> str:
    """Return a challenge that may be signed within two minutes; nothing is stored for it."""
    return signing.dumps(secrets.token_urlsafe(24), salt=_SALT)


def open_session(*, signed: str) -> tuple[str, MachineSession]:
    """Log a machine in.

    Args:
        signed: The signed challenge (`wire.session.sign_challenge`).

    Returns:
        The token, which is shown once, and the row of the session.

    Raises:
        SessionRefusedError: The challenge is not ours, too old or used; the machine is of another region or point.
        PpeError: The signature or the certificate does not hold.
    """
    at = now()
    said, signer = session.read_challenge(signed, trust=trust.trust_store(), at=at, roles=ROLES)
    _require_fresh(said)
    identity = signer.identity
    _require_ours(identity)
    fingerprint = pki.fingerprint(signer.certificate)
    if Certificate.objects.filter(fingerprint=fingerprint, revoked_at__isnull=False).exists():
        raise SessionRefusedError(Message("The machine's certificate is revoked."))
    token = secrets.token_urlsafe(32)
    try:
        with transaction.atomic():
            MachineSession.objects.filter(expires_at__lt=at - timedelta(days=1)).delete()
            row = MachineSession.objects.create(
                token_hash=_hash(token),
                challenge_hash=_hash(said),
                region=identity.region,
                point=identity.point,
                urn=identity.urn,
                fingerprint=fingerprint,
                pem=pki.pem(signer.certificate),
                created_at=at,
                expires_at=at + SESSION,
            )
            record("keys.session_opened", about=row, actor=Actor(identity.urn, "api", certificate=fingerprint))
    except IntegrityError as error:
        raise ChallengeEndedError(Message("This challenge has been used.")) from error
    return token, row


def _require_fresh(said: str) -> None:
    try:
        signing.loads(said, salt=_SALT, max_age=CHALLENGE_SECONDS)
    except signing.BadSignature as error:
        raise ChallengeEndedError(
            Message("The challenge was not given by this node, or it is too old."),
            remedy=Message("Ask for a new challenge."),
        ) from error


def _require_ours(identity: Identity) -> None:
    row = Node.objects.first()
    if row is None or identity.region != row.region:
        raise SessionRefusedError(Message("The machine is of another region."))
    if row.kind == "hq" and identity.point not in (*row.points, "0000"):
        raise SessionRefusedError(
            Message(
                "The machine is of point {point}; this node serves {points}.",
                point=identity.point,
                points=", ".join(row.points),
            )
        )


def machine_of(token: str) -> Machine | None:
    """Return the machine of a token; None when the session has ended, or never was."""
    if not 20 <= len(token) <= 100:
        return None
    at = now()
    row = MachineSession.objects.filter(token_hash=_hash(token), revoked_at__isnull=True, expires_at__gt=at).first()
    if row is None:
        return None
    certificate = pki.load_pem_certificates(row.pem.encode("ascii"))[0]
    if certificate.not_valid_after_utc <= at:
        return None
    return Machine(Identity.parse(row.urn), certificate, row.fingerprint)


def end_sessions(*, fingerprint: str, actor: Actor) -> int:
    """End every session of a certificate; return how many."""
    with transaction.atomic():
        rows = MachineSession.objects.filter(fingerprint=fingerprint, revoked_at__isnull=True, expires_at__gt=now())
        ended = rows.update(revoked_at=now())
        if ended:
            record("keys.session_ended", actor=actor, subject=fingerprint, data={"sessions": ended})
    return ended


def end_session(*, token: str) -> None:
    """End one session: its machine says good-bye."""
    MachineSession.objects.filter(token_hash=_hash(token), revoked_at__isnull=True).update(revoked_at=now())


def _end_revoked(certificate: Certificate, actor: Actor) -> None:
    end_sessions(fingerprint=certificate.fingerprint, actor=actor)


trust.on_revoked.register(_end_revoked)
