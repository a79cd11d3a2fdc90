"""Rows for tests. `make_day` gives the usual exam day: point 78-0001, Russian, four rooms."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from stations import models

PASSWORD = "correct horse battery"


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = models.Region
        django_get_or_create = ("code",)

    code = "78"
    name = "Санкт-Петербург"
    timezone = "Europe/Moscow"


class ExamPointFactory(DjangoModelFactory):
    class Meta:
        model = models.ExamPoint
        django_get_or_create = ("region", "code")

    region = factory.SubFactory(RegionFactory)
    code = factory.Sequence(lambda n: f"{n + 1:04d}")
    name = factory.LazyAttribute(lambda o: f"Школа № {int(o.code)}")
    address = "Невский пр., 1"
    timezone = "Europe/Moscow"


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = models.Room
        django_get_or_create = ("point", "number")

    point = factory.SubFactory(ExamPointFactory)
    number = factory.Sequence(lambda n: f"{101 + n:04d}")
    seats = 15


class StationFactory(DjangoModelFactory):
    class Meta:
        model = models.Station
        django_get_or_create = ("point", "kind", "number")

    point = factory.SubFactory(ExamPointFactory)
    kind = models.StationKind.PRINT
    number = factory.Sequence(lambda n: f"{n + 1:04d}")
    serial = factory.LazyAttribute(lambda o: f"SN-{o.kind}-{o.number}")


class SubjectFactory(DjangoModelFactory):
    class Meta:
        model = models.Subject
        django_get_or_create = ("code",)

    code = "01"
    name = "Русский язык"
    oral = False


class SittingFactory(DjangoModelFactory):
    class Meta:
        model = models.Sitting
        django_get_or_create = ("point", "subject", "date")

    point = factory.SubFactory(ExamPointFactory)
    subject = factory.SubFactory(SubjectFactory)
    date = factory.LazyFunction(lambda: timezone.now().astimezone(ZoneInfo("Europe/Moscow")).date())
    mode = models.Mode.LIVE
    deadlines = factory.LazyFunction(lambda: {"exams_finished": "18:00", "blanks_transferred": "21:00"})


class SittingRoomFactory(DjangoModelFactory):
    class Meta:
        model = models.SittingRoom

    sitting = factory.SubFactory(SittingFactory)
    room = factory.SubFactory(RoomFactory, point=factory.SelfAttribute("..sitting.point"))
    seats = 15

    class Params:
        voice = factory.Trait(kind=models.SittingRoom.Kind.VOICE)
        preparation = factory.Trait(kind=models.SittingRoom.Kind.PREPARATION)


class StationAssignmentFactory(DjangoModelFactory):
    class Meta:
        model = models.StationAssignment

    sitting = factory.SubFactory(SittingFactory)
    station = factory.SubFactory(StationFactory, point=factory.SelfAttribute("..sitting.point"))


class PersonFactory(DjangoModelFactory):
    class Meta:
        model = models.Person
        django_get_or_create = ("uid",)

    uid = factory.Sequence(lambda n: f"78{n:07d}")
    full_name = factory.Sequence(lambda n: f"Сотрудников {n} Иванович")


class AssignmentFactory(DjangoModelFactory):
    class Meta:
        model = models.Assignment

    person = factory.SubFactory(PersonFactory)
    role = models.Role.TECHNICAL_SPECIALIST


class UserFactory(DjangoModelFactory):
    """A login; ``role`` with ``region``, ``point`` or ``sitting`` gives its person that role there."""

    class Meta:
        model = models.User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    person = factory.SubFactory(PersonFactory)
    first_name = factory.LazyAttribute(lambda o: o.person.full_name if o.person else "")
    password = factory.django.Password(PASSWORD)
    is_staff = True


class NodeFactory(DjangoModelFactory):
    class Meta:
        model = models.Node

    uid = "0198b0c4-0000-7000-8000-000000000001"
    kind = "hq"
    region = "78"
    region_name = "Санкт-Петербург"
    points = factory.LazyFunction(lambda: ["0001"])
    station = "01"
    founded_at = factory.LazyFunction(timezone.now)


def make_user(username: str, full_name: str, role: models.Role, **where: Any) -> models.User:
    """Return a login of a person with one role."""
    person = PersonFactory(full_name=full_name)
    AssignmentFactory(person=person, role=role, **where)
    made: models.User = UserFactory(username=username, person=person)
    return made


@dataclass
class Day:
    """An exam day of one point."""

    node: models.Node
    region: models.Region
    point: models.ExamPoint
    sitting: models.Sitting
    rooms: dict[str, models.Room]
    stations: dict[str, models.Station] = field(default_factory=dict)
    posts: dict[str, models.StationAssignment] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Key of the sitting in addresses."""
        return self.sitting.key


