"""The table of obligations and of the statuses: what is owed, what settles it, who cures it where, when it is due.

Pure, as `day.rules` is, which follows it; docs/day.md is made from it.
"""

from dataclasses import dataclass

from wire.messages import Message

FINISHED, TRANSFERRED, END_SCAN = "exams_finished", "blanks_transferred", "end_scan"
#: What an exam must have settled before it is over.
END = "end"
#: The statuses that end an exam, in their order.
ENDS = (FINISHED, TRANSFERRED)


@dataclass(frozen=True)
class StatusDuty:
    """A status of the official chain.

    Attributes:
        name: Its stored name.
        title: Its official words.
        declarable: Whether a page of this portal declares it.
    """

    name: str
    title: Message
    declarable: bool = False


#: The chain in its order. Those without a page are told otherwise; no call may declare them here.
STATUSES = (
    StatusDuty("preparation", Message("«Техническая подготовка завершена» (technical preparation finished)")),
    StatusDuty("readiness", Message("«Контроль технической готовности завершён» (technical readiness checked)")),
    StatusDuty("started", Message("«Экзамены успешно начались» (exams started)")),
    StatusDuty(FINISHED, Message("«Экзамены завершены» (exams finished)"), declarable=True),
    StatusDuty(TRANSFERRED, Message("«Бланки переданы в РЦОИ» (answer forms transferred)"), declarable=True),
    StatusDuty("not_held", Message("«Экзамен не состоялся» (exam not held)")),
)
TITLES = {each.name: each.title for each in STATUSES}
#: The one thing about each room and the HQ that the last status asks for, by the name of its trouble.
PLACES = ("packet", "room_open_again", "room_balance", "room_at_work")
DECLARABLE = frozenset(each.name for each in STATUSES if each.declarable)


@dataclass(frozen=True)
class ObligationKind:
    """A row of the table of obligations.

    Attributes:
        what: What is owed.
        settled_by: The evidence that settles it.
        due: When it falls due: before that it is no fault.
        rule: Who may cure it (`stations.rules`).
        cure: What is done about it.
        page: Where.
        shows: Where it is shown besides its page.
        gates: What it keeps shut: statuses, the scan journal (`end_scan`), the end of the exam (`end`).
    """

    what: Message
    settled_by: Message
    due: Message
    rule: str
    cure: Message
    page: str
    shows: str
    gates: tuple[str, ...] = ()


_DAY = Message("on the day of the exam")
_CLOSED = Message("when its room is closed")
_ALL_PACKED = Message("when every room and the HQ are packed")
_AT_ONCE = Message("at once")
_LOAD = Message("Load the journal; if it cannot be had, make an act.")
#: What is done about whatever waits for the centre.
WAIT = Message("Wait for the centre's receipt; deadlines hold until then.")

