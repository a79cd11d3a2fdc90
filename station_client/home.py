"""The folder of a station: its key, what it was told by the centre, and the logs of the day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import Certificate

from wire import canonical, durable, pki
from wire.cms import Signer
from wire.documents import package
from wire.documents.package import PackageDocument
from wire.errors import PpeError
from wire.journal import JournalLog
from wire.journal.lines import Kind
from wire.messages import NOTHING, Message
from wire.pki import CertificateRole, Identity, PrivateKey, TrustStore

_CONFIG, _KEY, _CERTIFICATE, _CA, _PACKAGE, _LOGS = (
    "station.json",
    "station.key",
    "station.pem",
    "ca.pem",
    "package.zip",
    "logs",
)
ROLES: dict[str, CertificateRole] = {
    "print": CertificateRole.PRINT,
    "voice": CertificateRole.VOICE,
    "scan": CertificateRole.SCAN,
}


class StationError(PpeError):
    """The station's folder does not allow what was asked."""

    code: ClassVar[str] = "station"


def refuse(message: Message, *, remedy: Message = NOTHING) -> StationError:
    """A refusal of the station itself."""
    return StationError(message, remedy=remedy)


def common_name(text: str) -> str:
    """As much of a name as X.509 has room for: 64 bytes."""
    return text.encode("utf-8")[:64].decode("utf-8", "ignore").strip()


def csr_name(identity: Identity) -> str:
    """The name of a request for a certificate."""
    return f"CSR_{identity.role}_{identity.region}_{identity.point}_{identity.ident}.pem"


