"""`token`: the token of a GEK member."""

import argparse
import getpass

from station_client import tokens
from station_client.commands import OK
from station_client.talk import Talk


def _pin(args: argparse.Namespace) -> str:
    return str(args.pin or tokens.pin_from_environment() or getpass.getpass("PIN: "))


def new(args: argparse.Namespace, talk: Talk) -> int:
    """Make a token."""
    path, request = tokens.new(
        args.dir, person=args.person, region=args.region, point=args.point, name=args.name, pin=_pin(args)
    )
    talk.say(f"Токен создан: {path}", f"The token is made: {path}", token=path)
    talk.say(f"Передайте в РЦОИ запрос: {request}", f"Give this request to the centre: {request}", request=request)
    return OK


def install(args: argparse.Namespace, talk: Talk) -> int:
    """Put the certificate into the token."""
    for path in tokens.install(args.dir, args.file.read_bytes(), pin=_pin(args)):
        talk.say(f"Сертификат записан в токен: {path}", f"The certificate is in the token: {path}", token=path)
    return OK
