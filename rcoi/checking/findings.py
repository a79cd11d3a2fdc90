"""Remarks about what arrived: gaps, clocks. They never block a packet, and are looked at again when the next one comes.

A remark goes by itself when its facts have changed; while they have not, a person settles it in words.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from audit.log import Actor
from audit.moves import move
from common.work.clock import now
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxFinding, InboxPacket
from rcoi.states import FindingState
from wire import canonical
from wire.cms import SignedBy
from wire.messages import Message

SKEW = timedelta(minutes=5)
MIN_LETTERS = 5


@dataclass(frozen=True)
class PacketWarning:
    """Something to be said about a packet, in both languages."""

    packet: InboxPacket
    code: str
    message: Message
    number: str = ""


def _fingerprint(message: Message) -> str:
    return hashlib.md5(message.ru[:1000].encode(), usedforsecurity=False).hexdigest()


def say(packet: InboxPacket, code: str, message: Message, *, number: str = "", room: str = "") -> InboxFinding:
    """Write a remark once, in both languages."""
    row, _made = InboxFinding.objects.get_or_create(
        packet=packet,
        code=code,
        number=number[:13],
        fingerprint=_fingerprint(message),
        defaults={"text": message, "room": room or packet.room, "found_at": now()},
    )
    return row


def retell(rows: QuerySet[InboxFinding], remarks: Iterable[PacketWarning]) -> None:
    """Let the open ones of these rows be exactly these remarks: what holds stays as it is, settled ones stay settled.

    Args:
        rows: The findings that were looked at anew.
        remarks: What is true now.
    """
    true = {say(each.packet, each.code, each.message, number=each.number).pk for each in remarks}
    gone = [row.pk for row in rows.filter(state=FindingState.OPEN) if row.pk not in true]
    InboxFinding.objects.filter(pk__in=gone).delete()


def settle(*, finding: InboxFinding, reason: str, actor: Actor) -> None:
    """Say that a person looked into a finding, and what came of it.

    Raises:
        RequestRefusedError: The reason is not in words.
        IllegalMoveError: It is settled already.
        StaleStateError: Somebody else settled it, or its facts changed, meanwhile.
    """
    reason = reason.strip()
    if sum(letter.isalpha() for letter in reason) < MIN_LETTERS:
        raise RequestRefusedError(
            Message("Say in words what was found out."),
            remedy=Message("For example: “The sheet came in the second packet; checked against its list”."),
        )
    with transaction.atomic():
        move(
            finding,
            FindingState.SETTLED,
            actor=actor,
            data={"code": finding.code, "text": finding.text.ru, "reason": reason},
            settled_at=now(),
            settled_by=actor.name[:200],
            settled_reason=reason,
        )


def sequence(packet: InboxPacket) -> None:
    """Look at the numbers of a node anew: gaps are shown, not guessed, and vanish when the packet comes."""
    chain = list(
        InboxPacket.objects.filter(point=packet.point, node=packet.node, sequence__isnull=False).order_by("sequence")
    )
    said: list[PacketWarning] = []
    before: InboxPacket | None = None
    for each in chain:
        last = before.sequence if before else 0
        assert each.sequence is not None  # noqa: S101 (the query says so)
        if each.sequence > (last or 0) + 1:
            lost = _span(last or 0, each.sequence)
            message = Message("Before this packet, those of the node with numbers {lost} have not come.", lost=lost)
            said.append(PacketWarning(each, "sequence_gap", message))
        elif before is not None and each.header.get("prev") not in ("", before.sha256):
            message = Message("The packet names another predecessor than the one that came as no. {last}.", last=last)
            said.append(PacketWarning(each, "chain_broken", message))
        before = each
    retell(InboxFinding.objects.filter(packet__in=chain, code__in=("sequence_gap", "chain_broken")), said)


def _span(last: int, number: int) -> str:
    return str(last + 1) if number == last + 2 else f"{last + 1}–{number - 1}"


def arrival(packet: InboxPacket) -> None:
    """Remark on clocks: order follows numbers, not time, so a wrong clock is only shown."""
    stamps = [packet.header.get("created_at"), *(signer.get("at") for signer in packet.signers)]
    if any(canonical.parse_stamp(stamp) > packet.received_at + SKEW for stamp in stamps if stamp):
        say(
            packet,
            "clock_skew",
            Message("The point's clock is fast: the packet was made or signed after it came."),
        )


def late(packet: InboxPacket, signers: Sequence[SignedBy]) -> None:
    """Remark on certificates that ended between the signing and the arrival."""
    for signed in signers:
        ended = signed.certificate.not_valid_after_utc
        if ended < packet.received_at:
            say(
                packet,
                "certificate_ended",
                Message(
                    "The certificate of {unit} ended at {ended} UTC, before the packet came; signed at {signed} UTC.",
                    unit=signed.identity.unit,
                    ended=f"{ended:%d.%m.%Y %H:%M}",
                    signed=f"{signed.signed_at:%d.%m.%Y %H:%M}",
                ),
            )
