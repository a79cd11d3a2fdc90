"""What the keys room refuses."""

from typing import ClassVar

from wire.errors import PpeError
from wire.messages import Message


class KeysError(PpeError):
    """Something about keys or certificates cannot be accepted."""

    code: ClassVar[str] = "keys_refused"


class NodeCertificateMissingError(KeysError):
    """The node has no certificate of its own for this point yet."""

    code = "node_certificate_missing"
    http_status = 409


class AuthorityMissingError(KeysError):
    """The region's authority is not set up, or its key is not on this machine."""

    code = "authority_missing"
    http_status = 409


class CertificateRequestRefusedError(KeysError):
    """A certificate request is not one that this centre may sign."""

    code = "certificate_request_refused"


class KeyFileRefusedError(KeysError):
    """The file is not the access key of a sitting of this node."""

    code = "access_key_refused"


class AccessCertificateMissingError(KeysError):
    """The package with the access key's certificate has not been taken in."""

    code = "access_certificate_missing"
    http_status = 409


class AccessKeyUnusableError(KeysError):
    """The access key is out of its time or revoked."""

    code = "access_key_unusable"
    http_status = 409


class SecondPersonNeededError(KeysError):
    """One person alone would load and activate an access key."""

    code = "second_person_needed"
    http_status = 409


class PhoneSecretMissingError(KeysError):
    """The exam package that carries the phone secret has not arrived at this node."""

    code = "phone_secret_missing"
    http_status = 409


class TokenMissingError(KeysError):
    """The chosen token is not in any drive."""

    code = "token_missing"
    http_status = 404
    permanent = False


class ForeignTokenError(KeysError):
    """The token's key belongs to nobody who may act here."""

    code = "foreign_token"
    http_status = 403


class TokenLockedError(KeysError):
    """Too many wrong PINs."""

    code = "token_locked"
    http_status = 429
    permanent = False

    def __init__(self, minutes: int) -> None:
        super().__init__(
            Message("Too many wrong PINs: the token is locked for {minutes} more minutes.", minutes=minutes),
            remedy=Message("Wait, or take the token of another GEK member."),
        )
        self.retry_after = minutes * 60


class OpenChannelError(KeysError):
    """A PIN came over a channel that others can listen to."""

    code = "pin_over_open_channel"
    http_status = 403


class PackageRefusedError(KeysError):
    """The exam package is not for this node, or older than the one it has."""

    code = "exam_package_refused"


class SessionRefusedError(KeysError):
    """The login of a machine was not accepted."""

    code = "session_refused"
    http_status = 403


class ChallengeEndedError(SessionRefusedError):
    """A challenge was answered too late or twice, as happens on a slow line: a new one helps, and no person has to."""

    permanent = False


class PointUnknownError(KeysError):
    """A machine speaks for a point that this node does not know."""

    # As machines know it from the door of the journals, which was the first to say it.
    code = "journal_refused"
