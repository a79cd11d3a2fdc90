"""The international family: SHA-256, AES-256-GCM, ECDSA P-256 and RSA, ECDH and OAEP."""

import hashlib
import os

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.ciphers import (
    AEADDecryptionContext,
    AEADEncryptionContext,
    Cipher,
    algorithms,
    modes,
)

from wire.cms import der, identifiers, recipients
from wire.cms.der import DerNode
from wire.cms.errors import DamagedEnvelopeError, KeyUnusableError, SignatureWrongError, UnsupportedAlgorithmError
from wire.cms.provider import Bytes, ContentDecryptor, ContentEncryptor, CryptoProvider, Recipient, Signer
from wire.errors import PpeError
from wire.messages import Message
from wire.pki.certificates import PublicKey, public_key_of

Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
NONCE_BYTES = 12
TAG_BYTES = 16
_NULL = b"\x05\x00"
_HASHES: dict[str, type[Digest]] = {
    identifiers.SHA256: hashes.SHA256,
    identifiers.SHA384: hashes.SHA384,
    identifiers.SHA512: hashes.SHA512,
}


def _with_or_without_null(dotted: str) -> tuple[bytes, bytes]:
    return der.sequence(der.oid(dotted)), der.sequence(der.oid(dotted), _NULL)


_DIGESTS = {spelling: dotted for dotted in _HASHES for spelling in _with_or_without_null(dotted)}
_ECDSA = {der.sequence(der.oid(dotted)): digest for dotted, digest in identifiers.ECDSA_WITH.items()}
_RSA = {
    spelling: digest for dotted, digest in identifiers.RSA_WITH.items() for spelling in _with_or_without_null(dotted)
}
_RSA_BARE = _with_or_without_null(identifiers.RSA_ENCRYPTION)


class _GcmEncryptor:
    def __init__(self, key: bytes) -> None:
        nonce = os.urandom(NONCE_BYTES)
        self.algorithm = der.sequence(
            der.oid(identifiers.AES256_GCM), der.sequence(der.octets(nonce), der.integer(TAG_BYTES))
        )
        self._context: AEADEncryptionContext = Cipher(algorithms.AES256(key), modes.GCM(nonce)).encryptor()

    def update_into(self, data: Bytes, out: bytearray | memoryview) -> int:
        return self._context.update_into(data, out)

    def tag(self) -> bytes:
        self._context.finalize()
        return self._context.tag


class _GcmDecryptor:
    def __init__(self, key: bytes, nonce: bytes) -> None:
        mode = modes.GCM(nonce, None, TAG_BYTES)
        self._context: AEADDecryptionContext = Cipher(algorithms.AES256(key), mode).decryptor()

    def update_into(self, data: Bytes, out: bytearray | memoryview) -> int:
        return self._context.update_into(data, out)

    def verify(self, tag: bytes) -> None:
        # A shortened tag is easier to guess: only the whole one is looked at.
        if len(tag) != TAG_BYTES:
            raise DamagedEnvelopeError("the authentication tag is shortened")
        try:
            self._context.finalize_with_tag(tag)
        except InvalidTag as error:
            raise DamagedEnvelopeError("the authentication tag does not hold") from error


