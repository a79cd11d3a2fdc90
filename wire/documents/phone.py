"""A status told by telephone: sixteen characters that only the point could have made, and four that answer them.

For a point without a line and without a way for a flash drive. The code names the status and a counter, and proves
both with the phone secret of the point and day, which travels in the exam package. It carries nothing else: the
packet that comes later does.

The letters are Crockford's base 32: no I, L, O, U. Reading forgives what an ear and a keyboard confuse.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from wire.errors import FieldError, PpeError
from wire.letters import table
from wire.messages import Message

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP, ANSWER_LENGTH = 16, 4, 4
MAX_COUNTER = 0xFFFF
#: Statuses that may be told by telephone, by their number in the code.
STATUSES: dict[int, str] = {1: "exams_finished", 2: "blanks_transferred"}
_MAC_BITS = 60
#: What is heard or typed for a letter: Crockford's own pairs, and the Russian letters that look the same.
_SAME = table("phone")
_SILENT = str.maketrans("", "", " -–—.,·_\t\r\n\u00a0")


class PhoneCodeRefusedError(PpeError):
    """What was typed is not a code, or not of this point and day."""

    code = "phone_code"


@dataclass(frozen=True, slots=True)
class PhoneBinding:
    """What a code is bound to beside its status and counter."""

    mode: str
    region: str
    point: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class Spoken:
    """A code as it was typed; nothing in it is proven yet."""

    text: str
    status: str
    counter: int


def make(secret: bytes, place: PhoneBinding, *, status: str, counter: int) -> str:
    """Return the code of a status.

    Args:
        secret: The phone secret of the point and day.
        place: The point and day.
        status: A value of `STATUSES`.
        counter: How many codes the point has made that day, this one included.

    Raises:
        ValueError: The status has no code, or the counter does not fit.
    """
    number = {name: key for key, name in STATUSES.items()}[status]
    if not 0 < counter <= MAX_COUNTER:
        raise ValueError(f"counter {counter} does not fit a code")
    return _letters((number << 16 | counter) << _MAC_BITS | _mac(secret, place, number, counter), LENGTH)


def read(typed: str) -> Spoken:
    """Read what a person typed: lower case, spaces, O for 0, I or L for 1, Russian letters of the same look.

    Raises:
        PhoneCodeRefusedError: It is not sixteen characters of a code; the wrong ones are named.
    """
    text = plain(typed)
    wrong = sorted({letter for letter in text if letter not in ALPHABET})
    if wrong:
        shown = ", ".join(letter for letter in wrong[:5] if letter.isprintable())
        raise _refuse(Message("a code has no such characters: {shown}", shown=shown), shown)
    if len(text) != LENGTH:
        raise _refuse(Message("{count} characters were typed, a code has {length}", count=len(text), length=LENGTH), "")
    value = _number(text) >> _MAC_BITS
    status, counter = STATUSES.get(value >> 16), value & MAX_COUNTER
    if status is None or not counter:
        raise _refuse(Message("the first group is wrong"), text[:GROUP])
    return Spoken(text, status, counter)


def holds(spoken: Spoken, secret: bytes, place: PhoneBinding) -> bool:
    """Return whether a code was made with a secret for a point and day."""
    made = make(secret, place, status=spoken.status, counter=spoken.counter)
    return hmac.compare_digest(made.encode(), spoken.text.encode())


def answer(secret: bytes, code: str) -> str:
    """Return the four characters by which the region proves to the point that it has taken a code."""
    digest = hmac.digest(secret, b"ppe-phone-answer/1 " + code.encode("ascii"), hashlib.sha256)
    return _letters(int.from_bytes(digest[:3], "big") >> 4, ANSWER_LENGTH)


def plain(typed: str) -> str:
    """Return what was typed as letters of the code, as far as they are any; at most a line of it."""
    return typed[:200].translate(_SILENT).upper().translate(_SAME)


def groups(code: str) -> Sequence[str]:
    """Return a code in groups of four, the way it is shown and dictated."""
    return [code[start : start + GROUP] for start in range(0, len(code), GROUP)]


def _mac(secret: bytes, place: PhoneBinding, status: int, counter: int) -> int:
    words = f"ppe-phone-code/1 {place.mode} {place.region} {place.point} {place.date.isoformat()} {status} {counter}"
    return int.from_bytes(hmac.digest(secret, words.encode("ascii"), hashlib.sha256)[:8], "big") >> (64 - _MAC_BITS)


def _letters(value: int, length: int) -> str:
    return "".join(ALPHABET[value >> 5 * place & 31] for place in reversed(range(length)))


def _number(text: str) -> int:
    value = 0
    for letter in text:
        value = value << 5 | ALPHABET.index(letter)
    return value


def _refuse(message: Message, found: str) -> PhoneCodeRefusedError:
    return PhoneCodeRefusedError(
        Message("This is not a code: {reason}.", reason=message),
        remedy=Message("Ask for the code once more, four characters at a time."),
        parts=[FieldError("code", found, "16", message)],
    )
