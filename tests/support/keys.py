"""The keys of an exam day: a region's authority, certificates in the tables, token files, signers of stations."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import Certificate

from audit.log import Actor
from keys import access, node, trust
from keys.models import AccessKey, RevocationList
from keys.tokens import OpenToken, TokenInfo, list_tokens, open_token
from stations.models import Assignment, Role, Sitting, User
from tests.support.factories import AssignmentFactory, Day, PersonFactory, UserFactory
from wire import pki
from wire.cms import Signer
from wire.documents import access_key
from wire.names.files import key_name
from wire.pki import Identity

PIN = "135790"
OPERATOR = Actor("Иванов Пётр Ильич", "page", user_id=1)


@dataclass
class Keys:
    """The region's authority in this process, and what it certified."""

    day: Day
    token_dir: Path
    ca_key: ec.EllipticCurvePrivateKey
    ca: Certificate
    gek_uid: str = ""
    user: User | None = None
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    certificates: dict[str, Certificate] = field(default_factory=dict)

    def certify(
        self,
        role: pki.CertificateRole,
        ident: str,
        *,
        point: str | None = None,
        name: str = "",
        keep: bool = True,
        key: ec.EllipticCurvePrivateKey | None = None,
        until: datetime | None = None,
    ) -> Signer:
        """Make a key and its certificate; ``keep`` puts it into the tables as a package would."""
        key = key or pki.generate_key()
        begin = self.ca.not_valid_before_utc
        made = pki.issue(
            self.ca,
            self.ca_key,
            public_key=key.public_key(),
            identity=Identity(role, "78", self.day.point.code if point is None else point, ident),
            common_name=name or f"{role.value} {ident}",
            not_before=begin,
            not_after=until or begin + timedelta(days=30),
        )
        handle = f"{role.value}-{ident}"
        self.keys[handle], self.certificates[handle] = key, made
        if keep:
            trust.store_certificate(made)
        return Signer(made, key)

    def signer(self, handle: str) -> Signer:
        """Return the signer of ``print-0001``, ``gek-…``; certified at the first call."""
        if handle not in self.certificates:
            role, _, ident = handle.partition("-")
            self.certify(pki.CertificateRole(role), ident)
        return Signer(self.certificates[handle], self.keys[handle])

    def token_file(self, uid: str, *, pin: str = PIN, folder: str = "") -> Path:
        """Write the token of a certified GEK member onto the drive."""
        place = self.token_dir / folder
        place.mkdir(exist_ok=True)
        path = place / f"gek-{uid}.p12"
        path.write_bytes(pki.dump_pkcs12(self.keys[f"gek-{uid}"], None, pin, name=uid))
        return path

    def token_info(self) -> TokenInfo:
        """Return the token of the day's GEK member as the page lists it."""
        return next(info for info in list_tokens() if info.path.endswith(f"gek-{self.gek_uid}.p12"))

    def open_token(self) -> OpenToken:
        """Return the open token of the day's GEK member."""
        return open_token(token=self.token_info().id, pin=PIN, point=self.day.point)

    def access_file(self, *, version: int = 1, sitting: Sitting | None = None) -> tuple[str, bytes]:
        """Make an access key as the centre does; its certificate arrives, its file is returned."""
        sitting = sitting or self.day.sitting
        ident = f"{sitting.date:%d%m%y}-{sitting.subject.code}-v{version}"
        until = datetime.now(sitting.point.zone) + timedelta(days=3)
        self.certify(pki.CertificateRole.ACCESS, ident, until=until)
        data = access_key.write(self.keys[f"access-{ident}"], recipients=[self.certificates[f"gek-{self.gek_uid}"]])
        return key_name("78", sitting.point.code, sitting.date, sitting.subject.code, version), data

    def access_certificates(self) -> list[Certificate]:
        """Return the certificates of the access keys made so far."""
        return [cert for handle, cert in self.certificates.items() if handle.startswith("access-")]

    @property
    def operator(self) -> Actor:
        """The technical specialist: another person than the GEK member."""
        if self.user is None:
            self.user = UserFactory(username="operator-of-keys", person=PersonFactory(full_name=OPERATOR.name))
        return replace(OPERATOR, user_id=self.user.pk)

    def load(self, *, version: int = 1) -> AccessKey:
        """Load an access key."""
        name, data = self.access_file(version=version)
        return access.load(data=data, name=name, actor=self.operator)

    def activate(self, key: AccessKey | None = None) -> AccessKey:
        """Load and activate an access key."""
        return access.activate(access_key=key or self.load(), token=self.open_token(), actor=self.operator)

    def revoke(self, handle: str, *, number: int = 2) -> bytes:
        """Return a revocation list that names a certificate."""
        at = datetime.now(self.day.point.zone)
        serial = self.certificates[handle].serial_number
        return pki.make_crl(self.ca, self.ca_key, revoked=[(serial, at)], number=number, at=at)


def make_keys(day: Day, token_dir: Path) -> Keys:
    """Give an HQ node its certificates, and its GEK member a token; needs the fixture ``data_dir``."""
    ca_key = pki.generate_key()
    ca = pki.make_ca(ca_key, region="78", name="Учебный УЦ")
    made = Keys(day, token_dir, ca_key, ca)
    trust.store_certificate(ca)
    at = datetime.now(day.point.zone)
    RevocationList.objects.create(number=1, der=pki.make_crl(ca, ca_key, revoked=[], number=1, at=at), made_at=at)
    node.ensure_keys()
    made.certify(pki.CertificateRole.HQ, day.node.uid, key=node.load_key(node.NODE_KEY))
    made.certify(pki.CertificateRole.SCAN, day.node.station, key=node.load_key(node.STATION_KEY))
    made.certify(pki.CertificateRole.RCOI, "01", point="0000")
    row = Assignment.objects.filter(sitting=day.sitting, role=Role.GEK_MEMBER).select_related("person").first()
    person = row.person if row else PersonFactory(full_name="Соколова Анна Сергеевна")
    if row is None:
        AssignmentFactory(person=person, role=Role.GEK_MEMBER, sitting=day.sitting)
    made.gek_uid = person.uid
    made.certify(pki.CertificateRole.GEK, person.uid, name=person.full_name)
    made.token_file(person.uid)
    return made


def private_bytes(key: ec.EllipticCurvePrivateKey) -> list[bytes]:
    """Return every shape in which a private key could lie on a disk: DER, scalar, hex, PEM body."""
    scalar = key.private_numbers().private_value.to_bytes(32, "big")
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return [scalar, scalar.hex().encode(), scalar.hex().upper().encode(), der, pem.splitlines()[1]]
