"""The node's own keys: born here, kept in the `keys` folder (0600), never sent anywhere."""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate as CertificateFile
from django.conf import settings

from common import files
from common.work.clock import now
from keys.errors import NodeCertificateMissingError
from keys.models import Certificate
from stations.models import ExamPoint, Node
from wire import pki
from wire.cms import Recipient, Signer
from wire.durable import fsync_dir, write_durable
from wire.messages import Message
from wire.pki import CertificateRole, Identity

NODE_KEY, STATION_KEY, RCOI_KEY, CA_KEY = "node", "station", "rcoi", "ca"


def folder() -> Path:
    """Return the folder of private keys (0700)."""
    path = files.folder("keys")
    path.chmod(0o700)
    return path


def ensure_keys() -> None:
    """Make the keys that this kind of node needs and does not have yet; never replaces one."""
    names = (CA_KEY, RCOI_KEY) if settings.PPE_NODE == "rcoi" else (NODE_KEY, STATION_KEY)
    for name in names:
        _ensure(name)


def _ensure(name: str) -> None:
    path = folder() / f"{name}.key"
    if path.exists():
        return
    pem = pki.generate_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    part = folder() / f".{name}-{secrets.token_hex(8)}"
    write_durable(part, pem, mode=0o600)
    try:
        # A link fails where a rename would replace: of two processes that start at once, one key stays.
        os.link(part, path)
        fsync_dir(folder())
    except FileExistsError:
        pass
    finally:
        part.unlink()


def load_key(name: str) -> ec.EllipticCurvePrivateKey:
    """Return a private key of this node.

    Raises:
        NodeCertificateMissingError: The key is not on this machine or cannot be read.
    """
    key = _read(folder() / f"{name}.key")
    if key is None:
        raise NodeCertificateMissingError(Message("The node's key {name} is not on this machine.", name=name))
    return key


def _read(path: Path) -> ec.EllipticCurvePrivateKey | None:
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def _keys(prefix: str) -> dict[str, ec.EllipticCurvePrivateKey]:
    """Return the key in use and those kept from before (`node-….key`), by the fingerprint of the public half."""
    found = (_read(path) for path in sorted(folder().glob(f"{prefix}*.key")))
    return {pki.key_fingerprint(key.public_key()): key for key in found if key is not None}


def keys_of(prefix: str) -> list[ec.EllipticCurvePrivateKey]:
    """Return the key in use and those kept from before."""
    return list(_keys(prefix).values())


def requests(*, region: str, points: list[str], station: str) -> list[tuple[str, bytes]]:
    """Return this node's certificate requests: of the node and of its scanning station, for each point.

    Args:
        region: Region code.
        points: Point codes that the node serves.
        station: Number of the scanning station that the node is.

    Returns:
        File names and PEM bytes.
    """
    ensure_keys()
    node = Node.objects.first()
    uid = node.uid if node else "node"
    made = []
    for point in points:
        for role, key, ident, title in (
            (
                CertificateRole.HQ,
                NODE_KEY,
                uid,
                Message("HQ node of point {region}-{point}", region=region, point=point).ru,
            ),
            (
                CertificateRole.SCAN,
                STATION_KEY,
                station,
                Message(
                    "Scanning station {station}, point {region}-{point}", station=station, region=region, point=point
                ).ru,
            ),
        ):
            identity = Identity(role, region, point, ident)
            csr = pki.make_csr(load_key(key), identity, common_name=title)
            made.append((f"{role.value}_{region}_{point}_{ident[:8]}.csr", csr))
    return made


def _own(role: CertificateRole, prefix: str, point: ExamPoint) -> Signer:
    keys = _keys(prefix)
    row = (
        Certificate.objects.of(role, point.region.code, point.code)
        .standing(now())
        .filter(key_fingerprint__in=keys)
        .order_by("-not_before", "-pk")
        .first()
    )
    if row is None:
        raise NodeCertificateMissingError(
            Message("This node has no valid certificate for point {point_key}.", point_key=point.key),
            remedy=Message("Take in the exam package in which the centre sent the certificates."),
        )
    return Signer(row.x509, keys[row.key_fingerprint])


def node_signer(point: ExamPoint) -> Signer:
    """Return the signer of the HQ node for a point.

    Raises:
        NodeCertificateMissingError: The centre's certificate has not arrived, has expired or is revoked.
    """
    return _own(CertificateRole.HQ, NODE_KEY, point)


def station_signer(point: ExamPoint) -> Signer:
    """Return the signer of the scanning station that this node is.

    Raises:
        NodeCertificateMissingError: The centre's certificate has not arrived, has expired or is revoked.
    """
    return _own(CertificateRole.SCAN, STATION_KEY, point)


def node_recipients() -> list[Recipient]:
    """Return every certificate of this node that content may have been sealed to, old ones too, with their keys."""
    prefix, role = (RCOI_KEY, CertificateRole.RCOI) if settings.PPE_NODE == "rcoi" else (NODE_KEY, CertificateRole.HQ)
    keys = _keys(prefix)
    rows = Certificate.objects.filter(role=role.value, key_fingerprint__in=keys).order_by("-not_before")
    return [Recipient(row.x509, keys[row.key_fingerprint]) for row in rows]


def node_certificates(point: ExamPoint) -> list[CertificateFile]:
    """Return the valid certificates of the HQ nodes of a point: whom a secret for the point is sealed to."""
    rows = Certificate.objects.of(CertificateRole.HQ, point.region.code, point.code).standing(now())
    return [row.x509 for row in rows]


def rcoi_certificates() -> list[CertificateFile]:
    """Return the centre's valid certificates: the recipients of packets.

    Raises:
        NodeCertificateMissingError: None is known; packets could not be read by anybody.
    """
    rows = Certificate.objects.filter(role=CertificateRole.RCOI.value).standing(now()).order_by("-not_before")
    found = [row.x509 for row in rows]
    if not found:
        raise NodeCertificateMissingError(
            Message("There is no valid certificate of the centre to seal to."),
            remedy=Message("Take in the exam package."),
        )
    return found
