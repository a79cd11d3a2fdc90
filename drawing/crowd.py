"""A point with three written exams on one day, small enough that a bad day is played at it from end to end."""

from dataclasses import replace

from drawing.plan import HQ, RESCAN, Builder, PersonPlan, PointPlan, RoomPlan, Scan, StationPlan
from drawing.words import PEOPLE

POINT = "0003"
#: Subject, room and print station of each exam.
EXAMS = (("02", "0301", "0001"), ("03", "0302", "0002"), ("04", "0303", "0003"))
#: The set that the station of the second exam prints when its journal is formed already: its participant came late.
LATE_SET = 3
_NAME, _ADDRESS = PEOPLE["points"]["any"]


def crowd(build: Builder, people: tuple[PersonPlan, ...]) -> tuple[PointPlan, ...]:
    """Return the exams of the point, each as a plan of its own: they share the people and the scanning station."""
    return tuple(
        _exam(build, people, subject, room, station, late=place == 1, extra=place == 2)
        for place, (subject, room, station) in enumerate(EXAMS)
    )


def _exam(
    build: Builder,
    people: tuple[PersonPlan, ...],
    subject: str,
    number: str,
    station: str,
    *,
    late: bool,
    extra: bool,
) -> PointPlan:
    sets = build.print_sets(station=station, subject=subject, count=LATE_SET if late else LATE_SET - 1)
    dbo = (build.numbers.take("DBO"),) if extra else ()
    room = RoomPlan(number, 3, sets=sets, dbo=dbo, absent=3 - len(sets))
    pile = build.pile(room, point=POINT, subject=subject)
    if late:
        came = set(sets[-1].sheets.values())
        pile = [replace(each, late=each.spec.number in came) for each in pile]
    elif not extra:
        asked = next(each for each in pile if each.spec.kind == "C1")
        pile.append(replace(asked, spec=build.again(asked.spec), late=True, note=RESCAN))
    scans: list[Scan] = pile + build.hq_pile((room,), point=POINT, subject=subject)
    return PointPlan(
        code=POINT,
        name=_NAME.format(code=POINT),
        address=_ADDRESS.format(house=3),
        subject=subject,
        rooms=(room,),
        stations=(StationPlan("print", station, (number,)), StationPlan("scan", "01", (HQ,))),
        people=people,
        scans=tuple(scans),
    )


def before(room: RoomPlan) -> RoomPlan:
    """Return a room as it was before its late participant came."""
    sets = tuple(each for each in room.sets if each.ordinal != LATE_SET)
    return replace(room, sets=sets, absent=room.seats - len(sets))
