"""How far two spellings of a subject's name may differ and still be the same name, and by what they differ.

Each step forgives one thing that happens to file names on their way through flash drives, archives and mail. The
steps that were needed are reported, so nothing is forgiven silently.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from wire.letters import table
from wire.messages import Message

_SPACES = re.compile(r"[ _\u00a0\u2000-\u200a\u202f\u3000]+")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
# Latin letters and the Cyrillic ones they pass for
_LATIN = table("passes_for")
_GLYPHS = table("same_letter")
_SCREENS = ("cp1251", "cp866", "cp1252", "latin-1", "cp437", "koi8-r", "mac-cyrillic", "cp850")
_SOURCES = ("utf-8", "cp866", "cp1251", "koi8-r", "mac-cyrillic")


@dataclass(frozen=True, slots=True)
class FoldStep:
    """One thing that is forgiven."""

    name: str
    message: Message
    apply: Callable[[str], str]


def spaces(text: str) -> str:
    """Spaces and underscores of every kind as single spaces."""
    return _SPACES.sub(" ", text).strip(" ")


def _latin(text: str) -> str:
    # a name that is Latin throughout is a transliteration, not a name with a stray letter
    return text.translate(_LATIN) if re.search("[\u0430-\u044f\u0451]", text, re.I) else text


STEPS: tuple[FoldStep, ...] = (
    FoldStep(
        "nfd",
        Message("decomposed letters (NFD, as macOS writes)"),
        lambda text: unicodedata.normalize("NFC", text),
    ),
    FoldStep("space", Message("extra or unusual spaces"), spaces),
    FoldStep("invisible", Message("invisible characters"), lambda text: spaces(_INVISIBLE.sub("", text))),
    FoldStep("dash", Message("another dash or hyphen"), lambda text: _DASHES.sub("-", text)),
    FoldStep("case", Message("another letter case"), str.casefold),
    FoldStep("latin", Message("Latin letters in place of Cyrillic ones"), _latin),
    FoldStep("marks", Message("letters without marks"), lambda text: text.translate(_GLYPHS)),
    FoldStep(
        "joiner",
        Message("other characters between the words"),
        lambda text: spaces(re.sub(r"[^\w]+", " ", text)),
    ),
)


def match(found: str, expected: str) -> tuple[FoldStep, ...] | None:
    """The steps needed to make a found name the expected one; None when no steps do."""
    found, expected = found.replace("_", " "), expected.replace("_", " ")
    if found == expected:
        return ()
    if _apply(found, STEPS) != _apply(expected, STEPS):
        return None
    needed = STEPS
    # the strongest are dropped first: what a weaker step explains is told in its words
    for step in reversed(STEPS):
        fewer = tuple(other for other in needed if other is not step)
        if _apply(found, fewer) == _apply(expected, fewer):
            needed = fewer
    return needed


def _apply(text: str, steps: Iterable[FoldStep]) -> str:
    for step in steps:
        text = step.apply(text)
    return text


def key(text: str) -> str:
    """A name with everything forgiven, to look names up by."""
    return _apply(text.replace("_", " "), STEPS)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Garbled text put right: how the bytes were written, and as what they were shown."""

    text: str
    source: str
    screen: str


def _bytes(text: str, encoding: str) -> bytes | None:
    """Encode, letting through the C1 characters that stand for bytes a code page does not define."""
    out = bytearray()
    for letter in text:
        try:
            out += letter.encode(encoding)
        except UnicodeEncodeError:
            if not 0x80 <= ord(letter) <= 0x9F:
                return None
            out.append(ord(letter))
    return bytes(out)


def decodings(text: str) -> Iterator[Decoded]:
    """Every way in which a garbled name may have come about."""
    if text.isascii() or len(text) > 400:
        return
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        raw = text.encode("utf-8", "surrogateescape") if _escapable(text) else None
        yield from _decode_all(raw, "bytes")
        return
    for screen in _SCREENS:
        yield from _decode_all(_bytes(text, screen), screen)


def _escapable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" and not "\udc80" <= letter <= "\udcff" for letter in text)


def _decode_all(raw: bytes | None, screen: str) -> Iterator[Decoded]:
    if raw is None:
        return
    for source in _SOURCES:
        if source != screen:
            try:
                yield Decoded(raw.decode(source), source, screen)
            except UnicodeDecodeError:
                continue


def is_lost(text: str) -> bool:
    """Whether nothing readable is left of a name: question marks, boxes, blanks."""
    return not any(letter.isalpha() for letter in text)


def by_name(text: str, subjects: Mapping[str, str]) -> str | None:
    """The code of the one subject that bears this name, however it is spelled."""
    texts = itertools.chain([text], (decoded.text for decoded in decodings(text)))
    keys = {key(name): code for code, name in subjects.items()}
    return next((keys[key(item)] for item in texts if key(item) in keys), None)