@dataclass(frozen=True, slots=True)
class StationHome:
    """A station that has its key."""

    folder: Path
    kind: Kind
    region: str
    point: str
    number: str
    serial: str

    @property
    def identity(self) -> Identity:
        """How the station's certificate names it."""
        return Identity(ROLES[self.kind], self.region, self.point, self.number)

    @property
    def key(self) -> PrivateKey:
        """The station's key.

        Raises:
            StationError: the file is missing or damaged.
        """
        try:
            key = serialization.load_pem_private_key((self.folder / _KEY).read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise refuse(
                Message("The station's key cannot be read: {folder}.", folder=self.folder / _KEY),
            ) from error
        return cast(PrivateKey, key)

    @property
    def signer(self) -> Signer:
        """The station's key and certificate.

        Raises:
            StationError: no certificate yet.
        """
        try:
            (certificate,) = pki.load_pem_certificates((self.folder / _CERTIFICATE).read_bytes())
        except (OSError, ValueError) as error:
            raise refuse(
                Message("The station has no certificate yet."),
                remedy=Message("Load the exam package: ppe-station package …"),
            ) from error
        return Signer(certificate, self.key)

    def trust(self) -> TrustStore | None:
        """The trust that was confirmed by a person; None before the first package."""
        path = self.folder / _CA
        return TrustStore(pki.load_pem_certificates(path.read_bytes())) if path.exists() else None

    def exam(self) -> PackageDocument:
        """The exam package taken in last.

        Raises:
            StationError: there is none.
        """
        try:
            data = (self.folder / _PACKAGE).read_bytes()
        except OSError as error:
            raise refuse(
                Message("No exam package is loaded yet."),
                remedy=Message("Run: ppe-station package DIR EXAM_….zip --ca-fingerprint …"),
            ) from error
        return package.read(data, trust=self.trust())[0]

    def access_certificates(self, sitting: str) -> list[Certificate]:
        """Certificates of the access keys of one sitting."""
        found = []
        day_and_subject = "-".join(sitting.split("-")[2:])
        for text in self.exam().access:
            for certificate in pki.load_pem_certificates(text.encode("ascii")):
                if pki.identity_of(certificate).ident.startswith(f"{day_and_subject}-"):
                    found.append(certificate)
        return found

    @property
    def package_sha256(self) -> str:
        """SHA-256 of the package's file."""
        return durable.sha256_file(self.folder / _PACKAGE)

    def log_path(self, sitting: str, room: str | None) -> Path:
        """Where the log of one sitting and room stands."""
        return self.folder / _LOGS / f"{sitting}_{room or 'scan'}.log"

    def logs(self) -> list[Path]:
        """All logs of the station, the oldest sitting first."""
        return sorted((self.folder / _LOGS).glob("*.log"))

    def find_log(self, *, subject: str | None = None, room: str | None = None) -> Path:
        """The one log that fits.

        Raises:
            StationError: none fits, or several do.
        """
        fitting = []
        for path in self.logs():
            sitting, _, its_room = path.stem.partition("_")
            if subject in (None, sitting.rpartition("-")[2]) and room in (None, its_room):
                fitting.append(path)
        if len(fitting) == 1:
            return fitting[0]
        message = Message("No log is started") if not fitting else Message("Several logs")
        raise refuse(Message("{problem}.", problem=message), remedy=Message("Give --subject and --room."))


def init(folder: Path, *, kind: Kind, region: str, point: str, number: str, serial: str) -> tuple[StationHome, Path]:
    """Make the key of a station and the request for its certificate.

    Raises:
        StationError: there is a station in the folder already.
    """
    station = StationHome(folder, kind, region, point, number, serial or f"{kind}-{region}-{point}-{number}")
    identity = station.identity
    if (folder / _CONFIG).exists():
        raise refuse(Message("There is a station in {folder} already.", folder=folder))
    (folder / _LOGS).mkdir(parents=True, exist_ok=True)
    key = pki.generate_key()
    durable.write_durable(folder / _KEY, key_pem(key), mode=0o600)
    request = folder / csr_name(identity)
    durable.write_durable(request, pki.make_csr(key, identity, common_name=common_name(f"{number}, {identity.unit}")))
    config = {"kind": kind, "region": region, "point": point, "number": number, "serial": station.serial}
    durable.write_durable(folder / _CONFIG, canonical.dumps(config))
    return station, request


def key_pem(key: PrivateKey) -> bytes:
    """A private key as PKCS#8 PEM."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load(folder: Path) -> StationHome:
    """Open the folder of a station.

    Raises:
        StationError: it is not one.
    """
    try:
        config: dict[str, Any] = canonical.loads((folder / _CONFIG).read_bytes())
        return StationHome(
            folder, config["kind"], config["region"], config["point"], config["number"], config["serial"]
        )
    except (OSError, KeyError, TypeError, PpeError) as error:
        raise refuse(
            Message("There is no station in {folder}.", folder=folder),
            remedy=Message("Run: ppe-station init DIR --role … --region … --point … --number …"),
        ) from error


def take_package(station: StationHome, data: bytes, *, fingerprint: str | None) -> PackageDocument:
    """Take in an exam package and the station's certificate that it carries.

    Args:
        station: whose package it is.
        data: the file.
        fingerprint: SHA-256 of the authority's certificate as told by the centre; needed the first time.

    Raises:
        StationError: another point, another authority, or no certificate of this station's key in it.
        PpeError: the package does not hold.
    """
    trust = station.trust()
    exam, _ = package.read(data, trust=trust)
    if trust is None or fingerprint is not None:
        _confirm(exam, fingerprint)
    if (exam.header["region"], exam.header["point"]) != (station.region, station.point):
        raise refuse(Message("The exam package is of another point."))
    certificate = own_certificate([*exam.certificates], station.key, station.identity)
    if certificate is None:
        raise refuse(
            Message("The package holds no certificate of this station."),
            remedy=Message("Give the CSR_….pem request to the centre and take a new package."),
        )
    durable.write_durable(station.folder / _CA, pki.pem(exam.authority).encode("ascii"))
    durable.write_durable(station.folder / _CERTIFICATE, pki.pem(certificate).encode("ascii"))
    durable.write_durable(station.folder / _PACKAGE, data)
    return exam


def _confirm(exam: PackageDocument, fingerprint: str | None) -> None:
    told = (fingerprint or "").replace(":", "").replace(" ", "").lower()
    if told != exam.ca_fingerprint:
        raise refuse(
            Message(
                "The fingerprint {ca_fingerprint} of the package's authority is not confirmed.",
                ca_fingerprint=exam.ca_fingerprint,
            ),
            remedy=Message("Compare it with the one told by the centre and repeat with --ca-fingerprint."),
        )


def own_certificate(texts: Sequence[str], key: PrivateKey, identity: Identity) -> Certificate | None:
    """The newest certificate of a key among many."""
    own = pki.key_fingerprint(key.public_key())
    fitting = [
        certificate
        for text in texts
        for certificate in pki.load_pem_certificates(text.encode("ascii"))
        if pki.identity_of(certificate) == identity and pki.key_fingerprint(pki.public_key_of(certificate)) == own
    ]
    return max(fitting, key=lambda certificate: certificate.not_valid_before_utc, default=None)


def open_log(path: Path) -> JournalLog:
    """Go on with a log; a closed one is reopened."""
    log = JournalLog.open(path)
    log.reopen("ppe-station")
    return log


def today() -> dt.date:
    """The date of the machine's clock in its own zone."""
    return dt.datetime.now().astimezone().date()
