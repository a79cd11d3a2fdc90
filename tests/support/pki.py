"""A region with a point, its people, stations and a sitting, as keys and certificates."""

import datetime as dt
import functools
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate

from wire import pki
from wire.cms import Recipient, Signer
from wire.journal import Header
from wire.pki import CertificateRole, Identity, TrustStore

REGION, POINT = "78", "0001"
DAY = dt.date(2026, 5, 29)
SITTING = "78-0001-290526-01"
NODE = "0197fa60-0000-7000-8000-000000000001"


@dataclass
class PkiFixtures:
    ca_key: ec.EllipticCurvePrivateKey
    ca: Certificate
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)
    region: str = REGION

    def make(self, name: str, role: CertificateRole, point: str, ident: str) -> None:
        key = pki.generate_key()
        now = dt.datetime.now(dt.UTC)
        self.keys[name] = key
        self.certificates[name] = pki.issue(
            self.ca,
            self.ca_key,
            public_key=key.public_key(),
            identity=Identity(role, self.region, point, ident),
            common_name=name,
            not_before=now - dt.timedelta(days=1),
            not_after=now + dt.timedelta(days=30),
        )

    def signer(self, name: str) -> Signer:
        return Signer(self.certificates[name], self.keys[name])

    def recipient(self, name: str) -> Recipient:
        return Recipient(self.certificates[name], self.keys[name])

    @property
    def trust(self) -> TrustStore:
        return TrustStore([self.ca], [self.crl])

    @functools.cached_property
    def crl(self) -> bytes:
        return pki.make_crl(self.ca, self.ca_key, revoked=[], number=1, at=dt.datetime.now(dt.UTC))


def make_fixtures(region: str = REGION) -> PkiFixtures:
    key = pki.generate_key()
    world = PkiFixtures(key, pki.make_ca(key, region=region, name=f"Регион {region}"), region=region)
    world.make("rcoi", CertificateRole.RCOI, "0000", "01")
    world.make("hq", CertificateRole.HQ, POINT, NODE)
    world.make("gek", CertificateRole.GEK, POINT, "p-001")
    world.make("print", CertificateRole.PRINT, POINT, "0001")
    world.make("print2", CertificateRole.PRINT, POINT, "0002")
    world.make("voice", CertificateRole.VOICE, POINT, "0201-3")
    world.make("scan", CertificateRole.SCAN, POINT, "01")
    world.make("access", CertificateRole.ACCESS, POINT, "290526-01-v1")
    return world


@functools.cache
def the_fixtures() -> PkiFixtures:
    return make_fixtures()


@functools.cache
def other_fixtures() -> PkiFixtures:
    return make_fixtures()


def header(**changes: Any) -> Header:
    values: dict[str, Any] = {
        "kind": "print",
        "mode": "training",
        "region": REGION,
        "point": POINT,
        "room": "0101",
        "sitting": SITTING,
        "subject": "01",
        "station": "0001",
        "serial": "SN-1",
        "software": "ppe-station 0.1",
        "opened_at": dt.datetime(2026, 5, 29, 5, 0, tzinfo=dt.UTC),
        "duty": "main",
    }
    return Header(**(values | changes))


def registry() -> dict[str, Any]:
    return {
        "format": "ppe-registry/1",
        "mode": "training",
        "region": {"code": "78", "name": "Санкт-Петербург", "timezone": "Europe/Moscow"},
        "points": [
            {
                "code": "0001",
                "name": "Школа № 1",
                "address": "ул. Первая, 1",
                "timezone": "Europe/Moscow",
                "rooms": [{"number": "0101", "name": "Кабинет физики", "seats": 15, "kind": "room"}],
                "stations": [{"kind": "print", "number": "0001", "serial": "SN-1", "duty": "main"}],
                "people": [{"uid": "p-001", "full_name": "Иванова Анна", "phone": "+78120000000"}],
                "sittings": [
                    {
                        "date": "2026-05-29",
                        "subject": "01",
                        "rooms": [{"number": "0101", "seats": 15, "voice": False, "places": 0}],
                        "posts": [
                            {
                                "station_kind": "print",
                                "station_number": "0001",
                                "room": "0101",
                                "place": None,
                                "duty": "main",
                            }
                        ],
                        "assignments": [{"person": "p-001", "role": "gek_member"}],
                        "deadlines": {"exams_finished": "18:00", "blanks_transferred": "21:00"},
                    }
                ],
            }
        ],
        "staff": [{"uid": "r-001", "full_name": "Петров Пётр", "role": "rcoi_operator"}],
    }
