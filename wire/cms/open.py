"""Opening: CMS AuthEnvelopedData read as a stream, DER or BER.

GCM has one tag at the end: what has been written before it was seen is worthless until the call returns, and is wiped
when it does not.
"""

import contextlib
import io
from collections.abc import Sequence
from typing import BinaryIO

from cryptography import x509

from wire.cms import der, identifiers
from wire.cms.der import DerError, DerNode
from wire.cms.errors import CmsMalformedError, NoRecipientError
from wire.cms.provider import ContentDecryptor, CryptoProvider, Recipient
from wire.cms.recipients import KEY_BYTES, is_for
from wire.cms.standard import STANDARD
from wire.cms.stream import BerStream
from wire.durable import disk_errors, write_all
from wire.errors import PpeError

CHUNK = 1 << 18
MAX_HEAD = 1 << 18
MAX_FIELD = 1 << 12


def open_sealed(
    src: BinaryIO,
    dst: BinaryIO,
    *,
    recipients: Sequence[Recipient],
    provider: CryptoProvider = STANDARD,
) -> int:
    """Open sealed content with whichever of the keys fits.

    Args:
        src: The sealed form, to its end.
        dst: Where the content is written. It may be used only when the call returns; after a refusal it is cut back
            to where it stood (when it can seek).
        recipients: Certificates with their keys: the old and the new one of a rotation, a token.
        provider: The family of algorithms.

    Returns:
        Size of the content.

    Raises:
        NoRecipientError: Sealed for other keys.
        DamagedEnvelopeError: Altered or cut.
        CmsMalformedError: Not AuthEnvelopedData.
        UnsupportedAlgorithmError: Made with other algorithms, or with a shortened tag.
        KeyUnusableError: The token failed.
        DiskError: Reading or writing failed.
    """
    with disk_errors():
        start = dst.tell() if dst.seekable() else None
        try:
            return _open(BerStream(src), dst, recipients, provider)
        except BaseException as error:
            if start is not None:
                with contextlib.suppress(OSError):
                    dst.seek(start)
                    dst.truncate()
            if isinstance(error, DerError):
                raise CmsMalformedError(error.message.en) from error
            raise


def open_bytes(blob: bytes, *, recipients: Sequence[Recipient], provider: CryptoProvider = STANDARD) -> bytes:
    """Open a small sealed content in memory.

    Raises:
        PpeError: As `open_sealed`.
    """
    dst = io.BytesIO()
    open_sealed(io.BytesIO(blob), dst, recipients=recipients, provider=provider)
    return dst.getvalue()


def require_openable(
    blob: bytes, *, certificates: Sequence[x509.Certificate], provider: CryptoProvider = STANDARD
) -> None:
    """Judge a sealed content without any key: could the holder of one of these certificates open it at all?

    Raises:
        NoRecipientError: It is sealed for none of them.
        CmsMalformedError: Not AuthEnvelopedData.
        UnsupportedAlgorithmError: Sealed for one of them with algorithms that nothing here opens.
    """
    try:
        stream = BerStream(io.BytesIO(blob))
        _enter(stream)
        _require_recipient(stream.element(MAX_HEAD).expect(der.SET).children(), certificates)
        stream.enter(der.SEQUENCE)
        if not stream.element(MAX_FIELD).is_oid(identifiers.DATA):
            raise CmsMalformedError("the content is not plain data")
        provider.decryptor(bytes(KEY_BYTES), stream.element(MAX_FIELD))
    except DerError as error:
        raise CmsMalformedError(error.message.en) from error


def _require_recipient(infos: Sequence[DerNode], certificates: Sequence[x509.Certificate]) -> None:
    failure: PpeError = NoRecipientError()
    for certificate in certificates:
        for info in infos:
            try:
                if is_for(info, certificate):
                    return
            except PpeError as error:
                failure = error
    raise failure


def _open(stream: BerStream, dst: BinaryIO, recipients: Sequence[Recipient], provider: CryptoProvider) -> int:
    _enter(stream)
    infos = stream.element(MAX_HEAD).expect(der.SET).children()
    key = _content_key(infos, recipients, provider)
    stream.enter(der.SEQUENCE)
    if not stream.element(MAX_FIELD).is_oid(identifiers.DATA):
        raise CmsMalformedError("the content is not plain data")
    decryptor = provider.decryptor(key, stream.element(MAX_FIELD))
    stream.open_content(0x80)
    size = _copy(stream, decryptor, dst)
    stream.leave()
    if stream.peek() == 0xA1:
        # They are authenticated before the content but stand behind it: a stream cannot check them.
        raise CmsMalformedError("authenticated attributes are not used here")
    tag = stream.element(MAX_FIELD).octets()
    if stream.peek() == 0xA2:
        raise CmsMalformedError("unauthenticated attributes are not used here")
    for _ in range(3):
        stream.leave()
    stream.finish()
    decryptor.verify(tag)
    return size


def _enter(stream: BerStream) -> None:
    stream.enter(der.SEQUENCE)
    if not stream.element(MAX_FIELD).is_oid(identifiers.AUTH_ENVELOPED_DATA):
        raise CmsMalformedError("not AuthEnvelopedData")
    stream.enter(0xA0)
    stream.enter(der.SEQUENCE)
    if stream.element(MAX_FIELD).integer() != 0:
        raise CmsMalformedError("version")
    if stream.peek() == 0xA0:
        raise CmsMalformedError("originator information is not used here")


def _content_key(infos: Sequence[DerNode], recipients: Sequence[Recipient], provider: CryptoProvider) -> bytes:
    """Try every key on every RecipientInfo that names it; the last failure tells most."""
    failure: PpeError = NoRecipientError()
    for recipient in recipients:
        for info in infos:
            try:
                key = provider.unwrap(info, recipient)
            except PpeError as error:
                failure = error
                continue
            if key is not None:
                return key
    raise failure


def _copy(stream: BerStream, decryptor: ContentDecryptor, dst: BinaryIO) -> int:
    buffer, out = memoryview(bytearray(CHUNK)), memoryview(bytearray(CHUNK + 16))
    size = 0
    while got := stream.read_content(buffer):
        write_all(dst, out[: decryptor.update_into(buffer[:got], out)])
        size += got
    return size
