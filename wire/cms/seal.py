"""Sealing: CMS AuthEnvelopedData (RFC 5083, 5084) written as a stream, definite-length DER.

GCM keeps the length of the content, so every length is known before the first byte is written, and memory does not
grow with size.
"""

import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from cryptography import x509

from wire.cms import der, identifiers
from wire.cms.errors import KeyUnusableError
from wire.cms.hashing import SLOTS, ParallelDigest
from wire.cms.provider import ContentEncryptor, CryptoProvider
from wire.cms.standard import STANDARD
from wire.durable import SourceChangedError, disk_errors, write_all
from wire.messages import Message

CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing wrote: SHA-256 of it in hex, and its size."""

    sha256: str
    size: int


def seal(
    src: BinaryIO,
    dst: BinaryIO,
    *,
    size: int,
    recipients: Sequence[x509.Certificate],
    progress: Callable[[int], None] | None = None,
    provider: CryptoProvider = STANDARD,
) -> Sealed:
    """Seal content for the holders of certificates.

    Args:
        src: The content; exactly `size` bytes are expected.
        dst: Where the sealed form is written. After a refusal it holds a useless beginning.
        size: Size of the content.
        recipients: Whose keys will open it; whether they can be trusted is the caller's to know.
        progress: Called with the number of bytes done after each piece.
        provider: The family of algorithms.

    Raises:
        SourceChangedError: The content has another size.
        KeyUnusableError: No recipients, or a certificate that is not for encryption.
        DiskError: Reading or writing failed.
    """
    head, encryptor = _begin(size, recipients, provider)
    with disk_errors(), ParallelDigest() as digest:

        def write(data: bytes | memoryview) -> None:
            digest.update(data)
            write_all(dst, data)

        write(head)
        done = 0
        buffer = memoryview(bytearray(CHUNK))
        # A piece is still being hashed while the next ones are sealed: each has a place of its own.
        places = itertools.cycle([memoryview(bytearray(CHUNK + 16)) for _ in range(SLOTS)])
        while got := src.readinto(buffer):  # type: ignore[attr-defined]
            done += got
            if done > size:
                raise SourceChangedError
            out = next(places)
            write(out[: encryptor.update_into(buffer[:got], out)])
            if progress is not None:
                progress(done)
        if done != size:
            raise SourceChangedError
        write(der.octets(encryptor.tag()))
        return Sealed(digest.hexdigest(), len(head) + size + 2 + provider.tag_length)


def seal_bytes(data: bytes, *, recipients: Sequence[x509.Certificate], provider: CryptoProvider = STANDARD) -> bytes:
    """Seal a small content in memory.

    Raises:
        KeyUnusableError: No recipients, or a certificate that is not for encryption.
    """
    dst = io.BytesIO()
    seal(io.BytesIO(data), dst, size=len(data), recipients=recipients, provider=provider)
    return dst.getvalue()


def sealed_size(size: int, recipients: Sequence[x509.Certificate], *, provider: CryptoProvider = STANDARD) -> int:
    """Return how many bytes sealing will write."""
    head, _ = _begin(size, recipients, provider)
    return len(head) + size + 2 + provider.tag_length


def _begin(
    size: int, recipients: Sequence[x509.Certificate], provider: CryptoProvider
) -> tuple[bytes, ContentEncryptor]:
    """Return everything that stands before the content, and the run that seals it."""
    if not recipients:
        raise KeyUnusableError(Message("No recipient is chosen."))
    key = provider.content_key()
    encryptor = provider.encryptor(key)
    infos = der.set_of(*(provider.wrap(certificate, key) for certificate in recipients))
    content = der.oid(identifiers.DATA) + encryptor.algorithm + der.header(0x80, size)
    body = der.integer(0) + infos + der.header(der.SEQUENCE, len(content) + size) + content
    length = len(body) + size + 2 + provider.tag_length
    enveloped = der.header(der.SEQUENCE, length)
    explicit = der.header(0xA0, len(enveloped) + length)
    kind = der.oid(identifiers.AUTH_ENVELOPED_DATA)
    outer = der.header(der.SEQUENCE, len(kind) + len(explicit) + len(enveloped) + length)
    return outer + kind + explicit + enveloped + body, encryptor
