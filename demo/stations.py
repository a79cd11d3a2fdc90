"""The stations of the day, played through `ppe-station`, as the organisers at their keyboards use it."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo import audio
from demo.actors import DemoToken
from demo.interpreter import ROOT
from demo.registry import serial
from demo.web import ActorError
from drawing.plan import Answer, DayPlan, PersonPlan, PointPlan, RoomPlan, StationPlan

#: Starting Python for each of two hundred commands would cost a minute: one terminal runs them one after another.
_TERMINAL = """
import contextlib, io, json, sys, traceback
from station_client.cli import main
for line in sys.stdin:
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main(json.loads(line)) or 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            traceback.print_exc()
            code = 70
    print(json.dumps([code, said.getvalue()]), flush=True)
"""


class Terminal:
    """A terminal in which `ppe-station` commands are typed."""

    def __init__(self, log: Path) -> None:
        self.log = log.open("a", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TERMINAL],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def type(self, *words: str | Path, expect: int = 0) -> str:
        """Run `ppe-station` with these words and return what it prints.

        Raises:
            ActorError: It ended with another code than expected.
        """
        said = [str(word) for word in words]
        if self.process.stdin is None or self.process.stdout is None:
            raise ActorError("the terminal is closed")
        answer = ""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(said) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        if not answer:
            raise ActorError(f"ppe-station {said[:1]}: the terminal died, exit code {self.process.wait(10)}")
        code, text = json.loads(answer)
        shown = ["***" if before == "--pin" else each for before, each in zip(["", *said], said, strict=False)]
        self.log.write(f"$ ppe-station {' '.join(shown)}\n{text}[{code}]\n")
        self.log.flush()
        if code != expect:
            raise ActorError(f"ppe-station {' '.join(shown)} → {code}: {text.strip()[-800:]}")
        return str(text)

    def close(self) -> None:
        """Close the terminal."""
        if self.process.stdin is not None:
            # A terminal that died has left its last words in the pipe; the nodes after it must be stopped all the same.
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.close()


@dataclass
class StationActor:
    """One station and its folder on its own disk."""

    terminal: Terminal
    plan: DayPlan
    point: PointPlan
    station: StationPlan
    folder: Path

    @property
    def name(self) -> str:
        """How the player of the day calls it."""
        return f"{self.point.code} {self.station.kind} {self.station.number}"

    def init(self) -> tuple[str, bytes]:
        """Make the station's key; returns its certificate request."""
        self.terminal.type(
            "init",
            self.folder,
            "--role",
            self.station.kind,
            "--region",
            self.plan.region,
            "--point",
            self.point.code,
            "--number",
            self.station.number,
            "--serial",
            serial(self.point, self.station),
        )
        request = next(self.folder.glob("CSR_*.pem"))
        return request.name, request.read_bytes()

    def take_package(self, package: Path, fingerprint: str) -> None:
        """Install the exam package."""
        self.terminal.type("package", self.folder, package, "--ca-fingerprint", fingerprint)

    def start(self, room: str | None, person: PersonPlan) -> None:
        """Start the day's log."""
        words: list[str | Path] = [self.station.kind, self.folder, "start", "--subject", self.point.subject]
        words += ["--date", self.plan.date.isoformat(), "--person", person.uid]
        if room and self.station.kind == "print":
            words += ["--room", room]
        self.terminal.type(*words)

    def event(self, event: str, **data: str) -> None:
        """Write an entry into the log."""
        pairs = [f"{key}={value}" for key, value in data.items()]
        self.terminal.type(self.station.kind, self.folder, "event", event, *pairs)

    def print_sets(self, room: RoomPlan, *, ordinals: Collection[int] = ()) -> None:
        """Print the sets of a room that fall to this station; all of them, or those named."""
        rows = [
            {"set": item.ordinal, "spoiled": item.spoiled, "unused": item.unused, "sheets": item.sheets}
            for item in room.sets
            if item.station == self.station.number and (not ordinals or item.ordinal in ordinals)
        ]
        self._hand_over("print", "sets", rows)

    def record_answers(self, answers: Sequence[Answer], seed: int, flash: Path) -> None:
        """Record the answers of this place and put the files on the flash drive, flaws and all."""
        rows = []
        for answer in answers:
            whole = audio.recording(answer, seed=seed)
            (self.folder / answer.file_name).write_bytes(whole)
            flash.mkdir(parents=True, exist_ok=True)
            (flash / answer.file_name).write_bytes(audio.cut(whole) if answer.flaw == "cut" else whole)
            rows.append(
                {
                    "set": answer.ordinal,
                    "place": int(answer.place),
                    "registration": answer.registration,
                    "file_name": answer.file_name,
                    "seconds": round(answer.seconds, 1),
                    "sha256": hashlib.sha256(whole).hexdigest(),
                }
            )
        self._hand_over("voice", "answers", rows)

    def _hand_over(self, kind: str, what: str, rows: list[dict[str, object]]) -> None:
        file = self.folder / f"{what}.json"
        file.write_text(json.dumps(rows), encoding="utf-8")
        self.terminal.type(kind, self.folder, what, file)
        file.unlink()

    def finish(self, flash: Path) -> list[Path]:
        """End the day's log and form the journal on the flash drive."""
        self.terminal.type(self.station.kind, self.folder, "finish")
        before = set(flash.glob("END_*.dat"))
        self.terminal.type("close", self.folder, flash)
        return sorted(set(flash.glob("END_*.dat")) - before)


def make_token(terminal: Terminal, plan: DayPlan, point: PointPlan, folder: Path, pin: str) -> tuple[DemoToken, Path]:
    """Have the GEK member of a point make a token; returns it with its certificate request."""
    person = point.person("gek_member")
    terminal.type(
        "token",
        "new",
        folder,
        "--person",
        person.uid,
        "--region",
        plan.region,
        "--point",
        point.code,
        "--name",
        person.full_name,
        "--pin",
        pin,
    )
    token = next(folder.glob(f"gek-*{point.code}*{person.uid}*.p12"))
    request = next(folder.glob(f"CSR_gek_*{point.code}_{person.uid}*.pem"))
    return DemoToken(person, token, pin), request
