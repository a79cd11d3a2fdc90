"""Path validation: does this certificate speak for whom it says, at that moment, in that role?

The path itself is the library's work (`cryptography.x509.verification`). It knows neither revocation nor our roles,
and says everything in one sentence; what it leaves open is judged here, each outcome with a code of its own.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID

from wire.errors import PpeError
from wire.messages import Message
from wire.pki.certificates import PARSE_ERRORS, identity_of, public_key_of
from wire.pki.identity import CertificateRole, Identity

MAX_INTERMEDIATES = 16


class CertificatePathError(PpeError):
    """A certificate is not to be relied upon."""

    code = "certificate_refused"
    http_status = 403


class CertificateExpiredError(CertificatePathError):
    """The certificate, or its authority's, was no longer valid at that moment."""

    code = "certificate_expired"


class CertificateNotYetValidError(CertificatePathError):
    """The certificate, or its authority's, was not valid yet at that moment."""

    code = "certificate_not_yet_valid"


class ForeignCertificateError(CertificatePathError):
    """The certificate was not issued by a trusted authority."""

    code = "certificate_foreign"


class CertificateRevokedError(CertificatePathError):
    """The certificate had been revoked at that moment."""

    code = "certificate_revoked"


class WrongRoleError(CertificatePathError):
    """The holder may not do this."""

    code = "certificate_wrong_role"


class UnsuitableCertificateError(CertificatePathError):
    """The certificate is not built by the profile: key usage, identity, key."""

    code = "certificate_unsuitable"


class CrlError(PpeError):
    """A revocation list cannot be read, is foreign, or too old."""

    code = "crl_refused"


@dataclass(frozen=True, slots=True)
class _RevocationList:
    issuer: x509.Name
    number: int
    next_update: datetime | None
    revoked: dict[int, datetime]


class TrustStore:
    """The authorities that are trusted, and what they have revoked.

    Args:
        roots: Certificates of the authorities.
        crls: Their revocation lists, DER; of several lists of one authority the one with the greatest number counts.
        fresh_crl: Demand that the authority's list has not passed its next update at the moment judged.
            Off by default: a point without network must not stop because a list grew old.

    Raises:
        CrlError: A list cannot be read or was not signed by one of the roots.
    """

    def __init__(
        self, roots: Sequence[x509.Certificate], crls: Sequence[bytes] = (), *, fresh_crl: bool = False
    ) -> None:
        self.roots = tuple(roots)
        self.fresh_crl = fresh_crl
        self._lists: list[_RevocationList] = []
        for data in crls:
            self._keep(_read_crl(data, self.roots))

    def check(
        self,
        cert: x509.Certificate,
        intermediates: Iterable[x509.Certificate] = (),
        *,
        at: datetime,
        roles: Collection[CertificateRole] | None = None,
        signing: bool = False,
    ) -> Identity:
        """Hold a certificate against the trusted authorities at a moment.

        Args:
            cert: The certificate.
            intermediates: Other certificates that came with it.
            at: The moment to be judged; aware.
            roles: The roles that are acceptable here; None accepts every role but the authority's.
            signing: Demand that the certificate is for signatures.

        Returns:
            Whom the certificate speaks for.

        Raises:
            CertificatePathError: Expired, NotYetValid, Foreign, Revoked, Unsuitable or WrongRole.
            CertificateError: The certificate names nobody of this system or has an unsuitable key.
        """
        moment = at.astimezone(UTC)
        public_key_of(cert)
        chain = self._path(cert, list(intermediates)[:MAX_INTERMEDIATES], moment)
        self._check_revocation(chain, moment)
        identity = identity_of(cert)
        _check_profile(cert, identity)
        _check_region(chain[-1], identity)
        if signing and not identity.role.signs:
            raise _unsuitable(cert)
        if roles is not None and identity.role not in roles:
            raise WrongRoleError(
                Message(
                    "The certificate was issued for another purpose: {unit} ({urn}).",
                    unit=identity.unit,
                    urn=identity.urn,
                ),
            )
        return identity

    def _path(self, cert: x509.Certificate, others: list[x509.Certificate], at: datetime) -> list[x509.Certificate]:
        try:
            return self._build(cert, others, at)
        except verification.VerificationError as error:
            raise self._explain(cert, others, at) from error
        except PARSE_ERRORS as error:
            raise UnsuitableCertificateError(Message("The certificate cannot be read.")) from error

    def _build(self, cert: x509.Certificate, others: list[x509.Certificate], at: datetime) -> list[x509.Certificate]:
        if not self.roots:
            raise _foreign(cert)
        policy = (
            verification.PolicyBuilder()
            .store(verification.Store(list(self.roots)))
            .time(at)
            .max_chain_depth(2)
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                # Which extensions a holder's certificate must carry is our profile, judged below.
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
        )
        return list(policy.build_client_verifier().verify(cert, others).chain)

    def _explain(self, cert: x509.Certificate, others: list[x509.Certificate], at: datetime) -> CertificatePathError:
        """Tell a certificate out of its time from one of a stranger: would it hold at another moment?"""
        starts = [cert.not_valid_before_utc, *(root.not_valid_before_utc for root in self.roots)]
        ends = [cert.not_valid_after_utc, *(root.not_valid_after_utc for root in self.roots)]
        for moment in sorted({*starts, *ends}, key=lambda other: abs(other - at)):
            if not cert.not_valid_before_utc <= moment <= cert.not_valid_after_utc:
                continue
            try:
                self._build(cert, others, moment)
            except (verification.VerificationError, CertificatePathError, *PARSE_ERRORS):
                continue
            return _untimely(cert, early=at < moment)
        return _foreign(cert)

    def _check_revocation(self, chain: Sequence[x509.Certificate], at: datetime) -> None:
        for cert in chain[:-1]:
            known = self._list_of(cert.issuer)
            if known is None:
                continue
            if self.fresh_crl and known.next_update is not None and known.next_update < at:
                raise CrlError(Message("The revocation list is out of date."))
            moment = known.revoked.get(cert.serial_number)
            if moment is not None and moment <= at:
                raise CertificateRevokedError(
                    Message(
                        "The certificate was revoked at {moment} UTC: {who}.",
                        moment=f"{moment:%Y-%m-%d %H:%M}",
                        who=_who(cert),
                        moment2=f"{moment:%d.%m.%Y %H:%M}",
                    ),
                )

    def _list_of(self, issuer: x509.Name) -> _RevocationList | None:
        return next((known for known in self._lists if known.issuer == issuer), None)

    def _keep(self, found: _RevocationList) -> None:
        known = self._list_of(found.issuer)
        if known is None:
            self._lists.append(found)
        elif found.number > known.number:
            self._lists[self._lists.index(known)] = found


