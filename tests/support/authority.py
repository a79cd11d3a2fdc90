"""A small authority for the tests of keys, certificates and CMS: holders of EC and RSA keys, and token stand-ins."""

import datetime as dt
import functools
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Certificate

from wire import pki
from wire.cms import Recipient, Signer
from wire.pki import CertificateRole, Identity, PrivateKey, TrustStore

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@dataclass(frozen=True)
class Holder:
    """A certificate and its key."""

    certificate: Certificate
    key: PrivateKey

    @property
    def signer(self) -> Signer:
        return Signer(self.certificate, self.key)

    @property
    def recipient(self) -> Recipient:
        return Recipient(self.certificate, self.key)


class SigningToken:
    """What a PKCS#11 key can: sign, nothing else."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.calls = 0

    def sign(self, *args: Any, **options: Any) -> bytes:
        self.calls += 1
        return bytes(self._key.sign(*args))


class AgreementToken:
    def __init__(self, key: Any) -> None:
        self._key = key

    def exchange(self, *args: Any, **options: Any) -> bytes:
        return bytes(self._key.exchange(*args))


class TransportToken:
    def __init__(self, key: Any) -> None:
        self._key = key

    def decrypt(self, *args: Any, **options: Any) -> bytes:
        return bytes(self._key.decrypt(*args))


class Authority:
    """A regional authority that issues to anybody."""

    def __init__(self, region: str = "78", name: str | None = None, days: int = 3650) -> None:
        self.region = region
        self.key = pki.generate_key()
        self.certificate = pki.make_ca(self.key, region=region, name=name or f"УЦ региона {region}", days=days)

    def issue(
        self,
        role: CertificateRole = CertificateRole.HQ,
        *,
        key: PrivateKey | None = None,
        point: str = "0001",
        ident: str = "01",
        region: str | None = None,
        begin: dt.datetime = NOW - HOUR,
        end: dt.datetime = NOW + 30 * DAY,
    ) -> Holder:
        key = key or pki.generate_key()
        certificate = pki.issue(
            self.certificate,
            self.key,
            public_key=key.public_key(),
            identity=Identity(role, region or self.region, point, ident),
            common_name=f"{role.value} {ident}",
            not_before=begin,
            not_after=end,
        )
        return Holder(certificate, key)

    def crl(self, *revoked: tuple[int, dt.datetime], number: int = 1, at: dt.datetime = NOW, days: int = 30) -> bytes:
        return pki.make_crl(self.certificate, self.key, revoked=revoked, number=number, at=at, days=days)

    def trust(self, *crls: bytes, fresh_crl: bool = False) -> TrustStore:
        return TrustStore([self.certificate], crls, fresh_crl=fresh_crl)


@functools.cache
def rsa_key(number: int = 1, bits: int = 3072) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def authority() -> Authority:
    return Authority()


@functools.cache
def holder(kind: str, role: CertificateRole = CertificateRole.HQ, ident: str = "01") -> Holder:
    """Return a holder with a key of that kind ("ec" or "rsa"), made once."""
    return authority().issue(role, key=rsa_key() if kind == "rsa" else None, ident=ident)
