"""The access key at the exam point: loaded from a file, activated with a token, kept until its end, deleted.

Activated, the private half lies in the `keys` folder enveloped to the node's own certificate: workers open sealed
form numbers with it, and a restarted node stays active. It is never in the database.
"""

import logging
from collections.abc import Iterable
from datetime import date as day
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate as CertificateFile
from django.db import transaction

from audit.log import SYSTEM, Actor, record
from audit.moves import move
from common import files
from common.errors import both, in_words
from common.listeners import Listeners
from common.stored import stored
from common.work.clock import now
from keys import node, second_person, trust
from keys.authority import access_ident
from keys.errors import AccessCertificateMissingError, AccessKeyUnusableError, ForeignTokenError, KeyFileRefusedError
from keys.models import AccessKey, Activation, Certificate
from keys.states import ACCESS_KEY_MOVES, AccessKeyState
from keys.tokens import OpenToken
from stations.models import Node, Sitting
from wire import pki
from wire.cms import Recipient
from wire.documents import access_key as wire_key
from wire.durable import fsync_dir, write_durable
from wire.errors import FieldError, PpeError
from wire.messages import Message
from wire.names.files import KeyName, key_name, parse_key_name
from wire.pki import CertificateRole

log = logging.getLogger(__name__)

MAX_FILE = 256 * 1024
#: Why a key ended without a person: kept as it stands, said in the reader's language by the page.
EXPIRED = stored("It has expired.")
REVOKED_BY_CENTRE = stored("The regional centre has revoked the key's certificate.")

#: Called after the commit of an activation, each with the sitting.
on_activated: Listeners[[Sitting]] = Listeners()


# --- load -------------------------------------------------------------------------------------------------------------


def load(*, data: bytes, name: str, actor: Actor, sitting: Sitting | None = None) -> AccessKey:
    """Load the file of an access key. A wrong point, date or subject is named from the file's name, before any PIN.

    Args:
        data: The file, ``KEY_….p7m``.
        name: Its name.
        actor: Who loads it.
        sitting: The sitting whose page it was dropped on; None accepts every sitting of the node.

    Returns:
        The key; the same file again returns the same row.

    Raises:
        KeyFileRefusedError: Empty, too big, no key file, or of another point, date or subject.
        AccessCertificateMissingError: The package with its certificate has not been taken in.
    """
    if not data or len(data) > MAX_FILE:
        raise _refused(Message("the file is empty or too big"))
    said = parse_key_name(name)
    if said is None:
        shown = name.rpartition("/")[2][:80]
        raise _refused(Message("the name «{shown}» is not that of a key", shown=shown))
    wanted = _sitting_of(said, sitting)
    try:
        wire_key.require_envelope(data)
    except PpeError as refusal:
        raise _refused(Message("the content is not a whole CMS container")) from refusal
    certificate = (
        Certificate.objects.filter(
            role=CertificateRole.ACCESS.value,
            region=said.region,
            point=said.point,
            ident=access_ident(wanted, said.version),
        )
        .order_by("-pk")
        .first()
    )
    if certificate is None:
        raise AccessCertificateMissingError(
            Message(
                "The certificate of key {wanted_key} v{version} has not been received.",
                wanted_key=wanted.key,
                version=said.version,
            ),
            remedy=Message("Take in the exam package of this or a newer version first."),
        )
    return _keep(data, said, wanted, certificate, actor)


def _refused(message: Message, parts: Iterable[FieldError] = ()) -> KeyFileRefusedError:
    return KeyFileRefusedError(
        Message("The access key was not loaded: {reason}.", reason=message),
        remedy=Message("Choose the KEY_….p7m file of this point, date and subject."),
        parts=list(parts),
    )


def _sitting_of(said: KeyName, page: Sitting | None) -> Sitting:
    """Find the sitting that a name speaks of, or name every part that is wrong."""
    if page is not None:
        pairs = (
            ("region", Message("region"), said.region, page.point.region.code),
            ("point", Message("exam point"), said.point, page.point.code),
            ("date", Message("date"), f"{said.date:%d.%m.%Y}", f"{page.date:%d.%m.%Y}"),
            ("subject", Message("subject"), said.subject, page.subject.code),
        )
        wrong = [
            FieldError(
                field,
                found,
                expected,
                Message("{word} {found}, expected {expected}", word=word, found=found, expected=expected),
            )
            for field, word, found, expected in pairs
            if found != expected
        ]
        if wrong:
            message = [part.message for part in wrong]
            raise _refused(Message("it is the key of another exam ({differences})", differences=message), wrong)
        return page
    found_row = (
        Sitting.objects.filter(
            point__region__code=said.region, point__code=said.point, date=said.date, subject__code=said.subject
        )
        .select_related("point__region", "subject")
        .first()
    )
    if found_row is None:
        what = f"{said.region}-{said.point}, {said.date:%d.%m.%Y}"
        raise _refused(
            Message("this node has no such exam: {what}, subject {subject}", what=what, subject=said.subject),
        )
    return found_row


