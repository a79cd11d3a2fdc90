"""Whom the node believes: the region's authority and what it has revoked."""

from collections.abc import Iterable
from functools import lru_cache

from cryptography import x509
from django.db import transaction

from audit.log import Actor, record
from common.listeners import Listeners
from keys.models import Certificate, RevocationList
from stations.matching import station_of
from stations.models import ExamPoint, Person
from wire import pki
from wire.messages import Message
from wire.pki import CertificateRole, TrustStore

#: Called inside the transaction with each certificate that has just become revoked.
on_revoked: Listeners[[Certificate, Actor]] = Listeners()


def trust_store() -> TrustStore:
    """Return the trust of this node: the region's authority with its newest revocation list."""
    roots = Certificate.objects.filter(role=CertificateRole.CA.value).order_by("pk").values_list("pem", flat=True)
    newest = RevocationList.objects.order_by("-number").values_list("number", "der").first()
    return _trust_store(tuple(roots), bytes(newest[1]) if newest else b"")


@lru_cache(maxsize=4)
def _trust_store(roots: tuple[str, ...], crl: bytes) -> TrustStore:
    # The same authorities and list make the same trust; reading them for each of a thousand journals is waste.
    certificates = [pki.load_pem_certificates(text.encode("ascii"))[0] for text in roots]
    return TrustStore(certificates, [crl] if crl and certificates else [])


def store_certificate(certificate: x509.Certificate) -> Certificate:
    """Keep a certificate whose path has been checked; the same one twice changes nothing."""
    identity = pki.identity_of(certificate)
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    row, made = Certificate.objects.get_or_create(
        fingerprint=pki.fingerprint(certificate),
        defaults={
            "role": identity.role.value,
            "region": identity.region,
            "point": identity.point,
            "ident": identity.ident,
            "common_name": str(names[0].value)[:64] if names else "",
            "serial": f"{certificate.serial_number:x}",
            "key_fingerprint": pki.key_fingerprint(pki.public_key_of(certificate)),
            "pem": pki.pem(certificate),
            "not_before": certificate.not_valid_before_utc,
            "not_after": certificate.not_valid_after_utc,
        },
    )
    if made or (row.person_id is None and row.station_id is None):
        _link(row)
    return row


def _link(row: Certificate) -> None:
    """Point a certificate at its person or station of the registry, when there is one."""
    if row.role == CertificateRole.GEK.value:
        row.person = Person.objects.filter(uid=row.ident).first()
    elif row.role in (CertificateRole.PRINT.value, CertificateRole.VOICE.value, CertificateRole.SCAN.value):
        point = ExamPoint.objects.filter(region__code=row.region, code=row.point).first()
        row.station = station_of(point, row.role, row.ident) if point else None
    if row.person_id or row.station_id:
        row.save(update_fields=["person", "station"])


def store_certificates(certificates: Iterable[x509.Certificate], *, trust: TrustStore) -> list[Certificate]:
    """Keep certificates after checking each against the region's authority.

    Raises:
        CertificatePathError: One of them is not the authority's; nothing is kept.
    """
    listed = [
        certificate for certificate in certificates if pki.identity_of(certificate).role is not CertificateRole.CA
    ]
    for certificate in listed:
        # Judged at its own beginning: one that has expired or was revoked meanwhile is kept too,
        # because what it signed in its time is read with it.
        trust.check(certificate, at=certificate.not_valid_before_utc)
    return [store_certificate(certificate) for certificate in listed]


def import_crl(*, der: bytes, actor: Actor) -> bool:
    """Take in a revocation list; sessions and access keys of what it revokes end with it.

    Args:
        der: The list, DER.
        actor: Who brought it.

    Returns:
        Whether it is newer than the one known.

    Raises:
        CrlError: It cannot be read or is not the authority's.
    """
    roots = [row.x509 for row in Certificate.objects.filter(role=CertificateRole.CA.value)]
    TrustStore(roots, [der])
    crl = x509.load_der_x509_crl(der)
    try:
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except (x509.ExtensionNotFound, ValueError) as error:
        raise pki.CrlError(Message("The revocation list has no number.")) from error
    newest = RevocationList.objects.order_by("-number").first()
    if newest is not None and newest.number >= number:
        return False
    with transaction.atomic():
        RevocationList.objects.create(number=number, der=der, made_at=crl.last_update_utc)
        serials = {f"{entry.serial_number:x}": entry.revocation_date_utc for entry in crl}
        rows = list(Certificate.objects.filter(serial__in=serials, revoked_at__isnull=True))
        for row in rows:
            row.revoked_at = serials[row.serial]
            row.save(update_fields=["revoked_at"])
        record(
            "keys.crl_taken", actor=actor, subject=f"№ {number}", data={"revoked": [row.fingerprint for row in rows]}
        )
        for listener in on_revoked:
            for row in rows:
                listener(row, actor)
    return True
