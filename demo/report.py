"""What the demo says: steps as they go, a table with times and faults at the end, report.json for machines."""

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from demo.words import RUSSIAN, russian, word
from drawing.plan import Fault
from wire.messages import Message

#: What the day may take on two cores, once the packages are installed; a step alone may never take that long.
LIMIT_SECONDS = 240.0
#: Above this share of the machine, somebody else was at work when the day began: the total is told, not judged.
BUSY_SHARE = 0.5


FAULT_NAMES: dict[str, Message] = {
    "missing_sheet": Message("missing sheet"),
    "foreign_sheet": Message("sheet of another room"),
    "scanned_twice": Message("sheet scanned twice"),
    "upside_down": Message("upside-down sheet"),
    "unreadable_code": Message("unreadable code"),
    "false_code": Message("code whose check digit is wrong"),
    "unknown_number": Message("number no print journal knows"),
    "cut_recording": Message("cut recording"),
    "silent_recording": Message("silent recording"),
    "journal_missing": Message("station without its journal"),
    "card_registrations": Message("card counts one form too many"),
    "card_dbo": Message("card counts one additional form too many"),
    "card_absent": Message("card counts one absent too many"),
}


@dataclass(slots=True)
class DemoStep:
    """One step of the day."""

    id: str
    ru: str
    en: str
    seconds: float = 0.0
    ok: bool = False
    not_run: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    problem: str = ""

    @property
    def title(self) -> str:
        """Its title in the language of the terminal."""
        return self.ru if RUSSIAN else self.en

    @property
    def mark(self) -> str:
        """What stands beside it in the table: a tick for what held and was run whole, and for nothing else."""
        if self.problem or not (self.ok or self.not_run):
            return "[red]✗[/]"
        return "[yellow]" + word(Message("not checked")) + "[/]" if self.not_run else "[green]✓[/]"


@dataclass(slots=True)
class FoundFault:
    """A planted fault and what the system said about it."""

    id: str
    kind: str
    point: str
    room: str
    number: str
    found: bool
    said: str


