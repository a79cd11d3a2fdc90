"""The two days that are played: the demo day of two points, and the mini day of one room for the kill tests."""

import datetime as dt
import random
from dataclasses import replace
from zoneinfo import ZoneInfo

from drawing.crowd import POINT as CROWDED
from drawing.crowd import crowd
from drawing.plan import (
    HQ,
    RESCAN,
    SEED,
    Answer,
    Builder,
    DayPlan,
    FaultKind,
    Numbers,
    PersonPlan,
    PlannedSet,
    PointPlan,
    Replacement,
    RoomPlan,
    Scan,
    StationPlan,
)
from drawing.words import PEOPLE

REGION, REGION_NAME, TIMEZONE = (PEOPLE["region"][each] for each in ("code", "name", "timezone"))
RUSSIAN, ENGLISH_ORAL = "01", "29"

_SURNAMES: list[str] = PEOPLE["surnames"]
_WOMEN, _MEN = PEOPLE["first_names"]["women"], PEOPLE["first_names"]["men"]


def today() -> dt.date:
    """Return the day at the point: keys, deadlines and certificates of the played day are alive."""
    return dt.datetime.now(ZoneInfo(TIMEZONE)).date()


def builder(seed: int, date: dt.date) -> Builder:
    """Return what the points of a day are made with."""
    rng = random.Random(f"plan {seed}")  # noqa: S311 (a made-up day)
    return Builder(seed=seed, date=date, region=REGION, rng=rng, numbers=Numbers(rng))


def people_of(build: Builder, point: str, organisers: int) -> tuple[PersonPlan, ...]:
    """Return the staff of a point."""
    roles = ["technical_specialist", "point_head", "gek_member", "observer", *["organiser"] * organisers]
    people = []
    for index, role in enumerate(roles):
        place = (index + 7 * int(point)) % len(_SURNAMES)
        surname = _SURNAMES[place]
        name = f"{surname} {build.rng.choice(_WOMEN if surname.endswith(PEOPLE['women_end']) else _MEN)}"
        people.append(PersonPlan(f"{REGION}{point}{index + 1:03d}", name, role, f"+7 812 555-{point[-2:]}-{index:02d}"))
    return tuple(people)


STAFF = tuple(PersonPlan(*each) for each in PEOPLE["staff"])


def _written_rooms(build: Builder) -> tuple[RoomPlan, ...]:
    """Four rooms of 15; station 2 breaks after eight sets, station 5 goes on from reserve."""
    take, sets = build.numbers.take, build.print_sets

    def room(
        number: str, printed: tuple[PlannedSet, ...], *, absent: int, dbo: int, not_finished: int = 0, slip: str = ""
    ) -> RoomPlan:
        extra = tuple(take("DBO") for _each in range(dbo))
        return RoomPlan(number, 15, sets=printed, dbo=extra, absent=absent, not_finished=not_finished, slip=slip)

    first = sets(station="0001", subject=RUSSIAN, count=15, unused=(15,))
    broken = sets(station="0002", subject=RUSSIAN, count=8, spoiled=(8,))
    spare = sets(station="0005", subject=RUSSIAN, count=7, unused=(6, 7))
    third = sets(station="0003", subject=RUSSIAN, count=15, spoiled=(4,), unused=(16,))
    fourth = sets(station="0004", subject=RUSSIAN, count=15, spoiled=(2, 9), unused=(17,))
    return (
        room("0101", first, absent=1, dbo=2),
        room("0102", broken + spare, absent=2, dbo=1, not_finished=1, slip="registration_count"),
        room("0103", third, absent=1, dbo=3, slip="dbo_count"),
        room("0104", fourth, absent=1, dbo=0, slip="absent_count"),
    )


