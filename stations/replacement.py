"""A station dies during the day and another goes on in its room. Both owe a journal from then on."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from audit.log import Actor, hold, record
from common.work.clock import now
from stations.models import Duty, Room, Sitting, Station, StationAssignment
from wire.errors import PpeError
from wire.messages import Message


class ReplacementRefusedError(PpeError):
    """The replacement does not follow from what the registry knows."""

    code = "replacement_refused"


def replace_station(*, sitting: Sitting, old: Station, new: Station, room: Room, actor: Actor) -> StationAssignment:
    """Put a station in the place of another; the same replacement twice changes nothing.

    A reserve that had no room takes this one; a reserve that already works in a room gets one post more.

    Args:
        sitting: The exam.
        old: The station that stopped.
        new: The station that goes on.
        room: Where.
        actor: Who says so.

    Returns:
        The post of the new station in the room.

    Raises:
        ReplacementRefusedError: Same station, another kind, or the old one does not work in that room.
    """
    if old.kind != new.kind or old.pk == new.pk:
        raise ReplacementRefusedError(Message("Another station of the same kind must replace it."))
    with transaction.atomic():
        hold(sitting)
        posts = StationAssignment.objects.select_for_update(of=("self",)).filter(sitting=sitting)
        before = posts.filter(station=old, room=room).first()
        if before is None:
            raise ReplacementRefusedError(
                Message("{station} does not work in the room «{room}» at this exam.", station=old, room=room),
            )
        after = posts.filter(station=new, room=room).first()
        if before.replaced_by_id and after and before.replaced_by_id == after.pk:
            return after
        if before.replaced_by_id:
            raise ReplacementRefusedError(Message("{station} was replaced in this room already.", station=old))
        after = (
            after
            or posts.filter(station=new, room__isnull=True).first()
            or StationAssignment(sitting=sitting, station=new, duty=Duty.RESERVE)
        )
        after.room, after.place, after.since = room, before.place, now()
        after.save()
        before.duty, before.replaced_by = Duty.REPLACED, after
        before.save(update_fields=["duty", "replaced_by"])
        record(
            "station.replaced",
            about=sitting,
            subject=_("%(old)s → %(new)s, %(room)s") % {"old": old, "new": new, "room": room},
            actor=actor,
            data={"sitting": sitting.key, "kind": old.kind, "old": old.number, "new": new.number, "room": room.number},
        )
    return after


def replacement_named(sitting: Sitting, said: Mapping[str, str]) -> tuple[Station, Station, Room] | None:
    """Return old station, new station and room that the form ``replace`` names; numbers or ``kind:number``."""
    room = sitting.point.rooms.filter(number=said.get("room", "")).first()
    old = _station(sitting, said.get("station", ""), "")
    new = _station(sitting, said.get("new", ""), old.kind if old else "")
    return (old, new, room) if old and new and room else None


def _station(sitting: Sitting, said: str, kind: str) -> Station | None:
    named, _sep, number = said.rpartition(":")
    rows = Station.objects.filter(point=sitting.point, number=number)
    wanted = named or kind
    if wanted:
        return rows.filter(kind=wanted).first()
    # A bare number: the print station, unless only a station of another kind carries it.
    return rows.filter(kind="print").first() or rows.order_by("kind").first()
