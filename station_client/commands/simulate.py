"""`simulate`: the stations of a whole point, played."""

import argparse

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from station_client import sending, simulating
from station_client.commands import OK
from station_client.talk import Talk
from wire.messages import Message


def keys(args: argparse.Namespace, talk: Talk) -> int:
    """Make the stations of a point and their requests."""
    requests = simulating.make_stations(args.dir, args.registry.read_bytes(), point=args.point)
    talk.say(
        Message(
            "Stations made: {count}. Give the centre the requests of {dir}",
            count=len(requests),
            dir=args.dir / "requests",
        ),
        requests=len(requests),
    )
    return OK


def run(args: argparse.Namespace, talk: Talk) -> int:
    """Play the day of every station."""
    stations = simulating.take_package(args.dir, args.package.read_bytes(), fingerprint=args.ca_fingerprint)
    pace = simulating.Pace(args.speed, args.scale, args.seed)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=talk.err, disable=talk.as_json) as progress:
        task = progress.add_task(Message("Stations").render(talk.lang), total=len(stations))
        for station in stations:
            for done in simulating.play(station, args.out, pace=pace):
                message = Message("{path_name}: {entries} entries", path_name=done.path.name, entries=done.entries)
                talk.say(message, file=done.path.name, entries=done.entries, sha256=done.sha256)
                if args.send:
                    _send(station, args.send, done, talk)
            progress.advance(task)
    return OK


def _send(station: simulating.StationHome, url: str, done: simulating.Closed, talk: Talk) -> None:
    for sent in sending.send(station, url, [done.path]):
        talk.sent(sent)
