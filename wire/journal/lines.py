"""The lines of a journal: a header, then entries, each naming the SHA-256 of the line before it.

A line is one JSON object without a newline inside; `join` puts the newlines back. Reading is written for speed
and trusts nothing: what breaks the chain is refused with the number of the first bad entry, what is only odd
(an unknown event, a missing field, a clock that went back) is returned as a list of problems.
"""

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal, NoReturn, cast

from wire import canonical, schema
from wire.cms.verify import Span
from wire.errors import FieldError, MalformedDocumentError, PpeError
from wire.journal import told_twice
from wire.journal.events import check, explain, is_sound
from wire.messages import Message

FORMAT = "ppe-journal/1"
MAX_LINE = 4 * 1024 * 1024
_MAX_DEPTH = 64
_MAX_PROBLEMS = 50
_CLOSED, _REOPENED = "journal_closed", "journal_reopened"

Kind = Literal["print", "voice", "scan"]


class JournalError(PpeError):
    """The bytes are not a journal, or its chain of entries is broken."""

    code: ClassVar[str] = "journal_broken"


@dataclass(frozen=True, slots=True)
class Header:
    """The first line: whose journal this is."""

    kind: Kind
    mode: str
    region: str
    point: str
    room: str | None
    sitting: str
    subject: str
    station: str
    serial: str
    software: str
    opened_at: dt.datetime
    duty: str = "main"
    clock: str = "UTC"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened at the station."""

    seq: int
    at: dt.datetime
    event: str
    disposition: str
    person: str | None
    data: Mapping[str, Any]
    prev: str


@dataclass(slots=True)
class Lines:
    """The lines of a journal, read and proven to be one chain."""

    header: Header
    entries: list[Entry]
    last_hash: str
    last_line: bytes
    problems: list[FieldError] = field(default_factory=list)
    count: int = 0
    events: Counter[str] = field(default_factory=Counter)
    last: Entry | None = None
    exam: tuple[dt.datetime, dt.datetime] | None = None

    @property
    def closed(self) -> bool:
        """Whether the last word of the journal is that it was closed."""
        return self.last is not None and self.last.event == _CLOSED


def line_hash(line: bytes) -> str:
    """What the next line's `prev` must be."""
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def line_digests(content: bytes) -> bytes:
    """The SHA-256 of every line by its number, 32 bytes each; the header is number 0."""
    return b"".join(hashlib.sha256(line).digest() for line in content.removesuffix(b"\n").split(b"\n"))


def digest_at(digests: bytes, number: int) -> str:
    """The SHA-256 of one line out of `line_digests`; empty when there is no such line."""
    return digests[32 * number : 32 * (number + 1)].hex()


def header_line(header: Header) -> bytes:
    """The first line of a journal, without its newline.

    Raises:
        SchemaError: the header does not agree with its schema.
    """
    document = asdict(header) | {"format": FORMAT, "opened_at": canonical.stamp(header.opened_at)}
    schema.validate("journal_header", document)
    return canonical.dumps(document)


def make_line(entry: Entry) -> bytes:
    """One entry as a line, without its newline."""
    return canonical.dumps(
        {
            "seq": entry.seq,
            "at": canonical.stamp(entry.at),
            "event": entry.event,
            "disposition": entry.disposition,
            "person": entry.person,
            "data": dict(entry.data),
            "prev": entry.prev,
        }
    )


def next_entry(
    prev_line: bytes,
    event: str,
    *,
    kind: Kind = "scan",
    disposition: str = "success",
    person: str | None = None,
    data: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> Entry:
    """The entry that follows a line (the header's line or another entry's).

    Raises:
        EventError: the entry does not agree with the catalogue of events.
    """
    body = dict(data or {})
    check(kind, event, disposition, body)
    seq = canonical.loads(prev_line.rstrip(b"\n")).get("seq", 0)
    return Entry(seq + 1, at or dt.datetime.now(dt.UTC), event, disposition, person, body, line_hash(prev_line))


def join(lines: Iterable[bytes]) -> bytes:
    """The bytes of a journal from its lines."""
    return b"".join(line.rstrip(b"\n") + b"\n" for line in lines)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant).raw_decode


