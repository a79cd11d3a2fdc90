"""Finding the registry's station or post that a name, a journal or a certificate speaks of."""

from collections.abc import Iterable

from django.db.models import QuerySet

from stations.models import ExamPoint, Room, Sitting, Station, StationAssignment, StationKind


def plain(number: str) -> str:
    """Return a number as people compare it: without leading zeros."""
    return number.strip().lstrip("0") or "0"


def station_of(point: ExamPoint, kind: str, number: str, *, room: str | None = None) -> Station | None:
    """Return the station of a number at a point.

    Args:
        point: The exam point.
        kind: Kind of the station.
        number: Number as written anywhere: ``1``, ``0001``; of a voice station ``0201-3``, or ``3`` with a room.
        room: Room of a voice station that is named by its place alone.
    """
    wanted = {number, f"{room}-{plain(number)}"} if kind == StationKind.VOICE and room else {number}
    same_kind = Station.objects.filter(point=point, kind=kind).order_by()
    exact: Station | None = same_kind.filter(number__in=wanted).first()
    if exact is not None:
        return exact
    listed = list(same_kind)
    loose = {_plain_parts(each) for each in wanted}
    found = [station for station in listed if _plain_parts(station.number) in loose]
    return found[0] if len(found) == 1 else None


def _plain_parts(number: str) -> tuple[str, ...]:
    return tuple(plain(part) for part in number.split("-"))


def is_hq(room: Room | None) -> bool:
    """Return whether a place counts as «no room of its own»: none, or the HQ where scanning stations stand."""
    return room is None or room.kind == Room.Kind.HQ


def assignments_of(sitting: Sitting, kind: str) -> QuerySet[StationAssignment]:
    """Return the posts of a sitting's stations of a kind, each with its station and room."""
    posts = StationAssignment.objects.filter(sitting=sitting, station__kind=kind)
    return posts.select_related("room", "station").order_by("pk")


def assignment_of(sitting: Sitting, station: Station, room: str | None) -> StationAssignment | None:
    """Return the post of a station in a room of a sitting (``None`` or ``0000``: it had no room)."""
    posts = StationAssignment.objects.filter(sitting=sitting, station=station).order_by("pk")
    return assignment_in(posts.select_related("room", "station"), room)


def assignment_in(posts: Iterable[StationAssignment], room: str | None) -> StationAssignment | None:
    """Return which of a station's posts is in a room (``None`` or ``0000``: it had no room)."""
    wanted = None if room in (None, "", "0000", "HQ") else room
    for post in posts:
        if (wanted is None and is_hq(post.room)) or (post.room is not None and post.room.number == wanted):
            return post
    return None
