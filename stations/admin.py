from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from common.web.admin import ReadOnlyAdmin, ReadOnlyInline
from stations.models import (
    Assignment,
    ExamPoint,
    Heartbeat,
    Node,
    Person,
    Region,
    Room,
    Sitting,
    SittingRoom,
    Station,
    StationAssignment,
    Subject,
    User,
)


class RoomInline(ReadOnlyInline):
    """Rooms of a point."""

    model = Room
    fields = ("number", "name", "seats", "kind")


class StationInline(ReadOnlyInline):
    """Stations of a point."""

    model = Station
    fields = ("kind", "number", "serial", "duty")


class SittingRoomInline(ReadOnlyInline):
    """Rooms of a sitting."""

    model = SittingRoom
    fields = ("room", "kind", "seats", "places")


class StationAssignmentInline(ReadOnlyInline):
    """Posts of a sitting."""

    model = StationAssignment
    fields = ("station", "room", "place", "duty", "since", "replaced_by")
    fk_name = "sitting"


@admin.register(Region)
class RegionAdmin(ReadOnlyAdmin):
    """Regions."""

    list_display = ("code", "name", "timezone")


@admin.register(ExamPoint)
class ExamPointAdmin(ReadOnlyAdmin):
    """Exam points with their rooms and stations."""

    list_display = ("key", "name", "address", "timezone")
    list_select_related = ("region",)
    search_fields = ("code", "name", "address")
    inlines = (RoomInline, StationInline)

    @admin.display(description=_("code"))
    def key(self, point: ExamPoint) -> str:
        """Return region and point."""
        return point.key


@admin.register(Room)
class RoomAdmin(ReadOnlyAdmin):
    """Rooms."""

    list_display = ("number", "point", "name", "seats", "kind")
    list_select_related = ("point__region",)
    list_filter = ("kind",)
    search_fields = ("number",)


@admin.register(Station)
class StationAdmin(ReadOnlyAdmin):
    """Stations."""

    list_display = ("number", "kind", "point", "serial", "duty")
    list_select_related = ("point__region",)
    list_filter = ("kind", "duty")
    search_fields = ("number", "serial")


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    """Subjects."""

    list_display = ("code", "name", "oral")


@admin.register(Sitting)
class SittingAdmin(ReadOnlyAdmin):
    """Sittings with their rooms and posts."""

    list_display = ("key", "subject", "date", "mode")
    list_select_related = ("point__region", "subject")
    list_filter = ("date", "mode", "subject")
    inlines = (SittingRoomInline, StationAssignmentInline)

    @admin.display(description=_("code"))
    def key(self, sitting: Sitting) -> str:
        """Return the key of the sitting."""
        return sitting.key


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin):
    """Staff."""

    list_display = ("full_name", "uid", "phone")
    search_fields = ("full_name", "uid")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin):
    """Roles of people."""

    list_display = ("person", "role", "region", "point", "sitting")
    list_select_related = ("person", "region", "point__region", "sitting__point__region", "sitting__subject")
    list_filter = ("role",)


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """Logins; they are issued on the page “Staff”."""

    list_display = ("username", "person", "is_active", "last_login")
    list_select_related = ("person",)
    fields = ("username", "person", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return one's own login and those of the people in scope; all for the region's staff."""
        rows: QuerySet[User] = super().get_queryset(request)
        user = request.user
        if not isinstance(user, User) or user.point_keys() is None:
            return rows
        return rows.filter(Q(pk=user.pk) | Q(person__in=Person.objects.visible_to(user)))


@admin.register(Node)
class NodeAdmin(ReadOnlyAdmin):
    """This node."""

    list_display = ("uid", "kind", "region", "mode", "founded_at")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Signs of life of stations."""

    list_display = ("station", "state", "note", "paper", "toner", "battery", "disk_free", "skew_seconds", "at")
    list_filter = ("state",)
    list_select_related = ("station",)
