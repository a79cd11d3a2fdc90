"""The typed catalogue of journal entries, read from `wire/data/events.json`.

The checks are plain functions picked once for each field: a journal of 50,000 entries must be read in under a second.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any, ClassVar

from wire.errors import FieldError, PpeError
from wire.messages import Both, Message

DISPOSITIONS = frozenset({"success", "failure"})
_HEX64 = re.compile(r"[0-9a-f]{64}").fullmatch
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}").fullmatch
_ROOM = re.compile(r"[0-9]{4}|HQ").fullmatch
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_TEXT_LIMIT = 4000

Check = Callable[[Any], bool]


class EventError(PpeError):
    """An entry does not agree with the catalogue."""

    code: ClassVar[str] = "journal_event"


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**53


def _is_number(value: object) -> bool:
    # An integer of hundreds of digits is no float, and asking whether it is finite would raise.
    return (type(value) is int and -(2**53) < value < 2**53) or (type(value) is float and math.isfinite(value))


def _is_text(value: object) -> bool:
    return type(value) is str and len(value) <= _TEXT_LIMIT


def _is_sha256(value: object) -> bool:
    return type(value) is str and _HEX64(value) is not None


def _is_counts(value: object) -> bool:
    return type(value) is dict and all(type(item) is int for item in value.values())


CHECKS: Mapping[str, Check] = {
    "count": _is_count,
    "number": _is_number,
    "text": _is_text,
    "flag": lambda value: type(value) is bool,
    "sha256": _is_sha256,
    "sha256s": lambda value: type(value) is list and all(map(_is_sha256, value)),
    "room": lambda value: type(value) is str and _ROOM(value) is not None,
    "base64": lambda value: type(value) is str and len(value) % 4 == 0 and _BASE64(value) is not None,
    "uid": lambda value: type(value) is str and _UID(value) is not None,
    "counts": _is_counts,
}


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of entry: in which journals it stands and what its data must hold."""

    event: str
    kinds: frozenset[str]
    message: Message
    required: Mapping[str, str]
    optional: Mapping[str, str]
    fields: Mapping[str, Check]


def _load() -> tuple[Mapping[str, EventKind], Mapping[str, Message]]:
    raw = json.loads(resources.files("wire.data").joinpath("events.json").read_text("utf-8"))
    types = {name: Both(text["ru"], text["en"]) for name, text in raw["types"].items()}
    events = {}
    for row in raw["events"]:
        fields = {name: CHECKS[kind] for name, kind in (row["required"] | row["optional"]).items()}
        events[row["event"]] = EventKind(
            event=row["event"],
            kinds=frozenset(row["kinds"]),
            message=Both(row["ru"], row["en"]),
            required=MappingProxyType(row["required"]),
            optional=MappingProxyType(row["optional"]),
            fields=MappingProxyType(fields),
        )
    return MappingProxyType(events), MappingProxyType(types)


EVENTS: Mapping[str, EventKind]
TYPES: Mapping[str, Message]
EVENTS, TYPES = _load()


def is_sound(kind: str, event: str, data: dict[str, Any]) -> bool:
    """Whether an entry agrees with the catalogue; `explain` says what is wrong when it does not."""
    known = EVENTS.get(event)
    if known is None or kind not in known.kinds:
        return False
    fields = known.fields
    try:
        for name, value in data.items():
            if not fields[name](value):
                return False
    except KeyError:
        return False
    return all(name in data for name in known.required)


def explain(kind: str, event: str, data: dict[str, Any]) -> list[FieldError]:
    """Every way in which an entry disagrees with the catalogue."""
    known = EVENTS.get(event)
    if known is None:
        return [FieldError("event", event, "events.json", Message("unknown event “{event}”", event=event))]
    parts = []
    if kind not in known.kinds:
        expected = ", ".join(sorted(known.kinds))
        parts.append(
            FieldError(
                "event",
                event,
                expected,
                Message("event “{event}” does not belong to a {kind} journal", event=event, kind=kind),
            )
        )
    types = {**known.required, **known.optional}
    for name, value in data.items():
        if name not in types:
            message = Message("unexpected field “{name}” in event “{event}”", name=name, event=event)
            parts.append(FieldError(name, _short(value), "", message))
        elif not CHECKS[types[name]](value):
            want = TYPES[types[name]]
            message = Message("field “{name}” of “{event}”: expected {want}", name=name, event=event, want=want)
            parts.append(FieldError(name, _short(value), want.ru, message))
    for name in known.required:
        if name not in data:
            message = Message("event “{event}” lacks the field “{name}”", event=event, name=name)
            parts.append(FieldError(name, "", TYPES[known.required[name]].ru, message))
    return parts


def check(kind: str, event: str, disposition: str, data: dict[str, Any]) -> None:
    """Refuse to write an entry that a reader would complain about.

    Raises:
        EventError: the entry does not agree with the catalogue; its parts say where.
    """
    parts = [] if is_sound(kind, event, data) else explain(kind, event, data)
    if disposition not in DISPOSITIONS:
        expected = ", ".join(sorted(DISPOSITIONS))
        parts.append(FieldError("disposition", disposition, expected, Message("unknown disposition")))
    if parts:
        raise EventError(
            Message(
                "Entry “{event}” does not agree with the catalogue: {problem}.", event=event, problem=parts[0].message
            ),
            parts=parts,
        )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
