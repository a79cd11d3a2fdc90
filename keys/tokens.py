"""Tokens of GEK members: found on the machine of the node, chosen in a page, opened by a PIN.

A token is something a `TokenSource` lists and opens. Today that is PKCS#12 files in the folders of `PPE_TOKEN_DIRS`;
slots of a PKCS#11 module are another source of the same shape.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import transaction

from audit.log import Actor, record
from common.flash import shown
from common.work.clock import now
from keys.errors import ForeignTokenError, TokenLockedError, TokenMissingError
from keys.models import Certificate, PinFailures
from keys.trust import trust_store
from stations.models import ExamPoint, Person
from wire import pki
from wire.cms import Recipient, Signer
from wire.errors import PpeError
from wire.messages import Message
from wire.pki import CertificateRole, Identity, PrivateKey, WrongPinError
from wire.pki.key_files import MAX_BYTES

MAX_FAILURES = 5
LOCK = timedelta(minutes=15)
_SUFFIXES = {".p12", ".pfx"}
_MAX_DEPTH = 2
_MAX_LISTED = 100


@dataclass(frozen=True)
class TokenInfo:
    """A token in a drive, before any PIN.

    Attributes:
        id: Names it in forms.
        label: What a person reads: the holder when the drive says so, and the file.
        path: Where it is.
        holder: Name of the holder, when a request or certificate lies beside the key file; proves nothing.
    """

    id: str
    label: str
    path: str
    holder: str = ""


@dataclass(frozen=True)
class OpenToken:
    """A token opened for one act; it lives as long as the request.

    Attributes:
        identity: Whom its certificate speaks for.
        person: The GEK member of the registry.
        signer: Signs with it.
        recipient: Opens what is enveloped to it.
    """

    identity: Identity
    person: Person | None
    signer: Signer
    recipient: Recipient

    @property
    def name(self) -> str:
        """The holder's name."""
        return self.person.full_name if self.person else self.identity.ident

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the certificate."""
        return pki.fingerprint(self.signer.certificate)

    def actor(self, beside: Actor | None = None) -> Actor:
        """Return the holder as the actor; the user of the session stands beside."""
        user = " " + Message("(at the login of {name})", name=beside.name).ru if beside and beside.name else ""
        return Actor(
            f"{self.name}{user}"[:200],
            "token",
            user_id=beside.user_id if beside else None,
            certificate=self.fingerprint,
        )


@dataclass(frozen=True)
class Unlocked:
    """What a source gives for the right PIN."""

    key: PrivateKey


class TokenSource(Protocol):
    """Where tokens are found."""

    def tokens(self) -> list[TokenInfo]:
        """Return the tokens that are there now."""

    def weight(self, token: TokenInfo) -> str:
        """Return what wrong PINs are counted against: the same for every copy of the token."""

    def unlock(self, token: TokenInfo, pin: str) -> Unlocked:
        """Open a token.

        Raises:
            WrongPinError: The PIN does not open it.
            PpeError: It is no token at all.
        """


class FolderSource:
    """PKCS#12 files in folders of drives."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders

    def tokens(self) -> list[TokenInfo]:
        """Return the key files in the folders and the folders right below."""
        found: list[TokenInfo] = []
        for folder in self.folders:
            for path in _files(folder, _MAX_DEPTH):
                if path.suffix.lower() in _SUFFIXES and len(found) < _MAX_LISTED:
                    holder = _holder_beside(path)
                    label = f"{holder} · {shown(path)}" if holder else shown(path)
                    found.append(TokenInfo(_id_of(path), label, str(path), holder))
        return found

    def weight(self, token: TokenInfo) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(_read(token)).hexdigest()

    def unlock(self, token: TokenInfo, pin: str) -> Unlocked:
        """Open the key file."""
        return Unlocked(pki.load_pkcs12(_read(token), pin).key)


def _files(folder: Path, depth: int) -> Iterator[Path]:
    # A drive may be pulled out while it is listed.
    with contextlib.suppress(OSError):
        for path in sorted(folder.iterdir()):
            if path.is_file():
                yield path
            elif depth and path.is_dir() and not path.is_symlink():
                yield from _files(path, depth - 1)


def _id_of(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]


def _read(token: TokenInfo) -> bytes:
    try:
        with Path(token.path).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _missing() from error


def _missing() -> TokenMissingError:
    return TokenMissingError(
        Message("The chosen token is not in any drive of this machine."),
        remedy=Message("Insert the token and reload the page."),
    )


def _holder_beside(path: Path) -> str:
    """Read the holder's name from a certificate or request that lies beside the key file."""
    for suffix in (".pem", ".crt", ".csr"):
        beside = path.with_suffix(suffix)
        with contextlib.suppress(OSError, PpeError):
            with beside.open("rb") as file:
                data = file.read(MAX_BYTES)
            if suffix == ".csr":
                return pki.read_csr(data).common_name
            key = pki.key_fingerprint(pki.public_key_of(pki.load_pem_certificates(data)[0]))
            row: Certificate | None = Certificate.objects.filter(key_fingerprint=key).select_related("person").first()
            if row:
                return row.person.full_name if row.person else row.common_name
    return _holder_by_name(shown(path.stem))


