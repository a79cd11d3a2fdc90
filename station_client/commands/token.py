"""`token`: the token of a GEK member."""

import argparse
import getpass

from station_client import tokens
from station_client.commands import OK
from station_client.talk import Talk
from wire.messages import Message


def _pin(args: argparse.Namespace) -> str:
    return str(args.pin or tokens.pin_from_environment() or getpass.getpass("PIN: "))


def new(args: argparse.Namespace, talk: Talk) -> int:
    """Make a token."""
    path, request = tokens.new(
        args.dir, person=args.person, region=args.region, point=args.point, name=args.name, pin=_pin(args)
    )
    talk.say(Message("The token is made: {path}", path=path), token=path)
    talk.say(Message("Give this request to the centre: {request}", request=request), request=request)
    return OK


def install(args: argparse.Namespace, talk: Talk) -> int:
    """Put the certificate into the token."""
    for path in tokens.install(args.dir, args.file.read_bytes(), pin=_pin(args)):
        talk.say(Message("The certificate is in the token: {path}", path=path), token=path)
    return OK
