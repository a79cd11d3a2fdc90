"""Taking bytes in: create an upload, append to it, end it.

The order of one request is: lock of the file → offset of the row → write → sync → commit of the row → answer.
A process killed anywhere leaves at most bytes past the row's offset; the next request cuts them.
"""

import base64
import hashlib
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from audit.log import Actor, record
from audit.moves import move
from common.work import faultpoints
from common.work.clock import now
from uploads import digests, finishing, handlers, limits, store
from uploads.body import Body, End
from uploads.errors import (
    BodyStalledError,
    ChecksumMismatchError,
    NoDiskRoomError,
    NotForThisMachineError,
    TooLargeError,
    UploadBusyError,
    UploadCompleteError,
    UploadGoneError,
    UploadUnknownError,
    WrongOffsetError,
)
from uploads.models import Upload, new_uid
from uploads.states import FINISHED, GONE, UploadState
from wire import durable
from wire.messages import Message

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Owner:
    """The machine that sends.

    Attributes:
        urn: Its identity.
        role: Its role.
        region: Region code.
        point: Point code; ``0000`` for machines of the region.
        certificate: Fingerprint of its certificate.
        name: Full name, when the owner is a person.
    """

    urn: str
    role: str
    region: str
    point: str
    certificate: str = ""
    name: str = ""

    @property
    def actor(self) -> Actor:
        """The machine or the person as the log names them."""
        return Actor(self.name or self.urn, "page" if self.name else "api", certificate=self.certificate)


@dataclass(frozen=True)
class Checksum:
    """What the client says about the bytes of one request."""

    algorithm: str
    digest: bytes


def create(*, owner: Owner, length: int, metadata: dict[str, str], metadata_header: str = "") -> Upload:
    """Begin an upload: check the purpose, the quota and the disk, and take the space.

    Args:
        owner: The machine.
        length: Bytes announced.
        metadata: Decoded metadata; ``purpose`` is needed.
        metadata_header: The header as received, given back by HEAD.

    Returns:
        The stored upload, at offset 0.

    Raises:
        UnknownPurposeError: Nobody takes such files.
        NotForThisMachineError: The machine's role does not send them.
        TooLargeError: The file is larger than allowed.
        NoDiskRoomError: Disk or quota have no room.
    """
    purpose = handlers.purpose_of(metadata.get("purpose", ""))
    # A purpose that names no roles is open to every machine, never to people.
    if (owner.name and purpose.roles is None) or (purpose.roles is not None and owner.role not in purpose.roles):
        raise NotForThisMachineError(
            Message(
                "A sender of role {role} does not send files of purpose {purpose_name}.",
                role=owner.role,
                purpose_name=purpose.name,
            ),
        )
    largest = handlers.max_bytes(purpose)
    if length > largest:
        raise TooLargeError(
            Message("The file is too large: {length} bytes, {largest} are allowed.", length=length, largest=largest),
        )
    _check_room(owner, length)
    uid = new_uid()
    with store.locked(store.incoming(uid), create=True) as handle:
        assert handle is not None  # noqa: S101 (nobody else knows the name yet)
        try:
            store.reserve(handle, length)
            os.fsync(handle)
            durable.fsync_dir(store.incoming(uid).parent)
            faultpoints.here("receive.reserved")
            return _insert(uid, owner, length, metadata, metadata_header)
        except BaseException:
            store.incoming(uid).unlink(missing_ok=True)
            raise


def _insert(uid: str, owner: Owner, length: int, metadata: dict[str, str], metadata_header: str) -> Upload:
    at = now()
    with transaction.atomic():
        upload = Upload.objects.create(
            uid=uid,
            purpose=metadata["purpose"],
            owner_urn=owner.urn,
            certificate=owner.certificate,
            region=owner.region,
            point=owner.point,
            metadata=metadata,
            metadata_header=metadata_header,
            length=length,
            progress_at=at,
            expires_at=_expiry(),
            woken_at=at,
        )
        record("uploads.created", about=upload, actor=owner.actor, data={"uid": uid, "length": length})
    return upload


