"""The seeded plan of an exam day: who sits where, what is printed, what goes wrong. Everything else follows from it."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from drawing.damage import random_damage
from drawing.draw import SheetSpec
from wire.forms import ABSENCES, OBSERVATION, ORAL_SUMMARY, SUMMARY, make_number
from wire.subjects import SUBJECTS, form_set

FaultKind = Literal[
    "missing_sheet",
    "foreign_sheet",
    "scanned_twice",
    "upside_down",
    "unreadable_code",
    "false_code",
    "unknown_number",
    "cut_recording",
    "silent_recording",
    "journal_missing",
    "card_registrations",
    "card_dbo",
    "card_absent",
]

#: What else may happen to sheets in a large day.
PaperFault = Literal["wrong_side", "cut_corner", "foreign_paper"]

HQ = "HQ"
#: The two statuses of the day, as they cross the wire.
FINISHED, TRANSFERRED = "exams_finished", "blanks_transferred"
#: The note of a sheet that the centre asks to be scanned again: no fault of the day, a wish of its operator.
RESCAN = "rescan"
SEED = 20260529


@dataclass(frozen=True, slots=True)
class PlannedSet:
    """One participant's set as a station printed it."""

    station: str
    ordinal: int
    sheets: dict[str, str]
    spoiled: bool = False
    unused: bool = False

    @property
    def sat(self) -> bool:
        """Whether a participant wrote on it."""
        return not (self.spoiled or self.unused)


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer of an oral exam."""

    place: str
    ordinal: int
    registration: str
    file_name: str
    seconds: float
    flaw: Literal["", "cut", "silent"] = ""


@dataclass(frozen=True, slots=True)
class Scan:
    """One page as it leaves the scanner, and what is true of it."""

    spec: SheetSpec
    pile: str
    owner: str
    note: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """A room of a sitting. `slip` is the field of its card in which the specialist first writes one too many."""

    number: str
    seats: int
    sets: tuple[PlannedSet, ...] = ()
    answers: tuple[Answer, ...] = ()
    dbo: tuple[str, ...] = ()
    absent: int = 0
    not_finished: int = 0
    places: int = 0
    slip: str = ""

    @property
    def registrations(self) -> int:
        """How many registration forms a person counts on the table."""
        return len([item for item in self.sets if item.sat]) + len(self.answers)


@dataclass(frozen=True, slots=True)
class StationPlan:
    """A station and where it worked. `rooms` is empty for a reserve that never had one."""

    kind: Literal["print", "voice", "scan"]
    number: str
    rooms: tuple[str, ...] = ()
    place: str | None = None
    duty: Literal["main", "reserve"] = "main"
    journal: bool = True


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """A member of the staff."""

    uid: str
    full_name: str
    role: str
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """A station replaced midway."""

    old: str
    new: str
    room: str
    after: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something planted. The system is not told; it must find it."""

    id: str
    kind: FaultKind | PaperFault
    point: str
    room: str
    number: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class PointPlan:
    """One exam point on the day."""

    code: str
    name: str
    address: str
    subject: str
    rooms: tuple[RoomPlan, ...]
    stations: tuple[StationPlan, ...]
    people: tuple[PersonPlan, ...]
    scans: tuple[Scan, ...]
    replacements: tuple[Replacement, ...] = ()
    preparation: tuple[RoomPlan, ...] = ()

    def person(self, role: str) -> PersonPlan:
        """Return the first person of a role."""
        return next(person for person in self.people if person.role == role)

    def room(self, number: str) -> RoomPlan:
        """Return a room by its number."""
        return next(room for room in self.every_room if room.number == number)

    @property
    def every_room(self) -> tuple[RoomPlan, ...]:
        """All its rooms: those where forms are collected, and the preparation rooms, where they are only printed."""
        return (*self.rooms, *self.preparation)

    @property
    def oral(self) -> bool:
        """Whether answers are spoken."""
        return SUBJECTS[self.subject].oral


@dataclass(frozen=True, slots=True)
class DayPlan:
    """The whole day of a region."""

    name: str
    seed: int
    date: dt.date
    region: str
    region_name: str
    timezone: str
    points: tuple[PointPlan, ...]
    staff: tuple[PersonPlan, ...]
    faults: tuple[Fault, ...] = ()
    #: The exams of one point more, which has several on the day: the scenes of a bad day are played there.
    crowd: tuple[PointPlan, ...] = ()

    @property
    def exams(self) -> tuple[PointPlan, ...]:
        """Every exam of the day with its point; the point that has several stands here once for each."""
        return (*self.points, *self.crowd)

    def point(self, code: str) -> PointPlan:
        """Return a point by its code."""
        return next(point for point in self.points if point.code == code)

    def sitting(self, point: PointPlan) -> str:
        """Return the key of the point's sitting."""
        return f"{self.region}-{point.code}-{self.date:%d%m%y}-{point.subject}"


@dataclass(slots=True)
class Numbers:
    """Form numbers that never repeat; serials look as scattered as the printing house leaves them."""

    rng: random.Random
    used: set[int] = field(default_factory=set)

    def take(self, kind: str) -> str:
        """Return a fresh number of a kind."""
        while True:
            serial = self.rng.randrange(10**8, 10**10)
            if serial not in self.used:
                self.used.add(serial)
                return make_number(kind, serial)


