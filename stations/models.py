"""Who and where. Everything here comes from the region's registry; nothing is typed in during the day."""

from datetime import date, datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.subjects import AuditSubject
from stations.scope import ScopedQuerySet


class Mode(models.TextChoices):
    """A rehearsal never mixes with the real thing."""

    LIVE = "live", _("Exam")
    TRAINING = "training", _("Rehearsal")


class StationKind(models.TextChoices):
    """What a station does."""

    PRINT = "print", _("Print station")
    VOICE = "voice", _("Voice station")
    SCAN = "scan", _("Scanning station")
    AUTHORIZATION = "authorization", _("Authorisation station")


class Duty(models.TextChoices):
    """Why a station is there."""

    MAIN = "main", _("main")
    RESERVE = "reserve", _("reserve")
    REPLACED = "replaced", pgettext_lazy("station", "replaced")


class Role(models.TextChoices):
    """Roles of people (DOMAIN: positions of the regional information system)."""

    TECHNICAL_SPECIALIST = "technical_specialist", _("Technical specialist")
    POINT_HEAD = "point_head", _("Head of the exam point")
    GEK_MEMBER = "gek_member", pgettext_lazy("capital", "GEK member")
    ORGANISER = "organiser", _("Organiser")
    OBSERVER = "observer", _("Public observer")
    RCOI_OPERATOR = "rcoi_operator", _("Operator of the regional centre")
    REGIONAL_COORDINATOR = "regional_coordinator", _("Regional coordinator")
    ADMINISTRATOR = "administrator", _("Administrator")


class Region(models.Model):
    """A region of the country."""

    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(pgettext_lazy("title", "name"), max_length=200)
    timezone = models.CharField(_("time zone"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = None

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.code, text=str(self))


class ExamPoint(models.Model):
    """An exam point."""

    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("region"), related_name="points")
    code = models.CharField(_("exam point code"), max_length=4)
    name = models.CharField(pgettext_lazy("title", "name"), max_length=300)
    address = models.CharField(_("address"), max_length=300, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = ""

    class Meta:
        verbose_name = _("Exam point")
        verbose_name_plural = _("Exam point")
        ordering = ("region__code", "code")
        constraints = [models.UniqueConstraint(fields=("region", "code"), name="one_point_of_a_code")]

    def __str__(self) -> str:
        return str(_("exam point %s") % self.key)

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return AuditSubject(self.region.code, self.code, self.key)

    @property
    def key(self) -> str:
        """``78-0001``."""
        return f"{self.region.code}-{self.code}"

    @property
    def zone(self) -> ZoneInfo:
        """The point's time zone."""
        return ZoneInfo(self.timezone)


class Room(models.Model):
    """A room; the HQ is one too (number ``HQ``)."""

    class Kind(models.TextChoices):
        """What the room is for."""

        ROOM = "room", _("Room")
        HQ = "hq", _("HQ")

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="rooms")
    number = models.CharField(_("number"), max_length=4)
    name = models.CharField(pgettext_lazy("title", "name"), max_length=200, blank=True)
    seats = models.PositiveSmallIntegerField(_("seats"), default=0)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.ROOM)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ("point", "number")
        constraints = [models.UniqueConstraint(fields=("point", "number"), name="one_room_of_a_number")]

    def __str__(self) -> str:
        return str(_("HQ")) if self.kind == self.Kind.HQ else str(_("room %s") % self.number)


