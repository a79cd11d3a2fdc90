"""Refusals of sealing, opening, signing and verifying."""

from wire.errors import Refusal


class CmsMalformed(Refusal):
    """The bytes are not a CMS message of the kind that was asked for."""

    code = "cms_malformed"

    def __init__(self, reason: str) -> None:
        super().__init__("Файл повреждён или это не файл CMS.", f"Not a CMS message of the right kind: {reason}.")


class UnsupportedAlgorithm(Refusal):
    """The message was made with an algorithm that this system does not use."""

    code = "cms_unsupported"

    def __init__(self, what: str) -> None:
        super().__init__(f"Алгоритм не поддерживается: {what}.", f"The algorithm is not supported: {what}.")


class NoRecipient(Refusal):
    """The message was sealed for other keys."""

    code = "cms_no_recipient"

    def __init__(self) -> None:
        super().__init__(
            "Файл зашифрован не для этого ключа.",
            "The file is sealed for another key.",
            cure_ru="Проверьте, тот ли выбран ключ или токен, и не заменён ли сертификат получателя.",
            cure_en="Check that the right key or token is chosen and that the recipient's certificate is not replaced.",
        )


class Damaged(Refusal):
    """The sealed content was altered or cut; nothing of it may be used."""

    code = "cms_damaged"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Зашифрованный файл повреждён: проверочный код не сходится.",
            f"The sealed file is damaged: {reason}.",
            cure_ru="Запросите файл ещё раз.",
            cure_en="Ask for the file again.",
        )


class KeyRefusal(Refusal):
    """The key or token did not do its work, or is not of this certificate."""

    code = "key_failed"
    http_status = 409


class SignatureWrong(Refusal):
    """The signature does not hold for this content."""

    code = "signature_wrong"
    http_status = 403

    def __init__(self, reason: str) -> None:
        super().__init__(
            "Подпись неверна: документ изменён после подписания.", f"The signature does not hold: {reason}."
        )


class NotSigned(Refusal):
    """There is no signature."""

    code = "not_signed"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("Документ не подписан.", "The document is not signed.")
