"""Tokens of GEK members: a PKCS#12 file on a drive, opened by a PIN."""

import os
from pathlib import Path

from station_client.home import StationError, common_name, csr_name, own_certificate, refuse
from wire import durable, pki
from wire.documents import package
from wire.messages import Message
from wire.pki import CertificateRole, Identity

PIN_VARIABLE = "PPE_PIN"


def new(folder: Path, *, person: str, region: str, point: str, name: str, pin: str) -> tuple[Path, Path]:
    """Make a token's key and the request for its certificate.

    Raises:
        StationError: the token is there already.
        PpeError: a bad identity or an empty PIN.
    """
    identity = Identity(CertificateRole.GEK, region, point, person)
    path = folder / f"gek-{region}-{point}-{person}.p12"
    if path.exists():
        raise refuse(Message("The token {path_name} exists already.", path_name=path.name))
    with durable.disk_errors():
        folder.mkdir(parents=True, exist_ok=True)
    key = pki.generate_key()
    durable.write_durable(path, pki.dump_pkcs12(key, None, pin, name=name or person), mode=0o600)
    request = folder / csr_name(identity)
    durable.write_durable(request, pki.make_csr(key, identity, common_name=common_name(name or person)))
    return path, request


def install(folder: Path, data: bytes, *, pin: str) -> list[Path]:
    """Put certificates from a package or a PEM file into the tokens of a folder whose keys they are of.

    Raises:
        WrongPinError: the PIN opens none of the tokens.
        StationError: no token in the folder, or no certificate fits.
    """
    tokens = sorted(folder.glob("*.p12"))
    if not tokens:
        raise refuse(Message("There is no token in {folder}.", folder=folder))
    texts = _certificates(data)
    done: list[Path] = []
    wrong: pki.WrongPinError | None = None
    for path in tokens:
        try:
            opened = pki.load_pkcs12(path.read_bytes(), pin)
        except pki.WrongPinError as error:
            wrong = error
            continue
        for text in texts:
            (certificate,) = pki.load_pem_certificates(text.encode("ascii"))
            found = own_certificate([text], opened.key, pki.identity_of(certificate))
            if found is not None:
                blob = pki.dump_pkcs12(opened.key, found, pin, name=path.stem)
                durable.write_durable(path, blob, mode=0o600)
                done.append(path)
                break
    if not done:
        raise wrong or StationError(Message("No certificate fits the token."))
    return done


def _certificates(data: bytes) -> list[str]:
    if data.startswith(b"PK"):
        exam, _ = package.read(data, trust=None)
        return list(exam.certificates)
    return [pki.pem(certificate) for certificate in pki.load_pem_certificates(data)]


def pin_from_environment() -> str | None:
    """The PIN, when a script gives it."""
    return os.environ.get(PIN_VARIABLE)
