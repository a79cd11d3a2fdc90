"""Who a certificate speaks for: a URN in its subject alternative name, and the profile's object identifiers."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from cryptography import x509

from wire.errors import PpeError
from wire.messages import Message

# Our arc grows from a UUID (ITU-T X.667): nobody has to grant it, nobody else can hold it.
PROFILE_ARC = "2.25.224857081366081512730015019916963197124.1"
REGION_POINT = "0000"


class CertificateError(PpeError):
    """A certificate, request or key file is not one of this system."""

    code = "certificate_malformed"


class CertificateRole(StrEnum):
    """What the holder of a certificate is."""

    CA = "ca"
    RCOI = "rcoi"
    HQ = "hq"
    GEK = "gek"
    PRINT = "print"
    VOICE = "voice"
    SCAN = "scan"
    ACCESS = "access"

    @property
    def oid(self) -> x509.ObjectIdentifier:
        """The object identifier that stands in the extended key usage of this role's certificates."""
        return x509.ObjectIdentifier(f"{PROFILE_ARC}.{_ROLE_ARCS[self]}")

    @property
    def signs(self) -> bool:
        """Whether the role signs documents (an access key only opens)."""
        return self is not CertificateRole.ACCESS


_ROLE_ARCS = {role: number for number, role in enumerate(CertificateRole, start=1)}

_TITLES = {
    CertificateRole.CA: Message("Certificate authority"),
    CertificateRole.RCOI: Message("Regional centre"),
    CertificateRole.HQ: Message("HQ"),
    CertificateRole.GEK: Message("Member of the GEK"),
    CertificateRole.PRINT: Message("Print station"),
    CertificateRole.VOICE: Message("Voice station"),
    CertificateRole.SCAN: Message("Scanning station"),
    CertificateRole.ACCESS: Message("EM access key"),
}

_REGION = re.compile(r"[0-9]{2}", re.ASCII)
_POINT = re.compile(r"[0-9]{4}", re.ASCII)
_IDENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identity:
    """The holder of a certificate.

    Attributes:
        role: What the holder is.
        region: Two digits.
        point: Four digits; "0000" for the region itself.
        ident: Station number, person uid, node uid, or the access key's sitting and version.
    """

    role: CertificateRole
    region: str
    point: str
    ident: str

    def __post_init__(self) -> None:
        for name, pattern in (("region", _REGION), ("point", _POINT), ("ident", _IDENT)):
            value = getattr(self, name)
            if not isinstance(value, str) or pattern.fullmatch(value) is None:
                raise CertificateError(
                    Message(
                        "Wrong identity of a certificate's holder: {name} «{value}».", name=name, value=f"{value!s:.80}"
                    ),
                )

    @property
    def urn(self) -> str:
        """The identity as it stands in the certificate: `urn:ppe:print:78:0001:0001`."""
        return f"urn:ppe:{self.role.value}:{self.region}:{self.point}:{self.ident}"

    @property
    def unit(self) -> str:
        """What the holder is, in words for the OU of the subject."""
        title = _TITLES[self.role]
        if self.point == REGION_POINT:
            return Message("{title}, region {region}", title=title, region=self.region).ru
        return Message("{title}, point {point}, region {region}", title=title, point=self.point, region=self.region).ru

    @classmethod
    def parse(cls, urn: str) -> Self:
        """Read an identity from its URN.

        Raises:
            CertificateError: It is not a URN of this system.
        """
        pieces = urn.split(":")
        if len(pieces) != 6 or pieces[:2] != ["urn", "ppe"] or pieces[2] not in set(CertificateRole):
            raise CertificateError(
                Message("This is not the identity of a PPE certificate: «{urn}».", urn=urn[:120]),
            )
        return cls(CertificateRole(pieces[2]), pieces[3], pieces[4], pieces[5])
