"""The stations of a whole point, played at a chosen speed and scale: for rehearsals and for measuring."""

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from station_client import closing, day, home
from station_client.closing import Closed
from station_client.home import StationHome, refuse
from wire import canonical, durable, filenames, forms, schema
from wire.journal.lines import Kind
from wire.messages import Message
from wire.subjects import form_set

__all__ = ["Closed", "Pace", "StationHome", "make_stations", "play", "take_package"]

#: What one thing takes in life, in seconds.
_SET_SECONDS, _ANSWER_SECONDS, _ENTRY_SECONDS = 20.0, 900.0, 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast, how much, and from which seed.

    Attributes:
        speed: How many times faster than life; 0 waits for nothing.
        scale: Share of the seats that are taken.
        seed: What is drawn is drawn from it.
    """

    speed: float = 0.0
    scale: float = 1.0
    seed: int = 1

    def wait(self, seconds: float) -> None:
        """Let the time of one thing pass."""
        if self.speed > 0:
            time.sleep(seconds / self.speed)


def make_stations(folder: Path, registry: bytes, *, point: str) -> list[Path]:
    """Make every print, voice and scanning station of a point, with the requests for their certificates together.

    Raises:
        PpeError: not a registry, no such point, or a station that is there already.
    """
    document = canonical.loads(registry)
    schema.validate("registry", document)
    found = next((row for row in document["points"] if row["code"] == point), None)
    if found is None:
        raise refuse(Message("The registry has no point {point}.", point=point))
    requests = folder / "requests"
    requests.mkdir(parents=True, exist_ok=True)
    made = []
    for row in found["stations"]:
        if row["kind"] not in home.ROLES:
            continue
        where = folder / "stations" / filenames.plain(f"{row['kind']}-{row['number']}")
        _, request = home.init(
            where,
            kind=cast(Kind, row["kind"]),
            region=document["region"]["code"],
            point=point,
            number=row["number"],
            serial=row["serial"],
        )
        durable.copy_verified(request, requests / request.name)
        made.append(requests / request.name)
    return made


def take_package(folder: Path, data: bytes, *, fingerprint: str | None) -> list[StationHome]:
    """Give every station of the folder the exam package.

    Raises:
        StationError: there are no stations.
        PpeError: the package does not hold, or has no certificate of a station.
    """
    stations = [home.load(path) for path in sorted((folder / "stations").glob("*")) if path.is_dir()]
    if not stations:
        raise refuse(
            Message("There are no stations in {folder}.", folder=folder),
            remedy=Message("Run: ppe-station simulate keys …"),
        )
    for station in stations:
        home.take_package(station, data, fingerprint=fingerprint)
    return stations


def play(station: StationHome, out: Path, *, pace: Pace) -> Iterator[Closed]:
    """Play one station's day in every room of every sitting, and form its journals.

    Raises:
        PpeError: as `day.start` and `closing.close`.
    """
    for point in station.exam().registry["points"]:
        if point["code"] != station.point:
            continue
        for sitting in point["sittings"]:
            for post in sitting["posts"]:
                if (post["station_kind"], post["station_number"]) == (station.kind, station.number):
                    path = _one(station, sitting, post, pace)
                    yield closing.close(station, path, out)


def _one(station: StationHome, sitting: Mapping[str, Any], post: Mapping[str, Any], pace: Pace) -> Path:
    when, subject = date.fromisoformat(sitting["date"]), sitting["subject"]
    path = day.start(station, subject=subject, day=when, room=post["room"], person=None, duty=post["duty"])
    room = next((row for row in sitting["rooms"] if row["number"] == post["room"]), None)
    draw = random.Random(f"{pace.seed}/{station.kind}/{station.number}/{post['room']}")  # noqa: S311 - a played day
    if station.kind == "scan":
        _scan(path, sitting, pace)
    elif room is not None:
        taken = max(1, round((room["seats"] if station.kind == "print" else 4) * pace.scale))
        if station.kind == "print":
            _print(station, path, subject, taken, draw, pace)
        else:
            _voice(station, path, taken, draw, pace)
    return path


def _serial(draw: random.Random) -> int:
    return draw.randrange(10**9, 10**10)


def _print(station: StationHome, path: Path, subject: str, count: int, draw: random.Random, pace: Pace) -> None:
    rows = []
    for ordinal in range(1, count + 1):
        sheets = {kind: forms.make_number(kind, _serial(draw)) for kind in form_set(subject)}
        chance = draw.random()
        rows.append({"set": ordinal, "spoiled": chance < 0.03, "unused": 0.03 <= chance < 0.08, "sheets": sheets})
        pace.wait(_SET_SECONDS)
    day.record_sets(station, path, rows, person=None)


def _voice(station: StationHome, path: Path, count: int, draw: random.Random, pace: Pace) -> None:
    rows = []
    for ordinal in range(1, count + 1):
        rows.append(
            {
                "set": ordinal,
                "place": int(station.number.rpartition("-")[2]),
                "registration": forms.make_number("R", _serial(draw)),
                "file_name": f"{station.number}_{ordinal}.ogg",
                "seconds": round(draw.uniform(300, 900), 1),
                "sha256": draw.randbytes(32).hex(),
            }
        )
        pace.wait(_ANSWER_SECONDS)
    day.record_answers(station, path, rows, person=None)


def _scan(path: Path, sitting: Mapping[str, Any], pace: Pace) -> None:
    rows: list[dict[str, Any]] = []
    for room in sitting["rooms"]:
        number, sheets = room["number"], max(1, round(room["seats"] * pace.scale)) * len(form_set(sitting["subject"]))
        rows += [
            {"event": "room_opened", "data": {"room": number}},
            {"event": "scanning_started", "data": {"room": number}},
            {"event": "scanning_finished", "data": {"room": number, "sheets": sheets, "problems": 0}},
            {"event": "room_closed", "data": {"room": number}},
        ]
        pace.wait(_ENTRY_SECONDS)
    day.record_entries(path, rows, person=None)
