"""CMS: sealing for the holders of certificates, signing by them. Opens with `openssl cms`."""

from wire.cms.der import DerRefusal
from wire.cms.errors import (
    CmsMalformed,
    Damaged,
    KeyRefusal,
    NoRecipient,
    NotSigned,
    SignatureWrong,
    UnsupportedAlgorithm,
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
from wire.durable import SourceChanged

__all__ = [
    "CmsMalformed",
    "CryptoProvider",
    "Damaged",
    "DerRefusal",
    "KeyRefusal",
    "NoRecipient",
    "NotSigned",
    "Recipient",
    "Sealed",
    "SignatureWrong",
    "SignedBy",
    "Signer",
    "SourceChanged",
    "Span",
    "UnsupportedAlgorithm",
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
