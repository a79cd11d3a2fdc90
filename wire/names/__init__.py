"""The names of electronic journals: one table of three grammars that writes, reads and explains them.

Reading anchors on the prefix, takes the fixed fields from the left and the last ones from the right; what stands
between is the name of the subject. A name that had to be interpreted in a way that could be wrong is read with
`certain=False`, and every oddity is a doubt in words.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from wire.errors import FieldError, PpeError
from wire.filenames import FORBIDDEN
from wire.letters import FIELDS
from wire.messages import Message
from wire.names import parse as names_parse
from wire.names.align import DigitsField
from wire.names.draft import Draft, Grammar, Kind, day_month_year
from wire.subjects import SUBJECT_NAMES

_REGION = DigitsField("region", (2,), "PP", Message("region code, 2 digits"))
_POINT = DigitsField("point", (4,), "PPPP", Message("point code, 4 digits"))
_DATE = DigitsField("date", (6, 8), "DMMGGG", Message("exam date DDMMYY"), zero_filled=False)
_SUBJECT = DigitsField("subject", (2,), FIELDS["subject"], Message("subject code, 2 digits"))
_ROOM = DigitsField("room", (4,), "AAAA", Message("room number, 4 digits"))
_STATION = DigitsField(
    "station", (4, 1, 2, 3, 5, 6), FIELDS["station"], Message("station number, digits"), zero_filled=False
)
_PLACE = DigitsField("station", (1, 2, 3, 4), FIELDS["place"], Message("place number, digits"), zero_filled=False)
_SCANNER = DigitsField("station", (2, 1, 3, 4), "CC", Message("number of the scanning station"), zero_filled=False)

GRAMMARS: Mapping[str, Grammar] = {
    "print": Grammar("print", "END_PRINT", (_REGION, _POINT, _DATE, _SUBJECT), (_ROOM, _STATION), "_"),
    "voice": Grammar("voice", "END_VOICE", (_REGION, _POINT, _DATE, _SUBJECT, _ROOM), (_PLACE,), "_"),
    "scan": Grammar("scan", "END_SCAN", (_REGION, _POINT, _DATE, _SUBJECT), (_SCANNER,), " "),
}
EXTENSION = ".dat"
_FORBIDDEN = re.compile(rf"[{FORBIDDEN}\ud800-\udfff]")
_EDGES = " _."


class MalformedNameError(PpeError):
    """A journal's name cannot be written from these values."""

    code: ClassVar[str] = "journal_name"