def _keep(data: bytes, said: KeyName, sitting: Sitting, certificate: Certificate, actor: Actor) -> AccessKey:
    standing = AccessKey.objects.filter(certificate=certificate).first()
    if standing is not None and standing.state in (AccessKeyState.EXPIRED, AccessKeyState.REVOKED):
        state = both(lambda: str(AccessKeyState(standing.state).label).lower())
        raise _refused(Message("this key is no longer valid: {state}", state=state))
    if standing is not None and is_usable(standing):
        return standing
    name = key_name(said.region, said.point, said.date, said.subject, said.version)
    path = files.folder("access-keys") / f"{certificate.fingerprint[:16]}-{name}"
    sha256 = write_durable(path, data, mode=0o600)
    with transaction.atomic():
        row, _made = AccessKey.objects.get_or_create(
            certificate=certificate,
            defaults={
                "sitting": sitting,
                "version": said.version,
                "state": AccessKeyState.LOADED,
                "name": name,
                "path": files.relative(path),
                "sha256": sha256,
                "at": now(),
                "by": actor.name[:200],
                "until": certificate.not_after,
            },
        )
        if row.sha256 != sha256:
            row.sha256, row.path, row.at, row.by = sha256, files.relative(path), now(), actor.name[:200]
            row.save(update_fields=["sha256", "path", "at", "by"])
        load = {"sha256": sha256, "by": actor.name[:200], "person": second_person.person_of(actor)}
        if not row.loads.filter(**load).exists():
            row.loads.create(at=now(), **load)
            record("keys.access_key_loaded", about=row, actor=actor, data={"sha256": sha256, "version": said.version})
    return row


def confirm(*, access_key: AccessKey, actor: Actor) -> AccessKey:
    """Load the file of a key once more as it lies on the node, as another person who answers for it.

    Args:
        access_key: The loaded key.
        actor: Who confirms the loading.

    Raises:
        KeyFileRefusedError: The file is gone from the disk, or the key has ended.
    """
    return load(data=file_bytes(access_key), name=access_key.name, actor=actor, sitting=access_key.sitting)


def take_reserve(*, p7m: bytes, certificate: bytes, actor: Actor) -> AccessKey:
    """Take in a reserve key that came with its certificate through the centre's feed.

    Args:
        p7m: The key file.
        certificate: Its certificate, PEM.
        actor: Who brought it.

    Raises:
        CertificatePathError: The certificate is not the authority's.
        KeyFileRefusedError: Not a key of a sitting of this node.
    """
    loaded = pki.load_pem_certificates(certificate)[0]
    trust.trust_store().check(loaded, at=now(), roles={CertificateRole.ACCESS})
    row = trust.store_certificate(loaded)
    try:
        date_text, subject, version = row.ident.split("-")
        name = key_name(row.region, row.point, _date(date_text), subject, int(version.removeprefix("v")))
    except ValueError as error:
        raise _refused(Message("its certificate is named oddly")) from error
    return load(data=p7m, name=name, actor=actor)


def _date(text: str) -> day:
    return datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007 (a calendar day has no zone)


# --- activate ---------------------------------------------------------------------------------------------------------


def activate(*, access_key: AccessKey, token: OpenToken, actor: Actor) -> AccessKey:
    """Activate a loaded key with an open token; an active key stays as it is.

    Args:
        access_key: The loaded key.
        token: The GEK member's token, opened in this request.
        actor: The user of the session, who stands beside.

    Raises:
        ForeignTokenError: The token is of another point.
        SecondPersonNeededError: Nobody but the token's holder has loaded the key.
        AccessKeyUnusableError: The key is not valid now.
        ForeignAccessKeyError: The file does not hold the key of its certificate.
        NodeCertificateMissingError: The node has no certificate to keep the key under.
    """
    if is_usable(access_key):
        return access_key
    sitting, point = access_key.sitting, access_key.sitting.point
    if (token.identity.region, token.identity.point) != (point.region.code, point.code):
        raise ForeignTokenError(
            Message(
                "The token is of point {region}-{point}, the key of {key}.",
                region=token.identity.region,
                point=token.identity.point,
                key=point.key,
            ),
        )
    second_person.require(access_key=access_key, token=token, actor=actor)
    certificate = access_key.certificate
    _require_valid(certificate)
    private = wire_key.read(file_bytes(access_key), recipients=[token.recipient], certificate=certificate.x509)
    own = [recipient.certificate for recipient in node.node_recipients()]
    if not own:
        node.node_signer(point)  # says what is missing
    # The file first: a row that says «activated» without a key behind it would be a lie after a power cut.
    write_durable(_blob(certificate), wire_key.write(private, recipients=own), mode=0o600)
    details = {"token": token.fingerprint, "until": certificate.not_after.isoformat()}
    with transaction.atomic():
        if access_key.state == AccessKeyState.ACTIVATED:
            # The disk lost the key after an earlier activation; the state stays, the act is on record again.
            record("keys.access_key_activated", about=access_key, actor=token.actor(actor), data=details)
        else:
            move(access_key, AccessKeyState.ACTIVATED, actor=token.actor(actor), data=details)
        Activation.objects.create(
            access_key=access_key,
            at=now(),
            person=token.person,
            holder=token.name,
            token=token.fingerprint,
            until=certificate.not_after,
            by=actor.name,
        )
        transaction.on_commit(lambda: _tell(sitting))
    return access_key