def _read_crl(data: bytes, roots: Sequence[x509.Certificate]) -> _RevocationList:
    try:
        crl = x509.load_der_x509_crl(data)
        issuers = [root for root in roots if root.subject == crl.issuer]
        if not any(crl.is_signature_valid(public_key_of(root)) for root in issuers):
            raise CrlError(
                Message("The revocation list is not signed by a trusted authority."),
            )
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        revoked = {entry.serial_number: entry.revocation_date_utc for entry in crl}
        return _RevocationList(crl.issuer, number, crl.next_update_utc, revoked)
    except (*PARSE_ERRORS, x509.ExtensionNotFound) as error:
        raise CrlError(Message("The revocation list cannot be read.")) from error


def _check_profile(cert: x509.Certificate, identity: Identity) -> None:
    """Judge what `permit_all` left open: basic constraints, key usage, extended key usage, unknown critical parts."""
    try:
        extensions = cert.extensions
        authority = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = set(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except (*PARSE_ERRORS, x509.ExtensionNotFound) as error:
        raise _unsuitable(cert) from error
    known = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.SubjectAlternativeName)
    strange = [extension for extension in extensions if extension.critical and not isinstance(extension.value, known)]
    suits = not authority and identity.role is not CertificateRole.CA and not usage.key_cert_sign
    if strange or not suits or usage.digital_signature != identity.role.signs:
        raise _unsuitable(cert)
    if not {ExtendedKeyUsageOID.EMAIL_PROTECTION, identity.role.oid} <= purposes:
        raise _unsuitable(cert)


def _check_region(root: x509.Certificate, identity: Identity) -> None:
    """An authority speaks for its own region only."""
    try:
        authority = identity_of(root)
    except PpeError:
        return
    if authority.region != identity.region:
        raise ForeignCertificateError(
            Message(
                "The authority of region {region} cannot certify for region {region2}.",
                region=authority.region,
                region2=identity.region,
            ),
        )


def _who(cert: x509.Certificate) -> str:
    try:
        return identity_of(cert).urn
    except PpeError:
        return f"{cert.serial_number:x}"


def _untimely(cert: x509.Certificate, *, early: bool) -> CertificatePathError:
    if early:
        begin = cert.not_valid_before_utc
        return CertificateNotYetValidError(
            Message(
                "The certificate was not valid yet (valid from {begin} UTC): {who}.",
                begin=f"{begin:%Y-%m-%d %H:%M}",
                who=_who(cert),
                begin2=f"{begin:%d.%m.%Y %H:%M}",
            ),
            remedy=Message("Check the clock of the computer."),
        )
    end = cert.not_valid_after_utc
    return CertificateExpiredError(
        Message(
            "The certificate has expired (valid until {end} UTC): {who}.",
            end=f"{end:%Y-%m-%d %H:%M}",
            who=_who(cert),
            end2=f"{end:%d.%m.%Y %H:%M}",
        ),
        remedy=Message("Get a new certificate from the centre; check the clock of the computer."),
    )


def _foreign(cert: x509.Certificate) -> ForeignCertificateError:
    return ForeignCertificateError(
        Message("The certificate was not issued by a trusted authority: {who}.", who=_who(cert)),
    )


def _unsuitable(cert: x509.Certificate) -> UnsuitableCertificateError:
    return UnsuitableCertificateError(
        Message("The certificate does not fit the profile (key usage): {who}.", who=_who(cert)),
    )
