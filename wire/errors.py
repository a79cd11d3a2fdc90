"""Typed refusals: a stable code, a sentence in the operator's language, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from wire.messages import NOTHING, Message, Several


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong part of an input.

    Attributes:
        field: Name or path of the part.
        found: What stands there.
        expected: What should stand there.
        message: The sentence for the operator.
    """

    field: str
    found: str
    expected: str
    message: Message

    def text(self, lang: str | None = None) -> str:
        """Return the sentence in a language; in the reader's when none is named."""
        return self.message.render(lang)

    def as_dict(self) -> dict[str, str]:
        """Return the part as it stands in a problem document."""
        return {
            "field": self.field,
            "found": self.found,
            "expected": self.expected,
            "ru": self.message.ru,
            "en": self.message.en,
        }


class PpeError(Exception):
    """Something that arrived cannot be accepted.

    `permanent` tells give-up from retry; `http_status` is what an API answers.

    Args:
        message: What is wrong.
        remedy: What to do next, when something can be advised.
        parts: The wrong parts, when several can be named.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 400
    permanent: ClassVar[bool] = True

    def __init__(self, message: Message, *, remedy: Message = NOTHING, parts: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.parts = tuple(parts)

    def text(self, lang: str | None = None) -> str:
        """Return what is wrong, in a language; in the reader's when none is named."""
        return self.message.render(lang)

    def remedy_text(self, lang: str | None = None) -> str:
        """Return what to do next; empty when nothing can be advised."""
        return self.remedy.render(lang)

    def whole(self) -> Message:
        """Return what is wrong and what to do next as one sentence."""
        return Several((self.message, self.remedy), " ") if self.remedy else self.message

    def __str__(self) -> str:
        return self.message.ru


class MalformedDocumentError(PpeError):
    """The bytes are not a document of the kind that was asked for."""

    code = "malformed_document"
