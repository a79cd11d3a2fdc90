"""Sealing and opening, with `openssl cms` as the other side."""

import errno
import hashlib
import io
import itertools
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.authority import AgreementToken, Authority, TransportToken, authority, holder
from tests.wire.openssl import Workbench
from wire import cms
from wire.cms import Recipient, der
from wire.cms.seal import CHUNK
from wire.durable import DiskFullError, SourceChangedError
from wire.errors import PpeError
from wire.pki import CertificateRole

KINDS = ("ec", "rsa")
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1)


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def content_of(size: int) -> bytes:
    return os.urandom(size)


def both() -> list[cms.Recipient]:
    return [holder(kind).recipient for kind in KINDS]


@pytest.mark.parametrize("size", SIZES)
def test_openssl_opens_what_we_seal_for_two_recipients(bench: Workbench, size: int) -> None:
    content = content_of(size)
    certificates = [holder(kind).certificate for kind in KINDS]
    sealed = cms.seal_bytes(content, recipients=certificates)
    for kind in KINDS:
        run = bench.decrypt(sealed, holder(kind))
        assert run.returncode == 0, run.stderr
        assert run.stdout == content
        assert cms.open_bytes(sealed, recipients=[holder(kind).recipient]) == content
    assert len(sealed) == cms.sealed_size(size, certificates)


@pytest.mark.parametrize("stream", [(), ("-stream",), ("-keyid",), ("-stream", "-keyid")])
@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_openssl_seals_in_der_and_in_ber(bench: Workbench, size: int, stream: tuple[str, ...]) -> None:
    if not size and "-stream" in stream:
        return  # openssl itself cannot: "Error writing CMS output"
    content = content_of(size)
    sealed = bench.encrypt(content, *((kind, holder(kind)) for kind in KINDS), options=stream)
    for kind in KINDS:
        assert cms.open_bytes(sealed, recipients=[holder(kind).recipient]) == content


def test_it_writes_what_another_parser_reads_as_der() -> None:
    sealed = cms.seal_bytes(b"content", recipients=[holder(kind).certificate for kind in KINDS])
    info = oracle.ContentInfo.load(sealed, strict=True)
    assert info["content_type"].native == "authenticated_enveloped_data"
    assert len(info["content"]["recipient_infos"]) == 2
    assert info.dump(force=True) == sealed


def test_it_reports_hash_and_size_of_what_it_wrote() -> None:
    dst = io.BytesIO()
    done: list[int] = []
    content = content_of(CHUNK * 3 + 5)
    sealed = cms.seal(
        io.BytesIO(content), dst, size=len(content), recipients=[holder("ec").certificate], progress=done.append
    )
    assert sealed.size == len(dst.getvalue())
    assert sealed.sha256 == hashlib.sha256(dst.getvalue()).hexdigest()
    assert done[-1] == len(content)
    assert done == sorted(done)


def test_tokens_only_agree_or_decrypt() -> None:
    sealed = cms.seal_bytes(b"content", recipients=[holder(kind).certificate for kind in KINDS])
    tokens: dict[str, AgreementToken | TransportToken] = {
        "ec": AgreementToken(holder("ec").key),
        "rsa": TransportToken(holder("rsa").key),
    }
    for kind, token in tokens.items():
        assert cms.open_bytes(sealed, recipients=[Recipient(holder(kind).certificate, token)]) == b"content"


def test_a_token_that_fails_is_a_refusal() -> None:
    class BrokenExchange:
        def exchange(self, *args: object, **options: object) -> bytes:
            raise RuntimeError("CKR_DEVICE_REMOVED")

    sealed = cms.seal_bytes(b"content", recipients=[holder("ec").certificate])
    with pytest.raises(cms.KeyUnusableError):
        cms.open_bytes(sealed, recipients=[Recipient(holder("ec").certificate, BrokenExchange())])


def test_the_old_and_the_new_certificate_of_one_holder_open_alike() -> None:
    old, new = authority().issue(ident="77"), authority().issue(ident="77")
    for recipients in ([old], [new], [old, new]):
        sealed = cms.seal_bytes(b"content", recipients=[one.certificate for one in recipients])
        assert cms.open_bytes(sealed, recipients=[old.recipient, new.recipient]) == b"content"