def _load(line: bytes, number: int) -> dict[str, Any]:
    try:
        if len(line) > MAX_LINE:
            raise ValueError("line too long")
        if b"\\u" in line or line.count(b"{") + line.count(b"[") > _MAX_DEPTH:
            # escapes may hide a NUL or half a character, brackets may nest too deep: the careful reader knows both
            found = canonical.loads(line)
        else:
            text = line.decode("utf-8")
            found, end = _decode(text)
            if end != len(text):
                raise ValueError("more than one value on the line")
        if type(found) is not dict:
            raise ValueError("not an object")
    except (ValueError, RecursionError, PpeError) as error:
        # What the reader of JSON says is English: only the refusals of our own tell more.
        if isinstance(error, PpeError):
            raise _broken(number, Message("the line is not JSON ({why})", why=error.message)) from error
        raise _broken(number, Message("the line is not JSON")) from error
    return found


def _broken(number: int, message: Message) -> JournalError:
    where = Message("Entry {number}", number=number) if number else Message("Journal header")
    return JournalError(
        Message("{where}: {problem}.", where=where, problem=message),
        remedy=Message("Copy the journal from the station again; where it cannot be had, make an act."),
        parts=[FieldError("entry", str(number), "", message)],
    )


def read_header(line: bytes) -> Header:
    """Read the first line.

    Raises:
        JournalError: it is not JSON.
        SchemaError: it is not the header of a journal of a known format.
    """
    document = _load(line, 0)
    schema.validate("journal_header", document)
    del document["format"]
    try:
        document["opened_at"] = canonical.parse_stamp(document["opened_at"])
    except MalformedDocumentError as refusal:
        raise _broken(0, Message("opened_at: {why}", why=refusal.message)) from refusal
    return Header(**document)


def _parse_at(text: str | None) -> dt.datetime | None:
    # the one form of a stamp, checked by shape: `parse_stamp` on 50,000 entries costs more than all the rest
    try:
        if text is not None and len(text) == 27 and text[10] == "T" and text[19] == "." and text[26] == "Z":
            return dt.datetime.fromisoformat(text)
    except (TypeError, ValueError, KeyError):
        pass
    return None


_KEYS = frozenset({"seq", "at", "event", "disposition", "person", "data", "prev"})


def _shape_fault(raw: dict[str, Any]) -> str | None:
    """The first field of an entry that is not of its type."""
    if raw.keys() != _KEYS:
        return ", ".join(sorted(raw.keys() ^ _KEYS))[:200]
    tests = {
        "seq": type(raw["seq"]) is int,
        "event": type(raw["event"]) is str,
        "disposition": raw["disposition"] in ("success", "failure"),
        "person": raw["person"] is None or type(raw["person"]) is str,
        "data": type(raw["data"]) is dict,
        "prev": type(raw["prev"]) is str,
    }
    return next((name for name, sound in tests.items() if not sound), None)


def _entry(raw: dict[str, Any], number: int) -> Entry:
    try:
        entry = Entry(
            raw["seq"],
            cast(dt.datetime, _parse_at(raw["at"])),
            raw["event"],
            raw["disposition"],
            raw["person"],
            raw["data"],
            raw["prev"],
        )
        sound = (
            len(raw) == 7
            and entry.at is not None
            and type(entry.seq) is int
            and type(entry.event) is str
            and (entry.disposition == "success" or entry.disposition == "failure")
            and (entry.person is None or type(entry.person) is str)
            and type(entry.data) is dict
        )
    except (KeyError, TypeError):
        sound = False
    if not sound:
        fault = _shape_fault(raw) or "at"
        raise _broken(number, Message("wrong field: {fault}", fault=fault))
    return entry