def _tell(sitting: Sitting) -> None:
    for listener in on_activated:
        try:
            listener(sitting)
        except Exception:
            # The key is active whatever a listener does with it; the sweep opens what it left closed.
            log.exception("after the activation of a key of %s", sitting.key)


def _require_valid(certificate: Certificate) -> None:
    try:
        trust.trust_store().check(certificate.x509, at=now(), roles={CertificateRole.ACCESS})
    except PpeError as refusal:
        raise AccessKeyUnusableError(
            Message("The access key is not valid: {reason}", reason=refusal.message)
        ) from refusal


def _blob(certificate: Certificate) -> Path:
    return node.folder() / f"access-{certificate.fingerprint}.p7m"


def file_bytes(access_key: AccessKey) -> bytes:
    """Return the key's file as made or received.

    Raises:
        KeyFileRefusedError: The file is gone from the disk.
    """
    try:
        return files.inside(access_key.path).read_bytes()
    except OSError as error:
        raise _refused(Message("the key file is not on the node's disk")) from error


# --- use --------------------------------------------------------------------------------------------------------------


def active(sitting: Sitting) -> AccessKey | None:
    """Return the newest active key of a sitting."""
    rows = AccessKey.objects.filter(sitting=sitting, state=AccessKeyState.ACTIVATED, until__gt=now())
    return rows.select_related("certificate").order_by("-version").first()


def recipients_for(sitting: Sitting) -> list[Recipient]:
    """Return the active access keys of a sitting, newest first: what opens sealed form numbers."""
    rows = AccessKey.objects.filter(sitting=sitting, state=AccessKeyState.ACTIVATED, until__gt=now())
    own = node.node_recipients()
    opened = []
    for row in rows.select_related("certificate").order_by("-version"):
        try:
            blob = _blob(row.certificate).read_bytes()
            certificate = row.certificate.x509
            private = wire_key.read(blob, recipients=own, certificate=certificate)
        except (OSError, PpeError):
            # Lost with the disk or damaged: the operator activates again, the page says so (`is_usable`).
            log.exception("the active key %s cannot be opened", row.name)
            continue
        opened.append(Recipient(certificate, private))
    return opened


def is_usable(access_key: AccessKey) -> bool:
    """Return whether an activated key is really there on the disk of the node."""
    return access_key.state == AccessKeyState.ACTIVATED and _blob(access_key.certificate).exists()


def certificates_of(sitting: Sitting) -> list[CertificateFile]:
    """Return the certificates of every access key that this point has, or may still get, for one exam.

    Empty while the exam package has not come: then nothing is known of the keys.
    """
    point = sitting.point
    prefix = f"{sitting.date:%d%m%y}-{sitting.subject.code}-"
    rows = Certificate.objects.of(CertificateRole.ACCESS, point.region.code, point.code).filter(
        ident__startswith=prefix
    )
    return [row.x509 for row in rows.order_by("ident")]


# --- end --------------------------------------------------------------------------------------------------------------


def expire_due() -> int:
    """End the keys whose time is over and delete their private halves; return how many."""
    at = now()
    rows = AccessKey.objects.filter(
        state__in=(AccessKeyState.LOADED, AccessKeyState.ACTIVATED), until__lte=at
    ).select_related("sitting__point__region", "certificate")
    ended = list(rows)
    for row in ended:
        _end(row, AccessKeyState.EXPIRED, EXPIRED, SYSTEM)
    return len(ended)


def revoke(*, access_key: AccessKey, reason: str, actor: Actor) -> None:
    """End a key before its time and delete its private half. Numbers already opened stay.

    Raises:
        IllegalMoveError: It has ended already.
        KeyFileRefusedError: No reason is given.
    """
    if not in_words(reason):
        raise KeyFileRefusedError(Message("Give the reason of the revocation in words."))
    _end(access_key, AccessKeyState.REVOKED, reason.strip(), actor)


def _end(row: AccessKey, state: AccessKeyState, reason: str, actor: Actor) -> None:
    # The secret goes first: a crash in between leaves a key that cannot be used, never one that should not be.
    _wipe(_blob(row.certificate))
    if Node.objects.filter(kind="hq").exists():
        _wipe(files.inside(row.path))
    move(row, state, actor=actor, data={"reason": reason}, ended_at=now(), end_reason=reason[:300])


def _wipe(path: Path) -> None:
    if path.exists():
        path.unlink()
        fsync_dir(path.parent)


def _end_revoked(certificate: Certificate, actor: Actor) -> None:
    row = AccessKey.objects.filter(certificate=certificate).select_related("sitting__point__region").first()
    if row is not None and AccessKeyState.REVOKED in ACCESS_KEY_MOVES.get(row.state, ()):
        _end(row, AccessKeyState.REVOKED, REVOKED_BY_CENTRE, actor)


trust.on_revoked.register(_end_revoked)
