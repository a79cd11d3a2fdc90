"""Whether a sitting, and the whole day of a point, is over: concluded from the facts of now, for every page and paper.

A status that the centre accepted is no end by itself: a room may have been opened again since, a journal may have come
that the centre does not have, or another exam of the same day may still be going on.
"""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q
from django.utils.translation import gettext as _

from journals.models import Act, Journal
from scanning.models import RoomCard
from scanning.states import CardState
from stations.models import Room, Sitting
from transfers import gates, statuses
from transfers.gates import Condition, reverse_or_blank
from transfers.models import Packet, PacketKind, PointStatus, StatusName
from transfers.states import PacketState, StatusState

LAST = StatusName.BLANKS_TRANSFERRED
_ENDS = (StatusName.EXAMS_FINISHED, StatusName.BLANKS_TRANSFERRED)


@dataclass(frozen=True)
class Ending:
    """How far a sitting and the day around it are from their end."""

    sitting: Sitting

    @cached_property
    def open(self) -> list[Condition]:
        """Everything between this sitting and its end; empty when everything has its receipt and stands."""
        return list(_open(self.sitting))

    @cached_property
    def others(self) -> list["Ending"]:
        """The other sittings of the point's day that are not over; one that nobody sits or has begun holds no day."""
        rows = Sitting.objects.filter(point=self.sitting.point, date=self.sitting.date).exclude(pk=self.sitting.pk)
        endings = (Ending(row) for row in rows.select_related("point__region", "subject").order_by("subject__code"))
        return [each for each in endings if not each.sitting_over and not each.nobody_came]

    @cached_property
    def sitting_over(self) -> bool:
        """Whether this sitting is over."""
        # Most of the day this costs one question.
        return self._accepted >= set(_ENDS) and not self.open

    @cached_property
    def nobody_came(self) -> bool:
        """Whether the registry seats nobody in this sitting, and nothing whatever was done for it here.

        So the centre tells that an exam is not held: its newest package seats nobody in it.
        """
        rooms = self.sitting.rooms.exclude(room__kind=Room.Kind.HQ)
        if rooms.filter(Q(seats__gt=0) | Q(places__gt=0)).exists():
            return False
        traces = (
            Journal.objects.all(),
            Act.objects.all(),
            RoomCard.objects.exclude(state=CardState.WAITING),
            PointStatus.objects.all(),
            Packet.objects.exclude(kind=PacketKind.TEST),
        )
        return not any(rows.filter(sitting=self.sitting).exists() for rows in traces)

    @cached_property
    def _accepted(self) -> set[str]:
        rows = PointStatus.objects.filter(sitting=self.sitting, state=StatusState.ACCEPTED)
        return set(rows.values_list("status", flat=True))

    @property
    def day_over(self) -> bool:
        """Whether the day is: everybody may go home."""
        return self.sitting_over and not self.others

    @property
    def opened_again(self) -> bool:
        """Whether something is open though the centre has accepted the last status: it was opened after that."""
        return LAST in self._accepted and not self.sitting_over

    @property
    def others_words(self) -> str:
        """The other sittings of the day that are not over, by name."""
        return ", ".join(f"{each.sitting.subject.code} {each.sitting.subject.name}" for each in self.others)


def _open(sitting: Sitting) -> list[Condition]:
    found: dict[str, Condition] = {}
    standing = {
        row.status: row
        for row in PointStatus.objects.filter(sitting=sitting, status__in=_ENDS).exclude(state=StatusState.UNDONE)
    }
    newest = gates.newest_packets(sitting)
    for name in _ENDS:
        for each in gates.gate(sitting, name).blockers:
            if each.code not in ("already_declared", "status_not_accepted"):
                found[each.text] = each
        status = _status(sitting, name, standing.get(name), newest.get((PacketKind.STATUS, name)))
        if status is not None:
            found[status.text] = status
    for each in _rooms(sitting, newest):
        found[each.text] = each
    return list(found.values())


def _status(sitting: Sitting, name: StatusName, row: PointStatus | None, packet: Packet | None) -> Condition | None:
    """What keeps a status from being settled: not declared, no receipt yet, or its evidence has grown since."""
    link = reverse_or_blank("monitoring", sitting, "#statuses")
    title = {"title": name.label}
    if row is None:
        cure = _("Declare the status once its conditions hold.")
        return Condition("status_missing", False, _("The status “%(title)s” is not declared") % title, link, cure)
    wait = _("Wait for the centre's receipt; deadlines hold until then.")
    if row.state != StatusState.ACCEPTED:
        return Condition(
            "status_declared", False, _("The status “%(title)s” is declared, not at the centre yet") % title, link, wait
        )
    if packet is None or packet.contents != statuses.evidence_names(row):
        text = _("The status “%(title)s”: a journal or an act came after it that the centre does not have yet") % title
        return Condition(
            "status_outgrown", False, text, link, _("The next version leaves by itself; wait for the receipt.")
        )
    if packet.state != PacketState.ACKNOWLEDGED:
        text = _("The status “%(title)s”: version %(version)d is not confirmed by the centre yet") % {
            **title,
            "version": packet.version,
        }
        return Condition("status_version", False, text, link, wait)
    return None


def _rooms(sitting: Sitting, newest: dict[tuple[str, str], Packet]) -> list[Condition]:
    """Rooms at work that have no place in the gate of the last status: an exam package took them away meanwhile."""
    rooms = {packet.room_id for packet in newest.values() if packet.imported or packet.kind == PacketKind.FORMS}
    rooms |= set(sitting.rooms.values_list("room_id", flat=True))
    cards = RoomCard.objects.filter(sitting=sitting).exclude(state__in=(CardState.WAITING, CardState.PACKED))
    return [
        Condition(
            "room_at_work",
            False,
            _("%(room)s: %(state)s") % {"room": card, "state": card.get_state_display()},
            reverse_or_blank("scanning", sitting),
            _("Close the room and send its packet."),
        )
        for card in cards.exclude(room_id__in=rooms).select_related("room")
    ]
