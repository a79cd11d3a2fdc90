"""Refusals of sealing, opening, signing and verifying."""

from wire.errors import PpeError
from wire.messages import Message


class CmsMalformedError(PpeError):
    """The bytes are not a CMS message of the kind that was asked for."""

    code = "cms_malformed"

    def __init__(self, reason: str) -> None:
        # xgettext: no-python-brace-format  # noqa: ERA001 - Russian leaves the reason out
        super().__init__(Message("The file is damaged, or it is no CMS file: {reason}.", reason=reason))


class UnsupportedAlgorithmError(PpeError):
    """The message was made with an algorithm that this system does not use."""

    code = "cms_unsupported"

    def __init__(self, what: str) -> None:
        super().__init__(Message("The algorithm is not supported: {what}.", what=what))


class NoRecipientError(PpeError):
    """The message was sealed for other keys."""

    code = "cms_no_recipient"

    def __init__(self) -> None:
        super().__init__(
            Message("The file is sealed for another key."),
            remedy=Message(
                "Check that the right key or token is chosen and that the recipient's certificate is not replaced."
            ),
        )


class DamagedEnvelopeError(PpeError):
    """The sealed content was altered or cut; nothing of it may be used."""

    code = "cms_damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(
            # xgettext: no-python-brace-format  # noqa: ERA001 - Russian leaves the reason out
            Message("The sealed file is damaged, its check code does not hold: {reason}.", reason=reason),
            remedy=Message("Ask for the file again."),
        )


class KeyUnusableError(PpeError):
    """The key or token did not do its work, or is not of this certificate."""

    code = "key_failed"
    http_status = 409


class SignatureWrongError(PpeError):
    """The signature does not hold for this content."""

    code = "signature_wrong"
    http_status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(
            Message(
                # xgettext: no-python-brace-format  # noqa: ERA001 - Russian leaves the reason out
                "The signature does not hold, the document was changed after it was signed: {reason}.",
                reason=reason,
            )
        )


class NotSignedError(PpeError):
    """There is no signature."""

    code = "not_signed"
    http_status = 403

    def __init__(self) -> None:
        super().__init__(Message("The document is not signed."))
