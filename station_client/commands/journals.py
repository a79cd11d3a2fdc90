"""`close` and `send`: from the log to the drive and to the HQ."""

import argparse
from pathlib import Path

from station_client import closing, home, sending
from station_client.commands import OK
from station_client.talk import Talk
from wire.messages import Message


def close(args: argparse.Namespace, talk: Talk) -> int:
    """Form the journals on a drive."""
    station = home.load(args.dir)

    def wanted(path: Path) -> bool:
        sitting, _, room = path.stem.partition("_")
        return args.subject in (None, sitting.rpartition("-")[2]) and args.room in (None, room)

    for done in closing.close_all(station, args.out, wanted=wanted, person=args.person):
        talk.say(
            Message(
                "The journal is written and read back: {path} (SHA-256 {sha256})", path=done.path, sha256=done.sha256
            ),
            file=done.path,
            sha256=done.sha256,
            entries=done.entries,
        )
    talk.say(Message("It is safe to remove the drive."))
    return OK


def send(args: argparse.Namespace, talk: Talk) -> int:
    """Send the formed journals."""
    station = home.load(args.dir)
    paths = closing.formed(station)
    if not paths:
        raise home.refuse(Message("No journals are formed: run close first."))
    for sent in sending.send(station, args.url, paths):
        talk.sent(sent)
    return OK
