"""The region's registry document as the administrator of the centre imports it: who and where."""

from typing import Any

from demo.words import russian
from drawing.plan import DayPlan, PointPlan, StationPlan
from wire.messages import Message


def registry(plan: DayPlan, *, mode: str = "training") -> dict[str, Any]:
    """Return the registry document (schema ``registry``) of a planned day."""
    return {
        "format": "ppe-registry/2",
        "mode": mode,
        "region": {"code": plan.region, "name": plan.region_name, "timezone": plan.timezone},
        "points": [*(_point(plan, point) for point in plan.points), *_joined(plan)],
        "staff": [{"uid": p.uid, "full_name": p.full_name, "role": p.role} for p in plan.staff],
    }


def _point(plan: DayPlan, point: PointPlan) -> dict[str, Any]:
    rooms = [
        {
            "number": room.number,
            "name": russian(Message("Room {number}", number=room.number)),
            "seats": room.seats,
            "kind": "room",
        }
        for room in point.every_room
    ]
    return {
        "code": point.code,
        "name": point.name,
        "address": point.address,
        "timezone": plan.timezone,
        "rooms": [*rooms, {"number": "HQ", "name": russian(Message("HQ of the exam point")), "seats": 0, "kind": "hq"}],
        "stations": [
            {"kind": each.kind, "number": each.number, "serial": serial(point, each), "duty": each.duty}
            for each in point.stations
        ],
        "people": [{"uid": p.uid, "full_name": p.full_name, "phone": p.phone} for p in point.people],
        "sittings": [_sitting(plan, point)],
    }


def _joined(plan: DayPlan) -> list[dict[str, Any]]:
    """Return the point of several exams: one point with the rooms, stations and exams of all of them."""
    exams = [_point(plan, exam) for exam in plan.crowd]
    if not exams:
        return []
    whole = dict(exams[0])
    for name in ("rooms", "stations", "sittings"):
        whole[name] = []
        for exam in exams:
            whole[name] += [each for each in exam[name] if each not in whole[name]]
    return [whole]


def _sitting(plan: DayPlan, point: PointPlan) -> dict[str, Any]:
    return {
        "date": plan.date.isoformat(),
        "subject": point.subject,
        "rooms": [
            {
                "number": room.number,
                "seats": room.seats,
                "kind": "preparation" if room in point.preparation else "voice" if room.places else "written",
                "places": room.places,
            }
            for room in point.every_room
        ],
        "posts": [
            {
                "station_kind": each.kind,
                "station_number": each.number,
                "room": room,
                "place": each.place,
                "duty": each.duty,
            }
            for each in point.stations
            for room in (each.rooms or (None,))
        ],
        "assignments": [{"person": p.uid, "role": p.role} for p in point.people],
        # The played day ends whenever it ends: the last minute of the day keeps the deadlines shown, never missed.
        "deadlines": {"exams_finished": "23:50", "blanks_transferred": "23:59"},
    }


def serial(point: PointPlan, station: StationPlan) -> str:
    """Return the serial number on the computer's lid."""
    return russian(
        Message("TR-{point}-{kind}-{number}", point=point.code, kind=station.kind.upper(), number=station.number)
    )
