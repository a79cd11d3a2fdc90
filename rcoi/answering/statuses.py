"""Statuses of points: taken from acknowledged packets, undone only by the regional coordinator, through the feed."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import SYSTEM, Actor, record
from audit.moves import move
from common.errors import both, in_words
from common.work.clock import local, now
from rcoi.answering import feed, phone
from rcoi.checking import findings
from rcoi.day import evaluation
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxPacket, PointStatusRecord
from rcoi.states import PointStatusState
from stations.models import Sitting
from wire import canonical
from wire.messages import Message

MIN_REASON = 5


def accept(packet: InboxPacket, document: dict[str, Any]) -> PointStatusRecord:
    """Write the status that an acknowledged packet reports.

    A later version of the packet (a late or longer journal) does not move the status; after an undo only a newly
    declared status does.
    """
    sitting = packet.sitting
    assert sitting is not None  # noqa: S101 (admission found it)
    declared_at = canonical.parse_stamp(document["at"])
    by = str(document.get("by", ""))[:200]
    with transaction.atomic():
        row, made = PointStatusRecord.objects.select_for_update().get_or_create(
            sitting=sitting,
            status=document["status"],
            defaults={
                "declared_at": declared_at,
                "declared_by": by,
                "reported_at": packet.received_at,
                "packet": packet,
            },
        )
        if made:
            record(
                "rcoi.status",
                about=packet,
                subject=str(row),
                actor=SYSTEM,
                data={"status": row.status, "packet": packet.uid, "declared_by": by},
            )
            _late(packet, row)
        elif row.state == PointStatusState.UNDONE and declared_at != row.declared_at:
            move(
                row,
                PointStatusState.REPORTED,
                actor=SYSTEM,
                declared_at=declared_at,
                declared_by=by,
                reported_at=packet.received_at,
                packet=packet,
            )
            _late(packet, row)
        elif (packet.version or 0) > (row.packet.version or 0):
            row.packet = packet
            row.save(update_fields=["packet"])
    return row


def _late(packet: InboxPacket, row: PointStatusRecord) -> None:
    deadline = row.sitting.deadline(row.status)
    if deadline is not None and packet.received_at > deadline and not phone.told_by(row.sitting, row.status, deadline):
        shown = local(packet.received_at, row.sitting.point.timezone)
        times = {"at": f"{shown:%H:%M}", "due": f"{deadline:%H:%M}"}
        words = both(
            lambda: (
                _("The status %(status)s was accepted at %(at)s, it was due at %(due)s.")
                % {"status": row.get_status_display(), **times}
            )
        )
        findings.say(packet, "late", words)


def undoable(rows: Iterable[PointStatusRecord]) -> set[str]:
    """Return which of the statuses of an exam may be taken back: those that stand, and no later one rests on them."""
    standing = {row.status for row in rows if row.state == PointStatusState.REPORTED}
    if PointStatusRecord.Status.BLANKS_TRANSFERRED in standing:
        return standing - {PointStatusRecord.Status.EXAMS_FINISHED}
    return standing


def _require_last(row: PointStatusRecord) -> None:
    """Refuse to take back a status that a later one rests on."""
    rows = PointStatusRecord.objects.filter(sitting=row.sitting)
    if row.state == PointStatusState.REPORTED and row.status not in undoable(rows):
        raise RequestRefusedError(
            Message("“Exams finished” cannot be undone while “Blanks transferred” stands."),
            remedy=Message("Undo “Blanks transferred” first."),
        )


def undo(*, sitting: Sitting, status: str, reason: str, actor: Actor) -> PointStatusRecord:
    """Take a status back; the point learns it from the feed.

    Raises:
        RequestRefusedError: There is no such status, or no reason is given.
        IllegalMoveError: It is undone already.
    """
    reason = reason.strip()
    if len(reason) < MIN_REASON or not in_words(reason):
        raise RequestRefusedError(Message("Give the reason of the undo in words."))
    with transaction.atomic():
        row = PointStatusRecord.objects.select_for_update().filter(sitting=sitting, status=status).first()
        if row is None:
            raise RequestRefusedError(Message("The point has not reported this status."))
        _require_last(row)
        move(
            row,
            PointStatusState.UNDONE,
            actor=actor,
            data={"status": status, "reason": reason},
            undone_at=now(),
            undone_by=actor.name[:200],
            undo_reason=reason,
        )
        evaluation.remember([sitting])
        feed.append(
            point=sitting.point,
            kind="status_undo",
            body={"sitting": sitting.key, "status": status, "reason": reason, "by": actor.name},
        )
    return row
