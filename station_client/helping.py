"""The help of the command line in the language of the person, and what it says to a wrong command."""

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn

#: What argparse says of itself, in Russian.
_TITLES = {"positional arguments": "что и с чем", "options": "ключи"}
#: And of a wrong command.
_WRONG = (
    (r"the following arguments are required: (.*)", r"не указано: \1"),
    (r"unrecognized arguments: (.*)", r"лишнее: \1"),
    (r"one of the arguments (.*) is required", r"укажите одно из: \1"),
    (r"invalid choice: (.*) \(choose from (.*)\)", r"нет такого: \1; есть \2"),
    (r"invalid \w+ value: (.*)", r"не годится \1"),
    (r"expected one argument", "нужно одно значение"),
    (r"expected at least one argument", "нужно хотя бы одно значение"),
    (r"expected (\d+) arguments?", r"нужно значений: \1"),
    (r"not allowed with argument (.*)", r"нельзя вместе с \1"),
    (r"ambiguous option: (\S+) could match (.*)", r"\1 подходит к нескольким: \2"),
    (r"ignored explicit argument (.*)", r"значение \1 здесь не нужно"),
)
_OF_ARGUMENT = re.compile(r"argument (\S+): (.*)", re.DOTALL)
_BETWEEN = " / "
#: What the arguments mean that many commands share.
_COMMON = {
    "dir": "папка станции или токена / folder of the station or token",
    "out": "накопитель или папка / drive or folder",
    "url": "адрес Штаба / address of the HQ",
    "file": "файл / file",
    "files": "файлы / files",
    "--subject": "код предмета / code of the subject",
    "--room": "номер аудитории / number of the room",
    "--person": "uid сотрудника / uid of the person",
    "--date": "день экзамена ГГГГ-ММ-ДД / day of the exam YYYY-MM-DD",
    "--ca": "сертификат региона / certificate of the region",
    "--crl": "список отозванных / revocation list",
    "--package": "пакет экзамена: кому доверять / exam package: whom to trust",
    "--ca-fingerprint": "отпечаток региона, сообщённый РЦОИ / fingerprint told by the centre",
    "--region": "код региона, 2 цифры / region, 2 digits",
    "--point": "код ППЭ, 4 цифры / point, 4 digits",
    "--number": "номер станции / number of the station",
    "--pin": "ПИН; лучше ввести его в ответ на вопрос / PIN; better typed when asked",
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
    for pattern, russian in _WRONG:
        if found := re.fullmatch(pattern, message, re.DOTALL):
            return found.expand(russian)
    return message


class Parser(argparse.ArgumentParser):
    """Takes every help as «по-русски / in English» and shows one of the two."""

    def __init__(self, *, lang: str = "ru", **more: Any) -> None:
        """Speak one language."""
        self.lang = lang
        more["description"] = self.words(more.get("description"))
        super().__init__(add_help=False, **more)
        self.add_argument("-h", "--help", action="help", help="эта справка / this help")
        if lang == "ru":
            for group in self._action_groups:
                group.title = _TITLES.get(str(group.title), group.title)

    def words(self, said: str | None) -> str | None:
        """Return the half of a text that this person reads."""
        if not said or _BETWEEN not in said:
            return said
        return said.split(_BETWEEN, 1)[self.lang == "en"]

    def add_argument(self, *names: Any, **more: Any) -> argparse.Action:
        """Add an argument, its help in one language."""
        more.setdefault("help", _COMMON.get(names[0]))
        if more["help"] is not argparse.SUPPRESS:
            more["help"] = self.words(more["help"])
        return super().add_argument(*names, **more)

    def commands(self, name: str) -> "argparse._SubParsersAction[Parser]":
        """Add commands; one of them must be given."""
        made = self.add_subparsers(dest=name, required=True, metavar="КОМАНДА" if self.lang == "ru" else "COMMAND")
        add = made.add_parser

        def in_one_language(command: str, *, help: str, **more: Any) -> Parser:
            return add(command, help=self.words(help), description=help, lang=self.lang, **more)

        made.add_parser = in_one_language  # type: ignore[method-assign, assignment]
        return made

    def format_usage(self) -> str:
        """Say how it is called."""
        text = super().format_usage()
        return text.replace("usage:", "вызов:", 1) if self.lang == "ru" else text

    def format_help(self) -> str:
        """Say everything."""
        text = super().format_help()
        return text.replace("usage:", "вызов:", 1) if self.lang == "ru" else text

    def error(self, message: str) -> NoReturn:
        """Say that the command is wrong, and where its help stands."""
        self.print_usage()
        lead, more = ("wrong command", "help")
        if self.lang == "ru":
            lead, more, message = "команда не понята", "справка", in_russian(message)
        self.exit(2, f"✗ {lead}: {message}\n  → {more}: {self.prog} --help\n")