def _plant_sheets(build: Builder, rooms: tuple[RoomPlan, ...], piles: dict[str, list[Scan]]) -> None:
    point = "0001"
    # A sheet of 0101 stayed in the envelope; it is fed later, when the system has named it.
    lost = next(i for i, scan in enumerate(piles["0101"]) if i > 20 and scan.spec.kind == "C2")
    late = piles["0101"].pop(lost)
    piles["0101"].append(replace(late, late=True, note="missing_sheet"))
    build.plant("missing_sheet", point, "0101", late.spec.number)
    # A sheet nobody printed here lies in 0101.
    stray = build.spec("AB", build.numbers.take("AB"), point=point, subject=RUSSIAN, room="0101")
    piles["0101"].insert(33, Scan(stray, pile="0101", owner="", note="unknown_number"))
    build.plant("unknown_number", point, "0101", stray.number)
    # A sheet of 0103 lies in the pile of 0102.
    index = next(i for i, scan in enumerate(piles["0103"]) if i > 12 and scan.spec.kind == "C1")
    moved = piles["0103"].pop(index)
    piles["0102"].insert(17, replace(moved, pile="0102", note="foreign_sheet"))
    build.plant("foreign_sheet", point, "0102", moved.spec.number)
    # A sheet of 0103 went through the feeder twice.
    index = next(i for i, scan in enumerate(piles["0103"]) if i > 30 and scan.spec.kind == "AB")
    first = piles["0103"][index]
    piles["0103"].insert(index + 3, replace(first, spec=build.again(first.spec), note="scanned_twice"))
    build.plant("scanned_twice", point, "0103", first.spec.number)
    # The centre will ask for one sheet of 0103 again: its second pass lies ready.
    asked = next(scan for scan in piles["0103"] if scan.spec.kind == "C1" and not scan.note)
    piles["0103"].append(replace(asked, spec=build.again(asked.spec), late=True, note=RESCAN))
    # On a sheet of 0102 ink lies over every code, and a label is stuck whose number fails its check digit: whoever
    # takes what the code says takes a number that no sheet has.
    index = next(i for i, scan in enumerate(piles["0102"]) if i > 24 and scan.spec.kind == "AB" and not scan.note)
    scan = piles["0102"][index]
    number = scan.spec.number
    label = number[:-1] + str((int(number[-1]) + 3) % 10)
    labelled = replace(build.again(scan.spec, no_codes=True), label=label)
    piles["0102"][index] = replace(scan, spec=labelled, note="false_code")
    build.plant("false_code", point, "0102", number)
    # In 0104 one sheet was fed upside down, another has ink over all its codes.
    for kind, note, damage in (("AB", "upside_down", "upside_down"), ("C1", "unreadable_code", "no_codes")):
        index = next(i for i, scan in enumerate(piles["0104"]) if i > 8 and scan.spec.kind == kind)
        scan = piles["0104"][index]
        piles["0104"][index] = replace(scan, spec=build.again(scan.spec, **{damage: True}), note=note)
        build.plant(note, point, "0104", scan.spec.number)  # type: ignore[arg-type]


#: The field of a card in which the specialist slips, and the fault that it is.
SLIPS: dict[str, FaultKind] = {
    "registration_count": "card_registrations",
    "dbo_count": "card_dbo",
    "absent_count": "card_absent",
}


def _written_point(build: Builder) -> PointPlan:
    rooms = _written_rooms(build)
    for room in rooms:
        if room.slip:
            build.plant(SLIPS[room.slip], "0001", room.number, "")
    piles = {room.number: build.pile(room, point="0001", subject=RUSSIAN) for room in rooms}
    _plant_sheets(build, rooms, piles)
    scans = [scan for room in rooms for scan in piles[room.number]]
    scans += build.hq_pile(rooms, point="0001", subject=RUSSIAN)
    stations = (
        *(StationPlan("print", f"000{n}", (f"010{n}",)) for n in range(1, 5)),
        StationPlan("print", "0005", duty="reserve"),
        StationPlan("print", "0006", duty="reserve", journal=False),
        StationPlan("scan", "01", (HQ,)),
        StationPlan("scan", "02", (HQ,), duty="reserve"),
    )
    build.plant("journal_missing", "0001", "", "0006")
    return PointPlan(
        code="0001",
        name=PEOPLE["points"]["0001"][0],
        address=PEOPLE["points"]["0001"][1],
        subject=RUSSIAN,
        rooms=rooms,
        stations=stations,
        people=people_of(build, "0001", 8),
        scans=tuple(scans),
        replacements=(Replacement("0002", "0005", "0102", 8),),
    )


