"""How CMS names a certificate: issuer and serial number, or subject key identifier."""

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from wire.cms import der
from wire.cms.der import DerNode


@lru_cache(maxsize=256)
def issuer_and_serial(certificate: x509.Certificate) -> bytes:
    """Return IssuerAndSerialNumber, DER."""
    # From the bytes: the library's names, written again, need not be spelled as they were read.
    fields = der.parse(certificate.tbs_certificate_bytes).children()
    first = 1 if fields[0].tag == 0xA0 else 0
    return der.sequence(fields[first + 2].raw, fields[first].raw)


@lru_cache(maxsize=256)
def certificate_digest(certificate: x509.Certificate) -> bytes:
    """Return SHA-256 of the certificate."""
    return certificate.fingerprint(hashes.SHA256())


@lru_cache(maxsize=256)
def subject_key_identifier(certificate: x509.Certificate) -> bytes | None:
    """Return the certificate's subject key identifier, None when it has none."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def is_named(name: DerNode, certificate: x509.Certificate, *, key_identifier_tag: int) -> bool:
    """Tell whether an identifier names that certificate.

    Args:
        name: IssuerAndSerialNumber, or a subject key identifier under the tag.
        certificate: The certificate.
        key_identifier_tag: 0x80 where the identifier stands bare, 0xA0 where it stands in a RecipientKeyIdentifier.
    """
    if name.tag == der.SEQUENCE:
        return name.raw == issuer_and_serial(certificate)
    if name.tag != key_identifier_tag:
        return False
    if key_identifier_tag & der.CONSTRUCTED:
        # A date or other attributes may follow; the identifier comes first.
        inside = name.fields(1, 3)
        found = inside[0].octets()
    else:
        found = name.body
    return bool(found) and found == subject_key_identifier(certificate)