def _check_room(owner: Owner, length: int) -> None:
    open_rows = Upload.objects.unfinished()
    for rows, quota in (
        (open_rows.owned_by(owner.urn), limits.limit("UPLOAD_STATION_QUOTA")),
        (open_rows.filter(region=owner.region, point=owner.point), limits.limit("UPLOAD_POINT_QUOTA")),
    ):
        if (rows.aggregate(total=Sum("length"))["total"] or 0) + length > quota:
            raise NoDiskRoomError(
                Message("Too many unfinished uploads: the quota is used up. Finish or end them."),
            )
    if store.free_bytes() < length + limits.limit("UPLOAD_DISK_RESERVE"):
        raise store.no_room()


def _expiry() -> Any:
    return now() + timedelta(hours=limits.limit("UPLOAD_EXPIRE_HOURS"))


def find(*, owner: Owner, uid: str) -> Upload:
    """Return an upload of a machine.

    Raises:
        UploadUnknownError: There is none, or it is another machine's.
        UploadGoneError: It was ended or has expired.
    """
    upload = Upload.objects.owned_by(owner.urn).filter(uid=uid).first()
    if upload is None:
        raise UploadUnknownError(Message("There is no such upload."))
    if upload.state in GONE:
        raise UploadGoneError(Message("The upload is gone. Start again."))
    return upload


def settled(upload: Upload) -> Upload:
    """Return an upload as it is once no request writes it: a stalled writer is asked to let go first."""
    if upload.state == UploadState.RECEIVING and upload.offset < upload.length:
        try:
            with store.locked(store.incoming(upload.uid)) as handle:
                busy = handle is None
            if busy:
                _want(upload)
                with store.locked(store.incoming(upload.uid), seconds=limits.limit("UPLOAD_LOCK_SECONDS")):
                    pass
        except FileNotFoundError:
            pass  # it is just being completed, or ended
    elif upload.state == UploadState.RECEIVING:
        finishing.finish(upload)
    upload.refresh_from_db()
    return upload


def _want(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).update(wanted_at=now())


def append(*, upload: Upload, offset: int, body: Body, checksum: Checksum | None = None) -> Upload:
    """Append the bytes of one request and, when it was the last, finish the upload.

    Every byte that arrived of a body that was cut is kept and counted. With a checksum nothing is counted before it
    is proven; only when the body was cut, what arrived is kept: the whole file is hashed at the end.

    Args:
        upload: The upload.
        offset: From where the client goes on.
        body: The body.
        checksum: What the client says about the body's bytes.

    Returns:
        The upload as it is now.

    Raises:
        WrongOffsetError: Another byte is due.
        UploadBusyError: Another request is writing.
        TooLargeError: The body goes past the announced length.
        ChecksumMismatchError: The body is not what the checksum says; nothing of it is kept.
        BodyStalledError: The body stopped coming; what came is kept.
        NoDiskRoomError: The disk is full; what was written is kept.
        UploadDamagedError: The stored part is shorter than promised.
    """
    if upload.state in FINISHED:
        if offset == upload.length and not body.length:
            return upload
        raise UploadCompleteError(Message("The file is whole already."))
    try:
        with store.locked(store.incoming(upload.uid)) as handle:
            if handle is not None:
                return _append(handle, upload, offset, body, checksum)
        _want(upload)
        with store.locked(store.incoming(upload.uid), seconds=limits.limit("UPLOAD_LOCK_SECONDS")) as handle:
            if handle is None:
                raise UploadBusyError(Message("Another request is writing this file."))
            return _append(handle, upload, offset, body, checksum)
    except FileNotFoundError:
        upload.refresh_from_db()
        if upload.state in FINISHED:
            raise UploadCompleteError(Message("The file is whole already.")) from None
        raise UploadGoneError(Message("The upload was broken off. Start again.")) from None


def _append(handle: int, upload: Upload, offset: int, body: Body, checksum: Checksum | None) -> Upload:
    upload.refresh_from_db()
    if offset != upload.offset:
        raise WrongOffsetError(
            Message(
                "The node holds {offset} bytes, but the request goes on from {offset2}.",
                offset=upload.offset,
                offset2=offset,
            ),
        )
    if offset + body.length > upload.length:
        raise TooLargeError(Message("The body goes past the announced length."))
    store.cut_to(handle, upload.offset, upload.length)
    writer = _Writer(handle, upload, checksum)
    full = writer.take(body)
    if checksum is not None and body.end is End.WHOLE and not full and not writer.proven():
        os.ftruncate(handle, offset)
        store.reserve(handle, upload.length)
        raise ChecksumMismatchError(
            Message("The checksum does not match; the chunk was dropped. Send it again."),
        )
    writer.commit()
    if upload.offset < upload.length:
        writer.put_back()
    if full:
        raise store.no_room()
    if body.end in (End.STALLED, End.WANTED):
        raise BodyStalledError(Message("The body stalled; its bytes are kept."))
    if upload.offset == upload.length:
        finishing.complete_under_lock(handle, upload, writer.whole_hash())
    return upload