@pytest.mark.parametrize("kind", KINDS)
def test_it_refuses_another_key(kind: str) -> None:
    sealed = cms.seal_bytes(b"content", recipients=[holder(kind).certificate])
    stranger = Authority().issue(key=holder("rsa").key if kind == "rsa" else None)
    with pytest.raises(cms.NoRecipientError):
        cms.open_bytes(sealed, recipients=[stranger.recipient])
    with pytest.raises(cms.NoRecipientError):
        cms.open_bytes(sealed, recipients=[])


def test_it_refuses_a_key_that_is_not_the_certificates() -> None:
    sealed = cms.seal_bytes(b"content", recipients=[holder("ec").certificate])
    wrong = Recipient(holder("ec").certificate, authority().issue().key)
    with pytest.raises(cms.DamagedEnvelopeError):
        cms.open_bytes(sealed, recipients=[wrong])


def test_it_refuses_to_seal_for_nobody_and_for_a_signing_certificate() -> None:
    with pytest.raises(cms.KeyUnusableError):
        cms.seal_bytes(b"content", recipients=[])
    with pytest.raises(cms.KeyUnusableError):
        cms.seal_bytes(b"content", recipients=[authority().certificate])


def test_an_access_certificate_can_be_sealed_for() -> None:
    access = holder("ec", CertificateRole.ACCESS, "290526-01-v1")
    sealed = cms.seal_bytes(b"content", recipients=[access.certificate])
    assert cms.open_bytes(sealed, recipients=[access.recipient]) == b"content"


@pytest.mark.parametrize("found", [4, 6])
def test_it_refuses_a_content_of_another_size(found: int) -> None:
    with pytest.raises(SourceChangedError):
        cms.seal(io.BytesIO(b"x" * found), io.BytesIO(), size=5, recipients=[holder("ec").certificate])


def test_a_content_without_end_is_refused_at_its_announced_size() -> None:
    endless, dst = Zeros(1 << 60), Counter()
    with pytest.raises(SourceChangedError):
        cms.seal(endless, dst, size=5, recipients=[holder("ec").certificate])  # type: ignore[arg-type]


def test_a_full_disk_is_a_refusal() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFullError, match="не осталось места"):
        cms.seal(io.BytesIO(b"12345"), Full(), size=5, recipients=[holder("ec").certificate])
    sealed = cms.seal_bytes(b"12345", recipients=[holder("ec").certificate])
    with pytest.raises(DiskFullError):
        cms.open_sealed(io.BytesIO(sealed), Full(), recipients=[holder("ec").recipient])