TABLE: dict[str, ObligationKind] = {
    "stations": ObligationKind(
        Message("Print or voice stations are assigned"),
        Message("the exam package"),
        _DAY,
        "keys.load",
        Message("Look at the exam package: it has no station at all."),
        "monitoring",
        "3",
        (FINISHED, END),
    ),
    "journal": ObligationKind(
        Message("The journal of a print or voice station"),
        Message("an accepted journal (its hash), or an act"),
        _DAY,
        "journals.take_in",
        _LOAD,
        "monitoring",
        "1, 2, 3",
        (FINISHED, END),
    ),
    "key": ObligationKind(
        Message("The access key is active"),
        Message("its activation by a GEK member's token"),
        _DAY,
        "keys.activate",
        Message("Load the key; a GEK member activates it."),
        "keys",
        "4, 5",
    ),
    "card": ObligationKind(
        Message("The room card is filled in"),
        Message("every count typed, a zero too"),
        _DAY,
        "scanning.edit",
        Message("Fill in the card of the room."),
        "scanning-room",
        "4",
    ),
    "room": ObligationKind(
        Message("The room, or the HQ, is scanned, closed and packed"),
        Message("the act of closing at a balance that still holds, and the packet built of it"),
        _DAY,
        "scanning.close",
        Message("Scan the room, settle its differences and close it."),
        "scanning-room",
        "5, 7",
        (END_SCAN,),
    ),
    "room_open_again": ObligationKind(
        Message("A room whose packet was built is open again"),
        Message("the next version of its packet, confirmed"),
        _AT_ONCE,
        "scanning.edit",
        Message("Mend it and close the room again."),
        "scanning-room",
        "5, 6",
        (TRANSFERRED, END),
    ),
    "room_balance": ObligationKind(
        Message("What a closed room rests on has changed since it was compared"),
        Message("the next comparison: it holds, or the room opens again"),
        _AT_ONCE,
        "scanning.edit",
        Message(
            "It is compared by itself. If it does not hold: scan what is missing and send the next version,"
            " or close the room with an act."
        ),
        "scanning-room",
        "5, 6",
        (TRANSFERRED, END),
    ),
    "room_at_work": ObligationKind(
        Message("A room that the registry no longer has is at work"),
        Message("its packet, confirmed"),
        _AT_ONCE,
        "scanning.close",
        Message("Close the room and send its packet."),
        "scanning-room",
        "5, 6",
        (TRANSFERRED, END),
    ),
    "sets_unplaced": ObligationKind(
        Message("Every set that a preparation room printed and gave out lies in a voice room"),
        Message("its number in a voice journal, its form scanned in a room, or an act"),
        Message("when every voice journal is here and its numbers are open"),
        "scanning.edit",
        Message(
            "Load the voice journal that names it, or scan the registration form in the room where it lies;"
            " if there is no such form, make an act."
        ),
        "scanning",
        "5",
        (TRANSFERRED, END),
    ),
    "packet": ObligationKind(
        Message("The packet of a room, and that of the HQ forms"),
        Message("the centre's receipt «Подтвержден» (its number)"),
        _CLOSED,
        "transfers.build",
        Message("Wait for «Подтвержден» (confirmed) on the page “Transfer answer forms”."),
        "transfers",
        "5, 6",
        (TRANSFERRED, END),
    ),
    "scan_journal": ObligationKind(
        Message("The journal of a scanning station"),
        Message("an accepted journal (its hash), or an act"),
        _ALL_PACKED,
        "scanning.end",
        _LOAD,
        "monitoring",
        "7",
        (TRANSFERRED, END),
    ),
    "scan_journal_behind": ObligationKind(
        Message("The journal of a scanning station does not hold all that was done there"),
        Message("a journal with the station's last entry and those under which its packets were signed"),
        _AT_ONCE,
        "scanning.end",
        Message("Close every room and the HQ, then form END_SCAN again."),
        "scanning",
        "7",
        (TRANSFERRED, END),
    ),
    "scan_journal_rewritten": ObligationKind(
        Message("The journal of a scanning station was written anew after its packets were signed"),
        Message("a journal with these entries, or the next version of the packets, signed under this one"),
        _AT_ONCE,
        "scanning.edit",
        Message(
            "Call the regional centre. Bring the journal that holds them, or open these rooms again, close them and"
            " send the next version of their packets."
        ),
        "scanning",
        "7",
        (TRANSFERRED, END),
    ),
    "status_exams_finished": ObligationKind(
        Message("The status «Экзамены завершены» (exams finished)"),
        Message("the centre's receipt (its number)"),
        Message("when every print and voice journal is here"),
        "transfers.status",
        Message("Declare the status once its conditions hold."),
        "monitoring",
        "3",
        (TRANSFERRED, END),
    ),
    "status_blanks_transferred": ObligationKind(
        Message("The status «Бланки переданы в РЦОИ» (answer forms transferred)"),
        Message("the centre's receipt (its number)"),
        Message("when everything before it is settled"),
        "transfers.status",
        Message("Declare the status once its conditions hold."),
        "monitoring",
        "8",
        (END,),
    ),
    "status_outgrown": ObligationKind(
        Message("A journal or an act came after a status that the centre accepted"),
        Message("the next version of the status, confirmed"),
        _AT_ONCE,
        "transfers.status",
        Message("The next version leaves by itself; wait for the receipt."),
        "monitoring",
        "3, 8",
        (END,),
    ),
    "status_version": ObligationKind(
        Message("The newest version of an accepted status is not confirmed"),
        Message("the centre's receipt (its number)"),
        _AT_ONCE,
        "transfers.status",
        WAIT,
        "monitoring",
        "3, 8",
        (END,),
    ),
}