def _chain_refusal(row: bytes, follower: bytes, number: int, raw: dict[str, Any]) -> JournalError:
    """Name the entry that was changed: the one before the break, unless this one's own `prev` was."""
    if raw.get("seq") != number:
        message = Message(
            "entries are missing or out of order: number {get}, expected {number}",
            get=f"{raw.get('seq')!r}",
            number=number,
        )
        return _broken(number, message)
    try:
        intact = not follower or _load(follower, number + 1).get("prev") == line_hash(row)
    except JournalError:
        intact = True
    bad = number - 1 if intact else number
    message = Message("the chain of entries is broken: the entry was changed after it was written")
    if not follower:
        # nothing after the last entry says which of the two it was
        message = Message("{broken}, or the link to it in the last entry ({number}) was", broken=message, number=number)
    return _broken(bad, message)


def read_lines(content: bytes) -> Lines:
    """Read a whole journal and prove its chain.

    Raises:
        JournalError: not a journal, a torn last line, or a broken chain; the first bad entry is named.
        SchemaError: the header is not that of a known journal.
    """
    return walk(Span(content, 0, len(content)), keep=True)


def walk(content: Span, *, keep: bool) -> Lines:
    """Read a whole journal where it stands and prove its chain; the entries themselves are kept only when asked for.

    Raises:
        JournalError: As `read_lines`.
        SchemaError: As `read_lines`.
    """
    data, stop = content.data, content.end
    if stop == content.begin or data[stop - 1 : stop] != b"\n":
        with memoryview(data) as view:
            number = bytes(view[content.begin : stop]).count(b"\n")
        raise _broken(number, Message("the last line is torn"))
    end = data.find(b"\n", content.begin, stop)
    row = data[content.begin : end]
    header = read_header(row)
    lines = Lines(header, [], "", row)
    kind, sha256, problems, events = header.kind, hashlib.sha256, lines.problems, lines.events
    latest, number, statements = header.opened_at, 0, told_twice.Statements(header)
    previous = sha256(row).hexdigest()
    while (begin := end + 1) < stop:
        number += 1
        end = data.find(b"\n", begin, stop)
        row = data[begin:end]
        raw = _load(row, number)
        entry = _entry(raw, number)
        if entry.prev != previous or entry.seq != number:
            after = data.find(b"\n", end + 1, stop)
            raise _chain_refusal(row, data[end + 1 : after] if after > 0 else b"", number, raw)
        previous = sha256(row).hexdigest()
        if not is_sound(kind, entry.event, raw["data"]):
            problems.extend(_numbered(number, explain(kind, entry.event, raw["data"])))
        if entry.event in told_twice.EVENTS:
            statements.hear(number, entry.event, entry.data, entry.at)
        if entry.at < latest and not statements.went_back(number, entry.at, latest):
            problems.append(_went_back(number, entry.at, latest))
        latest = entry.at
        events[entry.event] += 1
        if keep:
            lines.entries.append(entry)
        if len(problems) > _MAX_PROBLEMS:
            del problems[_MAX_PROBLEMS:]
    statements.finish()
    lines.exam = statements.exam
    # First, so that no crowd of lesser problems hides them.
    problems[:0] = statements.problems[:_MAX_PROBLEMS]
    if number:
        lines.count, lines.last, lines.last_line = number, entry, row
    lines.last_hash = previous
    return lines


def _numbered(number: int, parts: list[FieldError]) -> list[FieldError]:
    return [
        FieldError(
            f"entries[{number}].{part.field}",
            part.found,
            part.expected,
            Message("entry {number}: {problem}", number=number, problem=part.message),
        )
        for part in parts
    ]


def _went_back(number: int, at: dt.datetime, latest: dt.datetime) -> FieldError:
    found, expected = canonical.stamp(at), canonical.stamp(latest)
    message = Message("entry {number}: the clock went back ({found})", number=number, found=found)
    return FieldError(f"entries[{number}].at", found, f"≥ {expected}", message)


Relation = Literal["same", "longer", "shorter", "fork"]


def relation(new: bytes, old: bytes) -> Relation:
    """How a journal's lines stand to those of an earlier copy: a longer one has the shorter as an exact prefix."""
    if new == old:
        return "same"
    if new.startswith(old):
        return "longer"
    return "shorter" if old.startswith(new) else "fork"
