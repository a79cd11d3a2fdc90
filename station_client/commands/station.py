"""`init`, `package`, and the day of a print, voice or scanning station."""

import argparse
from pathlib import Path

from station_client import day, home
from station_client.commands import OK
from station_client.talk import Talk
from wire.messages import Message


def init(args: argparse.Namespace, talk: Talk) -> int:
    """Make a station: its key and the request for its certificate."""
    station, request = home.init(
        args.dir, kind=args.role, region=args.region, point=args.point, number=args.number, serial=args.serial
    )
    talk.say(Message("The station's key is made: {folder}", folder=station.folder))
    talk.say(Message("Give this request to the centre: {request}", request=request), request=request)
    return OK


def package(args: argparse.Namespace, talk: Talk) -> int:
    """Take in an exam package."""
    exam = home.take_package(home.load(args.dir), args.file.read_bytes(), fingerprint=args.ca_fingerprint)
    date, version = exam.header["date"], exam.header["version"]
    talk.say(Message("The exam package is taken in: {date}, v{version}", date=date, version=version))
    return OK


def _log_of(station: home.StationHome, args: argparse.Namespace) -> Path:
    return station.find_log(subject=args.subject, room=args.room)


def start(args: argparse.Namespace, talk: Talk) -> int:
    """Begin the log of a sitting."""
    date = args.date or home.today()
    path = day.start(
        home.load(args.dir), subject=args.subject, day=date, room=args.room, person=args.person, duty=args.duty
    )
    talk.say(Message("The log is kept in {path}", path=path), log=path)
    return OK


def sets(args: argparse.Namespace, talk: Talk) -> int:
    """Record printed sets."""
    station = home.load(args.dir)
    count = day.record_sets(station, _log_of(station, args), day.read_rows(args.file), person=args.person)
    talk.say(Message("Sets recorded: {count}", count=count), count=count)
    return OK


def answers(args: argparse.Namespace, talk: Talk) -> int:
    """Record the answers of a voice station."""
    station = home.load(args.dir)
    count = day.record_answers(station, _log_of(station, args), day.read_rows(args.file), person=args.person)
    talk.say(Message("Answers recorded: {count}", count=count), count=count)
    return OK


def event(args: argparse.Namespace, talk: Talk) -> int:
    """Record one entry."""
    data = day.parse_data(args.event, args.data)
    day.event(_log_of(home.load(args.dir), args), args.event, data=data, person=args.person, success=not args.failure)
    talk.say(Message("Recorded."), count=1)
    return OK


def entries(args: argparse.Namespace, talk: Talk) -> int:
    """Record many entries from a file that another maker's station wrote."""
    path = _log_of(home.load(args.dir), args)
    count = day.record_entries(path, day.read_rows(args.file), person=args.person)
    talk.say(Message("Entries recorded: {count}", count=count), count=count)
    return OK


def finish(args: argparse.Namespace, talk: Talk) -> int:
    """Record the end of the exam."""
    day.event(_log_of(home.load(args.dir), args), "exam_finished", data={}, person=args.person, success=True)
    talk.say(Message("The exam at this station is finished."))
    return OK