def test_a_file_that_takes_a_part_of_each_piece_gets_the_whole() -> None:
    class Short(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(memoryview(data)[:1000])

    content = content_of(CHUNK * 5 + 17)
    dst, out = Short(), Short()
    sealed = cms.seal(io.BytesIO(content), dst, size=len(content), recipients=[holder("ec").certificate])
    assert sealed.sha256 == hashlib.sha256(dst.getvalue()).hexdigest()
    cms.open_sealed(io.BytesIO(dst.getvalue()), out, recipients=[holder("ec").recipient])
    assert out.getvalue() == content


class Zeros(io.RawIOBase):
    """So many zero bytes, none of them in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        count = min(len(view), self.left)
        view[:count] = bytes(count)
        self.left -= count
        return count


class Counter(io.RawIOBase):
    size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        count = len(memoryview(data))  # type: ignore[arg-type]
        self.size += count
        return count


def test_memory_does_not_grow_with_size(tmp_path: Path) -> None:
    size = 48 * 1024 * 1024
    path = tmp_path / "sealed"
    tracemalloc.start()
    try:
        with path.open("wb") as dst:
            cms.seal(Zeros(size), dst, size=size, recipients=[holder("ec").certificate])  # type: ignore[arg-type]
        with path.open("rb") as src:
            out = Counter()
            assert cms.open_sealed(src, out, recipients=[holder("ec").recipient]) == size  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert out.size == size
    assert peak < 4 * 1024 * 1024


def refuses(blob: bytes, kind: str) -> None:
    """Assert a refusal, and that not one byte of plaintext is left."""
    dst = io.BytesIO(b"before")
    dst.seek(0, io.SEEK_END)
    with pytest.raises(PpeError):
        cms.open_sealed(io.BytesIO(blob), dst, recipients=[holder(kind).recipient])
    assert dst.getvalue() == b"before"


@pytest.mark.parametrize("kind", KINDS)
def test_it_refuses_every_flipped_byte(kind: str) -> None:
    content = b"twelve bytes"
    sealed = cms.seal_bytes(content, recipients=[holder(kind).certificate])
    # RSA decryption is slow: fewer bits of each byte there.
    bits = range(8) if kind == "ec" else (0, 6)
    for position, bit in itertools.product(range(len(sealed)), bits):
        damaged = bytearray(sealed)
        damaged[position] ^= 1 << bit
        refuses(bytes(damaged), kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [(), ("-stream",)])
def test_it_refuses_every_truncation_and_what_follows(bench: Workbench, kind: str, options: tuple[str, ...]) -> None:
    sealed = bench.encrypt(b"content " * 20, (kind, holder(kind)), options=options)
    assert cms.open_bytes(sealed, recipients=[holder(kind).recipient])
    for length in range(len(sealed)):
        refuses(sealed[:length], kind)
    refuses(sealed + b"\0", kind)


def rebuild(sealed: bytes, *, tag: bytes | None = None, tag_length: int = 16, after: bytes = b"") -> bytes:
    """Return a sealed message with another tag, another tag length in the parameters, something behind the tag."""
    kind, explicit = der.parse(sealed).children()
    version, infos, content, mac = explicit.children()[0].children()
    data, algorithm, octets = content.children()
    name, parameters = algorithm.children()
    nonce = parameters.children()[0]
    changed = der.sequence(name.raw, der.sequence(nonce.raw, der.integer(tag_length)))
    body = der.sequence(
        version.raw,
        infos.raw,
        der.sequence(data.raw, changed, octets.raw),
        der.octets(mac.body if tag is None else tag),
        after,
    )
    return der.sequence(kind.raw, der.tlv(0xA0, body))


def test_it_refuses_a_shortened_tag_and_attributes() -> None:
    sealed = cms.seal_bytes(b"content", recipients=[holder("ec").certificate])
    assert rebuild(sealed) == sealed
    tag = sealed[-16:]
    for length in range(16):
        refuses(rebuild(sealed, tag=tag[:length]), "ec")
        refuses(rebuild(sealed, tag=tag[:length], tag_length=length), "ec")
        refuses(rebuild(sealed, tag_length=length), "ec")
    attribute = der.sequence(der.oid("1.2.3"), der.set_of(der.integer(1)))
    refuses(rebuild(sealed, after=der.tlv(0xA2, attribute)), "ec")


def test_it_refuses_content_hidden_in_endless_nesting() -> None:
    refuses(b"\x30\x80" * 5000, "ec")
    sealed = cms.seal_bytes(b"", recipients=[holder("ec").certificate])
    kind, explicit = der.parse(sealed).children()
    version, infos, content, _mac = explicit.children()[0].children()
    data, algorithm, _octets = content.children()
    deep = b"\xa0\x80" + b"\x24\x80" * 5000
    refuses(
        b"\x30\x80"
        + kind.raw
        + b"\xa0\x80\x30\x80"
        + version.raw
        + infos.raw
        + b"\x30\x80"
        + data.raw
        + algorithm.raw
        + deep,
        "ec",
    )


def test_it_refuses_openssl_defaults_that_are_not_of_this_system(bench: Workbench) -> None:
    for kind in KINDS:
        for options in (("-aes-128-gcm",), ("-aes-256-cbc",)):
            refuses(bench.encrypt(b"content", (kind, holder(kind)), options=options), kind)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused(blob: bytes) -> None:
    refuses(blob, "ec")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_of_any_kind_is_refused(data: st.DataObject) -> None:
    sealed = bytearray(sealed_once())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, 9999)) % len(sealed)  # lengths of signatures vary
        end = start + data.draw(st.integers(0, 40))
        sealed[start:end] = data.draw(st.binary(max_size=40))
    if bytes(sealed) != sealed_once():
        refuses(bytes(sealed), "ec")


def sealed_once(cache: list[bytes] = []) -> bytes:  # noqa: B006 - made once for all examples
    if not cache:
        cache.append(cms.seal_bytes(b"content " * 10, recipients=[holder("ec").certificate]))
    return cache[0]
