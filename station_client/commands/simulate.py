"""`simulate`: the stations of a whole point, played."""

import argparse

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from station_client import sending, simulating
from station_client.commands import OK
from station_client.talk import Talk


def keys(args: argparse.Namespace, talk: Talk) -> int:
    """Make the stations of a point and their requests."""
    requests = simulating.make_stations(args.dir, args.registry.read_bytes(), point=args.point)
    talk.say(
        f"Станций создано: {len(requests)}. Передайте в РЦОИ запросы из {args.dir / 'requests'}",
        f"Stations made: {len(requests)}. Give the centre the requests of {args.dir / 'requests'}",
        requests=len(requests),
    )
    return OK


def run(args: argparse.Namespace, talk: Talk) -> int:
    """Play the day of every station."""
    stations = simulating.take_package(args.dir, args.package.read_bytes(), fingerprint=args.ca_fingerprint)
    pace = simulating.Pace(args.speed, args.scale, args.seed)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=talk.err, disable=talk.as_json) as progress:
        task = progress.add_task("Станции" if talk.lang == "ru" else "Stations", total=len(stations))
        for station in stations:
            for done in simulating.play(station, args.out, pace=pace):
                ru, en = f"{done.path.name}: записей {done.entries}", f"{done.path.name}: {done.entries} entries"
                talk.say(ru, en, file=done.path.name, entries=done.entries, sha256=done.sha256)
                if args.send:
                    _send(station, args.send, done, talk)
            progress.advance(task)
    return OK


def _send(station: simulating.Station, url: str, done: simulating.Closed, talk: Talk) -> None:
    for sent in sending.send(station, url, [done.path]):
        talk.sent(sent)