class Station(models.Model):
    """A computer of the point, with its duty."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="stations")
    kind = models.CharField(_("kind"), max_length=16, choices=StationKind.choices)
    number = models.CharField(_("number"), max_length=8)
    serial = models.CharField(_("serial number"), max_length=64, blank=True)
    duty = models.CharField(_("duty"), max_length=8, choices=Duty.choices, default=Duty.MAIN)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("station")
        verbose_name_plural = _("stations")
        ordering = ("point", "kind", "number")
        constraints = [models.UniqueConstraint(fields=("point", "kind", "number"), name="one_station_of_a_number")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"


class Heartbeat(models.Model):
    """The last sign of life of a station: what it does, what it has left, how its clock goes."""

    class State(models.TextChoices):
        """What a station does."""

        READY = "ready", _("ready")
        WORKING = "working", _("working")
        PAUSED = "paused", _("paused")
        FAULT = "fault", _("out of order")
        FINISHED = "finished", pgettext_lazy("station", "finished")

    station = models.OneToOneField(Station, models.PROTECT, verbose_name=_("station"), related_name="heartbeat")
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    note = models.CharField(_("message"), max_length=200, blank=True)
    paper = models.PositiveSmallIntegerField(_("paper, %"), null=True, blank=True)
    toner = models.PositiveSmallIntegerField(_("toner, %"), null=True, blank=True)
    battery = models.PositiveSmallIntegerField(_("battery, %"), null=True, blank=True)
    disk_free = models.PositiveBigIntegerField(_("free on the disk, bytes"), null=True, blank=True)
    software = models.CharField(_("software"), max_length=200, blank=True)
    said_at = models.DateTimeField(_("by the station's clock"))
    at = models.DateTimeField(_("received"))
    skew_seconds = models.FloatField(_("station clock is fast by, s"))

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "station__point"

    class Meta:
        # As it was called when it lay with the journals.
        db_table = "journals_stationsign"
        verbose_name = _("sign of life of a station")
        verbose_name_plural = _("signs of life of stations")
        ordering = ("station",)

    def __str__(self) -> str:
        return f"{self.station}: {self.get_state_display()}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.station.point.audit_subject().named(str(self))


class Subject(models.Model):
    """A subject of the exam; filled from `wire.subjects`."""

    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(pgettext_lazy("title", "name"), max_length=100)
    oral = models.BooleanField(_("oral part (speaking)"), default=False)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = None

    class Meta:
        verbose_name = _("subject")
        verbose_name_plural = _("subjects")
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Sitting(models.Model):
    """The exam of one subject on one day at one point."""

    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), related_name="sittings")
    subject = models.ForeignKey(Subject, models.PROTECT, verbose_name=_("subject"), related_name="sittings")
    date = models.DateField(_("date"))
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.LIVE)
    deadlines = models.JSONField(_("deadlines"), default=dict, blank=True)

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "point"

    class Meta:
        verbose_name = _("sitting")
        verbose_name_plural = _("sittings")
        ordering = ("date", "point", "subject")
        constraints = [models.UniqueConstraint(fields=("point", "subject", "date"), name="one_sitting_a_day")]

    def __str__(self) -> str:
        return f"{self.key} {self.subject.name}"

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
        return self.point.audit_subject().named(self.key)

    @property
    def key(self) -> str:
        """``78-0001-290526-01``: region, point, date, subject."""
        return f"{self.point.key}-{self.date:%d%m%y}-{self.subject.code}"

    def deadline(self, name: str) -> datetime | None:
        """Return the moment of a deadline (``exams_finished``, ``blanks_transferred``), in the point's zone."""
        text = self.deadlines.get(name)
        return datetime.combine(self.date, time.fromisoformat(text), tzinfo=self.point.zone) if text else None


class SittingRoomQuerySet(ScopedQuerySet["SittingRoom"]):
    """Rooms of sittings."""

    def collecting(self) -> "SittingRoomQuerySet":
        """Return the rooms where forms are collected: each has a card, is scanned, and owes a packet."""
        return self.exclude(kind=SittingRoom.Kind.PREPARATION)


class SittingRoom(models.Model):
    """A room used by a sitting."""

    class Kind(models.TextChoices):
        """What the room is for on that exam."""

        WRITTEN = "written", pgettext_lazy("kind", "room")
        VOICE = "voice", pgettext_lazy("kind", "voice room")
        #: Forms are printed there; the participants take them along to a voice room.
        PREPARATION = "preparation", pgettext_lazy("kind", "preparation room")

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="rooms")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), related_name="sittings")
    seats = models.PositiveSmallIntegerField(_("seated"), default=0)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.WRITTEN)
    places = models.PositiveSmallIntegerField(_("workplaces"), default=0)

    objects = SittingRoomQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        verbose_name = _("room of a sitting")
        verbose_name_plural = _("rooms of a sitting")
        ordering = ("sitting", "room__number")
        constraints = [models.UniqueConstraint(fields=("sitting", "room"), name="one_use_of_a_room")]

    def __str__(self) -> str:
        return f"{self.sitting.key} {self.room.number}"

    @property
    def voice(self) -> bool:
        """Whether answers are recorded there."""
        return self.kind == self.Kind.VOICE


