"""DER written, BER read."""

import contextlib

import pytest
from asn1crypto import core as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.cms import der
from wire.cms.der import DerError


@given(st.integers(-(1 << 256), 1 << 256))
def test_integers_return_and_agree_with_another_writer(value: int) -> None:
    written = der.integer(value)
    assert written == oracle.Integer(value).dump()
    assert der.parse(written).integer() == value


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 24])
def test_lengths_are_the_shortest(size: int) -> None:
    data = bytes(size)
    assert der.octets(data) == oracle.OctetString(data).dump()
    assert der.parse(der.octets(data)).octets() == data


@given(st.lists(st.integers(0, 1 << 80), max_size=6), st.integers(0, 2), st.integers(0, 39))
def test_object_identifiers_agree_with_another_writer(rest: list[int], first: int, second: int) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))
    assert der.oid(dotted) == oracle.ObjectIdentifier(dotted).dump()


def indefinite(tag: int, *parts: bytes) -> bytes:
    return bytes((tag, 0x80)) + b"".join(parts) + b"\0\0"


def test_indefinite_lengths_are_read() -> None:
    pieces = [der.octets(b"ab"), indefinite(0x24, der.octets(b"c"), indefinite(0x24)), der.tlv(0x24, der.octets(b"d"))]
    node = der.parse(indefinite(0x30, der.integer(5), indefinite(0x24, *pieces), der.octets(b"\0\0")))
    number, text, zeros = node.children()
    assert (number.integer(), text.octets(), zeros.octets()) == (5, b"abcd", b"\0\0")
    assert der.parse(indefinite(0xA0, *pieces)).octets(0x80) == b"abcd"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x01",
        b"\x30\x80",
        b"\x30\x80\0",
        b"\x04\x80\0\0",
        b"\0\0",
        b"\x1f\x01\0",
        b"\x30\x87\0\0\0\0\0\0\0",
        b"\x30\xff",
        b"\x30\0\0",
        indefinite(0x30)[:-1] + b"\1",
    ],
)
def test_what_is_torn_is_refused(data: bytes) -> None:
    with pytest.raises(DerError):
        der.parse(data)


@pytest.mark.parametrize("body", [b"", b"\0\1", b"\xff\xff", b"\0" * 100])
def test_integers_have_one_spelling(body: bytes) -> None:
    with pytest.raises(DerError):
        der.parse(der.tlv(der.INTEGER, body)).integer()


def test_depth_is_bounded() -> None:
    deep = der.integer(1)
    for _ in range(der.MAX_DEPTH + 1):
        deep = der.sequence(deep)
    with pytest.raises(DerError):
        innermost(der.parse(deep))
    with pytest.raises(DerError):
        der.parse(b"\x30\x80" * 100_000)


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DerError):
        walk(der.parse(data))


def innermost(node: der.DerNode) -> der.DerNode:
    while node.tag == der.SEQUENCE:
        (node,) = node.children()
    return node


def walk(node: der.DerNode) -> None:
    for read in (node.integer, node.octets, node.children):
        try:
            found = read()
        except DerError:
            continue
        if isinstance(found, tuple):
            for child in found:
                walk(child)
