"""CMS: sealing for the holders of certificates, signing by them. Opens with `openssl cms`."""

from wire.cms.der import DerError
from wire.cms.errors import (
    CmsMalformedError,
    DamagedEnvelopeError,
    KeyUnusableError,
    NoRecipientError,
    NotSignedError,
    SignatureWrongError,
    UnsupportedAlgorithmError,
)
from wire.cms.open import open_bytes, open_sealed, require_openable
from wire.cms.provider import CryptoProvider, Recipient, Signer
from wire.cms.seal import Sealed, seal, seal_bytes, sealed_size
from wire.cms.sign import sign
from wire.cms.verify import (
    SignedBy,
    Span,
    Verified,
    unverified_content,
    unverified_in_place,
    verify,
    verify_in_place,
)
from wire.durable import SourceChangedError

__all__ = [
    "CmsMalformedError",
    "CryptoProvider",
    "DamagedEnvelopeError",
    "DerError",
    "KeyUnusableError",
    "NoRecipientError",
    "NotSignedError",
    "Recipient",
    "Sealed",
    "SignatureWrongError",
    "SignedBy",
    "Signer",
    "SourceChangedError",
    "Span",
    "UnsupportedAlgorithmError",
    "Verified",
    "open_bytes",
    "open_sealed",
    "require_openable",
    "seal",
    "seal_bytes",
    "sealed_size",
    "sign",
    "unverified_content",
    "unverified_in_place",
    "verify",
    "verify_in_place",
]