class StationAssignment(models.Model):
    """A station's post in a sitting: one row per station and room it worked in. The expected set is made of these."""

    sitting = models.ForeignKey(Sitting, models.PROTECT, verbose_name=_("exam"), related_name="posts")
    station = models.ForeignKey(Station, models.PROTECT, verbose_name=_("station"), related_name="posts")
    room = models.ForeignKey(Room, models.PROTECT, verbose_name=_("room"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=4, blank=True)
    duty = models.CharField(_("duty"), max_length=8, choices=Duty.choices, default=Duty.MAIN)
    since = models.DateTimeField(_("since"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name=pgettext_lazy("station", "replaced by"),
        null=True,
        blank=True,
        related_name="replaces",
    )

    objects = ScopedQuerySet.as_manager()
    SCOPE: ClassVar[str | None] = "sitting__point"

    class Meta:
        db_table = "stations_stationpost"
        verbose_name = _("post of a station")
        verbose_name_plural = _("posts of stations")
        ordering = ("sitting", "station__kind", "room__number", "station__number")
        constraints = [
            models.UniqueConstraint(fields=("sitting", "station", "room"), name="one_post_a_room"),
            models.UniqueConstraint(
                fields=("sitting", "station"), condition=models.Q(room__isnull=True), name="one_post_without_room"
            ),
        ]

    def __str__(self) -> str:
        where = f", {self.room}" if self.room else ""
        return f"{self.station}{where}"


class PersonQuerySet(ScopedQuerySet["Person"]):
    """People, seen by those who serve at the same points."""

    def visible_to(self, user: Any) -> "PersonQuerySet":
        """Return the staff of the points in scope and the person himself; everybody for the region's staff."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.point_keys() is None:
            return self
        points = user.points()
        near = models.Q(assignments__sitting__point__in=points) | models.Q(assignments__point__in=points)
        return self.filter(near | models.Q(pk=user.person_id)).distinct()


class AssignmentQuerySet(ScopedQuerySet["Assignment"]):
    """Roles of the people in scope, at the points in scope."""

    def visible_to(self, user: Any) -> "AssignmentQuerySet":
        """Return the roles at the points in scope and the person's own; all for the region's staff."""
        if not getattr(user, "is_active", False):
            return self.none()
        if user.point_keys() is None:
            return self
        points = user.points()
        near = models.Q(sitting__point__in=points) | models.Q(point__in=points)
        return self.filter(near | models.Q(person_id=user.person_id)).distinct()


class Person(models.Model):
    """A member of the staff. No participants are kept anywhere."""

    uid = models.CharField(_("code"), max_length=64, unique=True)
    full_name = models.CharField(_("full name"), max_length=200)
    phone = models.CharField(_("phone"), max_length=32, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("full_name",)

    def __str__(self) -> str:
        return self.full_name


class Assignment(models.Model):
    """A role of a person: in a region, at a point, or on one sitting."""

    person = models.ForeignKey(Person, models.PROTECT, verbose_name=_("person"), related_name="assignments")
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    region = models.ForeignKey(Region, models.PROTECT, verbose_name=_("region"), null=True, blank=True)
    point = models.ForeignKey(ExamPoint, models.PROTECT, verbose_name=_("Exam point"), null=True, blank=True)
    sitting = models.ForeignKey(
        Sitting, models.PROTECT, verbose_name=_("exam"), null=True, blank=True, related_name="assignments"
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty")
        verbose_name_plural = _("assignments")
        constraints = [
            models.UniqueConstraint(fields=("person", "role", "region"), name="one_assignment_in_region"),
            models.UniqueConstraint(fields=("person", "role", "point"), name="one_assignment_at_point"),
            models.UniqueConstraint(fields=("person", "role", "sitting"), name="one_assignment_on_sitting"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.get_role_display()}"


class User(AbstractUser):
    """A login of a person of the staff."""

    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name=_("person"), null=True, blank=True, related_name="users"
    )

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")

    def assignments(self) -> list[Assignment]:
        """Return the person's roles; read once per request."""
        cached: list[Assignment] | None = self.__dict__.get("_assignments")
        if cached is None:
            rows = Assignment.objects.filter(person=self.person_id).select_related("sitting", "point__region", "region")
            cached = self.__dict__["_assignments"] = list(rows) if self.person_id else []
        return cached

    def points(self) -> "ScopedQuerySet[ExamPoint]":
        """Return the exam points within the person's scope."""
        rows: ScopedQuerySet[ExamPoint] = ExamPoint.objects.visible_to(self).select_related("region")
        return rows

    def point_keys(self) -> list[str] | None:
        """Return the keys of the points in scope; None for the staff of the whole region."""
        if self.is_superuser or any(a.region_id and not a.point_id and not a.sitting_id for a in self.assignments()):
            return None
        return [point.key for point in self.points()]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Model permissions are not used: scope and `stations.rules` decide."""
        return bool(self.is_active and (self.is_superuser or self.is_staff))

    def has_module_perms(self, app_label: str) -> bool:
        """Let staff into the read-only lists."""
        return bool(self.is_active and self.is_staff)


class Node(models.Model):
    """This node itself: one row."""

    uid = models.CharField(_("node id"), max_length=36, unique=True)
    kind = models.CharField(_("kind"), max_length=8)
    region = models.CharField(_("region"), max_length=2, blank=True)
    region_name = models.CharField(_("name of the region"), max_length=200, blank=True)
    points = models.JSONField(_("Exam point"), default=list)
    station = models.CharField(_("number of the scanning station"), max_length=8, blank=True)
    mode = models.CharField(_("mode"), max_length=8, choices=Mode.choices, default=Mode.LIVE)
    founded_at = models.DateTimeField(_("set up at"), null=True, blank=True)

    class Meta:
        verbose_name = _("node")
        verbose_name_plural = _("node")

    def __str__(self) -> str:
        return self.uid


def parse_key_date(text: str) -> date:
    """Return the date of a sitting key's ``DDMMYY``."""
    return datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007 (a calendar day has no zone)
