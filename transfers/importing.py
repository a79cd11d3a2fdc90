"""Packets that another machine of the same HQ made: taken in sealed and signed, delivered as they are.

An HQ may have a scanning station off the network and an authorization station on it. The packet travels between them on
a drive, in the very file that the centre gets; what the centre answers goes back the same way (`flash.write_answers`).
"""

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.log import Actor, record
from common import files, space
from common import flash as drives
from common.errors import words
from common.work import jobs
from common.work.clock import now
from keys import trust
from stations.models import ExamPoint, Room, Sitting
from transfers.errors import ForeignPacketError, NothingOnFlashError
from transfers.models import Packet
from transfers.states import PacketState
from wire import durable
from wire import packet as wire_packet
from wire.errors import PpeError
from wire.messages import Message
from wire.names.files import packet_name
from wire.packet import CheckedPacket, PacketHeader
from wire.packet import volumes as pieces
from wire.pki import CertificateRole

SUFFIX = ".ppe"


@dataclass
class ImportResult:
    """What came of taking packets in from a drive."""

    fresh: list[Packet] = field(default_factory=list)
    known: list[Packet] = field(default_factory=list)
    failed: list[tuple[str, PpeError]] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The sentence for the person at the drive."""
        lines = [_("Packets taken in: %d.") % len(self.fresh)]
        if self.known:
            lines.append(_("Here already: %d.") % len(self.known))
        lines += [f"{name}: {words(refusal)}" for name, refusal in self.failed]
        return " ".join(lines)


def folders() -> list[drives.Folder]:
    """Return the drives and their folders that hold packets, whole or in pieces, and how many."""
    rows = [(each, Path(each.path)) for each in drives.folders()]
    found = [replace(each, files=len(_whole(path)) + len(_cut(path))) for each, path in rows]
    return [each for each in found if each.files]


def _whole(folder: Path) -> list[Path]:
    return drives.listed(folder, (SUFFIX,))


def _cut(folder: Path) -> list[pieces.Volumes]:
    return [each for each in pieces.grouped(drives.listed(folder)) if each.name.lower().endswith(SUFFIX)]


def import_folder(*, folder: str, point: ExamPoint, actor: Actor) -> ImportResult:
    """Take in every packet of a folder of a drive, whole or in pieces; a bad one never stops the others.

    Raises:
        NoSuchFolderError: The folder is not on a drive of this machine.
        NothingOnFlashError: It holds no packet.
    """
    source = drives.folder_of(folder)
    whole, cut = _whole(source), _cut(source)
    if not whole and not cut:
        raise NothingOnFlashError(
            Message("The folder holds no .ppe packets."),
            remedy=Message("See whether it is the right drive."),
        )
    taken = ImportResult()
    for path in whole:
        _one(taken, drives.shown(path), point, actor, drives.size_of(path), partial(durable.copy_verified, path))
    for each in cut:
        _one(
            taken,
            drives.shown(each.name),
            point,
            actor,
            sum(map(drives.size_of, each.paths.values())),
            partial(pieces.join, each),
        )
    return taken


def _one(
    taken: ImportResult, name: str, point: ExamPoint, actor: Actor, size: int, bring: Callable[[Path], str]
) -> None:
    part = files.folder("tmp") / f"{secrets.token_hex(16)}{SUFFIX}"
    try:
        space.require(size)
        digest = bring(part)
        known = Packet.objects.full().filter(sha256=digest, sitting__point=point).first()
        if known is not None:
            taken.known.append(known)
        else:
            taken.fresh.append(import_packet(path=part, point=point, actor=actor))
    except PpeError as refusal:
        taken.failed.append((name, refusal))
    finally:
        part.unlink(missing_ok=True)


def import_packet(*, path: Path, point: ExamPoint, actor: Actor) -> Packet:
    """Take in one sealed packet of this point; the file is moved into the store.

    Args:
        path: The file, on the disk of this node.
        point: The point.
        actor: Who brought it.

    Returns:
        The packet, in the queue.

    Raises:
        ForeignPacketError: It is of another point, mode or sitting, or its number belongs to another packet.
        PpeError: Its container, signatures or hash do not hold.
    """
    checked = wire_packet.verify(path, trust=trust.trust_store(), at=now())
    header = checked.header
    sitting = _require_ours(header, point)
    room = _room(header, sitting)
    final = files.folder("packets", sitting.key) / f"{header.uid}-{checked.sha256[:16]}{SUFFIX}"
    try:
        with transaction.atomic():
            _require_free(header, point)
            durable.replace_durable(path, final)
            packet = Packet.objects.create(**_fields(checked, sitting, room, final))
            record(
                "transfers.packet_imported",
                about=packet,
                actor=actor,
                data={"uid": packet.uid, "sha256": packet.sha256, "node": packet.node},
            )
            text = Message("Taken in from a drive, made on another machine of the HQ")
            packet.steps.create(at=now(), state=PacketState.QUEUED, who=actor.name[:200], text=text)
            jobs.enqueue("transfers.deliver", packet.pk)
    except IntegrityError as error:
        raise _taken(header) from error
    return packet


def _require_ours(header: PacketHeader, point: ExamPoint) -> Sitting:
    if (header.region, header.point) != (point.region.code, point.code):
        raise ForeignPacketError(
            Message(
                "The packet is of point {region}-{point}, not of {point_key}.",
                region=header.region,
                point=header.point,
                point_key=point.key,
            ),
        )
    if header.mode != settings.PPE_MODE:
        raise ForeignPacketError(
            Message(
                "The packet is of mode {mode}, this node of {ppe_mode}.", mode=header.mode, ppe_mode=settings.PPE_MODE
            ),
        )
    rows = Sitting.objects.filter(point=point, date=header.date, subject__code=header.subject)
    sitting = rows.select_related("point__region", "subject").first()
    if sitting is None or sitting.key != header.sitting:
        raise ForeignPacketError(
            Message("There is no sitting {sitting} at this point.", sitting=header.sitting),
            remedy=Message("Take in the exam package of that day."),
        )
    return sitting


def _room(header: PacketHeader, sitting: Sitting) -> Room | None:
    rows = Room.objects.filter(point=sitting.point)
    if header.kind == "forms":
        return rows.filter(kind=Room.Kind.HQ).first()
    if header.room is None:
        return None
    room = rows.filter(number=header.room, sittings__sitting=sitting).first()
    if room is None:
        raise ForeignPacketError(Message("Room {room} is not in this sitting.", room=header.room))
    return room


def _require_free(header: PacketHeader, point: ExamPoint) -> None:
    rows = Packet.objects.filter(sitting__point=point)
    if rows.filter(uid=header.uid).exists() or rows.filter(node=header.node, sequence=header.sequence).exists():
        raise _taken(header)


def _taken(header: PacketHeader) -> ForeignPacketError:
    return ForeignPacketError(
        Message("The code or the number {sequence} belongs to another packet of that node.", sequence=header.sequence),
        remedy=Message("Build a new version of the packet on the scanning station."),
    )


def _fields(checked: CheckedPacket, sitting: Sitting, room: Room | None, final: Path) -> dict[str, Any]:
    header = checked.header
    gek = next((each for each in checked.signers if each.identity.role == CertificateRole.GEK), None)
    signed_at = next((each.signed_at for each in checked.signers if each.signed_at), None)
    by = _common_name(gek) if gek else header.node
    return {
        "uid": header.uid,
        "version": header.version,
        "kind": header.kind,
        "sitting": sitting,
        "room": room,
        "state": PacketState.QUEUED,
        "imported": True,
        "made_by": by[:200],
        "counts": dict(header.counts),
        "supersedes": Packet.objects.filter(uid=header.supersedes or "", sitting=sitting).first(),
        "content_sha256": header.content_sha256,
        "content_size": header.content_size,
        "recipients": list(header.recipients),
        "sequence": header.sequence,
        "prev": header.prev,
        "scan_head": asdict(header.scan_head) if header.scan_head else {},
        "node": header.node,
        "signed_at": signed_at or header.created_at,
        "signed_by": by[:200],
        "sha256": checked.sha256,
        "size": final.stat().st_size,
        "path": files.relative(final),
        "progress": 100,
        "sealed_at": header.created_at,
        "name": packet_name(header),
    }


def _common_name(signed: Any) -> str:
    names = [item.value for item in signed.certificate.subject if item.rfc4514_attribute_name == "CN"]
    return str(names[0]) if names else str(signed.identity.ident)