class StandardProvider:
    """Implements `CryptoProvider`."""

    tag_length = TAG_BYTES
    digest_algorithm = der.sequence(der.oid(identifiers.SHA256))

    def content_key(self) -> bytes:
        """Return a new AES-256 key."""
        return os.urandom(recipients.KEY_BYTES)

    def encryptor(self, key: bytes) -> ContentEncryptor:
        """Begin to seal with AES-256-GCM under a new nonce."""
        return _GcmEncryptor(key)

    def decryptor(self, key: bytes, algorithm: DerNode) -> ContentDecryptor:
        """Begin to open AES-256-GCM.

        Raises:
            UnsupportedAlgorithmError: Another cipher, a nonce of another length, a tag shorter than 16 bytes.
        """
        name, parameters = algorithm.expect(der.SEQUENCE).fields(2)
        if not name.is_oid(identifiers.AES256_GCM):
            raise UnsupportedAlgorithmError("content encryption other than AES-256-GCM")
        # The tag's length has a default of 12 bytes: absent means short.
        fields = parameters.expect(der.SEQUENCE).fields(1, 2)
        nonce = fields[0].octets()
        if len(fields) != 2 or fields[1].integer() != TAG_BYTES or len(nonce) != NONCE_BYTES:
            raise UnsupportedAlgorithmError("AES-256-GCM with a shortened tag or an unusual nonce")
        return _GcmDecryptor(key, nonce)

    def wrap(self, certificate: x509.Certificate, key: bytes) -> bytes:
        """See `recipients.wrap_key`."""
        return recipients.wrap_key(certificate, key)

    def unwrap(self, info: DerNode, recipient: Recipient) -> bytes | None:
        """See `recipients.unwrap_key`."""
        return recipients.unwrap_key(info, recipient)

    def digest(self, algorithm: DerNode, data: bytes | memoryview) -> bytes:
        """Digest with SHA-256, SHA-384 or SHA-512.

        Raises:
            UnsupportedAlgorithmError: Another digest.
        """
        return hashlib.new(_HASHES[_digest_of(algorithm)].name, data).digest()

    def sign(self, signer: Signer, data: bytes) -> tuple[bytes, bytes]:
        """Sign with SHA-256.

        Raises:
            KeyUnusableError: The token failed, or its key is not the certificate's.
        """
        public = public_key_of(signer.certificate)
        elliptic = isinstance(public, ec.EllipticCurvePublicKey)
        try:
            if elliptic:
                signature = bytes(signer.key.sign(data, ec.ECDSA(hashes.SHA256())))
            else:
                signature = bytes(signer.key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
        except PpeError:
            raise
        except Exception as error:  # a token may raise anything of its driver's
            raise KeyUnusableError(
                Message("The key or token did not sign."), remedy=Message("Check the token and try again.")
            ) from error
        try:
            _check(public_key_of(signer.certificate), signature, data, hashes.SHA256())
        except InvalidSignature as error:
            raise KeyUnusableError(Message("The key is not of this certificate.")) from error
        dotted = identifiers.ECDSA_WITH_SHA256 if elliptic else identifiers.RSA_WITH_SHA256
        return (der.sequence(der.oid(dotted)) if elliptic else der.sequence(der.oid(dotted), _NULL)), signature

    def verify(
        self, certificate: x509.Certificate, *, digest: DerNode, algorithm: DerNode, signature: bytes, data: bytes
    ) -> None:
        """Check ECDSA or RSA PKCS#1 v1.5 with the digest that the signer named.

        Raises:
            SignatureWrongError: It does not hold.
            UnsupportedAlgorithmError: Another algorithm, or one that does not fit the digest.
        """
        public = public_key_of(certificate)
        named = _digest_of(digest)
        spellings = _ECDSA if isinstance(public, ec.EllipticCurvePublicKey) else _RSA
        fits = spellings.get(algorithm.raw) == named
        if not fits and not (spellings is _RSA and algorithm.raw in _RSA_BARE):
            raise UnsupportedAlgorithmError("signature other than ECDSA or RSA PKCS#1 v1.5 with the digest named")
        try:
            _check(public, signature, data, _HASHES[named]())
        except InvalidSignature as error:
            raise SignatureWrongError("not made by the certificate's key over these attributes") from error


def _digest_of(algorithm: DerNode) -> str:
    dotted = _DIGESTS.get(algorithm.raw)
    if dotted is None:
        raise UnsupportedAlgorithmError("digest other than SHA-2")
    return dotted


def _check(public: PublicKey, signature: bytes, data: bytes, digest: Digest) -> None:
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(signature, data, ec.ECDSA(digest))
    else:
        public.verify(signature, data, padding.PKCS1v15(), digest)


STANDARD: CryptoProvider = StandardProvider()
