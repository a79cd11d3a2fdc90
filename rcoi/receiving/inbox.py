"""Receiving: network and flash drive carry the same file, and either may come first, or both, or five times."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction

from audit.log import Actor, record
from common import files
from common.work import faultpoints, jobs
from common.work.clock import now
from keys import trust
from rcoi.answering import receipts
from rcoi.checking import findings
from rcoi.errors import SequenceForkError, UidTakenError
from rcoi.models import InboxChannel, InboxPacket, IssuedReceipt
from rcoi.receiving import admission, store
from rcoi.states import InboxState
from stations.models import ExamPoint
from wire import durable, packet
from wire.errors import PpeError
from wire.messages import Message
from wire.packet import CheckedPacket
from wire.pki import Identity

OPEN_JOB = "rcoi.open"


@dataclass(frozen=True)
class Arrival:
    """A file at the door.

    Attributes:
        path: The file, in the store or on a drive.
        sha256: Its hash.
        name: The name it came under.
        door: How it came.
        actor: Who brought it.
        sender: The machine that delivered it; None from a flash drive.
    """

    path: Path
    sha256: str
    name: str
    door: InboxChannel
    actor: Actor
    sender: Identity | None = None
    claim: dict[str, Any] = field(default_factory=dict)


def receive(
    *,
    path: Path,
    name: str,
    door: InboxChannel,
    actor: Actor,
    sender: Identity | None = None,
    sha256: str | None = None,
) -> InboxPacket:
    """Take in a packet: durable, signature, path and roles checked; a receipt says what came of it.

    The same bytes again change nothing. A permanent defect makes a rejected row with a rejected receipt; the file is
    kept as evidence.

    Args:
        path: The file.
        name: The name it came under.
        door: How it came.
        actor: Who brought it.
        sender: The machine that delivered it over the network.
        sha256: Its hash when it is known already.

    Returns:
        The row of these bytes.

    Raises:
        PpeError: For the moment only (disk, keys not there yet); nothing was changed, try again.
    """
    digest = sha256 or durable.sha256_file(path)
    kept = store.store_packet(path, digest, link=door == InboxChannel.NETWORK)
    faultpoints.here("inbox.kept")
    known = InboxPacket.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    arrival = Arrival(kept, digest, Path(name).name[:240], door, actor, sender)
    try:
        checked = admission.verify(kept, trust=trust.trust_store(), at=now())
        place = admission.evaluate(checked, sender=sender)
        return _admit(arrival, checked, place)
    except PpeError as refusal:
        if not refusal.permanent:
            raise
        return _refuse(arrival, refusal)


def _admit(arrival: Arrival, checked: CheckedPacket, place: admission.Destination) -> InboxPacket:
    header = checked.header
    try:
        with transaction.atomic():
            _forks(checked, place)
            row = InboxPacket.objects.create(
                **_arrived(arrival),
                uid=header.uid,
                version=header.version,
                kind=header.kind,
                point=place.sitting.point,
                sitting=place.sitting,
                room=place.room,
                node=header.node,
                sequence=header.sequence,
                header=admission.header_dict(header),
                signers=admission.signers_list(checked.signers),
                supersedes_uid=header.supersedes or "",
                state=InboxState.RECEIVED,
            )
            record(
                "rcoi.received",
                about=row,
                actor=arrival.actor,
                data={"uid": row.uid, "sha256": row.sha256, "door": row.door, "signers": row.signers},
            )
            receipts.issue(packet=row, level=IssuedReceipt.Level.DELIVERED, actor=arrival.actor)
            findings.sequence(row)
            findings.arrival(row)
            findings.late(row, checked.signers)
            jobs.enqueue(OPEN_JOB, row.pk)
            faultpoints.here("inbox.uncommitted")
            return row
    except IntegrityError:
        return _after_race(arrival, checked, place)


def _after_race(arrival: Arrival, checked: CheckedPacket, place: admission.Destination) -> InboxPacket:
    """Answer the loser of a race: the same bytes have their row now; another packet took the number."""
    known = InboxPacket.objects.filter(sha256=arrival.sha256).first()
    if known is not None:
        return known
    _forks(checked, place)
    raise


def _forks(checked: CheckedPacket, place: admission.Destination) -> None:
    header = checked.header
    other = InboxPacket.objects.filter(uid=header.uid, version=header.version).first()
    if other is not None:
        raise UidTakenError(
            Message(
                "Packet {uid} version {version} already came with other bytes ({sha256}…).",
                uid=header.uid,
                version=header.version,
                sha256=other.sha256[:8],
            ),
            remedy=Message("Form a new version of the packet at the point."),
        )
    other = InboxPacket.objects.filter(point=place.sitting.point, node=header.node, sequence=header.sequence).first()
    if other is not None:
        raise SequenceForkError(
            Message(
                "Number {sequence} of node {node} belongs to packet {uid}: two histories of one node.",
                sequence=header.sequence,
                node=header.node,
                uid=other.uid,
            ),
            remedy=Message("See whether the node was restored from a copy, and form the packet again."),
        )


def _arrived(arrival: Arrival) -> dict[str, Any]:
    return {
        "sha256": arrival.sha256,
        "size": arrival.path.stat().st_size,
        "name": arrival.name,
        "path": files.relative(arrival.path),
        "door": arrival.door,
        "received_at": now(),
        "received_from": arrival.sender.urn if arrival.sender else arrival.actor.name,
    }


def _refuse(arrival: Arrival, refusal: PpeError) -> InboxPacket:
    """Keep what cannot come in as evidence, and say why; it takes nobody's uid or number."""
    claim = _claim(arrival.path)
    point = _addressee(arrival, claim)
    reasons = receipts.reasons_of(refusal, room=str(claim.get("room") or ""))
    try:
        with transaction.atomic():
            row = InboxPacket.objects.create(
                **_arrived(arrival),
                kind=claim.get("kind", ""),
                point=point,
                room=claim.get("room") or "",
                header=claim,
                state=InboxState.REJECTED,
                reasons=reasons,
                decided_at=now(),
            )
            record(
                "rcoi.refused",
                about=row,
                actor=arrival.actor,
                data={"sha256": row.sha256, "code": refusal.code, "text": refusal.text("ru"), "door": row.door},
            )
            receipts.issue(packet=row, level=IssuedReceipt.Level.REJECTED, actor=arrival.actor, reasons=reasons)
            return row
    except IntegrityError:
        return InboxPacket.objects.get(sha256=arrival.sha256)


def _claim(path: Path) -> dict[str, Any]:
    """Return what the open header says, unproven, or nothing when there is none."""
    try:
        return admission.header_dict(packet.read_header(path))
    except PpeError:
        return {}


def _addressee(arrival: Arrival, claim: dict[str, Any]) -> ExamPoint | None:
    """Return whose feed gets the refusal: the point that delivered it; from a drive, the one it claims."""
    if arrival.sender is not None:
        region, code = arrival.sender.region, arrival.sender.point
    else:
        region, code = claim.get("region", ""), claim.get("point", "")
    return ExamPoint.objects.filter(region__code=region, code=code).select_related("region").first()