def _holder_by_name(stem: str) -> str:
    """Read the holder from a name such as ``gek-78-0001-78000123``, when the registry knows such a member."""
    parts = stem.split("-", 3)
    if len(parts) != 4 or parts[0] != CertificateRole.GEK.value:
        return ""
    rows = (
        Certificate.objects.of(CertificateRole.GEK, parts[1], parts[2]).filter(ident=parts[3]).select_related("person")
    )
    row: Certificate | None = rows.order_by("-not_before").first()
    return "" if row is None else row.person.full_name if row.person else row.common_name


def sources() -> list[TokenSource]:
    """Return every place where tokens are looked for on this machine."""
    return [FolderSource(list(settings.PPE_TOKEN_DIRS))]


def list_tokens() -> list[TokenInfo]:
    """Return the tokens in the drives of this machine."""
    return [token for source in sources() for token in source.tokens()]


def open_token(*, token: str, pin: str, point: ExamPoint, actor: Actor | None = None) -> OpenToken:
    """Open a token with its PIN and find whose it is.

    Args:
        token: `TokenInfo.id`.
        pin: The PIN; the caller has checked the channel it came over (`keys.pin`).
        point: The exam point to act for.
        actor: The user of the session, for the log.

    Returns:
        The open token of a GEK member of this point, whose certificate holds now.

    Raises:
        TokenMissingError: It is not in any drive.
        TokenLockedError: Five wrong PINs in a row.
        WrongPinError: The PIN is wrong.
        ForeignTokenError: Its key is no GEK member's of this point.
        CertificatePathError: The certificate has expired or is revoked.
    """
    source, info = _find(token)
    weight = source.weight(info)
    _count_attempt(weight)
    try:
        unlocked = source.unlock(info, pin)
    except WrongPinError:
        _note("keys.wrong_pin", info, point, actor)
        raise
    except PpeError:
        _forget_failures(weight)
        raise
    _forget_failures(weight)
    return _owner(unlocked, info, point, actor)


def _find(token: str) -> tuple[TokenSource, TokenInfo]:
    for source in sources():
        for info in source.tokens():
            if info.id == token:
                return source, info
    raise _missing()


def _count_attempt(weight: str) -> None:
    """Count an attempt before it is made, so that parallel guesses count too.

    Raises:
        TokenLockedError: There were too many.
    """
    at = now()
    with transaction.atomic():
        PinFailures.objects.get_or_create(token=weight, defaults={"last_at": at})
        row = PinFailures.objects.select_for_update().get(token=weight)
        if row.count >= MAX_FAILURES:
            left = row.last_at + LOCK - at
            if left > timedelta(0):
                raise TokenLockedError(int(left.total_seconds() // 60) + 1)
            row.count = 0
        row.count, row.last_at = row.count + 1, at
        row.save()


def _forget_failures(weight: str) -> None:
    PinFailures.objects.filter(token=weight).delete()


def _owner(unlocked: Unlocked, info: TokenInfo, point: ExamPoint, actor: Actor | None) -> OpenToken:
    public = pki.key_fingerprint(unlocked.key.public_key())
    row = (
        Certificate.objects.of(CertificateRole.GEK, point.region.code, point.code)
        .filter(key_fingerprint=public)
        .select_related("person")
        .order_by("-not_before", "-pk")
        .first()
    )
    if row is None:
        _note("keys.foreign_token", info, point, actor)
        raise _foreign(public, point)
    certificate = row.x509
    trust_store().check(certificate, at=now(), roles={CertificateRole.GEK})
    return OpenToken(row.identity, row.person, Signer(certificate, unlocked.key), Recipient(certificate, unlocked.key))


def _foreign(public: str, point: ExamPoint) -> ForeignTokenError:
    other = Certificate.objects.filter(key_fingerprint=public).first()
    if other is not None:
        message = Message(
            "This token is not of a GEK member of point {point}: {unit}, {name}.",
            point=point.key,
            unit=other.identity.unit,
            name=other.common_name,
        )
    else:
        message = Message(
            "This token is unknown at point {point_key}: no certificate of it came with the exam package.",
            point_key=point.key,
        )
    return ForeignTokenError(message, remedy=Message("Insert the token of a GEK member of this point."))


def _note(kind: str, info: TokenInfo, point: ExamPoint, actor: Actor | None) -> None:
    record(
        kind,
        about=point,
        subject=info.label,
        actor=actor or Actor(info.label[:200], "token"),
        data={"file": shown(Path(info.path))},
    )