class _Writer:
    """Writes the blocks of one body and moves the row's offset behind what is synced."""

    def __init__(self, handle: int, upload: Upload, checksum: Checksum | None) -> None:
        self.handle, self.upload, self.checksum = handle, upload, checksum
        self.at = upload.offset
        self.digest = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self.whole = digests.running.take(upload.uid, self.at)

    def take(self, body: Body) -> bool:
        """Write the body; return whether the disk was full."""
        for block in body:
            taken = store.write_at(self.handle, block, self.at)
            self.at += taken
            if self.whole is not None:
                self.whole.update(memoryview(block)[:taken])
            if taken < len(block):
                return True
            if self.digest is not None:
                self.digest.update(block)
            elif self.at - self.upload.offset >= limits.limit("UPLOAD_COMMIT_BYTES"):
                self.commit()
        return False

    def proven(self) -> bool:
        """Return whether the bytes are those of the checksum."""
        return self.digest is not None and self.checksum is not None and self.digest.digest() == self.checksum.digest

    def commit(self) -> None:
        """Sync what was written, then say so in the row."""
        if self.at == self.upload.offset:
            return
        faultpoints.here("receive.written")
        os.fdatasync(self.handle)
        faultpoints.here("receive.synced")
        at = now()
        changed = Upload.objects.filter(
            pk=self.upload.pk, offset=self.upload.offset, state=UploadState.RECEIVING
        ).update(offset=self.at, progress_at=at, expires_at=_expiry())
        if changed != 1:
            raise UploadBusyError(Message("Another request changed the upload."))
        self.upload.offset, self.upload.progress_at = self.at, at
        faultpoints.here("receive.counted")

    def whole_hash(self) -> str | None:
        """Return SHA-256 of the whole upload, when every byte of it came through this process."""
        return None if self.whole is None else self.whole.hexdigest()

    def put_back(self) -> None:
        """Keep the hash of what has been counted for the next request."""
        if self.whole is not None:
            digests.running.keep(self.upload.uid, self.at, self.whole)


def wanted_since(upload: Upload) -> Any:
    """Return a question for `Body`: does a newer request want this upload?"""
    began = now()

    def wanted() -> bool:
        return Upload.objects.filter(pk=upload.pk, wanted_at__gt=began).exists()

    return wanted


def terminate(*, upload: Upload, actor: Actor) -> None:
    """End an unfinished upload and free its space.

    Raises:
        UploadCompleteError: It is whole; what was received is kept.
        UploadBusyError: Another request is writing it and does not let go.
    """
    if upload.state in FINISHED:
        raise UploadCompleteError(Message("The file is whole and is kept."))
    _drop(upload, UploadState.TERMINATED, actor)


def expire(*, upload: Upload, actor: Actor) -> None:
    """Forget an upload that made no progress for too long."""
    _drop(upload, UploadState.EXPIRED, actor)


def _drop(upload: Upload, to: str, actor: Actor) -> None:
    path = store.incoming(upload.uid)
    _want(upload)
    with store.locked(path, seconds=limits.limit("UPLOAD_LOCK_SECONDS"), create=True) as handle:
        if handle is None:
            raise UploadBusyError(Message("Another request writes this upload."))
        with transaction.atomic():
            move(upload, to, actor=actor, data={"uid": upload.uid, "offset": upload.offset})
        path.unlink(missing_ok=True)


def parse_checksum(header: str) -> tuple[str, bytes] | None:
    """Return the algorithm and digest of an Upload-Checksum header, or None when it is malformed."""
    algorithm, _, text = header.strip().partition(" ")
    try:
        digest = base64.b64decode(text.strip(), validate=True)
    except ValueError:
        return None
    return (algorithm, digest) if algorithm and digest else None
