"""Collect the sentences of the portal into its Russian catalogue, and compile the catalogues. Needs gettext."""

import subprocess
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages

LANGUAGE = "ru"
#: What no person of an exam sees, and what speaks for itself.
ASIDE = ("var", "build", "drawing", "tests", "benchmarks", "docs", "deploy")
#: Where catalogues lie: ours, the skin's, and those that go with the packages.
FOLDERS = ("locale", "wire/locale", "station_client/locale", "demo/locale")
#: Header lines that would change with each run.
_MOVING = ('"POT-Creation-Date:', '"PO-Revision-Date:', '"Report-Msgid-Bugs-To:')


class Command(makemessages.Command):
    """A run that finds nothing new changes nothing: no dates, no places, no guesses, nothing kept that is gone."""

    help = "Collects the English sentences of the portal into locale/ru and compiles the catalogues."
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=Message:1"]
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Take no options: there is one way to do it."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Collect, then compile."""
        super().handle(
            **options,
            locale=[LANGUAGE],
            exclude=[],
            all=False,
            domain="django",
            extensions=None,
            symlinks=False,
            ignore_patterns=[*ASIDE, ".*"],
            use_default_ignore_patterns=True,
            no_wrap=True,
            no_location=False,
            add_location="never",
            no_obsolete=True,
            keep_pot=False,
        )
        for source in sorted(each for folder in FOLDERS for each in Path(folder).rglob("django.po")):
            lines = source.read_text("utf-8").splitlines(keepends=True)
            source.write_text("".join(line for line in lines if not line.startswith(_MOVING)), "utf-8")
            subprocess.run(["msgfmt", "--check-format", "-o", source.with_suffix(".mo"), source], check=True)
