"""`ppe-station`: the commands, their arguments and what they say.

Exit codes: 0 done, 1 done with problems, 3 refused, 2 wrong usage.
"""

import argparse
import datetime as dt
import getpass
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from station_client import closing, day, home, sending, tokens, verifying
from station_client.verifying import Report
from wire import VERSION, pki
from wire.durable import disk_refusal
from wire.refusals import Refusal

OK, PROBLEMS, REFUSED = 0, 1, 3


class Talk:
    """Says things to a person, in one of two languages."""

    def __init__(self, lang: str) -> None:
        """Speak on the standard streams."""
        self.lang = lang
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, ru: str, en: str) -> None:
        """Say a plain line."""
        self.out.print(escape(en if self.lang == "en" else ru))

    def refuse(self, refusal: Refusal) -> None:
        """Say what was refused, why, and what to do."""
        self.err.print(f"[red]✗[/] {escape(refusal.text(self.lang))}")
        for part in refusal.parts:
            self.err.print(f"  · {escape(part.text(self.lang))}")
        if cure := refusal.cure(self.lang):
            self.err.print(f"  → {escape(cure)}")

    def report(self, report: Report) -> None:
        """Show what was found out about a file."""
        side = 1 if self.lang == "en" else 0
        mark = {"ok": "[green]✓[/]", "problems": "[yellow]![/]", "refused": "[red]✗[/]"}[report.verdict]
        verdict = {
            "ok": ("проверка пройдена", "it holds"),
            "problems": ("прочитан, есть замечания", "read, with problems"),
            "refused": ("не принят", "refused"),
        }[report.verdict][side]
        self.out.print(f"{mark} [bold]{escape(report.title[side])}[/] {escape(report.path.name)}: {verdict}")
        # plain lines, not a table: hashes and names must not be wrapped, people copy them
        width = max((len(words[side]) for words, _ in report.facts), default=0)
        for words, value in report.facts:
            self.out.print(f"  [dim]{escape(words[side].ljust(width))}[/]  {escape(value)}")
        for words in report.problems:
            self.out.print(f"  [yellow]·[/] {escape(words[side])}")


def _init(args: argparse.Namespace, talk: Talk) -> int:
    station, request = home.init(
        args.dir, kind=args.role, region=args.region, point=args.point, number=args.number, serial=args.serial
    )
    talk.say(f"Ключ станции создан: {station.folder}", f"The station's key is made: {station.folder}")
    talk.say(f"Передайте в РЦОИ запрос: {request}", f"Give this request to the centre: {request}")
    return OK


def _package(args: argparse.Namespace, talk: Talk) -> int:
    exam = home.take_package(home.load(args.dir), args.file.read_bytes(), fingerprint=args.ca_fingerprint)
    date, version = exam.header["date"], exam.header["version"]
    talk.say(f"Пакет экзамена принят: {date}, версия {version}", f"The exam package is taken in: {date}, v{version}")
    return OK


def _log_of(station: home.Station, args: argparse.Namespace) -> Path:
    return station.find_log(subject=args.subject, room=args.room)


def _start(args: argparse.Namespace, talk: Talk) -> int:
    date = args.date or home.today()
    path = day.start(
        home.load(args.dir), subject=args.subject, day=date, room=args.room, person=args.person, duty=args.duty
    )
    talk.say(f"Журнал ведётся: {path}", f"The log is kept in {path}")
    return OK


def _sets(args: argparse.Namespace, talk: Talk) -> int:
    station = home.load(args.dir)
    count = day.record_sets(station, _log_of(station, args), day.read_rows(args.file), person=args.person)
    talk.say(f"Записано комплектов: {count}", f"Sets recorded: {count}")
    return OK


def _answers(args: argparse.Namespace, talk: Talk) -> int:
    station = home.load(args.dir)
    count = day.record_answers(station, _log_of(station, args), day.read_rows(args.file), person=args.person)
    talk.say(f"Записано ответов: {count}", f"Answers recorded: {count}")
    return OK


def _event(args: argparse.Namespace, talk: Talk) -> int:
    data = day.parse_data(args.event, args.data)
    day.event(_log_of(home.load(args.dir), args), args.event, data=data, person=args.person, success=not args.failure)
    talk.say("Записано.", "Recorded.")
    return OK


def _finish(args: argparse.Namespace, talk: Talk) -> int:
    day.event(_log_of(home.load(args.dir), args), "exam_finished", data={}, person=args.person, success=True)
    talk.say("Экзамен на станции завершён.", "The exam at this station is finished.")
    return OK


def _close(args: argparse.Namespace, talk: Talk) -> int:
    station = home.load(args.dir)

    def wanted(path: Path) -> bool:
        sitting, _, room = path.stem.partition("_")
        return args.subject in (None, sitting.rpartition("-")[2]) and args.room in (None, room)

    for done in closing.close_all(station, args.out, wanted=wanted, person=args.person):
        talk.say(
            f"Журнал записан и прочитан обратно: {done.path} (SHA-256 {done.sha256})",
            f"The journal is written and read back: {done.path} (SHA-256 {done.sha256})",
        )
    talk.say("Носитель можно извлечь.", "It is safe to remove the drive.")
    return OK


def _send(args: argparse.Namespace, talk: Talk) -> int:
    station = home.load(args.dir)
    paths = closing.formed(station)
    if not paths:
        raise home.refuse("Нет сформированных журналов: выполните close.", "No journals are formed: run close first.")
    for sent in sending.send(station, args.url, paths):
        talk.say(f"{sent.path.name}: {sent.state}. {sent.line}", f"{sent.path.name}: {sent.state}. {sent.line}")
    return OK


