"""Signing: the header gets its place in the chain, the signatures are appended, and the packet may go."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import SYSTEM, Actor, hold, record
from audit.models import ChainHead
from common import files
from common.work import faultpoints, jobs
from common.work.clock import now
from keys import node
from keys.tokens import OpenToken
from scanning import scan_journal
from stations.models import ExamPoint, Sitting
from transfers import sequences
from transfers.errors import NothingToSignError, PacketFileMissingError
from transfers.models import Packet, PacketKind, SequenceHead
from transfers.moves import move_packet
from transfers.states import PacketState
from wire import packet as wire_packet
from wire import pki
from wire.cms import Signer
from wire.documents.anchor import AnchoredHead
from wire.durable import replace_durable
from wire.messages import Message
from wire.names.files import packet_name
from wire.packet import Content, PacketHeader, RoomKind


@dataclass(frozen=True)
class Offer:
    """What one PIN will sign, in words."""

    packets: list[Packet]
    rooms: list[str]
    sheets: int
    forms: int
    recordings: int
    acts: int

    @property
    def words(self) -> str:
        """The sentence shown before the PIN."""
        parts = [
            _("packets: %d") % len(self.packets),
            _("rooms: %s") % ", ".join(self.rooms),
            *(
                words % number
                for number, words in (
                    (self.sheets, _("sheets of answer forms: %d")),
                    (self.forms, _("sheets of HQ forms: %d")),
                    (self.recordings, _("recordings: %d")),
                    (self.acts, _("acts: %d")),
                )
                if number
            ),
        ]
        return "; ".join(parts)


def awaiting(sitting: Sitting) -> list[Packet]:
    """Return the packets of a sitting that await a signature."""
    rows = Packet.objects.filter(sitting=sitting, state=PacketState.AWAITING_SIGNATURE)
    return list(rows.full().order_by("kind", "room__number", "pk"))


def offer(packets: Sequence[Packet]) -> Offer:
    """Return what one PIN would sign."""

    def total(name: str) -> int:
        return sum(int(packet.counts.get(name, 0)) for packet in packets)

    rooms = [str(packet.room) for packet in packets if packet.room]
    return Offer(list(packets), rooms, total("sheets"), total("forms"), total("recordings"), total("acts"))


def sign_packets(*, packets: Iterable[Packet], token: OpenToken, actor: Actor) -> list[Packet]:
    """Sign packets with the node's key and the GEK member's token, and put them into the queue.

    Args:
        packets: Packets that await a signature.
        token: The GEK member's open token.
        actor: The user of the session.

    Returns:
        The packets that were signed. One whose sealed content is gone is built again, and holds up no other.

    Raises:
        NothingToSignError: None of them awaits a signature, or the token is of another point.
        PacketFileMissingError: The content of every one of them is gone.
    """
    signed: list[Packet] = []
    gone: PacketFileMissingError | None = None
    for packet in packets:
        point = packet.sitting.point
        _require_own(token, point)
        signers = [node.node_signer(point), token.signer]
        try:
            with transaction.atomic():
                hold(packet)
                row = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
                if row.state == PacketState.AWAITING_SIGNATURE:
                    sign_one(packet=row, signers=signers, name=token.name, actor=token.actor(actor))
                    signed.append(row)
        except PacketFileMissingError as refusal:
            gone = refusal
            _build_again(packet, refusal)
    if not signed:
        if gone is not None:
            raise gone
        raise NothingToSignError(
            Message("No packet awaits a signature."),
            remedy=Message("Build the packets of the closed rooms."),
        )
    return signed


def _build_again(packet: Packet, refusal: PacketFileMissingError) -> None:
    with transaction.atomic():
        hold(packet)
        row = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        if row.state == PacketState.AWAITING_SIGNATURE:
            move_packet(row, PacketState.BUILDING, actor=SYSTEM, text=refusal.message, progress=0)
            jobs.enqueue("transfers.seal", row.pk)


def _require_own(token: OpenToken, point: ExamPoint) -> None:
    if (token.identity.region, token.identity.point) != (point.region.code, point.code):
        raise NothingToSignError(
            Message("The token is of another point than {point_key}.", point_key=point.key),
        )


def sign_one(*, packet: Packet, signers: Sequence[Signer], name: str, actor: Actor) -> None:
    """Sign one sealed packet; call inside the transaction that locks it.

    The place in the chain is taken and the signed file made durable before the transaction commits. A process that
    is killed in between leaves a file that the next signature cuts back to its content.

    Raises:
        PacketFileMissingError: The sealed content is gone.
        PpeError: The disk is full, or a key failed.
    """
    point = packet.sitting.point
    uid = pki.identity_of(signers[0].certificate).ident
    head = sequences.lock(point, uid)
    header = _header(packet, point, uid, head)
    path = _append(packet, header, signers)
    sequences.advance(head, point, header.sequence, path.sha256)
    record(
        "transfers.packet_signed",
        about=packet,
        actor=actor,
        data={"uid": packet.uid, "sha256": path.sha256, "sequence": header.sequence, "counts": packet.counts},
    )
    move_packet(
        packet,
        PacketState.QUEUED,
        actor=actor,
        text=Message("Signed: {name}", name=name or Message("the HQ node")),
        sequence=header.sequence,
        prev=header.prev,
        scan_head=asdict(header.scan_head) if header.scan_head else {},
        node=uid,
        sha256=path.sha256,
        size=path.path.stat().st_size,
        name=path.path.name,
        path=files.relative(path.path),
        signed_at=now(),
        signed_by=(name or uid)[:200],
        offset=0,
        location="",
    )
    jobs.enqueue("transfers.deliver", packet.pk)


@dataclass(frozen=True)
class _Signed:
    path: Path
    sha256: str


def _header(packet: Packet, point: ExamPoint, uid: str, head: SequenceHead) -> PacketHeader:
    roomy = packet.kind in (PacketKind.BLANKS, PacketKind.AUDIO)
    return PacketHeader(
        uid=packet.uid,
        version=packet.version,
        part=1,
        parts=1,
        kind=packet.kind,  # type: ignore[arg-type]  # the choices are those of the format
        mode=packet.sitting.mode,
        region=point.region.code,
        point=point.code,
        date=packet.sitting.date,
        subject=packet.sitting.subject.code,
        sitting=packet.sitting.key,
        room=packet.room.number if packet.room and roomy else None,
        counts=packet.counts,
        content_sha256=packet.content_sha256,
        content_size=packet.content_size,
        recipients=tuple(packet.recipients),
        node=uid,
        sequence=head.sequence + 1,
        prev=head.sha256,
        created_at=packet.made_at,
        supersedes=packet.supersedes.uid if packet.supersedes else None,
        room_kind=_room_kind(packet) if roomy else None,
        scan_head=scan_journal.head(packet.sitting) if roomy or packet.kind == PacketKind.FORMS else None,
        audit_head=_audit_head(point),
    )


def _room_kind(packet: Packet) -> RoomKind:
    use = packet.sitting.rooms.filter(room=packet.room).first()
    if use is not None and use.kind == use.Kind.PREPARATION:
        # Its forms were scanned before the registry said what it is for.
        return "preparation"
    return "voice" if packet.kind == PacketKind.AUDIO else "written"


def _audit_head(point: ExamPoint) -> AnchoredHead | None:
    row = ChainHead.objects.filter(chain=point.key, number__gt=0).first()
    return AnchoredHead(row.chain, row.number, row.hash) if row else None


def _append(packet: Packet, header: PacketHeader, signers: Sequence[Signer]) -> _Signed:
    sealed = packet.file
    final = sealed.with_name(packet_name(header))
    if not sealed.exists() and final.exists():
        # A signature before this one got as far as the name, and was killed before its commit.
        sealed = final
    if not sealed.exists():
        raise PacketFileMissingError(
            Message("The file of the packet «{packet}» is not on the node's disk.", packet=packet),
            remedy=Message("It is built again by itself; sign it then."),
        )
    content = Content(packet.content_sha256, packet.content_size, packet.content_end)
    digest = wire_packet.append_signature(sealed, content=content, header=header, signers=signers)
    faultpoints.here("sign.appended")
    if sealed != final:
        replace_durable(sealed, final)
    faultpoints.here("sign.named")
    return _Signed(final, digest)
