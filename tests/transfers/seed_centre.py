"""Make a data folder the centre of the usual day: argv is the folder with ca.pem, ca.key, rcoi.pem, rcoi.key."""

import sys
from pathlib import Path

import django

django.setup()

from cryptography import x509  # noqa: E402

from keys import node, trust  # noqa: E402
from tests.support import factories  # noqa: E402

source = Path(sys.argv[1])
factories.NodeFactory(kind="rcoi", points=[])
factories.make_day()
for name in ("ca", "rcoi"):
    (node.folder() / f"{name}.key").write_bytes((source / f"{name}.key").read_bytes())
    (node.folder() / f"{name}.key").chmod(0o600)
for path in sorted(source.glob("*.pem")):
    trust.store_certificate(x509.load_pem_x509_certificate(path.read_bytes()))
