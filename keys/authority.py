"""The centre's side: the region's authority, requests, certificates, access keys, revocation."""

import io
import lzma
import zipfile
import zlib
from datetime import datetime, time, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.utils.translation import gettext as _

from audit import numbers
from audit.log import Actor, record
from audit.moves import move
from audit.subjects import AuditSubject
from common import files, marks
from common.errors import in_words
from common.work.clock import now
from keys import node, trust, versions
from keys.errors import AuthorityMissingError, CertificateRequestRefusedError
from keys.models import AccessKey, Certificate, RevocationList, SigningRequest
from keys.states import AccessKeyState, RequestState
from stations.matching import station_of
from stations.models import Assignment, ExamPoint, Person, Sitting
from stations.models import Role as PersonRole
from wire import pki
from wire.cms import Signer
from wire.documents import access_key
from wire.durable import write_durable
from wire.messages import Message
from wire.names.files import key_name
from wire.pki import CertificateRole, Identity

VALIDITY = timedelta(days=365)
#: Clocks of stations and nodes differ: a certificate is good a little before it was made.
BACKDATE = timedelta(minutes=30)
#: Rescans and late journals are opened some days after the exam.
ACCESS_AFTER_DAY = timedelta(days=3)
#: Length of a common name (X.520).
NAME_LIMIT = 64
MAX_REQUEST = 64 * 1024
MAX_ARCHIVE = 4 * 1024 * 1024
MAX_MEMBERS = 2000
#: Whatever `zipfile` throws at bad bytes.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    ValueError,
    ArithmeticError,
    RuntimeError,
    EOFError,
)


def found(*, region: str, name: str) -> Certificate:
    """Found the region's authority and the centre's own certificate; called again it changes nothing.

    Args:
        region: Region code.
        name: Name of the centre, as it stands in the certificates.

    Returns:
        The authority's certificate.
    """
    standing: Certificate | None = Certificate.objects.filter(role=CertificateRole.CA.value, region=region).first()
    if standing is not None:
        return standing
    node.ensure_keys()
    ca_key = node.load_key(node.CA_KEY)
    title = (name.strip() or Message("Regional centre of region {region}", region=region).ru)[:NAME_LIMIT]
    ca = pki.make_ca(ca_key, region=region, name=Message("CA: {title}", title=title).ru[:NAME_LIMIT])
    with transaction.atomic():
        row = trust.store_certificate(ca)
        identity = Identity(CertificateRole.RCOI, region, "0000", "01")
        _issue(identity, title, node.load_key(node.RCOI_KEY).public_key())
        _new_crl(now())
        record(
            "keys.authority_founded",
            about=AuditSubject(region, text=title),
            actor=Actor(title, "system"),
            data={"fingerprint": row.fingerprint},
        )
    return row


def authority() -> Certificate:
    """Return the authority's certificate.

    Raises:
        AuthorityMissingError: The centre is not set up.
    """
    row: Certificate | None = Certificate.objects.filter(role=CertificateRole.CA.value).order_by("-not_before").first()
    if row is None:
        raise AuthorityMissingError(Message("The region's authority is not founded."))
    return row


def _issue(
    identity: Identity, common_name: str, public_key: pki.PublicKey, until: datetime | None = None
) -> Certificate:
    ca, at = authority(), now()
    certificate = pki.issue(
        ca.x509,
        node.load_key(node.CA_KEY),
        public_key=public_key,
        identity=identity,
        common_name=common_name,
        not_before=max(at - BACKDATE, ca.not_before),
        not_after=min(until or at + VALIDITY, ca.not_after),
    )
    return trust.store_certificate(certificate)


def rcoi_signer() -> Signer:
    """Return the centre's signer: packages, receipts, feed.

    Raises:
        AuthorityMissingError: The centre is not set up or its certificate has expired.
    """
    key = node.load_key(node.RCOI_KEY)
    row = (
        Certificate.objects.filter(
            role=CertificateRole.RCOI.value, key_fingerprint=pki.key_fingerprint(key.public_key())
        )
        .standing(now())
        .order_by("-not_before")
        .first()
    )
    if row is None:
        raise AuthorityMissingError(Message("The centre has no valid certificate."))
    return Signer(row.x509, key)