def make_day(*, day: date | None = None, point: str = "0001", subject: str = "01", rooms: int = 4) -> Day:
    """Return the usual day: print stations ``0001``… one a room, reserve print stations ``0005`` and ``0006``,
    scanning stations ``01`` and reserve ``02`` in «Штаб». Keys of `posts` and `stations`: ``print-0001``, ``scan-01``.
    """
    node = models.Node.objects.first() or NodeFactory(points=[point])
    exam_point = ExamPointFactory(code=point)
    sitting = SittingFactory(point=exam_point, subject=SubjectFactory(code=subject), **({"date": day} if day else {}))
    made = Day(node, exam_point.region, exam_point, sitting, {})
    made.rooms["HQ"] = RoomFactory(point=exam_point, number="HQ", name="Штаб ППЭ", kind=models.Room.Kind.HQ, seats=0)
    for index in range(rooms):
        number = f"{101 + index:04d}"
        made.rooms[number] = RoomFactory(point=exam_point, number=number)
        SittingRoomFactory(sitting=sitting, room=made.rooms[number], seats=15)
        add_post(made, "print", f"{index + 1:04d}", room=number)
    add_post(made, "print", "0005", duty=models.Duty.RESERVE)
    add_post(made, "print", "0006", duty=models.Duty.RESERVE)
    add_post(made, "scan", "01", room="HQ")
    add_post(made, "scan", "02", room="HQ", duty=models.Duty.RESERVE)
    return made


def make_voice_day(*, day: date | None = None, point: str = "0002", rooms: int = 2, places: int = 4) -> Day:
    """Return a day of «Говорение»: English, voice rooms of some places, a voice station at each place."""
    node = models.Node.objects.first() or NodeFactory(points=[point])
    exam_point = ExamPointFactory(code=point)
    subject = SubjectFactory(code="29", name="Английский язык (устный)", oral=True)
    sitting = SittingFactory(point=exam_point, subject=subject, **({"date": day} if day else {}))
    made = Day(node, exam_point.region, exam_point, sitting, {})
    made.rooms["HQ"] = RoomFactory(point=exam_point, number="HQ", name="Штаб ППЭ", kind=models.Room.Kind.HQ, seats=0)
    for index in range(rooms):
        number = f"{201 + index:04d}"
        made.rooms[number] = RoomFactory(point=exam_point, number=number)
        SittingRoomFactory(sitting=sitting, room=made.rooms[number], seats=places * 2, voice=True, places=places)
        for place in range(1, places + 1):
            add_post(made, "voice", f"{number}-{place}", room=number, place=str(place))
    add_post(made, "scan", "01", room="HQ")
    return made


def add_preparation(day: Day, number: str = "0101", station: str = "0001") -> None:
    """Add a preparation room with a print station to a day of «Говорение»."""
    day.rooms[number] = RoomFactory(point=day.point, number=number)
    SittingRoomFactory(sitting=day.sitting, room=day.rooms[number], seats=8, preparation=True)
    add_post(day, "print", station, room=number)


def add_post(
    day: Day, kind: str, number: str, *, room: str | None = None, duty: str = models.Duty.MAIN, place: str = ""
) -> models.StationAssignment:
    """Add a station and its post to a day."""
    station = StationFactory(point=day.point, kind=kind, number=number, duty=duty)
    post: models.StationAssignment = StationAssignmentFactory(
        sitting=day.sitting, station=station, room=day.rooms[room] if room else None, duty=duty, place=place
    )
    day.stations[f"{kind}-{number}"], day.posts[f"{kind}-{number}"] = station, post
    return post


def moment(day: Day, clock: str) -> datetime:
    """Return ``"14:02"`` of the exam day in the point's zone."""
    return datetime.combine(day.sitting.date, datetime.strptime(clock, "%H:%M").time(), tzinfo=day.point.zone)  # noqa: DTZ007
