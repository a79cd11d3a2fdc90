"""Canonical JSON, stamps, identifiers."""

import contextlib
import datetime as dt
import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import canonical
from wire.errors import MalformedDocumentError

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_written_is_read_and_written_alike(value: Any) -> None:
    written = canonical.dumps(value)
    assert canonical.loads(written) == value
    assert canonical.dumps(canonical.loads(written)) == written


def test_one_value_has_one_spelling() -> None:
    assert canonical.dumps({"я": [1, 2.5, None], "a": "é"}) == '{"a":"é","я":[1,2.5,null]}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical.dumps(float("nan"))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"{} {}",
        b'{"a":1,"a":1}',
        b'{"x":{"a":1,"a":2}}',
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"9" * 5000,
        b'"\\u0000"',
        b'{"\\u0000":1}',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b"\xff",
        '{"a":1}'.encode("utf-16"),
        b"[" * 66 + b"]" * 66,
        b"[" * 200_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_ambiguous_or_broken_is_refused(document: bytes) -> None:
    with pytest.raises(MalformedDocumentError, match="не читается"):
        canonical.loads(document)


def test_depth_and_size_have_limits() -> None:
    assert canonical.loads(b"[" * 65 + b"]" * 65)
    with pytest.raises(MalformedDocumentError):
        canonical.loads(b"[1,2,3]", limit=6)


@given(st.binary(max_size=60))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(MalformedDocumentError):
        assert canonical.loads(data) == json.loads(data)


@given(st.datetimes(timezones=st.timezones()))
def test_stamps_return(moment: dt.datetime) -> None:
    try:
        utc = moment.astimezone(dt.UTC)
    except OverflowError:
        return
    text = canonical.stamp(moment)
    assert len(text) == 27
    assert canonical.parse_stamp(text) == utc
    assert canonical.parse_stamp(text).tzinfo is dt.UTC


def test_a_stamp_has_one_spelling() -> None:
    moment = dt.datetime(2026, 5, 29, 13, tzinfo=dt.timezone(dt.timedelta(hours=3)))
    assert canonical.stamp(moment) == "2026-05-29T10:00:00.000000Z"
    with pytest.raises(ValueError, match="naive"):
        canonical.stamp(dt.datetime(2026, 5, 29))  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-05-29T10:00:00Z",
        "2026-05-29T10:00:00.000000+00:00",
        "2026-05-29 10:00:00.000000Z",
        "2026-02-30T10:00:00.000000Z",
        "2026-05-29T24:00:00.000000Z",
        "2026-05-29T10:00:60.000000Z",
        "٢٠٢٦-05-29T10:00:00.000000Z",
        "2026-05-29T10:00:00.000000Z\n",
        5,
        None,
    ],
)
def test_another_spelling_is_refused(text: Any) -> None:
    with pytest.raises(MalformedDocumentError):
        canonical.parse_stamp(text)


def test_identifiers_are_version_seven_and_in_order() -> None:
    found = [canonical.uuid7() for _ in range(50)]
    for text in found:
        one = uuid.UUID(text)
        assert (one.version, one.variant) == (7, uuid.RFC_4122)
        assert abs((one.int >> 80) / 1000 - dt.datetime.now(dt.UTC).timestamp()) < 60
    assert len(set(found)) == 50
    assert [text[:13] for text in found] == sorted(text[:13] for text in found)
