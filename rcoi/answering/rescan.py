"""Asking a point to scan sheets again: a task for its scanning desk, told through the feed."""

import re
from collections.abc import Sequence

from django.db import transaction

from audit.log import SYSTEM, Actor, record
from audit.moves import move
from common.errors import in_words
from common.work.clock import now
from rcoi.answering import feed
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxKind, InboxPacket, RescanRequest
from rcoi.states import InboxState, RescanState
from wire.forms import check_number
from wire.messages import Message

MIN_REASON = 5


def numbers_in(text: str) -> list[str]:
    """Return the sheet numbers that a person typed, in order, each once.

    Raises:
        RequestRefusedError: One of them is not a number of any form.
    """
    words = [word for word in re.split(r"[\s,;]+", text) if word]
    wrong = [word for word in words if check_number(word) is None]
    if wrong:
        raise RequestRefusedError(
            Message("Not sheet numbers: {wrong}.", wrong=", ".join(wrong[:5])),
            remedy=Message("A sheet number is the form's 13 digits."),
        )
    return list(dict.fromkeys(words))


def request(*, packet: InboxPacket, numbers: Sequence[str], reason: str, actor: Actor) -> RescanRequest:
    """Ask for sheets of a packet again; without numbers the whole room is meant.

    Raises:
        RequestRefusedError: No reason, or the packet is not one that can be scanned again.
    """
    reason = reason.strip()
    if len(reason) < MIN_REASON or not in_words(reason):
        raise RequestRefusedError(Message("Say in words what is wrong with the sheets."))
    if packet.state != InboxState.ACKNOWLEDGED or packet.kind == InboxKind.STATUS or packet.superseded_by_id:
        raise RequestRefusedError(
            Message("Only an acknowledged, current packet of sheets can be asked for again."),
        )
    sitting = packet.sitting
    assert sitting is not None  # noqa: S101 (admission found it)
    with transaction.atomic():
        entry = feed.append(
            point=sitting.point,
            kind="rescan_request",
            body={"packet": packet.uid, "room": packet.room or None, "sheets": list(numbers), "reason": reason},
        )
        row = RescanRequest.objects.create(
            packet=packet,
            sitting=sitting,
            room=packet.room,
            numbers=list(numbers),
            reason=reason,
            by=actor.name[:200],
            at=now(),
            entry=entry,
        )
        record(
            "rcoi.rescan",
            about=packet,
            actor=actor,
            data={"packet": packet.uid, "room": packet.room, "sheets": len(numbers), "reason": reason},
        )
    return row


def answered(packet: InboxPacket) -> None:
    """Close the requests about older versions when a newer one is acknowledged."""
    older = [each.pk for each in packet.lineage() if (each.version or 0) < (packet.version or 0)]
    for row in RescanRequest.objects.filter(packet_id__in=older, state=RescanState.OPEN):
        move(row, RescanState.ANSWERED, actor=SYSTEM, answered_by=packet)
