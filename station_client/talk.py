"""What the commands say: to a person in one of two languages, or as one JSON document to a program."""

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape as _escape

from wire.errors import PpeError
from wire.messages import Both, Message

if TYPE_CHECKING:
    from station_client.sending import Sent
    from station_client.verifying import FileReport


def escape(text: str) -> str:
    """Return a text as it may go to a terminal: names and documents of strangers must not command it."""
    return _escape("".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text))


class Talk:
    """Says things on the standard streams; with `as_json` everything is kept for one document at the end."""

    def __init__(self, lang: str, *, as_json: bool = False) -> None:
        """Speak one language."""
        self.lang = lang
        self.as_json = as_json
        self.rows: list[dict[str, Any]] = []
        self.out = Console(highlight=False, soft_wrap=True)
        self.err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, message: Message, **facts: object) -> None:
        """Say a plain line; the facts in it are for programs."""
        text = message.render(self.lang)
        if self.as_json:
            self.rows.append({"text": text, **facts})
        else:
            self.out.print(escape(text))

    def sent(self, sent: "Sent") -> None:
        """Say what the HQ answered to a journal: its own line in Russian, its state in English."""
        ru = sent.line if sent.path.name in sent.line else f"{sent.path.name}: {sent.line}"
        self.say(Both(ru, f"{sent.path.name}: {sent.state}"), file=sent.path.name, state=sent.state, line=sent.line)

    def refuse(self, refusal: PpeError) -> None:
        """Say what was refused, why, and what to do."""
        if self.as_json:
            parts = [part.text(self.lang) for part in refusal.parts]
            said = {"text": refusal.text(self.lang), "parts": parts, "cure": refusal.remedy_text(self.lang)}
            self.rows.append({"refused": refusal.code, "permanent": refusal.permanent, **said})
            return
        self.err.print(f"[red]✗[/] {escape(refusal.text(self.lang))}")
        for part in refusal.parts:
            self.err.print(f"  · {escape(part.text(self.lang))}")
        if cure := refusal.remedy_text(self.lang):
            self.err.print(f"  → {escape(cure)}")

    def report(self, report: "FileReport") -> None:
        """Show what was found out about a file."""
        if self.as_json:
            self.rows.append(report.as_dict(self.lang))
            return
        mark = {"ok": "[green]✓[/]", "problems": "[yellow]![/]", "refused": "[red]✗[/]"}[report.verdict]
        verdict = {
            "ok": Message("it holds"),
            "problems": Message("read, with problems"),
            "refused": Message("refused"),
        }[report.verdict].render(self.lang)
        self.out.print(
            f"{mark} [bold]{escape(report.title.render(self.lang))}[/] {escape(report.path.name)}: {verdict}"
        )
        # plain lines, not a table: hashes and names must not be wrapped, people copy them
        facts = [(label.render(self.lang), value.render(self.lang)) for label, value in report.facts]
        width = max((len(label) for label, _value in facts), default=0)
        for label, value in facts:
            self.out.print(f"  [dim]{escape(label.ljust(width))}[/]  {escape(value)}")
        for problem in report.problems:
            self.out.print(f"  [yellow]·[/] {escape(problem.render(self.lang))}")

    def end(self) -> None:
        """Write the one document."""
        if self.as_json:
            sys.stdout.write(json.dumps(self.rows, ensure_ascii=False, indent=2, default=str) + "\n")