@dataclass(frozen=True, slots=True)
class JournalName:
    """What the name of a journal says. `room` is None for scan; `station` is the place for voice."""

    kind: Kind
    region: str
    point: str
    date: dt.date
    subject: str
    subject_name: str
    room: str | None
    station: str


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What was read from a name.

    Attributes:
        name: the values, or None when one of them cannot be known.
        certain: False when something was interpreted in a way that could be wrong: a person must look.
        doubts: every oddity, each with what was found and expected.
        proposed: the name it should have had.
    """

    name: JournalName | None
    certain: bool
    doubts: tuple[FieldError, ...]
    proposed: str | None


def write(name: JournalName) -> str:
    """The canonical name.

    Raises:
        MalformedNameError: a value has no place in a name; the parts say which.
    """
    grammar = GRAMMARS[name.kind]
    parts = _faults(name, grammar)
    if parts:
        raise MalformedNameError(
            Message("No journal name can be made: {reason}.", reason=parts[0].message), parts=parts
        )
    subject = unicodedata.normalize("NFC", name.subject_name).replace(" ", grammar.space)
    left = [_value(name, field.name) for field in grammar.left]
    right = [_value(name, field.name) for field in grammar.right]
    return "_".join([grammar.prefix, *left, subject, *right]) + EXTENSION


def _value(name: JournalName, field: str) -> str:
    if field == "date":
        return f"{name.date:%d%m%y}"
    return str(getattr(name, field) or "")


def _faults(name: JournalName, grammar: Grammar) -> list[FieldError]:
    parts = []
    for field in (*grammar.left, *grammar.right):
        value = _value(name, field.name)
        if not (value.isascii() and value.isdigit() and len(value) in field.lengths):
            message = Message("{field}: “{value}”", field=field.message, value=value)
            parts.append(FieldError(field.name, value, field.letters, message))
    if grammar.kind == "scan" and name.room is not None:
        message = Message("a scan journal's name has no room")
        parts.append(FieldError("room", name.room, "", message))
    if not 2000 <= name.date.year <= 2099:
        message = Message("the year {year} does not fit two digits", year=name.date.year)
        parts.append(FieldError("date", name.date.isoformat(), FIELDS["year"], message))
    subject = name.subject_name
    if (
        not subject
        or subject.strip(_EDGES) != subject
        or _FORBIDDEN.search(subject)
        or len(subject.encode("utf-8")) > 180
    ):
        message = Message("the subject's name “{subject}”", subject=subject)
        parts.append(FieldError("subject_name", subject, "", message))
    return parts


def read(text: str, *, subjects: Mapping[str, str] | None = None) -> ParsedName:
    """Read a name, however damaged. Never raises.

    Args:
        text: the file's name as it came.
        subjects: the registry's subjects, code to name; by default the national list.
    """
    known = SUBJECT_NAMES if subjects is None else subjects
    exact = _read_exact(text, known)
    if exact is not None:
        return ParsedName(exact, True, (), write(exact))
    draft = names_parse.parse(text, GRAMMARS, known)
    name = _build(draft)
    if name is None:
        return ParsedName(None, False, tuple(draft.doubts), None)
    return ParsedName(name, draft.certain, tuple(draft.doubts), write(name))


def _pattern(grammar: Grammar) -> re.Pattern[str]:
    def group(field: DigitsField) -> str:
        # only the canonical six digits of a date need no word
        lengths = (6,) if field.name == "date" else field.lengths
        return f"(?P<{field.name}>" + "|".join(f"[0-9]{{{length}}}" for length in sorted(lengths)) + ")"

    left = "_".join(group(field) for field in grammar.left)
    right = "_".join(group(field) for field in grammar.right)
    return re.compile(f"{grammar.prefix}_{left}_(?P<subject_name>.+)_{right}{re.escape(EXTENSION)}")


_EXACT = {kind: _pattern(grammar) for kind, grammar in GRAMMARS.items()}


def _read_exact(text: str, subjects: Mapping[str, str]) -> JournalName | None:
    """A name that is right in every letter."""
    for kind, pattern in _EXACT.items():
        match = pattern.fullmatch(text)
        if match is None:
            continue
        fields = match.groupdict()
        subject_name = subjects.get(fields["subject"])
        date = day_month_year(fields["date"])
        if date is None or subject_name is None:
            return None
        name = _checked(
            kind, fields["region"], fields["point"], date, fields["subject"], subject_name, fields.get("room"), fields
        )
        same = fields["subject_name"].replace("_", " ") == unicodedata.normalize("NFC", subject_name).replace("_", " ")
        return name if same else None
    return None


def _checked(
    kind: str,
    region: str,
    point: str,
    date: dt.date,
    subject: str,
    subject_name: str,
    room: str | None,
    fields: Mapping[str, str],
) -> JournalName | None:
    grammar = GRAMMARS[kind]
    name = JournalName(grammar.kind, region, point, date, subject, subject_name, room, fields["station"])
    return None if _faults(name, grammar) else name


def _build(draft: Draft) -> JournalName | None:
    values = draft.values
    if draft.kind is None or draft.date is None or draft.subject_name is None:
        return None
    needed = {field.name for field in (*GRAMMARS[draft.kind].left, *GRAMMARS[draft.kind].right)} - {"date"}
    if not needed <= values.keys():
        return None
    return _checked(
        draft.kind,
        values["region"],
        values["point"],
        draft.date,
        values["subject"],
        draft.subject_name,
        values.get("room"),
        values,
    )
