"""Acts: a GEK member's signed word instead of a journal, or about a room that closes with a difference."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from audit.log import Actor, record
from common import files
from common.errors import in_words
from common.work.clock import now
from journals import changes
from journals.errors import ActRefusedError
from journals.expected import expected_set
from journals.models import Act
from keys.tokens import OpenToken
from stations.models import Room, Sitting, SittingRoom, StationAssignment
from wire.documents import act as wire_act
from wire.durable import write_durable
from wire.messages import Message
from wire.names.files import act_name

MAX_PHOTO = 12 * 1024 * 1024
_PHOTOS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"%PDF-": ".pdf"}


def make(
    *,
    sitting: Sitting,
    kind: str,
    post: StationAssignment | None = None,
    room: Room | None = None,
    reason: str,
    text: str,
    numbers: Sequence[str] = (),
    difference: Mapping[str, Any] | None = None,
    photo: bytes | None = None,
    token: OpenToken,
    actor: Actor,
) -> Act:
    """Make an act, signed with the token of this request.

    Args:
        sitting: The sitting.
        kind: ``journal_missing`` (with ``post``) or ``room_difference`` (with ``room``).
        post: The station whose journal cannot be had.
        room: The room that closes with a difference.
        reason: Why, in a few words.
        text: The act's text.
        numbers: Form numbers that it concerns.
        difference: What differs, for machines.
        photo: A photo of the paper: JPEG, PNG or PDF.
        token: The GEK member's open token.
        actor: The user of the session.

    Raises:
        ActRefusedError: Nothing it could be about, no reason, a journal that is there, or a photo that is none.
    """
    _require(sitting, kind, post, room, reason, token)
    where = room or (post.room if post else None)
    at = now()
    document = wire_act.ActDocument(
        kind=_kind(kind),
        mode=sitting.mode,
        region=sitting.point.region.code,
        point=sitting.point.code,
        sitting=sitting.key,
        room=where.number if where else None,
        station=post.station.number if post else None,
        station_kind=post.station.kind if post else None,
        reason=reason.strip()[:200],
        text=text.strip()[:20000],
        numbers=tuple(numbers),
        difference=dict(difference or {}),
        made_at=at,
        photo_sha256=hashlib.sha256(photo).hexdigest() if photo else None,
    )
    suffix = _photo_suffix(photo) if photo else ""
    data = wire_act.write(document, token.signer)
    made = _keep(document, data, sitting, post, where, photo, suffix, token, actor)
    if post is not None:
        changes.tell(sitting, [post.room_id])
    return made


def _kind(kind: str) -> wire_act.Kind:
    return "journal_missing" if kind == "journal_missing" else "room_difference"


def _require(
    sitting: Sitting, kind: str, post: StationAssignment | None, room: Room | None, reason: str, token: OpenToken
) -> None:
    if not in_words(reason):
        raise ActRefusedError(Message("Give the reason of the act in words."))
    about = {"journal_missing": post, "room_difference": room}.get(kind)
    if about is None:
        raise ActRefusedError(Message("The act names neither a station nor a room."))
    point = sitting.point
    if (token.identity.region, token.identity.point) != (point.region.code, point.code):
        raise ActRefusedError(Message("The token is of a GEK member of another point."))
    if kind == "journal_missing" and post is not None:
        _require_missing(sitting, post)


def _require_missing(sitting: Sitting, post: StationAssignment) -> None:
    if post.sitting_id != sitting.pk:
        raise ActRefusedError(Message("This station was not in the exam."))
    row = next(each for each in expected_set(sitting, (post.station.kind,)) if each.post.pk == post.pk)
    if row.state == "accepted":
        raise ActRefusedError(Message("The station's journal is accepted already."))
    if row.act is not None:
        raise ActRefusedError(Message("There is an act about this station already."))


def _photo_suffix(photo: bytes) -> str:
    suffix = next((suffix for magic, suffix in _PHOTOS.items() if photo.startswith(magic)), None)
    if suffix is None or len(photo) > MAX_PHOTO:
        raise ActRefusedError(
            Message("The photo of an act is a JPEG, PNG or PDF file of at most {limit} MiB.", limit=MAX_PHOTO >> 20),
        )
    return suffix


def _keep(
    document: wire_act.ActDocument,
    data: bytes,
    sitting: Sitting,
    post: StationAssignment | None,
    room: Room | None,
    photo: bytes | None,
    suffix: str,
    token: OpenToken,
    actor: Actor,
) -> Act:
    folder = files.folder("acts", sitting.key)
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{digest}.p7m"
    write_durable(path, data, mode=0o600)
    photo_path = folder / f"{document.photo_sha256}{suffix}"
    if photo:
        write_durable(photo_path, photo, mode=0o600)
    name = act_name(
        document.region,
        document.point,
        sitting.date,
        sitting.subject.code,
        document.kind,
        room=document.room,
        station=document.station,
        made_at=document.made_at,
    )
    with transaction.atomic():
        row = Act.objects.create(
            sitting=sitting,
            kind=document.kind,
            station_post=post,
            room=room,
            reason=document.reason,
            text=document.text,
            numbers=list(document.numbers),
            name=name,
            path=files.relative(path),
            sha256=digest,
            photo=files.relative(photo_path) if photo else "",
            photo_sha256=document.photo_sha256 or "",
            signed_by=token.name,
            signer_fingerprint=token.fingerprint,
            made_at=document.made_at,
            made_by=actor.name,
        )
        record(
            "journals.act_made",
            about=row,
            actor=token.actor(actor),
            data={"sha256": digest, "kind": document.kind, "reason": document.reason, "room": document.room or ""},
        )
    return row


def of_preparation(sitting: Sitting) -> QuerySet[Act]:
    """Return the acts about sets of preparation rooms: no packet of a room takes them along, the last status does."""
    rooms = sitting.rooms.filter(kind=SittingRoom.Kind.PREPARATION).values("room")
    return Act.objects.filter(sitting=sitting, kind=Act.Kind.ROOM_DIFFERENCE, room__in=rooms).order_by("pk")


def file_bytes(row: Act) -> bytes:
    """Return an act's file.

    Raises:
        ActRefusedError: The file is gone from the disk.
    """
    try:
        return files.inside(row.path).read_bytes()
    except OSError as error:
        raise ActRefusedError(Message("The act is not on the node's disk.")) from error


def photo_suffix(row: Act) -> str:
    """Return the ending of an act's photo: ``.jpg``, ``.png`` or ``.pdf``."""
    return Path(row.photo).suffix
