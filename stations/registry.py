"""Taking in a registry document (schema ``registry``): the region's own at the centre, one point's in a package."""

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Prefetch

from audit.log import Actor, record
from stations.models import (
    Assignment,
    Duty,
    ExamPoint,
    Person,
    Region,
    Role,
    Room,
    Sitting,
    SittingRoom,
    Station,
    StationAssignment,
    Subject,
)
from stations.registry_checks import evaluate
from wire import schema
from wire.messages import Message
from wire.subjects import SUBJECTS


def import_registry(document: dict[str, Any], *, actor: Actor) -> Region:
    """Write a registry document into the tables; the same document twice changes nothing.

    Rows that the document does not name stay: a room or station that worked is never forgotten.

    Args:
        document: A document of the schema ``registry``.
        actor: Who brought it.

    Returns:
        The region.

    Raises:
        SchemaError: The document does not follow its schema.
        RegistryRefusedError: It is of another mode than this node, or its parts do not fit each other.
    """
    schema.validate("registry", document)
    evaluate(document)
    with transaction.atomic():
        subjects()
        said = document["region"]
        region, _made = Region.objects.update_or_create(
            code=said["code"], defaults={"name": said["name"], "timezone": said["timezone"]}
        )
        for person in document.get("staff", []):
            _assign(_person(person), person["role"], region=region)
        for point in document["points"]:
            _point(region, point, document["mode"])
        record(
            "registry.taken_in",
            about=region,
            actor=actor,
            data={"points": [p["code"] for p in document["points"]], "mode": document["mode"]},
        )
    return region


def subjects() -> None:
    """Bring the table of subjects up to the catalogue."""
    for info in SUBJECTS.values():
        Subject.objects.update_or_create(code=info.code, defaults={"name": info.name, "oral": info.oral})


def _point(region: Region, said: dict[str, Any], mode: str) -> None:
    point, _made = ExamPoint.objects.update_or_create(
        region=region,
        code=said["code"],
        defaults={
            "name": said["name"],
            "address": said.get("address", ""),
            "timezone": said.get("timezone", region.timezone),
        },
    )
    for room in said["rooms"]:
        Room.objects.update_or_create(
            point=point,
            number=room["number"],
            defaults={
                "name": room.get("name", ""),
                "seats": room.get("seats", 0),
                "kind": room.get("kind", Room.Kind.ROOM),
            },
        )
    Room.objects.get_or_create(
        point=point, number="HQ", defaults={"name": Message("HQ of the exam point").ru, "kind": Room.Kind.HQ}
    )
    for station in said["stations"]:
        Station.objects.update_or_create(
            point=point,
            kind=station["kind"],
            number=station["number"],
            defaults={"serial": station.get("serial", ""), "duty": station.get("duty", Duty.MAIN)},
        )
    for person in said["people"]:
        _person(person)
    for sitting in said["sittings"]:
        _sitting(point, sitting, mode)


def _sitting(point: ExamPoint, said: dict[str, Any], mode: str) -> None:
    sitting, _made = Sitting.objects.update_or_create(
        point=point,
        subject=Subject.objects.get(code=said["subject"]),
        date=date.fromisoformat(said["date"]),
        defaults={"mode": mode, "deadlines": said.get("deadlines", {})},
    )
    rooms = {room.number: room for room in point.rooms.all()}
    for room in said["rooms"]:
        SittingRoom.objects.update_or_create(
            sitting=sitting,
            room=rooms[room["number"]],
            defaults={
                "seats": room["seats"],
                "kind": kind_of(room),
                "places": room.get("places", 0),
            },
        )
    for post in said["posts"]:
        station = Station.objects.get(point=point, kind=post["station_kind"], number=post["station_number"])
        StationAssignment.objects.get_or_create(
            sitting=sitting,
            station=station,
            room=rooms.get(post.get("room") or ""),
            defaults={"duty": post.get("duty", Duty.MAIN), "place": post.get("place") or ""},
        )
    for assignment in said.get("assignments", []):
        _assign(Person.objects.get(uid=assignment["person"]), assignment["role"], sitting=sitting)


def kind_of(room: dict[str, Any]) -> str:
    """Return what a sitting's room is for; a document of the first version tells only whether answers are recorded."""
    said: str = room.get("kind") or (SittingRoom.Kind.VOICE if room.get("voice") else SittingRoom.Kind.WRITTEN)
    return said


def _person(said: dict[str, Any]) -> Person:
    person, _made = Person.objects.update_or_create(
        uid=said["uid"], defaults={"full_name": said["full_name"], "phone": said.get("phone", "")}
    )
    return person


def _assign(person: Person, role: str, **where: Any) -> None:
    Assignment.objects.get_or_create(person=person, role=Role(role), **where)


def document_of(point: ExamPoint, day: date) -> dict[str, Any]:
    """Return the registry document of one point for one exam day: what the exam package carries."""
    sittings = list(
        point.sittings.filter(date=day)
        .select_related("subject")
        .prefetch_related(Prefetch("rooms", SittingRoom.objects.select_related("room")))
        .prefetch_related(Prefetch("posts", StationAssignment.objects.select_related("station", "room")))
        .prefetch_related(Prefetch("assignments", Assignment.objects.select_related("person")))
    )
    people = {a.person.uid: a.person for s in sittings for a in s.assignments.all()}
    return {
        "format": "ppe-registry/2",
        "mode": sittings[0].mode if sittings else "live",
        "region": {"code": point.region.code, "name": point.region.name, "timezone": point.region.timezone},
        "staff": [],
        "points": [
            {
                "code": point.code,
                "name": point.name,
                "address": point.address,
                "timezone": point.timezone,
                "rooms": [
                    {"number": r.number, "name": r.name, "seats": r.seats, "kind": r.kind}
                    for r in point.rooms.order_by("number")
                ],
                "stations": [
                    {"kind": s.kind, "number": s.number, "serial": s.serial, "duty": s.duty}
                    for s in point.stations.order_by("kind", "number")
                ],
                "people": [
                    {"uid": p.uid, "full_name": p.full_name, "phone": p.phone}
                    for p in sorted(people.values(), key=lambda p: p.uid)
                ],
                "sittings": [_sitting_document(s) for s in sittings],
            }
        ],
    }


def _sitting_document(sitting: Sitting) -> dict[str, Any]:
    return {
        "date": sitting.date.isoformat(),
        "subject": sitting.subject.code,
        "rooms": [
            {"number": r.room.number, "seats": r.seats, "voice": r.voice, "kind": r.kind, "places": r.places}
            for r in sitting.rooms.all()
        ],
        "posts": [
            {
                "station_kind": p.station.kind,
                "station_number": p.station.number,
                "room": p.room.number if p.room else None,
                "place": p.place or None,
                "duty": p.duty,
            }
            for p in sitting.posts.all()
        ],
        "assignments": [{"person": a.person.uid, "role": a.role} for a in sitting.assignments.all()],
        "deadlines": sitting.deadlines,
    }
