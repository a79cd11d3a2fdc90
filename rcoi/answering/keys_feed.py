"""What the points must learn of keys during the day: a new revocation list, a reserve access key."""

import base64

from django.db import transaction

from audit.log import Actor
from keys import access, authority
from keys.models import AccessKey, Certificate
from rcoi.answering import feed
from stations.models import ExamPoint, Sitting
from wire.pki import CertificateRole


def revoke(*, certificate: Certificate, reason: str, actor: Actor) -> int:
    """Revoke a certificate and tell every point that has a node.

    Args:
        certificate: Whose signature no longer counts.
        reason: Why.
        actor: Who revokes it.

    Returns:
        How many points were told.

    Raises:
        RequestRefusedError: No reason, or the authority's own certificate.
    """
    with transaction.atomic():
        authority.revoke_certificate(certificate=certificate, reason=reason, actor=actor)
        der = base64.b64encode(authority.current_crl()).decode("ascii")
        points = told(certificate.region)
        for point in points:
            feed.append(point=point, kind="crl", body={"der": der})
    return len(points)


def told(region: str) -> list[ExamPoint]:
    """Return the points of a region that have a node; the others get the list in their first package."""
    codes = Certificate.objects.filter(role=CertificateRole.HQ.value, region=region).values_list("point", flat=True)
    return list(ExamPoint.objects.filter(region__code=region, code__in=set(codes)).select_related("region"))


def make_reserve(*, sitting: Sitting, actor: Actor) -> AccessKey:
    """Make the next access key of a sitting and send it through the feed.

    Stations seal their form numbers to it only after they got its certificate in a new package.

    Raises:
        RequestRefusedError: No GEK member of the point has a certificate.
    """
    with transaction.atomic():
        row = authority.make_access_key(sitting=sitting, actor=actor, new_version=True)
        body = {
            "p7m": base64.b64encode(access.file_bytes(row)).decode("ascii"),
            "certificate": row.certificate.pem,
        }
        feed.append(point=sitting.point, kind="reserve_key", body=body)
    return row
