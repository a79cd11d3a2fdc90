"""A judged day: what it answers to the pages, papers and acts that ask. Pure, as `day.rules` is, which judges it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from common.obligations import Obligation, ObligationState, standing
from day.rows import Pack, PointExam
from day.table import END, PLACES, TABLE, TITLES, TRANSFERRED
from wire.messages import Message

#: States of a packet that has reached the centre.
_REACHED = frozenset({"delivered", "acknowledged", "rejected"})


@dataclass(frozen=True)
class SittingDay:
    """What one exam of the day still owes.

    Attributes:
        exam: Its facts.
        obligations: Everything, settled or not, in the order of the day.
        nobody_came: Whether the registry seats nobody in it and nothing was done for it here.
    """

    exam: PointExam
    obligations: tuple[Obligation, ...]
    nobody_came: bool

    def of(self, *codes: str) -> tuple[Obligation, ...]:
        """Return the obligations of some codes."""
        return tuple(each for each in self.obligations if each.code in codes)

    def gate(self, name: str) -> tuple[Obligation, ...]:
        """Return what a status, the scan journal or the end of the exam demands, settled or not."""
        return tuple(each for each in self.obligations if name in TABLE[each.code].gates)

    def status(self, name: str) -> Obligation:
        """Return what is owed of one of the statuses that end the exam."""
        codes = (f"status_{name}", "status_outgrown", "status_version")
        return next(each for each in self.of(*codes) if each.place == name)

    def packet(self, room: str) -> Pack | None:
        """Return the newest packet of a room, or of the HQ forms."""
        use = next((each for each in self.exam.uses if each.room == room), None)
        if use is not None:
            return self.exam.packets.get(use.kind)
        rows = self.exam.packets.items()
        hq = self.exam.hq
        if room == "HQ" or (hq is not None and hq.room == room):
            return self.exam.forms
        return next((pack for (kind, where), pack in rows if where == room and kind != "status"), None)

    def reached(self, row: Obligation) -> bool:
        """Whether the last word of a room has reached the centre: its packet is there, and the room is not open."""
        pack = self.packet(row.place)
        return row.code == "packet" and pack is not None and pack.state in _REACHED

    @property
    def open(self) -> tuple[Obligation, ...]:
        """Everything between this exam and its end."""
        return standing(self.gate(END))

    @property
    def open_there(self) -> tuple[Pack, ...]:
        """The confirmed packets about which something was open at the centre when it confirmed them."""
        rows = self.exam.packets.values()
        return tuple(pack for pack in rows if pack.open_there and pack.state == "acknowledged")

    @property
    def unconfirmed(self) -> frozenset[str]:
        """The packets of rooms and forms, of any machine, whose last word the centre has not confirmed."""
        left = {row.place for row in standing(self.of(*PLACES))}
        speaking = {pack.uid for room in left if (pack := self.packet(room)) is not None}
        packs = (*self.exam.packets.values(), *self.exam.beside)
        return frozenset(speaking | {pack.uid for pack in packs if pack.state != "acknowledged"})

    @property
    def over(self) -> bool:
        """Whether everything of this exam has its evidence."""
        return not self.nobody_came and not self.open

    @property
    def ended(self) -> bool:
        """Whether the centre has accepted its last status at some time, also when that was undone since."""
        row = self.exam.statuses.get(TRANSFERRED)
        return row is not None and row.accepted_at is not None

    @property
    def opened_again(self) -> bool:
        """Whether something is open though the centre had accepted the last status."""
        return self.ended and not self.over

    @property
    def opened_since(self) -> datetime | None:
        """Since when it is open again, as far as that is known."""
        return min((each.since for each in self.open if each.since), default=None)


@dataclass(frozen=True)
class Day:
    """What a point still owes on a day.

    Attributes:
        point: Key of the point.
        at: The moment of the evaluation.
        until: The next deadline: the evaluation does not hold beyond it.
        sittings: The exams of the day.
    """

    point: str
    at: datetime
    until: datetime | None
    sittings: tuple[SittingDay, ...]

    def sitting(self, key: str) -> SittingDay:
        """Return one exam."""
        return next(each for each in self.sittings if each.exam.key == key)

    def others(self, key: str) -> tuple[SittingDay, ...]:
        """Return the other exams of the day that are not over; one that nobody sits or has begun holds no day."""
        return tuple(each for each in self.sittings if each.exam.key != key and not each.over and not each.nobody_came)

    def going(self, status: str) -> tuple[SittingDay, ...]:
        """Return the exams that a status goes out for: all at once, but where it stands and where nobody came."""
        return tuple(
            each
            for each in self.sittings
            if (each.exam.posts or not each.nobody_came) and not stands(each.exam, status)
        )

    def conditions(self, key: str, status: str) -> tuple[Obligation, ...]:
        """Return what a status of an exam asks for, met or not: its gate, and the other exams that it goes out for."""
        return (*self.sitting(key).gate(status), *self.held_by_others(key, status))

    def declarable(self, key: str, status: str) -> bool:
        """Whether declaring a status now changes something: the one rule for its card, its button and the act."""
        return not stands(self.sitting(key).exam, status) and not standing(self.conditions(key, status))

    def held_by_others(self, key: str, status: str) -> tuple[Obligation, ...]:
        """Return the other exams whose conditions keep a status from going out for this one too, one for each."""
        going = self.going(status)
        if all(each.exam.key != key for each in going):
            return ()
        return tuple(
            Obligation(
                f"status_{status}",
                each.exam.key,
                status,
                ObligationState.OPEN if any(row.state == ObligationState.OPEN for row in rows) else rows[0].state,
                Message("{exam}: conditions not met: {count}", exam=each.exam.title, count=len(rows)),
                Message("The status goes out for all exams of the day at once: meet the conditions of the others too."),
                page="monitoring",
                anchor="#statuses",
            )
            for each in going
            if each.exam.key != key and (rows := standing(each.gate(status)))
        )

    def over(self, key: str) -> bool:
        """Whether the whole day is over as the people of one exam see it: everybody may go home."""
        return self.sitting(key).over and not self.others(key)


def accepted(exam: PointExam, name: str) -> bool:
    """Whether the centre has accepted a status of an exam that stands."""
    row = exam.statuses.get(name)
    return row is not None and row.state == "accepted"


def stands(exam: PointExam, status: str) -> bool:
    """Whether a status of an exam was declared and not undone."""
    row = exam.statuses.get(status)
    return row is not None and row.state != "undone"


def texts(rows: Iterable[Obligation]) -> list[str]:
    """Return the sentences of some obligations, each once."""
    return list(dict.fromkeys(str(each.text) for each in rows))


def conditions_open(own: SittingDay, status: str) -> tuple[Obligation, ...]:
    """Return what keeps a status of an exam from being declared: its gate, and that it stands already."""
    if stands(own.exam, status):
        text = Message("The status {title} has been declared already", title=TITLES[status])
        cure = Message("The regional coordinator undoes a wrong status.")
        return (
            Obligation(
                f"status_{status}",
                own.exam.key,
                status,
                ObligationState.OPEN,
                text,
                cure,
                page="monitoring",
                anchor="#statuses",
            ),
        )
    return standing(own.gate(status))
