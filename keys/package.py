"""Exam packages: made at the centre for one point and day, taken in at the point."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date as day
from typing import Any

from cryptography.x509 import Certificate as CertificateFile
from django.conf import settings
from django.db import transaction

from audit.log import Actor, record
from common import files
from common.work.clock import now
from keys import authority, node, phone, trust, versions
from keys.errors import PackageRefusedError
from keys.models import Certificate
from keys.models import ExamPackage as PackageRow
from stations import registry
from stations.models import ExamPoint, Node, Sitting
from wire import canonical, cms, pki
from wire.cms import SignedBy
from wire.documents import package as wire_package
from wire.durable import write_durable
from wire.forms import CATALOGUE
from wire.messages import Message
from wire.names.files import package_name
from wire.pki import CertificateRole, TrustStore

MAX_FILE = 64 * 1024 * 1024


@dataclass(frozen=True)
class PackagePreview:
    """What a package says of itself, before anything of it is believed."""

    ca_fingerprint: str
    region: str
    region_name: str
    point: str
    point_name: str
    date: day
    version: int
    mode: str
    signed_by: str
    people: int
    stations: int


# --- at the centre ----------------------------------------------------------------------------------------------------


def make(*, point: ExamPoint, date: day, actor: Actor) -> tuple[str, bytes]:
    """Make the next version of a point's package for a day.

    Args:
        point: The exam point.
        date: The exam day.
        actor: Who makes it.

    Returns:
        The file's name and bytes; the row is kept in `keys.models.ExamPackage`.

    Raises:
        PackageRefusedError: The point has no exam on that day, or one of another mode than this centre's, or its node
            has no certificate yet.
        CertificateRequestRefusedError: No GEK member of the point has a certificate yet.
    """
    sittings = list(Sitting.objects.filter(point=point, date=date).select_related("point__region", "subject"))
    if not sittings:
        raise PackageRefusedError(
            Message("Point {point_key} has no exam on {date}.", point_key=point.key, date=f"{date:%d.%m.%Y}")
        )
    _require_own_mode(sittings)
    nodes = node.node_certificates(point)
    if not nodes:
        raise PackageRefusedError(
            Message("The node of point {point_key} has no certificate yet.", point_key=point.key),
            remedy=Message("Sign the request of the node and make the package again."),
        )
    with transaction.atomic():
        for sitting in sittings:
            if not sitting.access_keys.exclude(state="revoked").exists():
                authority.make_access_key(sitting=sitting, actor=actor)
        version = versions.next_package(point, date)
        package = _assemble(point, date, version, sittings, nodes)
        signer = authority.rcoi_signer()
        data = wire_package.write(package, signer=signer)
        name = package_name(point.region.code, point.code, date, version)
        row = _keep(point, package, data, name, pki.identity_of(signer.certificate).urn, actor)
        record(
            "keys.package_made",
            about=row,
            actor=actor,
            data={"sha256": row.sha256, "certificates": len(package.certificates)},
        )
    return name, data


def _require_own_mode(sittings: list[Sitting]) -> None:
    """Refuse to send what an older version took in, or the node before its mode was changed."""
    strange = next((row for row in sittings if row.mode != settings.PPE_MODE), None)
    if strange is not None:
        raise PackageRefusedError(
            Message(
                "The sitting {sitting} was stored from a registry of a rehearsal; this centre works in the "
                "exam itself.",
                sitting=strange.key,
            )
            if strange.mode == "training"
            else Message(
                "The sitting {sitting} was stored from a registry of the exam itself; this centre works in a "
                "rehearsal.",
                sitting=strange.key,
            ),
            remedy=Message("Upload the registry of that day again, then make the package."),
        )


def _assemble(
    point: ExamPoint, date: day, version: int, sittings: list[Sitting], nodes: list[CertificateFile]
) -> wire_package.PackageDocument:
    region = point.region.code
    standing = Certificate.objects.filter(region=region, point=point.code).standing(now())
    holders = standing.exclude(role=CertificateRole.ACCESS.value).order_by("role", "ident", "not_before")
    access = standing.filter(role=CertificateRole.ACCESS.value, ident__startswith=f"{date:%d%m%y}-").order_by("ident")
    rcoi = Certificate.objects.filter(role=CertificateRole.RCOI.value, region=region).standing(now())
    return wire_package.PackageDocument(
        header={
            "format": wire_package.FORMAT,
            "mode": sittings[0].mode,
            "region": region,
            "point": point.code,
            "date": date.isoformat(),
            "version": version,
            "made_at": canonical.stamp(now()),
        },
        registry=registry.document_of(point, date),
        certificates=[row.pem for row in holders],
        crl=authority.current_crl(),
        rcoi=[row.pem for row in rcoi],
        access=[row.pem for row in access],
        forms=_expected_forms(sittings),
        deadlines={sitting.key: sitting.deadlines for sitting in sittings},
        phone_secret=cms.seal_bytes(phone.secret_to_send(point, date), recipients=nodes),
        ca=authority.authority().pem,
    )


def _expected_forms(sittings: list[Sitting]) -> dict[str, list[str]]:
    """Return the codes of the HQ and room forms that must be scanned, for each sitting."""
    codes = [kind.code for kind in CATALOGUE.values() if kind.mandatory and kind.scope != "participant"]
    return {sitting.key: codes for sitting in sittings}


def _keep(
    point: ExamPoint, package: wire_package.PackageDocument, data: bytes, name: str, signed_by: str, actor: Actor
) -> PackageRow:
    digest = hashlib.sha256(data).hexdigest()
    path = files.folder("packages") / f"{digest[:16]}-{name}"
    sha256 = write_durable(path, data, mode=0o600)
    return PackageRow.objects.create(
        point=point,
        date=day.fromisoformat(package.header["date"]),
        version=package.header["version"],
        mode=package.header["mode"],
        name=name,
        path=files.relative(path),
        sha256=sha256,
        signed_by=signed_by,
        forms=package.forms,
        at=now(),
        by=actor.name,
    )


def file_bytes(row: PackageRow) -> bytes:
    """Return a package's file.

    Raises:
        PackageRefusedError: The file is gone from the disk.
    """
    try:
        return files.inside(row.path).read_bytes()
    except OSError as error:
        raise PackageRefusedError(Message("The package is not on the node's disk.")) from error


# --- at the exam point ------------------------------------------------------------------------------------------------


def preview(data: bytes) -> PackagePreview:
    """Read what a package says, trusting only itself: for the person who compares the fingerprint.

    Raises:
        PpeError: Not a package, or not whole.
    """
    package, signed_by = _read(data, None)
    return _preview(package, signed_by)


def _read(data: bytes, store: TrustStore | None) -> tuple[wire_package.PackageDocument, SignedBy]:
    if not data or len(data) > MAX_FILE:
        raise PackageRefusedError(Message("The package is empty or too big."))
    return wire_package.read(data, trust=store)


def _preview(package: wire_package.PackageDocument, signed_by: SignedBy) -> PackagePreview:
    said, point = package.header, _point_said(package)
    return PackagePreview(
        ca_fingerprint=package.ca_fingerprint,
        region=said["region"],
        region_name=package.registry["region"]["name"],
        point=said["point"],
        point_name=point["name"],
        date=day.fromisoformat(said["date"]),
        version=said["version"],
        mode=said["mode"],
        signed_by=signed_by.identity.urn,
        people=len(point["people"]),
        stations=len(point["stations"]),
    )


def _point_said(package: wire_package.PackageDocument) -> dict[str, Any]:
    points = package.registry["points"]
    region, point = package.registry["region"]["code"], package.header["point"]
    if len(points) != 1 or points[0]["code"] != point or region != package.header["region"]:
        raise PackageRefusedError(Message("The registry in the package is of another point."))
    found: dict[str, Any] = points[0]
    return found


def import_package(data: bytes, *, confirmed_fingerprint: str = "", actor: Actor) -> PackagePreview:
    """Take in a package: the region's authority, certificates, registry. The same one again changes nothing.

    Args:
        data: The file ``EXAM_….zip``.
        confirmed_fingerprint: SHA-256 of the authority's certificate as the person got it from the centre by
            another way; needed while the node trusts nobody yet.
        actor: Who brought it.

    Raises:
        PackageRefusedError: The fingerprint differs; another region, point or mode; older than the one known.
        PpeError: Not a package, forged, or not whole.
    """
    roots = Certificate.objects.filter(role=CertificateRole.CA.value).exists()
    package, signed_by = _read(data, trust.trust_store() if roots else None)
    said = _preview(package, signed_by)
    if not roots:
        _confirm(said.ca_fingerprint, confirmed_fingerprint)
    _require_ours(said)
    if _known(said, data):
        return said
    with transaction.atomic():
        if not roots:
            trust.store_certificate(package.authority)
        store = package.trust() if not roots else trust.trust_store()
        region = registry.import_registry(package.registry, actor=actor)
        point = ExamPoint.objects.select_related("region").get(region=region, code=said.point)
        certificates = list(_certificates((*package.certificates, *package.rcoi, *package.access)))
        _require_addresses(certificates, said)
        trust.store_certificates(certificates, trust=store)
        if package.crl:
            trust.import_crl(der=package.crl, actor=actor)
        name = package_name(said.region, said.point, said.date, said.version)
        row = _keep(point, package, data, name, said.signed_by, actor)
        if package.phone_secret is not None:
            phone.store_secret(point, package.header["date"], package.phone_secret)
        record(
            "keys.package_taken",
            about=row,
            actor=actor,
            data={"sha256": row.sha256, "signed_by": said.signed_by, "authority": said.ca_fingerprint},
        )
    return said


def _confirm(found: str, confirmed: str) -> None:
    given = "".join(confirmed.split()).replace(":", "").lower()
    if not hmac.compare_digest(found.encode(), given.encode()):
        raise PackageRefusedError(
            Message("The authority's fingerprint differs from the one typed in: the package may be forged."),
            remedy=Message("Compare the fingerprint with the centre by phone and type in all 64 characters."),
        )


def _require_ours(said: PackagePreview) -> None:
    row = Node.objects.first()
    if row is None or not row.region:
        raise PackageRefusedError(Message("First name the region and points of this node."))
    if said.region != row.region or said.point not in row.points:
        raise PackageRefusedError(
            Message(
                "The package is of point {region}-{point}; this node serves {own}: {points}.",
                region=said.region,
                point=said.point,
                own=row.region,
                points=", ".join(row.points),
            )
        )
    if said.mode != settings.PPE_MODE:
        raise PackageRefusedError(
            Message("The package is of a rehearsal; this node works in the exam itself.")
            if said.mode == "training"
            else Message("The package is of the exam itself; this node works in a rehearsal.")
        )


def _known(said: PackagePreview, data: bytes) -> bool:
    """Return whether this very package is known.

    Raises:
        PackageRefusedError: A newer one is known, or another one of the same version.
    """
    rows = PackageRow.objects.filter(point__region__code=said.region, point__code=said.point, date=said.date)
    last = rows.order_by("-version").first()
    if last is None or last.version < said.version:
        return False
    if last.version == said.version and last.sha256 == hashlib.sha256(data).hexdigest():
        return True
    raise PackageRefusedError(
        Message(
            "Version {version} has been taken in already; this one is {version2}.",
            version=last.version,
            version2=said.version,
        ),
        remedy=Message("Take the newest package from the centre."),
    )


def _certificates(texts: Iterable[str]) -> Iterable[CertificateFile]:
    for text in texts:
        yield from pki.load_pem_certificates(text.encode("ascii", "replace"))


def _require_addresses(certificates: list[CertificateFile], said: PackagePreview) -> None:
    for certificate in certificates:
        identity = pki.identity_of(certificate)
        if identity.region != said.region or identity.point not in (said.point, "0000"):
            raise PackageRefusedError(
                Message("The package carries a foreign certificate: {urn}.", urn=identity.urn),
            )
