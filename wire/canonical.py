"""Canonical JSON, wire timestamps and identifiers.

One value has one spelling: sorted keys, no spaces, UTF-8. Reading is stricter than `json.loads`: a document that two
programs could understand in two ways is refused.
"""

import json
import math
import re
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any, NoReturn

from wire.errors import MalformedDocumentError
from wire.messages import Message

MAX_DEPTH = 64
MAX_BYTES = 64 * 1024 * 1024
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)


def dumps(obj: object) -> bytes:
    """Write a value as canonical JSON.

    Raises:
        ValueError: The value holds NaN or infinity (a mistake of the program, not of the input).
    """
    text = json.dumps(obj, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def loads(data: bytes, *, limit: int = MAX_BYTES) -> Any:
    """Read one JSON document, refusing whatever is ambiguous.

    Args:
        data: The document, UTF-8 without a byte order mark.
        limit: Greatest size accepted, in bytes.

    Raises:
        MalformedDocumentError: Not JSON, duplicate keys, NaN, infinity, NUL or lone surrogates, deeper than 64, too
            big.
    """
    if len(data) > limit:
        raise _malformed(Message("the document is larger than {limit} bytes", limit=limit))
    try:
        text = bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(Message("it is not UTF-8 text")) from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _malformed(Message("it is not a JSON document")) from error
    _inspect(value)
    return value


def stamp(dt: datetime) -> str:
    """Write a moment as on the wire: `2026-05-29T10:00:00.000000Z`.

    Raises:
        ValueError: The moment has no time zone (a mistake of the program).
    """
    if dt.tzinfo is None:
        raise ValueError("a naive datetime has no place on the wire")
    return dt.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_stamp(text: str) -> datetime:
    """Read a moment written by `stamp`.

    Raises:
        MalformedDocumentError: The text is spelled in another way or names no real moment.
    """
    if not isinstance(text, str) or _STAMP.fullmatch(text) is None:
        raise _malformed(Message("the moment is not spelled as the format demands"))
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise _malformed(Message("there is no such moment")) from error


def uuid7() -> str:
    """Return a new UUIDv7: ordered by time, the microseconds in the first random field (RFC 9562 §6.2)."""
    now = time.time_ns()
    milliseconds, rest = divmod(now, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))


def _malformed(message: Message) -> MalformedDocumentError:
    return MalformedDocumentError(Message("The document cannot be read: {reason}.", reason=message))


def _too_deep() -> MalformedDocumentError:
    return _malformed(Message("nested deeper than {max_depth}", max_depth=MAX_DEPTH))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise _malformed(Message("a field name occurs twice"))
    return result


def _constant(name: str) -> NoReturn:
    raise _malformed(Message("{name} is not a number", name=name))


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _malformed(Message("a number is too large"))
    return value


def _inspect(value: object) -> None:
    """Walk the value without recursion: depth, and text that no database or file name can hold."""
    level = [value]
    depth = 0
    while level:
        if depth > MAX_DEPTH:
            raise _too_deep()
        deeper: list[object] = []
        for item in level:
            if isinstance(item, str):
                _inspect_text(item)
            elif isinstance(item, dict):
                deeper.extend(item)
                deeper.extend(item.values())
            elif isinstance(item, list):
                deeper.extend(item)
        level = deeper
        depth += 1


def _inspect_text(text: str) -> None:
    if "\x00" in text:
        raise _malformed(Message("the text holds a NUL"))
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise _malformed(Message("the text holds a lone surrogate")) from error
