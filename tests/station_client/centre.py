"""What the centre does for a station in these tests: sign its request, make a package."""

import datetime as dt
from pathlib import Path
from typing import Any

from cryptography.x509 import Certificate

from tests.support.pki import PkiFixtures, registry, the_fixtures
from wire import canonical, pki
from wire.documents import package
from wire.documents.package import PackageDocument

FINGERPRINT_HEX = 64


def sign_request(path: Path, world: PkiFixtures | None = None) -> Certificate:
    world = world or the_fixtures()
    request = pki.read_csr(path.read_bytes())
    now = dt.datetime.now(dt.UTC)
    return pki.issue(
        world.ca,
        world.ca_key,
        public_key=request.public_key,
        identity=request.identity,
        common_name=request.common_name,
        not_before=now - dt.timedelta(hours=1),
        not_after=now + dt.timedelta(days=1),
    )


def make_package(*certificates: Certificate, world: PkiFixtures | None = None, **changes: Any) -> bytes:
    world = world or the_fixtures()
    header = {
        "mode": "training",
        "region": "78",
        "point": "0001",
        "date": "2026-05-29",
        "version": 1,
        "made_at": canonical.stamp(dt.datetime.now(dt.UTC)),
    }
    exam = PackageDocument(
        header=header | changes,
        registry=registry(),
        certificates=[pki.pem(world.ca), *map(pki.pem, certificates)],
        crl=world.crl,
        rcoi=[pki.pem(world.certificates["rcoi"])],
        access=[pki.pem(world.certificates["access"])],
    )
    return package.write(exam, signer=world.signer("rcoi"))
