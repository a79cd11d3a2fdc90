"""Which token of a name is which field, when some are missing, superfluous or of a wrong length."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from wire.letters import table
from wire.messages import Message

# letters that are typed or recognised in place of digits
_DIGITS = table("digits")
_DATE_MARKS = re.compile(r"[.\-–—/]")


@dataclass(frozen=True, slots=True)
class DigitsField:
    """One field of digits: the lengths that are read without doubt, the canonical one first."""

    name: str
    lengths: tuple[int, ...]
    letters: str
    message: Message
    zero_filled: bool = True


@dataclass(frozen=True, slots=True)
class NameToken:
    """A piece of the name that may be a field."""

    raw: str
    digits: str

    @property
    def is_digits(self) -> bool:
        """Whether it can be read as digits at all."""
        return bool(self.digits)


def token(raw: str) -> NameToken:
    """Read a piece as digits, forgiving look-alike letters and the marks of a date."""
    text = "".join(_digit(letter) for letter in raw.lstrip("№").translate(_DIGITS))
    if not text.isdigit():
        text = _DATE_MARKS.sub("", text)
    return NameToken(raw, text if text.isascii() and text.isdigit() else "")


def _digit(letter: str) -> str:
    value = unicodedata.digit(letter, None) if not letter.isascii() else None
    return letter if value is None else str(value)


def looks_like_field(raw: str) -> bool:
    """Whether a piece is a field rather than a word of the subject's name."""
    if not 0 < len(raw) <= 12 or not any(letter.isdigit() for letter in raw):
        return False
    return token(raw).is_digits or not re.search(r"[^\W\d_]{3}|[()]", raw)


Pair = tuple[DigitsField | None, NameToken | None]


def _cost(field: DigitsField, item: NameToken) -> int:
    size = len(item.digits)
    if size in field.lengths:
        return 0
    if not size:
        return 3
    return 1 if size < field.lengths[0] or (field.name == "date" and size == 7) else 4


def align(tokens: Sequence[NameToken], fields: Sequence[DigitsField]) -> list[Pair]:
    """Match pieces with fields, in order, at the least cost; either side may be left without a partner."""
    items, slots = tuple(tokens), tuple(fields)

    @cache
    def best(i: int, j: int) -> tuple[int, tuple[Pair, ...]]:
        if i == len(items) and j == len(slots):
            return 0, ()
        options: list[tuple[int, tuple[Pair, ...]]] = []
        if i < len(items) and j < len(slots):
            cost, rest = best(i + 1, j + 1)
            options.append((cost + _cost(slots[j], items[i]), ((slots[j], items[i]), *rest)))
        if j < len(slots):
            cost, rest = best(i, j + 1)
            options.append((cost + 2, ((slots[j], None), *rest)))
        if i < len(items):
            cost, rest = best(i + 1, j)
            options.append((cost + 2, ((None, items[i]), *rest)))
        return min(options, key=lambda option: option[0])

    return list(best(0, 0)[1])
