"""One flipped bit anywhere in a journal: always noticed, and the entry named where it stands in one."""

import random
import warnings

import pytest

from tests.support.journal_lines import build, signed
from tests.support.pki import the_fixtures
from wire import journal
from wire.errors import PpeError

PLACES = 1000


def outcome(blob: bytes) -> tuple[bool, str]:
    """Whether anything is said against it, and the entry that is named."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a certificate with a flipped serial number
            document = journal.read(blob, trust=the_fixtures().trust)
    except PpeError as refusal:
        return True, next((part.found for part in refusal.parts if part.field == "entry"), "")
    named = next((part.found for part in document.problems if part.field == "signature.entry"), "")
    return document.signed_by is None or bool(document.problems), named


@pytest.fixture(scope="module")
def flips() -> list[tuple[int, bool, str]]:
    """Places, whether each was noticed, and the entry named; places count from the first byte of the lines."""
    lines = build(20)
    blob = bytearray(signed(lines))
    begin = bytes(blob).index(lines)
    assert outcome(bytes(blob)) == (False, "")
    draw, found = random.Random(20260529), []
    for _ in range(PLACES):
        place, bit = draw.randrange(len(blob)), 1 << draw.randrange(8)
        blob[place] ^= bit
        found.append((place - begin, *outcome(bytes(blob))))
        blob[place] ^= bit
    return found


def test_each_is_noticed(flips):
    assert [place for place, noticed, _ in flips if not noticed] == []


def test_the_first_bad_entry_is_named(flips):
    lines = build(20)
    inside = [(place, named) for place, _, named in flips if 0 <= place < len(lines)]
    assert len(inside) > PLACES / 2
    for place, named in inside:
        entry = lines[:place].count(b"\n")
        if entry:
            # a flip that makes or takes away the end of a line spoils the entry on either side of it; whether the
            # last entry's link was changed or what it points to, nobody can tell
            either = {str(entry), str(entry + 1)} | ({str(entry - 1)} if entry == 21 else set())
            assert named in either, (place, named)


def test_every_byte_outside_the_lines_is_noticed():
    """The frame of the message, the certificate, the attributes, the signature: each byte, not a sample."""
    lines = build(1)
    blob = bytearray(signed(lines))
    begin = bytes(blob).index(lines)
    for place in [*range(begin), *range(begin + len(lines), len(blob))]:
        for bit in range(8) if place < begin else [place % 8]:
            blob[place] ^= 1 << bit
            assert outcome(bytes(blob))[0], (place, bit)
            blob[place] ^= 1 << bit