def _verify(args: argparse.Namespace, talk: Talk) -> int:
    trust = verifying.trust_from(ca=args.ca, exam=args.package, crl=args.crl)
    reports = [verifying.verify(path, trust) for path in args.files]
    if args.json:
        rows = [report.as_dict(talk.lang) for report in reports]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
    else:
        for report in reports:
            talk.report(report)
    verdicts = {report.verdict for report in reports}
    return REFUSED if "refused" in verdicts else PROBLEMS if "problems" in verdicts else OK


def _pin(args: argparse.Namespace) -> str:
    return str(args.pin or tokens.pin_from_environment() or getpass.getpass("PIN: "))


def _token_new(args: argparse.Namespace, talk: Talk) -> int:
    path, request = tokens.new(
        args.dir, person=args.person, region=args.region, point=args.point, name=args.name, pin=_pin(args)
    )
    talk.say(f"Токен создан: {path}", f"The token is made: {path}")
    talk.say(f"Передайте в РЦОИ запрос: {request}", f"Give this request to the centre: {request}")
    return OK


def _token_install(args: argparse.Namespace, talk: Talk) -> int:
    for path in tokens.install(args.dir, args.file.read_bytes(), pin=_pin(args)):
        talk.say(f"Сертификат записан в токен: {path}", f"The certificate is in the token: {path}")
    return OK


def _date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _add_day(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", kind: str) -> None:
    station = commands.add_parser(kind, help=f"записать день станции {kind} / record a {kind} station's day")
    station.add_argument("dir", type=Path)
    actions = station.add_subparsers(dest="action", required=True)

    def add(name: str, run: Callable[[argparse.Namespace, Talk], int], help_text: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=help_text)
        parser.add_argument("--person", help="uid")
        parser.add_argument("--subject", required=name == "start")
        parser.add_argument("--room")
        parser.set_defaults(run=run)
        return parser

    start = add("start", _start, "начать журнал / begin the log")
    start.add_argument("--date", type=_date)
    start.add_argument("--duty", choices=["main", "reserve", "replaced"], default="main")
    if kind == "print":
        add("sets", _sets, "комплекты из файла JSON / sets from a JSON file").add_argument("file", type=Path)
    else:
        add("answers", _answers, "ответы из файла JSON / answers from a JSON file").add_argument("file", type=Path)
    event = add("event", _event, "одна запись / one entry")
    event.add_argument("event")
    event.add_argument("data", nargs="*", metavar="key=value")
    event.add_argument("--failure", action="store_true")
    add("finish", _finish, "экзамен завершён / the exam is over")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="ppe-station", description="Станция ППЭ / a station of an exam point")
    top.add_argument("--lang", choices=["ru", "en"], default="en" if os.environ.get("PPE_LANG") == "en" else "ru")
    top.add_argument("--version", action="version", version=VERSION)
    commands = top.add_subparsers(dest="command", required=True)

    init = commands.add_parser("init", help="ключ и запрос на сертификат / key and certificate request")
    init.add_argument("dir", type=Path)
    init.add_argument("--role", choices=sorted(home.ROLES), required=True)
    for name in ("region", "point", "number"):
        init.add_argument(f"--{name}", required=True)
    init.add_argument("--serial", default="")
    init.set_defaults(run=_init)

    package = commands.add_parser("package", help="принять пакет экзамена / take in an exam package")
    package.add_argument("dir", type=Path)
    package.add_argument("file", type=Path)
    package.add_argument("--ca-fingerprint")
    package.set_defaults(run=_package)

    _add_day(commands, "print")
    _add_day(commands, "voice")

    close = commands.add_parser("close", help="сформировать END_….dat / form the END_….dat")
    close.add_argument("dir", type=Path)
    close.add_argument("out", type=Path)
    for name in ("subject", "room", "person"):
        close.add_argument(f"--{name}")
    close.set_defaults(run=_close)

    send = commands.add_parser("send", help="передать журналы в Штаб / send the journals to the HQ")
    send.add_argument("dir", type=Path)
    send.add_argument("url")
    send.set_defaults(run=_send)

    verify = commands.add_parser("verify", help="проверить файл / check a file")
    verify.add_argument("files", type=Path, nargs="+")
    verify.add_argument("--ca", type=Path)
    verify.add_argument("--crl", type=Path)
    verify.add_argument("--package", type=Path)
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run=_verify)

    _add_token(commands)
    return top


def _add_token(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser("token", help="токен члена ГЭК / a GEK member's token")
    actions = token.add_subparsers(dest="action", required=True)
    new = actions.add_parser("new")
    new.add_argument("dir", type=Path)
    for name in ("person", "region", "point"):
        new.add_argument(f"--{name}", required=True)
    new.add_argument("--name", default="")
    new.add_argument("--pin")
    new.set_defaults(run=_token_new)
    install = actions.add_parser("install")
    install.add_argument("dir", type=Path)
    install.add_argument("file", type=Path)
    install.add_argument("--pin")
    install.set_defaults(run=_token_install)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code.
    """
    args = parser().parse_args(argv)
    talk = Talk(args.lang)
    try:
        return int(args.run(args, talk))
    except pki.WrongPin as refusal:
        talk.refuse(refusal)
    except Refusal as refusal:
        talk.refuse(refusal)
    except OSError as error:
        talk.refuse(disk_refusal(error))
    return REFUSED
