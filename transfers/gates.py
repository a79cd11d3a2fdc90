"""The gates: what must hold before a status may be declared. One rule for the page, the API and the function."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from common.errors import both
from journals.expected import Expected, expected_set, scan_expected
from scanning import scan_journal
from scanning.models import RoomCard
from scanning.states import CardState
from stations.models import Sitting, SittingRoom
from transfers.errors import GateClosedError, UnknownStatusError
from transfers.models import Packet, PacketKind, PointStatus, StatusName
from transfers.states import PacketState, StatusState
from wire.errors import FieldError
from wire.messages import Both, Message


@dataclass(frozen=True)
class Condition:
    """One condition of a gate.

    Attributes:
        code: Stable name: ``journal_missing``, ``packet_not_confirmed``, ``status_not_accepted``…
        ok: Whether it holds.
        text: The condition, or what is missing, in words.
        link: Where it is cured.
        cure: What to do, in words.
    """

    code: str
    ok: bool
    text: str
    link: str
    cure: str


@dataclass(frozen=True)
class Gate:
    """Every condition of a status for a sitting."""

    sitting: Sitting
    status: str
    conditions: tuple[Condition, ...]

    @property
    def blockers(self) -> list[Condition]:
        """The conditions that do not hold."""
        return [each for each in self.conditions if not each.ok]

    @property
    def open(self) -> bool:
        """Whether the status may be declared."""
        return not self.blockers

    def require(self) -> None:
        """Refuse a closed gate, naming every blocker.

        Raises:
            GateClosedError: At least one condition does not hold.
        """
        if self.open:
            return
        raise GateClosedError(
            Message(
                "The status {status} cannot be declared. Conditions not met: {count}.\n{conditions}",
                status=both(lambda: str(StatusName(self.status).label)),
                count=len(self.blockers),
                # The conditions are worded in the language of whoever asked.
                conditions="\n".join(f"• {each.text}" for each in self.blockers),
            ),
            parts=[FieldError(each.code, each.text, "", Both(f"{each.text} {each.cure}")) for each in self.blockers],
        )


def gate(sitting: Sitting, status: str) -> Gate:
    """Return the gate of a status.

    Raises:
        UnknownStatusError: There is no such status.
    """
    if status not in StatusName.values:
        raise UnknownStatusError(Message("There is no status {status}.", status=status))
    conditions = _GATES[status](sitting) if status in _GATES else [_undeclared(sitting, status)]
    return Gate(sitting, status, tuple(conditions))


def reverse_or_blank(name: str, sitting: Sitting, anchor: str = "") -> str:
    """Return the address of a page of a sitting; nothing where the page is not served."""
    try:
        return reverse(name, kwargs={"key": sitting.key}) + anchor
    except NoReverseMatch:  # asked by a command on another kind of node
        return ""


def _undeclared(sitting: Sitting, status: str) -> Condition:
    row = PointStatus.objects.filter(sitting=sitting, status=status).exclude(state=StatusState.UNDONE).first()
    title = StatusName(status).label
    text = (
        _("The status %(title)s has not been declared yet") % {"title": title}
        if row is None
        else _("The status %(title)s has been declared already") % {"title": title}
    )
    return Condition(
        "already_declared",
        row is None,
        text,
        reverse_or_blank("monitoring", sitting, "#statuses"),
        _("The regional coordinator undoes a wrong status."),
    )


def _journal(row: Expected, sitting: Sitting) -> Condition:
    return Condition(
        f"journal_{row.state}",
        row.served,
        _("Journal: %(post)s – %(state)s") % {"post": row.post, "state": row.label},
        reverse_or_blank("monitoring", sitting, f"#post-{row.post.pk}"),
        _("Load the journal; if it cannot be had, make an act."),
    )


def _exams_finished(sitting: Sitting) -> list[Condition]:
    posts = expected_set(sitting, kinds=("print", "voice"))
    some = Condition(
        "no_stations",
        bool(posts),
        _("Print or voice stations are assigned"),
        reverse_or_blank("monitoring", sitting),
        _("Look at the exam package: it has no station at all."),
    )
    return [_undeclared(sitting, StatusName.EXAMS_FINISHED), some, *(_journal(row, sitting) for row in posts)]


def newest_packets(sitting: Sitting) -> dict[tuple[str, str], Packet]:
    """Return the newest version of every packet: (kind, room number or status name) → packet."""
    newest: dict[tuple[str, str], Packet] = {}
    rows = Packet.objects.filter(sitting=sitting).exclude(status__state=StatusState.UNDONE)
    rows = rows.exclude(kind=PacketKind.TEST)
    for packet in rows.select_related("room", "status").order_by("version", "pk"):
        where = packet.status.status if packet.status else packet.room.number if packet.room else ""
        newest[packet.kind, where] = packet
    return newest


@dataclass(frozen=True)
class Owed:
    """A packet that the end of a sitting needs: of a room, or of the point's forms.

    Attributes:
        what: The packet in words.
        place: Number of the room; empty for the forms.
        packet: Its newest version; None when none was built.
        card: The room's card on this machine, if it has one.
    """

    what: str
    place: str
    packet: Packet | None
    card: RoomCard | None

    @property
    def open_again(self) -> bool:
        """Whether the room was opened after its packet: what the centre acknowledged before is not the last word."""
        packet, card = self.packet, self.card
        return packet is not None and card is not None and not packet.imported and card.state != CardState.PACKED

    @property
    def sent(self) -> bool:
        """Whether its last word has left the point."""
        return self.packet is not None and self.packet.state in LEFT and not self.open_again

    @property
    def confirmed(self) -> bool:
        """Whether the centre acknowledged its last word."""
        return self.packet is not None and self.packet.state == PacketState.ACKNOWLEDGED and not self.open_again


#: States of a packet whose file has left the point.
LEFT = frozenset({PacketState.HANDED_OVER, PacketState.DELIVERED, PacketState.ACKNOWLEDGED, PacketState.REJECTED})


def owed_packets(sitting: Sitting, newest: dict[tuple[str, str], Packet] | None = None) -> list[Owed]:
    """Return every packet that the last status needs, room by room, the forms last.

    Args:
        sitting: The exam.
        newest: What `newest_packets` returned, when the caller has it.
    """
    newest = newest_packets(sitting) if newest is None else newest
    cards = {card.room_id: card for card in RoomCard.objects.filter(sitting=sitting).select_related("room")}
    owed = []
    for row in SittingRoom.objects.filter(sitting=sitting).select_related("room").order_by("room__number"):
        kind = PacketKind.AUDIO if row.voice else PacketKind.BLANKS
        what = _("Packet: %(kind)s, %(room)s") % {"kind": kind.label, "room": row.room}
        owed.append(Owed(what, row.room.number, newest.get((kind, row.room.number)), cards.get(row.room_id)))
    forms = next((packet for (kind, _room), packet in newest.items() if kind == PacketKind.FORMS), None)
    card = cards.get(forms.room_id) if forms and forms.room_id else None
    return [*owed, Owed(_("Packet: HQ forms"), "", forms, card)]


def _confirmed(owed: Owed, sitting: Sitting) -> Condition:
    if owed.open_again:
        words = _("%(what)s: the room is open again, a new version is awaited") % {"what": owed.what}
        link = reverse_or_blank("scanning", sitting)
        return Condition("room_open_again", False, words, link, _("Mend it and close the room again."))
    state = owed.packet.get_state_display() if owed.packet else _("not built yet")
    return Condition(
        "packet_confirmed" if owed.confirmed else "packet_not_confirmed",
        owed.confirmed,
        f"{owed.what}: {state}",
        reverse_or_blank("transfers", sitting),
        _("Wait for «Подтвержден» (confirmed) on the page “Transfer answer forms”."),
    )


def _first_status(sitting: Sitting) -> Condition:
    row = PointStatus.objects.filter(sitting=sitting, status=StatusName.EXAMS_FINISHED).exclude(
        state=StatusState.UNDONE
    )
    status = row.first()
    ok = status is not None and status.state == StatusState.ACCEPTED
    state = status.get_state_display() if status else _("not declared yet")
    return Condition(
        "status_accepted" if ok else "status_not_accepted",
        ok,
        _("Status «Экзамены завершены» (exams finished): %(state)s") % {"state": state},
        reverse_or_blank("monitoring", sitting, "#statuses"),
        _("Declare the status and wait for the regional centre's answer."),
    )


def _blanks_transferred(sitting: Sitting) -> list[Condition]:
    conditions = [_undeclared(sitting, StatusName.BLANKS_TRANSFERRED), _first_status(sitting)]
    conditions += [_confirmed(each, sitting) for each in owed_packets(sitting)]
    return [*conditions, *(_scan_journal(row, sitting) for row in scan_expected(sitting))]


def _scan_journal(row: Expected, sitting: Sitting) -> Condition:
    if row.state != "accepted" or row.journal is None or not scan_journal.lags(row.journal):
        return _journal(row, sitting)
    return Condition(
        "scan_journal_behind",
        False,
        _("Journal: %(post)s – formed before the station's last entries") % {"post": row.post},
        reverse_or_blank("scanning", sitting, "#end-scan-card"),
        _("Close every room and the HQ, then form END_SCAN again."),
    )


_GATES: dict[str, Callable[[Sitting], list[Condition]]] = {
    StatusName.EXAMS_FINISHED: _exams_finished,
    StatusName.BLANKS_TRANSFERRED: _blanks_transferred,
}