# --- requests ---------------------------------------------------------------------------------------------------------


def import_request(*, data: bytes, name: str, actor: Actor) -> SigningRequest:
    """Take in a certificate request; the same one again returns the row that is there.

    Args:
        data: The request, PEM or DER.
        name: Name of the file it came in.
        actor: Who brought it.

    Raises:
        CertificateError: Not a request, or its sender does not hold the key.
        CertificateRequestRefusedError: A role that is never signed here, or another region, or nobody of the registry.
    """
    info = pki.read_csr(data[: MAX_REQUEST + 1])
    identity = info.identity
    _evaluate(identity)
    with transaction.atomic():
        row, made = SigningRequest.objects.get_or_create(
            role=identity.role.value,
            region=identity.region,
            point=identity.point,
            ident=identity.ident,
            key_fingerprint=info.key_fingerprint,
            defaults={
                "common_name": info.common_name,
                "name": name[:255],
                "csr": _text(data),
                "received_at": now(),
                "doubt": warning_of(identity)[:300],
            },
        )
        if made:
            _record("keys.request_taken", row, actor, {"name": name[:255]})
        elif row.state == RequestState.REFUSED:
            move(row, RequestState.PENDING, actor=actor, reason="")
    return row


def _text(data: bytes) -> str:
    return data.decode("ascii") if data.isascii() else data.hex()


def import_requests(*, data: bytes, name: str, actor: Actor) -> list[SigningRequest]:
    """Take in one request, or every request of a ZIP such as the first-run page of a node gives.

    Raises:
        CertificateRequestRefusedError: The archive is broken, too big, or empty.
        PpeError: See `import_request`; then none of the archive is taken.
    """
    if data[:4] != b"PK\x03\x04":
        return [import_request(data=data, name=name, actor=actor)]
    with transaction.atomic():
        rows = [import_request(data=content, name=member, actor=actor) for member, content in _members(data)]
    if not rows:
        raise CertificateRequestRefusedError(Message("The archive holds no certificate requests."))
    return rows


def _members(data: bytes) -> list[tuple[str, bytes]]:
    if len(data) > MAX_ARCHIVE:
        raise CertificateRequestRefusedError(Message("The archive of requests is too big."))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_MEMBERS:
                raise CertificateRequestRefusedError(Message("The archive holds too many files."))
            found_members = []
            for info in infos:
                with archive.open(info) as member:
                    found_members.append((info.filename.rpartition("/")[2], member.read(MAX_REQUEST + 1)))
            return found_members
    except _ZIP_ERRORS as error:
        raise CertificateRequestRefusedError(Message("The archive of requests is damaged.")) from error


def _evaluate(identity: Identity) -> None:
    region = authority().region
    if identity.role in (CertificateRole.CA, CertificateRole.RCOI, CertificateRole.ACCESS):
        raise CertificateRequestRefusedError(Message("Certificates of this kind are made by the centre alone."))
    if identity.region != region:
        raise CertificateRequestRefusedError(
            Message(
                "The request is of region {region}; this centre is of region {region2}.",
                region=identity.region,
                region2=region,
            ),
        )


def warning_of(identity: Identity) -> str:
    """Return what the person who signs should look at, in the reader's language: who is not in the registry."""
    point = ExamPoint.objects.filter(region__code=identity.region, code=identity.point).first()
    if point is None:
        return _("The registry has no exam point %s.") % f"{identity.region}-{identity.point}"
    if identity.role is CertificateRole.GEK:
        gek = (
            Assignment.objects.filter(
                person__uid=identity.ident, role=PersonRole.GEK_MEMBER, sitting__point=point
            ).exists()
            or Assignment.objects.filter(person__uid=identity.ident, role=PersonRole.GEK_MEMBER, point=point).exists()
        )
        return "" if gek else _("The registry has no GEK member with the id %s at this exam point.") % identity.ident
    if identity.role is not CertificateRole.HQ and station_of(point, identity.role.value, identity.ident) is None:
        return _("The registry has no such station (%s) at this exam point.") % identity.ident
    return ""


