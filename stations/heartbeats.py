"""Signs of life of stations, and what a station is to know of its day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from audit.log import Actor, record
from common.work.clock import now
from stations.matching import station_of
from stations.models import ExamPoint, Heartbeat, Sitting, Station, StationAssignment
from wire import canonical, names
from wire.errors import PpeError
from wire.journal.name import NO_ROOM
from wire.messages import Message
from wire.names import JournalName
from wire.pki import Identity

#: How often a station is asked to speak, and after how long its silence is told.
EVERY, SILENCE = timedelta(seconds=30), timedelta(seconds=120)
MAX_SKEW = 60.0
#: Below these shares and sizes somebody should act before the station stops.
LOW_PAPER, LOW_TONER, LOW_BATTERY, LOW_DISK = 10, 10, 20, 1 << 30


class StationUnknownError(PpeError):
    """The registry of this node has no such station."""

    code = "station_unknown"
    http_status = 422


@dataclass(frozen=True)
class HeartbeatReport:
    """What a station says about itself; shares in per cent, the disk in bytes, None for what it cannot measure."""

    state: str
    at: datetime
    note: str = ""
    paper: int | None = None
    toner: int | None = None
    battery: int | None = None
    disk_free: int | None = None
    software: str = ""


def station_of_machine(identity: Identity, point: ExamPoint) -> Station:
    """Return the station that a certificate speaks for.

    Raises:
        StationUnknownError: The registry of this node has no such station.
    """
    row = station_of(point, identity.role.value, identity.ident)
    if row is None:
        raise StationUnknownError(
            Message(
                "Station {ident} is not in the registry of point {point_key}.",
                ident=identity.ident,
                point_key=point.key,
            ),
            remedy=Message("Load a newer exam package."),
        )
    return row


@transaction.atomic
def store(*, station: Station, report: HeartbeatReport, actor: Actor) -> Heartbeat:
    """Keep a sign of life; a change of what the station does goes into the log."""
    at = now()
    before = Heartbeat.objects.select_for_update().filter(station=station).values_list("state", flat=True).first()
    row, _made = Heartbeat.objects.update_or_create(
        station=station,
        defaults={
            "state": report.state,
            "note": report.note,
            "paper": report.paper,
            "toner": report.toner,
            "battery": report.battery,
            "disk_free": report.disk_free,
            "software": report.software,
            "said_at": report.at,
            "at": at,
            "skew_seconds": (report.at - at).total_seconds(),
        },
    )
    if before != report.state:
        record(
            "journals.station_state",
            about=row,
            actor=actor,
            data={"before": before or "", "state": report.state, "note": report.note},
        )
    return row


def configuration(*, station: Station) -> dict[str, Any]:
    """Return what a station is to know: its posts in today's and coming sittings, and the names of its journals."""
    point = station.point
    today = now().astimezone(point.zone).date()
    posts = StationAssignment.objects.filter(station=station, sitting__date__gte=today).order_by("sitting__date", "pk")
    sittings: dict[int, dict[str, Any]] = {}
    for post in posts.select_related("sitting__subject", "sitting__point__region", "room", "replaced_by"):
        sitting = post.sitting
        said = sittings.setdefault(
            sitting.pk,
            {
                "key": sitting.key,
                "date": sitting.date.isoformat(),
                "subject": sitting.subject.code,
                "subject_name": sitting.subject.name,
                "mode": sitting.mode,
                "posts": [],
            },
        )
        said["posts"].append(
            {
                "room": post.room.number if post.room else None,
                "place": post.place,
                "duty": post.duty,
                "replaced": post.replaced_by_id is not None,
                "journal": _name(station, sitting, post),
            }
        )
    return {
        "station": {
            "kind": station.kind,
            "number": station.number,
            "serial": station.serial,
            "duty": station.duty,
        },
        "region": point.region.code,
        "point": point.code,
        "timezone": point.timezone,
        "mode": settings.PPE_MODE,
        "server_time": canonical.stamp(now()),
        "heartbeat_seconds": int(EVERY.total_seconds()),
        "sittings": list(sittings.values()),
    }


def _name(station: Station, sitting: Sitting, post: StationAssignment) -> str:
    scan = station.kind == "scan"
    return names.write(
        JournalName(
            kind=station.kind,  # type: ignore[arg-type]  # the choices of the field are the kinds of the name
            region=sitting.point.region.code,
            point=sitting.point.code,
            date=sitting.date,
            subject=sitting.subject.code,
            subject_name=sitting.subject.name,
            room=None if scan else post.room.number if post.room else NO_ROOM,
            station=station.number.rpartition("-")[2] if station.kind == "voice" else station.number,
        )
    )


def troubles(heartbeat: Heartbeat) -> list[str]:
    """Return the codes of what somebody should look at: ``fault``, ``silent``, ``clock``, ``paper`` and so on."""
    silent = heartbeat.state != Heartbeat.State.FINISHED and heartbeat.at < now() - SILENCE
    low = {
        "paper": (heartbeat.paper, LOW_PAPER),
        "toner": (heartbeat.toner, LOW_TONER),
        "battery": (heartbeat.battery, LOW_BATTERY),
        "disk": (heartbeat.disk_free, LOW_DISK),
    }
    found = ["fault"] if heartbeat.state == Heartbeat.State.FAULT else []
    found += ["silent"] if silent else []
    found += ["clock"] if abs(heartbeat.skew_seconds) > MAX_SKEW else []
    return found + [name for name, (value, limit) in low.items() if value is not None and value < limit]