def _oral_point(build: Builder, shared: PersonPlan) -> PointPlan:
    # Forms are printed in the preparation room, 0200; the participants take them along to where they speak.
    printed = build.print_sets(station="0001", subject=ENGLISH_ORAL, count=17, spoiled=(3,), unused=(18,))
    forms = iter([item.sheets["R"] for item in printed if item.sat])
    rooms = []
    for number in ("0201", "0202"):
        answers = []
        for place in range(1, 5):
            for turn in (1, 2):
                flaw = {("0201", 3, 1): "cut", ("0202", 2, 2): "silent"}.get((number, place, turn), "")
                registration = next(forms)
                name = f"{number}_{place}_{turn:02d}.ogg" if place % 2 else f"{number}_{place}_{turn:02d}.wav"
                seconds = round(build.rng.uniform(9, 16), 1)
                answers.append(Answer(str(place), turn, registration, name, seconds, flaw))  # type: ignore[arg-type]
                if flaw:
                    kind = "cut_recording" if flaw == "cut" else "silent_recording"
                    build.plant(kind, "0002", number, registration, name)  # type: ignore[arg-type]
        rooms.append(RoomPlan(number, 8, answers=tuple(answers), places=4))
    listed = tuple(rooms)
    scans = [scan for room in listed for scan in build.pile(room, point="0002", subject=ENGLISH_ORAL)]
    scans += build.hq_pile(listed, point="0002", subject=ENGLISH_ORAL)
    stations = (
        StationPlan("print", "0001", ("0200",)),
        *(
            StationPlan("voice", f"{room.number}-{place}", (room.number,), place=str(place))
            for room in listed
            for place in range(1, 5)
        ),
        StationPlan("scan", "01", (HQ,)),
    )
    return PointPlan(
        code="0002",
        name=PEOPLE["points"]["0002"][0],
        address=PEOPLE["points"]["0002"][1],
        subject=ENGLISH_ORAL,
        rooms=listed,
        stations=stations,
        # The laptop serves both points, so the specialist who set it up is appointed to both.
        people=(*people_of(build, "0002", 6), shared),
        scans=tuple(scans),
        preparation=(RoomPlan("0200", 16, sets=printed),),
    )


def demo_day(*, seed: int = SEED, date: dt.date | None = None) -> DayPlan:
    """Return the demo day: 0001 writes Russian in four rooms, 0002 speaks English in two, 0003 has three exams."""
    day = date or today()
    build = builder(seed, day)
    written = _written_point(build)
    shared = written.person("technical_specialist")
    points = (written, _oral_point(build, shared))
    exams = crowd(build, (*people_of(build, CROWDED, 3), shared))
    return DayPlan("demo", seed, day, REGION, REGION_NAME, TIMEZONE, points, STAFF, tuple(build.faults), exams)


def mini_day(*, seed: int = SEED, date: dt.date | None = None) -> DayPlan:
    """Return the mini day: one room of three seats, nothing planted."""
    day = date or today()
    build = builder(seed, day)
    room = RoomPlan("0101", 3, sets=build.print_sets(station="0001", subject=RUSSIAN, count=3, unused=(3,)), absent=1)
    scans = build.pile(room, point="0001", subject=RUSSIAN) + build.hq_pile((room,), point="0001", subject=RUSSIAN)
    point = PointPlan(
        code="0001",
        name=PEOPLE["points"]["0001"][0],
        address=PEOPLE["points"]["0001"][1],
        subject=RUSSIAN,
        rooms=(room,),
        stations=(StationPlan("print", "0001", ("0101",)), StationPlan("scan", "01", (HQ,))),
        people=people_of(build, "0001", 1),
        scans=tuple(scans),
    )
    return DayPlan("mini", seed, day, REGION, REGION_NAME, TIMEZONE, (point,), STAFF)