def sign_request(*, request: SigningRequest, actor: Actor) -> Certificate:
    """Issue the certificate that a request asks for.

    Raises:
        IllegalMoveError: It has been decided already.
        AuthorityMissingError: The centre is not set up.
    """
    data = request.csr.encode("ascii") if request.csr.startswith("-") else bytes.fromhex(request.csr)
    info = pki.read_csr(data)
    with transaction.atomic():
        name = _name_for(info)
        row = _issue(info.identity, name, info.public_key)
        move(
            request,
            RequestState.SIGNED,
            actor=actor,
            data={"fingerprint": row.fingerprint},
            decided_at=now(),
            decided_by=actor.name,
            certificate=row,
        )
    return row


def _name_for(info: pki.CsrInfo) -> str:
    """Return the name in the certificate: a person is called as the registry does, not as the request says."""
    if info.identity.role is CertificateRole.GEK:
        person = Person.objects.filter(uid=info.identity.ident).first()
        if person:
            return person.full_name[:NAME_LIMIT]
    return info.common_name


def refuse_request(*, request: SigningRequest, reason: str, actor: Actor) -> None:
    """Refuse a request with a reason.

    Raises:
        CertificateRequestRefusedError: No reason is given.
        IllegalMoveError: It has been decided already.
    """
    if not in_words(reason):
        raise CertificateRequestRefusedError(Message("Give the reason of the refusal in words."))
    move(
        request,
        RequestState.REFUSED,
        actor=actor,
        data={"reason": reason},
        decided_at=now(),
        decided_by=actor.name,
        reason=reason.strip()[:500],
    )


def _record(kind: str, row: SigningRequest, actor: Actor, data: dict[str, str]) -> None:
    record(kind, about=row, actor=actor, data={"identity": row.identity.urn, **data})


# --- revocation -------------------------------------------------------------------------------------------------------


def revoke_certificate(*, certificate: Certificate, reason: str, actor: Actor) -> RevocationList:
    """Revoke a certificate and make the next revocation list.

    Raises:
        CertificateRequestRefusedError: No reason, or the authority's own certificate.
    """
    if certificate.role == CertificateRole.CA.value:
        raise CertificateRequestRefusedError(Message("The region's root certificate is not revoked here."))
    if not in_words(reason):
        raise CertificateRequestRefusedError(Message("Give the reason for revoking the certificate in words."))
    at = now()
    with transaction.atomic():
        if Certificate.objects.filter(pk=certificate.pk, revoked_at__isnull=True).update(revoked_at=at):
            certificate.revoked_at = at
            record(
                "keys.certificate_revoked",
                about=certificate,
                actor=actor,
                data={"identity": certificate.identity.urn, "reason": reason, "serial": certificate.serial},
            )
            for listener in trust.on_revoked:
                listener(certificate, actor)
        return _new_crl(at)


def _new_crl(at: datetime) -> RevocationList:
    newest = RevocationList.objects.order_by("-number").first()
    number = newest.number if newest else 0
    # A point takes no list with a number that it knows: after a database was put back, they go on above the lost ones.
    mark = numbers.ahead("crl", number)
    number = (mark.number if mark else number) + 1
    marks.note("crl", number)
    rows = Certificate.objects.filter(revoked_at__isnull=False)
    revoked = [(int(row.serial, 16), row.revoked_at) for row in rows if row.revoked_at]
    der = pki.make_crl(authority().x509, node.load_key(node.CA_KEY), revoked=revoked, number=number, at=at)
    return RevocationList.objects.create(number=number, der=der, made_at=at)


def current_crl() -> bytes:
    """Return the newest revocation list, DER; a list older than ten days is made anew."""
    newest = RevocationList.objects.order_by("-number").first()
    if newest is None or newest.made_at < now() - timedelta(days=10):
        with transaction.atomic():
            newest = _new_crl(now())
    return bytes(newest.der)


