"""What a schema cannot say of a registry: that its parts know each other, and that its words mean something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings

from stations.models import Role
from wire.errors import FieldError, PpeError
from wire.messages import Message
from wire.subjects import SUBJECTS

MOST_SEATS = 10_000
SHOWN = 5
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class RegistryRefusedError(PpeError):
    """The document follows its schema, but its parts do not fit each other."""

    code = "registry_refused"


class RegistryOfAnotherModeError(RegistryRefusedError):
    """A rehearsal's registry at a node of real exams, or the other way round."""

    code = "registry_wrong_mode"


@dataclass(frozen=True)
class Where:
    """A place in the registry, in words."""

    message: Message

    def room(self, number: str) -> "Where":
        """Return a room of the place."""
        return Where(Message("{where}, room {number}", where=self.message, number=number))


def evaluate(document: dict[str, Any]) -> None:
    """Hold a registry document that follows its schema to what the tables need.

    Raises:
        RegistryOfAnotherModeError: It is not of the mode that this node works in.
        RegistryRefusedError: With every part that does not fit; nothing has been written yet.
    """
    _require_own_mode(document["mode"])
    found = list(_wrong(document))
    if not found:
        return
    shown, more = found[:SHOWN], len(found) - SHOWN
    wrong = [part.message for part in shown]
    if more > 0:
        wrong.append(Message("and {count} more", count=more))
    raise RegistryRefusedError(
        Message("The registry is not accepted: {wrong}.", wrong=wrong),
        remedy=Message("Correct the registry where it was exported and upload it again."),
        parts=found[:100],
    )


def _require_own_mode(mode: str) -> None:
    own = settings.PPE_MODE
    if mode == own:
        return
    if mode == "training":
        raise RegistryOfAnotherModeError(
            Message("The registry is not accepted: it is of a rehearsal, this node works in the exam itself."),
            remedy=Message("Upload a registry of the exam, or go to a node that works in a rehearsal."),
        )
    raise RegistryOfAnotherModeError(
        Message("The registry is not accepted: it is of the exam itself, this node works in a rehearsal."),
        remedy=Message("Upload a registry of a rehearsal, or go to a node that works in the exam itself."),
    )


def _wrong(document: dict[str, Any]) -> Iterator[FieldError]:
    region = document["region"]
    yield from _zone(Where(Message("region")), region.get("timezone", ""))
    for person in document.get("staff", []):
        yield from _role(Where(Message("staff")), person["role"])
    staff = {person["uid"] for person in document.get("staff", [])}
    for point in document["points"]:
        where = Where(Message("point {point}", point=point["code"]))
        yield from _zone(where, point.get("timezone", region.get("timezone", "")))
        for room in point["rooms"]:
            yield from _seats(where.room(room["number"]), room["seats"])
        for sitting in point["sittings"]:
            yield from _sitting(where, point, sitting, staff)


def _sitting(where: Where, point: dict[str, Any], sitting: dict[str, Any], staff: set[str]) -> Iterator[FieldError]:
    which = f"{sitting['date']} {sitting['subject']}"
    where = Where(Message("{where}, exam {which}", where=where.message, which=which))
    rooms = {room["number"] for room in point["rooms"]} | {"HQ"}
    stations = {(station["kind"], station["number"]) for station in point["stations"]}
    people = {person["uid"] for person in point["people"]} | staff
    if not _is_day(sitting["date"]):
        yield _part(where, sitting["date"], "date", Message("there is no such date"))
    if sitting["subject"] not in SUBJECTS:
        yield _part(where, sitting["subject"], "subject", Message("there is no such subject"))
    for room in sitting["rooms"]:
        yield from _known(where, room["number"], rooms, "room", Message("a room"))
        yield from _seats(where.room(room["number"]), max(room["seats"], room.get("places", 0)))
    yield from _kinds(where, sitting)
    for post in sitting["posts"]:
        station = (post["station_kind"], post["station_number"])
        if station not in stations:
            words = " ".join(station)
            yield _part(where, words, "station", Message("the point has no station {words}", words=words))
        if post.get("room"):
            yield from _known(where, post["room"], rooms, "room", Message("a room"))
    for assignment in sitting.get("assignments", []):
        yield from _known(where, assignment["person"], people, "person", Message("an employee"))
        yield from _role(where, assignment["role"])
    for clock in sitting.get("deadlines", {}).values():
        if not _CLOCK.fullmatch(clock):
            yield _part(where, clock, "deadlines", Message("there is no such time: {clock}", clock=clock))


def _kinds(where: Where, sitting: dict[str, Any]) -> Iterator[FieldError]:
    """What rooms are for must fit the subject, each other, and the stations that work in them."""
    kinds = {room["number"]: room["kind"] for room in sitting["rooms"] if "kind" in room}
    voice = any(room.get("kind", "voice" if room.get("voice") else "") == "voice" for room in sitting["rooms"])
    subject = SUBJECTS.get(sitting["subject"])
    for room in sitting["rooms"]:
        number, kind = room["number"], room.get("kind", "")
        if kind and "voice" in room and room["voice"] != (kind == "voice"):
            problem = Message("“kind” and “voice” contradict each other")
            yield _part(where.room(number), kind, "kind", problem)
        if kind in ("voice", "preparation") and subject is not None and not subject.oral:
            problem = Message("a voice or preparation room in an exam that is written")
            yield _part(where.room(number), kind, "kind", problem)
        elif kind == "preparation" and not voice:
            problem = Message("a preparation room, but no voice room where the answers are recorded")
            yield _part(where.room(number), kind, "kind", problem)
    for post in sitting["posts"]:
        number = post.get("room") or ""
        if post["station_kind"] == "voice" and kinds.get(number, "voice") != "voice":
            problem = Message(
                "voice station {number} stands in a room that is no voice room", number=post["station_number"]
            )
            yield _part(where.room(number), post["station_number"], "room", problem)


def _known(where: Where, name: str, known: set[str], field: str, message: Message) -> Iterator[FieldError]:
    if name not in known:
        yield _part(where, name, field, Message("the point has no {thing} {name}", thing=message, name=name))


def _role(where: Where, role: str) -> Iterator[FieldError]:
    if role not in Role.values:
        yield _part(where, role, "role", Message("there is no such role: {role}", role=role))


def _seats(where: Where, seats: int) -> Iterator[FieldError]:
    if seats > MOST_SEATS:
        yield _part(where, str(seats), "seats", Message("{seats} seats", seats=seats))


def _zone(where: Where, zone: str) -> Iterator[FieldError]:
    if zone not in _zones():
        yield _part(where, zone, "timezone", Message("there is no time zone {zone}", zone=zone))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _part(where: Where, found: str, field: str, message: Message) -> FieldError:
    return FieldError(field, found, "", Message("{where}: {problem}", where=where.message, problem=message))
