"""Make a data folder a node of the day that the example plays: argv is the folder where the papers lie.

The centre comes first: it signs every request of the folder, makes the exam package, and has an answer for the point.
The point takes the package in.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import django

django.setup()

from cryptography.hazmat.primitives import serialization  # noqa: E402
from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from audit.log import SYSTEM  # noqa: E402
from common import files  # noqa: E402
from keys import authority, node, package  # noqa: E402
from rcoi.answering import receipts  # noqa: E402
from rcoi.models import InboxPacket  # noqa: E402
from stations.models import Role  # noqa: E402
from tests.support import factories  # noqa: E402
from wire import pki  # noqa: E402

papers = Path(sys.argv[1])
NODE = "0198b0c4-0000-7000-8000-0000000000aa"


def certified(role: pki.CertificateRole, ident: str) -> pki.PrivateKey:
    key = pki.generate_key()
    request = pki.make_csr(key, pki.Identity(role, "78", "0001", ident), common_name=f"{role} {ident}")
    authority.sign_request(request=authority.import_request(data=request, name="x", actor=SYSTEM), actor=SYSTEM)
    return key


def centre() -> dict[str, Any]:
    factories.NodeFactory(kind="rcoi", points=[])
    day = factories.make_day(rooms=2)
    ca = authority.found(region="78", name="РЦОИ")
    person = factories.PersonFactory()
    factories.AssignmentFactory(person=person, role=Role.GEK_MEMBER, sitting=day.sitting)
    gek = certified(pki.CertificateRole.GEK, person.uid)
    certified(pki.CertificateRole.HQ, NODE)
    for path in sorted(papers.glob("CSR_*.pem")):
        row = authority.import_request(data=path.read_bytes(), name=path.name, actor=SYSTEM)
        authority.sign_request(request=row, actor=SYSTEM)
    name, data = package.make(point=day.point, date=day.sitting.date, actor=SYSTEM)
    (papers / name).write_bytes(data)
    _key_of(gek, day.sitting)
    packet = InboxPacket.objects.create(
        sha256=hashlib.sha256(b"packet").hexdigest(),
        size=6,
        name="PACKET.ppe",
        path="x",
        door="network",
        received_at=timezone.now(),
        received_from="x",
        uid=NODE,
        version=1,
        kind="blanks",
        point=day.point,
        state="delivered",
    )
    receipts.issue(packet=packet, level="delivered", actor=SYSTEM)
    return {"fingerprint": ca.fingerprint, "packet": packet.sha256}


def _key_of(gek: pki.PrivateKey, sitting: Any) -> None:
    """Lay down what opens the envelopes of the journals: the access key, and the key of the member who holds it."""
    form = serialization.PrivateFormat.PKCS8
    (papers / "gek.key").write_bytes(gek.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    row = sitting.access_keys.get()
    (papers / "access.p7m").write_bytes(files.inside(row.path).read_bytes())


def point() -> dict[str, Any]:
    factories.NodeFactory(points=["0001"])
    node.ensure_keys()
    (path,) = papers.glob("EXAM_*.zip")
    data = path.read_bytes()
    package.import_package(data, confirmed_fingerprint=package.preview(data).ca_fingerprint, actor=SYSTEM)
    return {}


print(json.dumps({"hq": point, "rcoi": centre}[settings.PPE_NODE]()))  # noqa: T201
