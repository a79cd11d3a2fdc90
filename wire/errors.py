"""Typed refusals: a stable code, a sentence in the operator's language, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Part:
    """One wrong part of an input.

    Attributes:
        field: Name or path of the part.
        found: What stands there.
        expected: What should stand there.
        ru: The sentence for the operator, in Russian.
        en: The same sentence in English.
    """

    field: str
    found: str
    expected: str
    ru: str
    en: str

    def text(self, lang: str = "ru") -> str:
        """Return the sentence in the given language (`en`, anything else is Russian)."""
        return self.en if lang.startswith("en") else self.ru

    def as_dict(self) -> dict[str, str]:
        """Return the part as it stands in a problem document."""
        return {"field": self.field, "found": self.found, "expected": self.expected, "ru": self.ru, "en": self.en}


class Refusal(Exception):  # noqa: N818 - it is a word of the domain, not an error of the program
    """Something that arrived cannot be accepted.

    `permanent` tells give-up from retry; `http_status` is what an API answers.

    Args:
        ru: What is wrong, in Russian.
        en: What is wrong, in English.
        cure_ru: What to do next, in Russian.
        cure_en: What to do next, in English.
        parts: The wrong parts, when several can be named.
    """

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 400
    permanent: ClassVar[bool] = True

    def __init__(self, ru: str, en: str, *, cure_ru: str = "", cure_en: str = "", parts: Sequence[Part] = ()) -> None:
        super().__init__(ru, en)
        self.ru = ru
        self.en = en
        self.cure_ru = cure_ru
        self.cure_en = cure_en
        self.parts = tuple(parts)

    def text(self, lang: str = "ru") -> str:
        """Return the sentence in the given language (`en`, anything else is Russian)."""
        return self.en if lang.startswith("en") else self.ru

    def cure(self, lang: str = "ru") -> str:
        """Return what to do next, in the given language; empty when nothing can be advised."""
        return self.cure_en if lang.startswith("en") else self.cure_ru

    def __str__(self) -> str:
        return self.ru


class MalformedDocument(Refusal):
    """The bytes are not a document of the kind that was asked for."""

    code = "malformed_document"
