"""Make a data folder the second machine of the same HQ: argv is the folder with ca.pem, ca.key and rcoi.pem."""

import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402

from keys import node, trust  # noqa: E402
from tests.support import factories  # noqa: E402
from wire import pki  # noqa: E402
from wire.pki import CertificateRole, Identity  # noqa: E402

UID = "0198b0c4-0000-7000-8000-0000000000bb"

source = Path(sys.argv[1])
factories.NodeFactory(kind="hq", points=["0001"], uid=UID)
factories.make_day()
ca = x509.load_pem_x509_certificate((source / "ca.pem").read_bytes())
ca_key = serialization.load_pem_private_key((source / "ca.key").read_bytes(), None)
node.ensure_keys()
own = pki.issue(
    ca,
    ca_key,
    public_key=node.load_key(node.NODE_KEY).public_key(),
    identity=Identity(CertificateRole.HQ, "78", "0001", UID),
    common_name="Станция авторизации",
    not_before=ca.not_valid_before_utc,
    not_after=ca.not_valid_before_utc + timedelta(days=30),
)
for certificate in (ca, x509.load_pem_x509_certificate((source / "rcoi.pem").read_bytes()), own):
    trust.store_certificate(certificate)
