"""`ppe-station`: the commands and their arguments.

Exit codes: 0 done, 1 done with problems, 3 refused, 2 wrong usage. What a command does stands in
`station_client.commands`; its module is imported when the command is run, so that `verify` stays light.
"""

import argparse
import datetime as dt
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from station_client.commands import OK, PROBLEMS, REFUSED
from station_client.helping import Commands, Parser, language_of
from station_client.talk import Talk
from wire import VERSION
from wire.durable import disk_refusal
from wire.errors import PpeError
from wire.messages import Message

__all__ = ["OK", "PROBLEMS", "REFUSED", "main", "parser"]

_KINDS = ("print", "scan", "voice")
_RECORD = {
    "print": Message("record a print station's day"),
    "scan": Message("record a scan station's day"),
    "voice": Message("record a voice station's day"),
}


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError(text)
    return value


def _command(commands: Commands, name: str, run: str, help_text: Message) -> Parser:
    command: Parser = commands.add_parser(name, help=help_text)
    command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=Message("answer in JSON"))
    command.set_defaults(run=run)
    return command


def _add_day(commands: Commands, kind: str) -> None:
    station = commands.add_parser(kind, help=_RECORD[kind])
    station.add_argument("dir", type=Path)
    actions = station.commands("action")

    def add(name: str, help_text: Message) -> Parser:
        command = _command(actions, name, f"station:{name}", help_text)
        command.add_argument("--person", help="uid")
        command.add_argument("--subject", required=name == "start")
        command.add_argument("--room")
        return command

    start = add("start", Message("begin the log"))
    start.add_argument("--date", type=_date)
    start.add_argument("--duty", choices=["main", "reserve", "replaced"], default="main")
    if kind == "print":
        add("sets", Message("sets from a JSON file")).add_argument("file", type=Path)
    elif kind == "voice":
        add("answers", Message("answers from a JSON file")).add_argument("file", type=Path)
    add("entries", Message("entries from a JSON file")).add_argument("file", type=Path)
    event = add("event", Message("one entry"))
    event.add_argument("event")
    event.add_argument("data", nargs="*", metavar="key=value")
    event.add_argument("--failure", action="store_true")
    add("finish", Message("the exam is over"))


def parser(lang: str = "ru") -> Parser:
    """The command line, its help in one language."""
    top = Parser(prog="ppe-station", description=Message("a station of an exam point"), lang=lang)
    top.add_argument("--lang", choices=["ru", "en"], default=lang, help=Message("language (PPE_LANG)"))
    top.add_argument("--json", action="store_true", help=Message("answer in JSON"))
    top.add_argument("--version", action="version", version=VERSION, help=Message("version"))
    commands = top.commands("command")

    init = _command(commands, "init", "station:init", Message("key and certificate request"))
    init.add_argument("dir", type=Path)
    init.add_argument("--role", choices=_KINDS, required=True)
    for name in ("region", "point", "number"):
        init.add_argument(f"--{name}", required=True)
    init.add_argument("--serial", default="")

    package = _command(commands, "package", "station:package", Message("take in an exam package"))
    package.add_argument("dir", type=Path)
    package.add_argument("file", type=Path)
    package.add_argument("--ca-fingerprint")

    for kind in _KINDS:
        _add_day(commands, kind)

    close = _command(commands, "close", "journals:close", Message("form the END_….dat"))
    close.add_argument("dir", type=Path)
    close.add_argument("out", type=Path)
    for name in ("subject", "room", "person"):
        close.add_argument(f"--{name}")

    send = _command(commands, "send", "journals:send", Message("send the journals to the HQ"))
    send.add_argument("dir", type=Path)
    send.add_argument("url")

    asked = _command(commands, "configuration", "report:configuration", Message("what the HQ says of the day"))
    asked.add_argument("dir", type=Path)
    asked.add_argument("url")

    told = _command(commands, "heartbeat", "report:heartbeat", Message("tell how the station is"))
    told.add_argument("dir", type=Path)
    told.add_argument("url")
    told.add_argument("--state", choices=("ready", "working", "paused", "fault", "finished"), default="working")
    told.add_argument("--note", default="")
    for name in ("paper", "toner", "battery"):
        told.add_argument(f"--{name}", type=_percent, metavar="0…100")
    told.add_argument("--every", type=float, default=0.0, help=Message("0: once"))

    verify = _command(commands, "verify", "check:verify", Message("check a file"))
    verify.add_argument("files", type=Path, nargs="+")
    for name in ("ca", "crl", "package"):
        verify.add_argument(f"--{name}", type=Path)

    _add_token(commands)
    _add_simulate(commands)
    return top


def _percent(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 100:
        raise ValueError(text)
    return value


def _add_token(commands: Commands) -> None:
    token = commands.add_parser("token", help=Message("a GEK member's token"))
    actions = token.commands("action")
    new = _command(actions, "new", "token:new", Message("make"))
    new.add_argument("dir", type=Path)
    for name in ("person", "region", "point"):
        new.add_argument(f"--{name}", required=True)
    new.add_argument("--name", default="")
    new.add_argument("--pin")
    install = _command(actions, "install", "token:install", Message("put the certificate in"))
    install.add_argument("dir", type=Path)
    install.add_argument("file", type=Path)
    install.add_argument("--pin")


def _add_simulate(commands: Commands) -> None:
    simulate = commands.add_parser("simulate", help=Message("all the stations of a point"))
    actions = simulate.commands("action")
    keys = _command(actions, "keys", "simulate:keys", Message("keys and requests"))
    keys.add_argument("dir", type=Path)
    keys.add_argument("registry", type=Path, help="ppe-registry/1 (JSON)")
    keys.add_argument("--point", required=True)
    run = _command(actions, "run", "simulate:run", Message("play the day"))
    run.add_argument("dir", type=Path)
    run.add_argument("package", type=Path)
    run.add_argument("out", type=Path)
    run.add_argument("--ca-fingerprint")
    run.add_argument("--speed", type=float, default=0.0, help=Message("0: no pauses"))
    run.add_argument("--scale", type=_share, default=1.0, help=Message("share of the seats"))
    run.add_argument("--seed", type=int, default=1)
    run.add_argument("--send", metavar="URL")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    args = parser(language_of(sys.argv[1:] if argv is None else argv)).parse_args(argv)
    talk = Talk(args.lang, as_json=args.json)
    module, _, name = args.run.partition(":")
    code = REFUSED
    try:
        code = int(getattr(importlib.import_module(f"station_client.commands.{module}"), name)(args, talk))
    except PpeError as refusal:
        talk.refuse(refusal)
    except OSError as error:
        talk.refuse(disk_refusal(error))
    talk.end()
    return code
