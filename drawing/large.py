"""A day of any size, with any share of each trouble: thousands of sheets for the recognition and for the desk."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from drawing.days import REGION, REGION_NAME, RUSSIAN, STAFF, TIMEZONE, builder, people_of, today
from drawing.plan import (
    HQ,
    SEED,
    Builder,
    DayPlan,
    Fault,
    FaultKind,
    PaperFault,
    PointPlan,
    RoomPlan,
    Scan,
    StationPlan,
)
from drawing.words import PEOPLE

SheetFault = FaultKind | PaperFault

#: Shares of all sheets; a sheet has one trouble at most.
RATES: Mapping[SheetFault, float] = {
    "missing_sheet": 0.004,
    "foreign_sheet": 0.004,
    "unknown_number": 0.004,
    "scanned_twice": 0.004,
    "upside_down": 0.01,
    "unreadable_code": 0.003,
    "wrong_side": 0.003,
    "cut_corner": 0.006,
    "foreign_paper": 0.003,
}
_CUT = 34.0  # millimetres: the corner square goes with it, the codes stay


def _room(build: Builder, number: str, seats: int) -> RoomPlan:
    absent = build.rng.choice((0, 0, 0, 1, 1, 2)) if seats > 4 else 0
    spoiled = (build.rng.randint(1, seats),) if build.rng.random() < 0.2 else ()
    total = seats + len(spoiled)
    unused = tuple(ordinal for ordinal in range(total, 0, -1) if ordinal not in spoiled)[:absent]
    station = f"{int(number) % 10000:04d}"
    sets = build.print_sets(station=station, subject=RUSSIAN, count=seats, spoiled=spoiled, unused=unused)
    dbo = tuple(build.numbers.take("DBO") for _each in range(build.rng.randint(0, 4)))
    return RoomPlan(number, seats, sets=sets, dbo=dbo, absent=absent, not_finished=int(build.rng.random() < 0.1))


def _draw_fault(build: Builder, rates: Mapping[SheetFault, float]) -> SheetFault | None:
    dice = build.rng.random()
    for kind, rate in rates.items():
        if dice < rate:
            return kind
        dice -= rate
    return None


def _trouble(
    build: Builder, point: str, rooms: tuple[str, ...], piles: dict[str, list[Scan]], scan: Scan, kind: SheetFault
) -> None:
    """Lay a sheet into its pile the way the trouble has it, and write the trouble down."""
    room, spec = scan.pile, scan.spec
    pile = piles[room]
    where, number = room, spec.number
    match kind:
        case "missing_sheet":
            pass
        case "foreign_sheet":
            where = rooms[(rooms.index(room) + 1) % len(rooms)]
            piles[where].append(replace(scan, pile=where, note=kind))
        case "unknown_number":
            stray = build.spec("AB", build.numbers.take("AB"), point=point, subject=RUSSIAN, room=room)
            pile += [scan, Scan(stray, pile=room, owner="", note=kind)]
            number = stray.number
        case "foreign_paper":
            pile += [scan, Scan(replace(build.again(spec), side="foreign"), pile=room, owner="", note=kind)]
        case "scanned_twice":
            pile += [scan, replace(scan, spec=build.again(spec), note=kind)]
        case "wrong_side":
            pile.append(replace(scan, spec=replace(build.again(spec), side="back"), note=kind))
        case "cut_corner":
            cut = replace(spec, damage=replace(spec.damage, cut_corner=_CUT))
            pile.append(replace(scan, spec=cut, note=kind))
        case _:
            flag = {"upside_down": "upside_down", "unreadable_code": "no_codes"}[kind]
            pile.append(replace(scan, spec=build.again(spec, **{flag: True}), note=kind))
    build.faults.append(Fault(f"{kind}-{number}", kind, point, where, number))


def _point(build: Builder, code: str, rooms: int, seats: int, rates: Mapping[SheetFault, float]) -> PointPlan:
    plans = tuple(_room(build, f"{index:04d}", seats) for index in range(101, 101 + rooms))
    numbers = tuple(room.number for room in plans)
    piles: dict[str, list[Scan]] = {number: [] for number in numbers}
    for room in plans:
        for scan in build.pile(room, point=code, subject=RUSSIAN):
            kind = _draw_fault(build, rates)
            if kind is None or (kind == "foreign_sheet" and len(plans) < 2):
                piles[room.number].append(scan)
            else:
                _trouble(build, code, numbers, piles, scan, kind)
    scans = [scan for number in numbers for scan in piles[number]]
    scans += build.hq_pile(plans, point=code, subject=RUSSIAN)
    stations = (
        *(StationPlan("print", f"{int(number):04d}", (number,)) for number in numbers),
        StationPlan("scan", "01", (HQ,)),
    )
    return PointPlan(
        code=code,
        name=PEOPLE["points"]["any"][0].format(code=code),
        address=PEOPLE["points"]["any"][1].format(house=int(code)),
        subject=RUSSIAN,
        rooms=plans,
        stations=stations,
        people=people_of(build, code, rooms),
        scans=tuple(scans),
    )


def large_day(
    *,
    points: int,
    rooms: int,
    seats: int,
    seed: int = SEED,
    rates: Mapping[SheetFault, float] = RATES,
    date: dt.date | None = None,
) -> DayPlan:
    """Return a day of written Russian: so many points of so many rooms of so many seats.

    Raises:
        ValueError: A size or a share makes no day.
    """
    if not (1 <= points <= 999 and 1 <= rooms <= 99 and 1 <= seats <= 99):
        raise ValueError("a day has 1-999 points of 1-99 rooms of 1-99 seats")
    if min(rates.values(), default=0) < 0 or sum(rates.values()) > 1:
        raise ValueError("shares of trouble lie between 0 and 1, all of them together too")
    day = date or today()
    build = builder(seed, day)
    made = tuple(_point(build, f"{code:04d}", rooms, seats, rates) for code in range(1, points + 1))
    return DayPlan("large", seed, day, REGION, REGION_NAME, TIMEZONE, made, STAFF, tuple(build.faults))