# --- access keys ------------------------------------------------------------------------------------------------------


def make_access_key(*, sitting: Sitting, actor: Actor, new_version: bool = False) -> AccessKey:
    """Make the access key of a sitting: its certificate here, its private half enveloped to the GEK members.

    A key that was made for the same GEK members is returned again. The private half is kept nowhere else.

    Args:
        sitting: The sitting.
        actor: Who makes it.
        new_version: Make the next version although one stands (a reserve key).

    Raises:
        CertificateRequestRefusedError: No GEK member of the point has a certificate yet.
    """
    point = sitting.point
    members = list(Certificate.objects.of(CertificateRole.GEK, point.region.code, point.code).standing(now()))
    if not members:
        raise CertificateRequestRefusedError(
            Message("No GEK member of point {point_key} has a certificate.", point_key=point.key),
            remedy=Message("Sign the requests of their tokens."),
        )
    fingerprints = sorted(row.fingerprint for row in members)
    with transaction.atomic():
        last = AccessKey.objects.filter(sitting=sitting).select_for_update().order_by("-version").first()
        usable = last is not None and last.state == AccessKeyState.MADE and sorted(last.recipients) == fingerprints
        if last is not None and usable and not new_version:
            return last
        return _make_access_key(sitting, versions.next_access_key(sitting, last), members, actor)


def _make_access_key(sitting: Sitting, version: int, members: list[Certificate], actor: Actor) -> AccessKey:
    point = sitting.point
    private: ec.EllipticCurvePrivateKey = pki.generate_key()
    ident = access_ident(sitting, version)
    until = access_until(sitting)
    identity = Identity(CertificateRole.ACCESS, point.region.code, point.code, ident)
    certificate = _issue(
        identity,
        Message("Access key {sitting} v{version}", sitting=sitting.key, version=version).ru,
        private.public_key(),
        until,
    )
    name = key_name(point.region.code, point.code, sitting.date, sitting.subject.code, version)
    data = access_key.write(private, recipients=[row.x509 for row in members])
    path = files.folder("access-keys") / f"{certificate.fingerprint[:16]}-{name}"
    sha256 = write_durable(path, data, mode=0o600)
    row = AccessKey.objects.create(
        sitting=sitting,
        version=version,
        state=AccessKeyState.MADE,
        certificate=certificate,
        name=name,
        path=files.relative(path),
        sha256=sha256,
        recipients=[row.fingerprint for row in members],
        at=now(),
        by=actor.name,
        until=certificate.not_after,
    )
    record(
        "keys.access_key_made",
        about=row,
        actor=actor,
        data={"sha256": sha256, "certificate": certificate.fingerprint, "members": len(members)},
    )
    return row


def access_ident(sitting: Sitting, version: int) -> str:
    """Return how certificates name an access key: ``290526-01-v1``."""
    return f"{sitting.date:%d%m%y}-{sitting.subject.code}-v{version}"


def access_until(sitting: Sitting) -> datetime:
    """Return the end of an access key: some days after the exam day, in the point's zone."""
    day_end = datetime.combine(sitting.date + timedelta(days=1), time(), tzinfo=sitting.point.zone)
    # A key made after its exam (a rehearsal of an old day, a late reserve key) still lives as long.
    return max(day_end, now()) + ACCESS_AFTER_DAY


def revoke_access_key(*, key: AccessKey, reason: str, actor: Actor) -> RevocationList:
    """Revoke an access key that the centre made.

    Raises:
        IllegalMoveError: It is revoked already.
        CertificateRequestRefusedError: No reason is given.
    """
    with transaction.atomic():
        made = revoke_certificate(certificate=key.certificate, reason=reason, actor=actor)
        key.refresh_from_db()
        if key.state != AccessKeyState.REVOKED:
            move(
                key,
                AccessKeyState.REVOKED,
                actor=actor,
                data={"reason": reason},
                ended_at=now(),
                end_reason=reason.strip()[:300],
            )
    return made
