"""Declared statuses: the row and its packet; late journals; undo through the feed. `day.acts` judges the conditions."""

from collections.abc import Iterable

from django.db import transaction

from audit.log import SYSTEM, Actor, hold, record
from common.work.clock import now
from journals.acts import of_preparation
from journals.expected import Expected, expected_set, scan_expected
from journals.models import Act, Journal
from stations.models import Sitting
from transfers import build
from transfers.errors import CannotRetryError
from transfers.models import Packet, PacketKind, PointStatus, StatusName
from transfers.moves import move_status
from transfers.states import IN_THE_MAKING, ON_THE_WAY, PacketState, StatusState
from wire.messages import Message

#: Status → kinds of stations whose journals go with it.
JOURNALS_OF: dict[str, tuple[str, ...]] = {
    StatusName.EXAMS_FINISHED: ("print", "voice"),
    StatusName.BLANKS_TRANSFERRED: ("scan",),
}


_UNDER_WAY = IN_THE_MAKING | ON_THE_WAY | {PacketState.STUCK}


def write(*, sitting: Sitting, status: str, actor: Actor) -> PointStatus:
    """Write a declared status and start its packet. Called by `day.acts.declare`, which has judged its conditions.

    Args:
        sitting: The exam.
        status: Name of the status.
        actor: Who declares it.

    Returns:
        The declared status; its packet is being built.
    """
    row = PointStatus.objects.create(sitting=sitting, status=status, at=now(), by=actor.name)
    record("transfers.status_declared", about=row, actor=actor, data={"sitting": sitting.key, "status": status})
    _start_packet(row, actor=actor)
    return row


def _start_packet(row: PointStatus, *, actor: Actor) -> Packet:
    return build.start(
        sitting=row.sitting, kind=PacketKind.STATUS, room=None, status=row, actor=actor, contents=evidence_names(row)
    )


def repeat(*, packet: Packet, actor: Actor) -> Packet:
    """Send the next version of a status packet that the centre rejected.

    Raises:
        CannotRetryError: It is not a rejected status packet, or a newer version is there.
    """
    with transaction.atomic():
        hold(packet)
        packet = Packet.objects.select_for_update(of=("self",)).full().get(pk=packet.pk)
        row = packet.status
        newest = row.packets.order_by("-version").first() if row else None
        if row is None or newest != packet or packet.state != PacketState.REJECTED or row.state == StatusState.UNDONE:
            raise CannotRetryError(
                Message("The packet «{packet}» is not sent anew.", packet=packet),
                remedy=Message("Open the rejected room on the scanning desk, mend it and close it again."),
            )
        return _start_packet(row, actor=actor)


def evidence(row: PointStatus) -> tuple[list[Journal], list[Act]]:
    """Return the journals and acts that belong to a status now."""
    expected: Iterable[Expected] = (
        scan_expected(row.sitting)
        if row.status == StatusName.BLANKS_TRANSFERRED
        else expected_set(row.sitting, kinds=JOURNALS_OF.get(row.status, ()))
    )
    rows = list(expected)
    journals = {r.journal.pk: r.journal for r in rows if r.journal is not None and r.state == "accepted"}
    acts = {r.act.pk: r.act for r in rows if r.act is not None}
    if row.status == StatusName.BLANKS_TRANSFERRED:
        acts |= {act.pk: act for act in of_preparation(row.sitting)}
    return list(journals.values()), list(acts.values())


def evidence_names(row: PointStatus) -> list[str]:
    """Return the SHA-256 of what belongs to a status, sorted: tells whether a packet is still complete."""
    journals, acts = evidence(row)
    return sorted({each.sha256 for each in journals} | {each.sha256 for each in acts})


def catch_up() -> int:
    """Send the next version of a status packet when a late or longer journal came; return how many were started."""
    started = 0
    for row in PointStatus.objects.exclude(state=StatusState.UNDONE).select_related("sitting__point__region"):
        with transaction.atomic():
            hold(row.sitting)
            Sitting.objects.select_for_update(no_key=True).get(pk=row.sitting_id)
            last = row.packets.order_by("-version").first()
            if last is None or last.state in _UNDER_WAY or last.contents == evidence_names(row):
                continue
            _start_packet(row, actor=SYSTEM)
            started += 1
    return started


def accepted(*, row: PointStatus, actor: Actor) -> None:
    """Note that the centre has acknowledged a status packet; the status itself does not move twice."""
    if row.state == StatusState.DECLARED:
        move_status(row, StatusState.ACCEPTED, actor=actor, accepted_at=now())


def undo(*, sitting: Sitting, status: str, reason: str, by: str, actor: Actor) -> PointStatus | None:
    """Undo a status on the word of the regional coordinator (feed item ``status_undo``); repeated words change nothing.

    Returns:
        The undone status, or None when none stands.
    """
    row = PointStatus.objects.filter(sitting=sitting, status=status).exclude(state=StatusState.UNDONE).first()
    if row is None:
        return None
    move_status(
        row,
        StatusState.UNDONE,
        actor=actor,
        data={"reason": reason},
        undone_at=now(),
        undone_by=by,
        undone_reason=reason,
    )
    return row
