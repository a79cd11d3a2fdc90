"""What stands between the formats and the algorithms, so that another family (GOST) can stand in.

The formats know SEQUENCEs and who signs what for whom; a provider knows keys, digests and ciphers. It writes and reads
the algorithm identifiers itself, because only it knows what may stand in them.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from cryptography import x509

from wire.cms.der import DerNode

Bytes = bytes | bytearray | memoryview


class SigningKey(Protocol):
    """A private key, or a token that holds one: only `sign` is called."""

    def sign(self, *args: Any, **kwargs: Any) -> bytes:
        """Sign as the library's keys do: `sign(data, ec.ECDSA(SHA256()))`."""
        ...


class AgreementKey(Protocol):
    """An EC private key, or a token that holds one: only `exchange` is called."""

    def exchange(self, *args: Any, **kwargs: Any) -> bytes:
        """Agree as the library's keys do: `exchange(ec.ECDH(), peer)`."""
        ...


class TransportKey(Protocol):
    """An RSA private key, or a token that holds one: only `decrypt` is called."""

    def decrypt(self, *args: Any, **kwargs: Any) -> bytes:
        """Decrypt as the library's keys do: `decrypt(ciphertext, OAEP)`."""
        ...


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a certificate and its key or token."""

    certificate: x509.Certificate
    key: SigningKey


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who opens: a certificate and its key or token."""

    certificate: x509.Certificate
    key: AgreementKey | TransportKey


class ContentCipher(Protocol):
    """One run over the content of one message."""

    def update_into(self, data: Bytes, out: bytearray | memoryview) -> int:
        """Take a piece of content, write what comes out, return how much."""
        ...


class ContentEncryptor(ContentCipher, Protocol):
    """A run that seals; keeps the length of the content."""

    algorithm: bytes

    def tag(self) -> bytes:
        """End the run and return the authentication tag."""
        ...


class ContentDecryptor(ContentCipher, Protocol):
    """A run that opens."""

    def verify(self, tag: bytes) -> None:
        """End the run; raises `DamagedEnvelopeError` when the tag does not hold."""
        ...


class CryptoProvider(Protocol):
    """A family of algorithms."""

    tag_length: int
    digest_algorithm: bytes

    def encryptor(self, key: bytes) -> ContentEncryptor:
        """Begin to seal content."""
        ...

    def decryptor(self, key: bytes, algorithm: DerNode) -> ContentDecryptor:
        """Begin to open content."""
        ...

    def content_key(self) -> bytes:
        """Return a new content key."""
        ...

    def wrap(self, certificate: x509.Certificate, key: bytes) -> bytes:
        """Return the RecipientInfo, DER, that gives the content key to the certificate's holder."""
        ...

    def unwrap(self, info: DerNode, recipient: Recipient) -> bytes | None:
        """Return the content key; None when the RecipientInfo is for somebody else."""
        ...

    def digest(self, algorithm: DerNode, data: bytes | memoryview) -> bytes:
        """Digest by an algorithm identifier that was read."""
        ...

    def sign(self, signer: Signer, data: bytes) -> tuple[bytes, bytes]:
        """Return the signature's algorithm identifier, DER, and the signature."""
        ...

    def verify(
        self, certificate: x509.Certificate, *, digest: DerNode, algorithm: DerNode, signature: bytes, data: bytes
    ) -> None:
        """Raise `SignatureWrongError` unless the signature holds."""
        ...