class DemoReport:
    """The record of a played day."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.steps: list[DemoStep] = []
        self.faults: list[FoundFault] = []
        self.packets: list[dict[str, Any]] = []
        self.not_run: list[str] = []
        self.notes: list[str] = []
        self._current: DemoStep | None = None
        self.started = time.monotonic()
        self.load = os.getloadavg()[0]

    @contextmanager
    def step(self, step_id: str, title: Message) -> Iterator[DemoStep]:
        """Time a step; an exception marks it as failed and goes on up: the day cannot continue."""
        step = DemoStep(step_id, russian(title), title.text)
        self.steps.append(step)
        self._current = step
        begun = time.monotonic()
        heading = f"{step_id:>2}  {step.title}"
        try:
            with self.console.status(heading) if self.console.is_terminal else _line(self.console, f"… {heading}"):
                yield step
            if time.monotonic() - begun > LIMIT_SECONDS:
                step.problem = step.problem or f"it took longer than {LIMIT_SECONDS:.0f} s"
            step.ok = not (step.problem or step.not_run)
        except Exception as error:
            step.problem = f"{type(error).__name__}: {error}"
            raise
        finally:
            self._current = None
            step.seconds = round(time.monotonic() - begun, 1)
            facts = f"  [dim]{escape('; '.join(step.facts))}[/]" if step.facts else ""
            self.console.print(f"{step.mark} {heading}  {step.seconds:.1f} s{facts}")
            if step.problem:
                # What went wrong may quote a log or a path in brackets, which are no markup.
                self.console.print(f"    [red]{escape(step.problem)}[/]")

    def say(self, message: Message) -> None:
        """Print a line of progress."""
        self.console.print(f"    [dim]{escape(word(message))}[/]")

    def skip(self, what: str) -> None:
        """Say what could not be run here: the step that it belongs to is not checked, and the day is not proven."""
        self.not_run.append(what)
        if self._current is not None:
            self._current.not_run.append(what)
        said = word(Message("not run here"))
        self.console.print(f"    [yellow]{said}: {escape(what)}[/]")

    def note(self, what: str) -> None:
        """Say what is worth knowing and proves nothing."""
        self.notes.append(what)
        self.console.print(f"    [yellow]{escape(what)}[/]")

    def fault(self, fault: Fault, *, found: bool, said: str) -> None:
        """Write down what became of a planted fault."""
        number = fault.number
        self.faults.append(FoundFault(fault.id, fault.kind, fault.point, fault.room, number, found, said))

    @property
    def ok(self) -> bool:
        """Whether every step was run whole and held, and every fault was found."""
        return self.held and not self.not_run

    @property
    def held(self) -> bool:
        """Whether nothing that was run failed; something may not have been run."""
        steps = bool(self.steps) and all(step.ok or (step.not_run and not step.problem) for step in self.steps)
        return steps and all(fault.found for fault in self.faults)

    @property
    def code(self) -> int:
        """The exit code: 1 when something failed; what could not be run here fails where everything is asked for."""
        everything = os.environ.get("PPE_REQUIRE_ALL") == "1"
        return 0 if self.ok or (self.held and not everything) else 1

    def hold_time(self, seconds: float | None = None) -> None:
        """Hold the whole day to its limit; on a machine that was busy when it began, only say how long it took."""
        taken = time.monotonic() - self.started if seconds is None else seconds
        if taken <= LIMIT_SECONDS:
            return
        words = f"{taken:.0f} s, {LIMIT_SECONDS:.0f} were promised"
        if self.load > BUSY_SHARE * (os.cpu_count() or 1):
            self.note(f"{words}; the machine was busy, load {self.load:.1f} at the start")
        else:
            self.fail(words)

    def fail(self, why: str) -> None:
        """Write down that the day as a whole does not hold."""
        self.steps.append(DemoStep("!", why, why, problem=why))
        self.console.print(f"[red]{escape(why)}[/]")

    def table(self) -> None:
        """Print the tables of the end."""
        steps = Table(title=word(Message("The exam day")), title_justify="left")
        steps.add_column("")
        steps.add_column(word(Message("Step")))
        steps.add_column(word(Message("Seconds")), justify="right")
        steps.add_column("")
        for step in self.steps:
            steps.add_row(step.id, escape(step.title), f"{step.seconds:.1f}", step.mark)
        steps.add_row("", word(Message("total")), f"{time.monotonic() - self.started:.1f}", "")
        self.console.print(steps)
        if self.faults:
            found, lost = word(Message("found")), word(Message("NOT FOUND"))
            faults = Table(title=word(Message("Planted faults")), title_justify="left")
            for head in (Message("Fault"), Message("Point"), Message("Room"), Message("Number")):
                faults.add_column(word(head))
            faults.add_column("")
            for fault in self.faults:
                name = word(FAULT_NAMES[fault.kind])
                mark = f"[green]{found}[/]" if fault.found else f"[red]{lost}[/]"
                faults.add_row(name, fault.point, fault.room or "–", fault.number or "–", mark)
            self.console.print(faults)
        for what in self.not_run:
            self.console.print("[yellow]" + word(Message("Not checked")) + f": {escape(what)}[/]")

    def write(self, path: Path, **more: Any) -> None:
        """Write report.json."""
        document = {
            "ok": self.ok,
            "held": self.held,
            "seconds": round(time.monotonic() - self.started, 1),
            "load_at_start": round(self.load, 2),
            "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()},
            "steps": [asdict(step) for step in self.steps],
            "packets": self.packets,
            "faults": [asdict(fault) for fault in self.faults],
            "not_run": self.not_run,
            "notes": self.notes,
            **more,
        }
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


@contextmanager
def _line(console: Console, title: str) -> Iterator[None]:
    console.print(f"[dim]{title}[/]")
    yield
