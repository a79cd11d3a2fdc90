"""The help of the command line in the language of the person, and what it says to a wrong command."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from wire.messages import Message

#: What argparse says of itself, in Russian.
_TITLES = {"positional arguments": Message("what and with what"), "options": Message("options")}
#: And of a wrong command.
_WRONG = (
    (r"the following arguments are required: (.*)", Message("not given: {first}")),
    (r"unrecognized arguments: (.*)", Message("superfluous: {first}")),
    (r"one of the arguments (.*) is required", Message("give one of: {first}")),
    (r"invalid choice: (.*) \(choose from (.*)\)", Message("there is no {first}; there are {second}")),
    (r"invalid \w+ value: (.*)", Message("{first} does not fit")),
    (r"expected one argument", Message("one value is needed")),
    (r"expected at least one argument", Message("at least one value is needed")),
    (r"expected (\d+) arguments?", Message("values needed: {first}")),
    (r"not allowed with argument (.*)", Message("not together with {first}")),
    (r"ambiguous option: (\S+) could match (.*)", Message("{first} fits several: {second}")),
    (r"ignored explicit argument (.*)", Message("the value {first} is not needed here")),
)
_OF_ARGUMENT = re.compile(r"argument (\S+): (.*)", re.DOTALL)
#: What the arguments mean that many commands share.
_COMMON: dict[str, Message] = {
    "dir": Message("folder of the station or token"),
    "out": Message("drive or folder"),
    "url": Message("address of the HQ"),
    "file": Message("file"),
    "files": Message("files"),
    "--subject": Message("code of the subject"),
    "--room": Message("number of the room"),
    "--person": Message("uid of the person"),
    "--date": Message("day of the exam YYYY-MM-DD"),
    "--ca": Message("certificate of the region"),
    "--crl": Message("list of revoked certificates"),
    "--package": Message("exam package: whom to trust"),
    "--ca-fingerprint": Message("fingerprint told by the centre"),
    "--region": Message("region, 2 digits"),
    "--point": Message("point, 4 digits"),
    "--number": Message("number of the station"),
    "--pin": Message("PIN; better typed when asked"),
}


def language_of(argv: Sequence[str]) -> str:
    """Return the language that a command line asks for, before it is read."""
    said = [*argv]
    for place, word in enumerate(said):
        if word.startswith("--lang="):
            return "en" if word == "--lang=en" else "ru"
        if word == "--lang" and place + 1 < len(said):
            return "en" if said[place + 1] == "en" else "ru"
    return "en" if os.environ.get("PPE_LANG") == "en" else "ru"


def in_russian(message: str) -> str:
    """Return what argparse says of a wrong command, in Russian; as it is where it says something new."""
    of = _OF_ARGUMENT.fullmatch(message)
    if of:
        return f"{of[1]}: {in_russian(of[2])}"
    for pattern, said in _WRONG:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return Message(said.text, **dict(zip(("first", "second"), found.groups(), strict=False))).ru
    return message


class Commands:
    """The commands of a parser, each with its help in one language."""

    def __init__(self, add: "Callable[..., Parser]") -> None:
        """Add them to the parser that `add` belongs to."""
        self._add = add

    def add_parser(self, name: str, *, help: Message, **more: Any) -> "Parser":
        """Add a command."""
        return self._add(name, help=help, **more)


class Parser(argparse.ArgumentParser):
    """Shows every help in one language."""

    def __init__(self, *, lang: str = "ru", **more: Any) -> None:
        """Speak one language."""
        self.lang = lang
        more["description"] = self.words(more.get("description"))
        super().__init__(add_help=False, **more)
        self.add_argument("-h", "--help", action="help", help=Message("show this help"))
        if lang == "ru":
            for group in self._action_groups:
                group.title = _TITLES[str(group.title)].ru if str(group.title) in _TITLES else group.title

    def words(self, said: Message | str | None) -> str | None:
        """Return a text as this person reads it."""
        return said.render(self.lang) if isinstance(said, Message) else said

    def add_argument(self, *names: Any, **more: Any) -> argparse.Action:
        """Add an argument, its help in one language."""
        more.setdefault("help", _COMMON.get(names[0]))
        if more["help"] is not argparse.SUPPRESS:
            more["help"] = self.words(more["help"])
        return super().add_argument(*names, **more)

    def commands(self, name: str) -> "Commands":
        """Add commands; one of them must be given."""
        made = self.add_subparsers(dest=name, required=True, metavar=Message("COMMAND").render(self.lang))
        add = made.add_parser

        def in_one_language(command: str, *, help: Message, **more: Any) -> Parser:
            return add(command, help=self.words(help), description=self.words(help), lang=self.lang, **more)

        return Commands(in_one_language)

    def format_usage(self) -> str:
        """Say how it is called."""
        text = super().format_usage()
        return text.replace("usage:", Message("usage:").render(self.lang), 1)

    def format_help(self) -> str:
        """Say everything."""
        text = super().format_help()
        return text.replace("usage:", Message("usage:").render(self.lang), 1)

    def error(self, message: str) -> NoReturn:
        """Say that the command is wrong, and where its help stands."""
        self.print_usage()
        lead, more = (each.render(self.lang) for each in (Message("wrong command"), Message("help")))
        if self.lang == "ru":
            message = in_russian(message)
        self.exit(2, f"✗ {lead}: {message}\n  → {more}: {self.prog} --help\n")