@dataclass(slots=True)
class Builder:
    """What the makers of points share while a plan grows."""

    seed: int
    date: dt.date
    region: str
    rng: random.Random
    numbers: Numbers
    faults: list[Fault] = field(default_factory=list)

    def plant(self, kind: FaultKind | PaperFault, point: str, room: str, number: str, answer: str = "") -> None:
        """Write down a planted fault."""
        self.faults.append(Fault(f"{kind}-{point}-{room}", kind, point, room, number, answer))

    def spec(
        self, kind: str, number: str, *, point: str, subject: str, room: str | None, blank: bool = False
    ) -> SheetSpec:
        """Return an ordinary pass of a sheet through the scanner."""
        return SheetSpec(
            kind=kind,
            number=number,
            region=self.region,
            point=point,
            date=self.date,
            subject=subject,
            subject_name=SUBJECTS[subject].name,
            room=room,
            seed=self.seed,
            blank=blank,
            damage=random_damage(self.rng),
        )

    def again(self, spec: SheetSpec, **damage: bool) -> SheetSpec:
        """Return another pass of the same sheet."""
        changes: dict[str, Any] = dict(damage)
        return replace(spec, damage=replace(random_damage(self.rng), **changes))

    def print_sets(
        self,
        *,
        station: str,
        subject: str,
        count: int,
        first: int = 1,
        spoiled: tuple[int, ...] = (),
        unused: tuple[int, ...] = (),
    ) -> tuple[PlannedSet, ...]:
        """Return the sets a station printed; the spoiled ones come on top of the count."""
        sets = []
        for ordinal in range(first, first + count + len(spoiled)):
            sheets = {kind: self.numbers.take(kind) for kind in form_set(subject)}
            sets.append(PlannedSet(station, ordinal, sheets, spoiled=ordinal in spoiled, unused=ordinal in unused))
        return tuple(sets)

    def pile(self, room: RoomPlan, *, point: str, subject: str) -> list[Scan]:
        """Return a room's sheets as they lie in its envelope: sets first, additional forms after their set."""
        scans: list[Scan] = []

        def put(kind: str, number: str, *, blank: bool = False) -> None:
            spec = self.spec(kind, number, point=point, subject=subject, room=room.number, blank=blank)
            scans.append(Scan(spec, pile=room.number, owner=room.number))

        extra = list(room.dbo)
        for item in room.sets:
            if not item.sat:
                continue
            for kind, number in item.sheets.items():
                put(kind, number, blank=kind == "C2" and self.rng.random() < 0.3)
            if extra and self.rng.random() < 0.4:
                put("DBO", extra.pop())
        for number in extra:
            put("DBO", number)
        for answer in room.answers:
            put("R", answer.registration)
        return scans

    def hq_pile(self, rooms: tuple[RoomPlan, ...], *, point: str, subject: str) -> list[Scan]:
        """Return the forms of the HQ: the point's own, then a protocol and an absence sheet for each room."""
        own = (ORAL_SUMMARY if SUBJECTS[subject].oral else SUMMARY, OBSERVATION)
        wanted: list[tuple[str, str | None, dict[str, str]]] = [(kind, None, summary(rooms)) for kind in own]
        for room in rooms:
            wanted += [("05-02", room.number, protocol(room)), (ABSENCES, room.number, {})]
        scans = []
        for kind, number, values in wanted:
            spec = self.spec(kind, self.numbers.take(kind), point=point, subject=subject, room=number)
            scans.append(Scan(replace(spec, values=values), pile=HQ, owner=HQ))
        return scans


def summary(rooms: tuple[RoomPlan, ...]) -> dict[str, str]:
    """Return what the head of the point writes into the summary: a line for each room."""
    values: dict[str, str] = {}
    for row, room in enumerate(rooms, 1):
        counts = {
            "assigned": room.seats,
            "present": room.registrations,
            "absent": room.absent,
            "removed": 0,
            "not_finished": room.not_finished,
            "registration": room.registrations,
            "additional": len(room.dbo),
            "spoiled": sum(each.spoiled for each in room.sets),
        }
        values |= {f"room/{row}": room.number, **{f"{name}/{row}": str(count) for name, count in counts.items()}}
    return values


def protocol(room: RoomPlan) -> dict[str, str]:
    """Return what the organisers write into the protocol of a room: a cross for each seat, the sums below."""
    values = {
        "present/1": room.registrations,
        "absent/1": room.absent,
        "removed/1": 0,
        "not_finished/1": room.not_finished,
        "registration/1": room.registrations,
        "additional/1": len(room.dbo),
    }
    seats = range(1, min(room.seats, 30) + 1)
    crosses = [f"seat_{'present' if seat <= room.registrations else 'absent'}/{seat}" for seat in seats]
    crosses += [f"seat_not_finished/{seat}" for seat in range(1, room.not_finished + 1)]
    return {name: str(count) for name, count in values.items()} | dict.fromkeys(crosses, "x")


def all_scans(plan: DayPlan) -> Iterator[tuple[PointPlan, Scan]]:
    """Yield every page of the day, in the order of scanning."""
    for point in plan.exams:
        for scan in point.scans:
            yield point, scan


def sound(spec: SheetSpec) -> bool:
    """Whether the sheet was fed the right way up with its codes whole."""
    return not (spec.damage.upside_down or spec.damage.no_codes)
