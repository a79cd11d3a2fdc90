"""What is known of a journal's name while it is read: the grammar it follows, the values so far, every oddity."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal

from wire.errors import FieldError
from wire.letters import FIELDS
from wire.messages import Message
from wire.names.align import DigitsField

Kind = Literal["print", "voice", "scan"]


@dataclass(frozen=True, slots=True)
class Grammar:
    """One kind of name: prefix, fields left of the subject's name, fields right of it, how its spaces are written."""

    kind: Kind
    prefix: str
    left: tuple[DigitsField, ...]
    right: tuple[DigitsField, ...]
    space: str

    @property
    def shape(self) -> str:
        """The grammar in the letters of the regulation."""
        subject = FIELDS["subject_name"].format(space=self.space)
        letters = [part.letters for part in self.left], [part.letters for part in self.right]
        return "_".join([self.prefix, *letters[0], subject, *letters[1]]) + ".dat"


@dataclass(slots=True)
class Draft:
    """What is known of a name so far."""

    kind: Kind | None = None
    values: dict[str, str] = field(default_factory=dict)
    date: dt.date | None = None
    subject_name: str | None = None
    certain: bool = True
    doubts: list[FieldError] = field(default_factory=list)

    def doubt(self, name: str, found: str, expected: str, message: Message, *, sure: bool = False) -> None:
        """Note an oddity; unless `sure`, a person must look."""
        self.doubts.append(FieldError(name, shown(found), expected, message))
        self.certain = self.certain and sure


def shown(text: str) -> str:
    """Text that any screen and any JSON can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")[:200]


def day_month_year(digits: str) -> dt.date | None:
    """A date of 6 digits DDMMYY or 8 digits DDMMYYYY."""
    year = int(digits[4:]) + (2000 if len(digits) == 6 else 0)
    try:
        date = dt.date(year, int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None
    return date if 2000 <= date.year <= 2099 else None
