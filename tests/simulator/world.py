"""The world around two nodes: it moves the clock, carries drives, loses letters, kills, and remembers who has done what."""

import errno
import itertools
import json
import random
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulator.morning import EXAMS, NOON
from tests.simulator.nodes import Copy, Node, NodeDiedError
from tests.simulator.pipes import Answer, Done, Request
from tests.simulator.stations import PrintStation

HQ, RCOI = "hq", "rcoi"


@dataclass
class Faults:
    """How the world treats the nodes; of each the share of chances that are taken.

    Attributes:
        lost: Requests that never arrive.
        unanswered: Requests whose answer never arrives.
        cut: Bodies that arrive in part.
        unwoken: Wake-ups that are lost.
        doubled: Wake-ups that come twice.
        killed: Orders in whose middle the node dies.
        failed: Orders in which a write to the disk fails.
        drift: Seconds by which the point's clock may be wrong.
    """

    lost: float = 0.0
    unanswered: float = 0.0
    cut: float = 0.0
    unwoken: float = 0.0
    doubled: float = 0.0
    killed: float = 0.0
    failed: float = 0.0
    drift: int = 0

    @classmethod
    def none(cls) -> "Faults":
        """A calm world."""
        return cls()


class World:
    """Two nodes and everything between them."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.folder, self.template = folder, template
        self.flash = folder / "flash"
        self.flash.mkdir(parents=True, exist_ok=True)
        shutil.copytree(template / "tokens", folder / "tokens", dirs_exist_ok=True)
        self.nodes = {kind: Node(kind, folder, self.flash) for kind in (HQ, RCOI)}
        for each in self.nodes.values():
            each.ready()
        self.exams = json.loads((template / "papers" / "day.json").read_text())["exams"]

    def begin(self, seed: int, faults: Faults, plant: str = "") -> None:
        """Begin a day."""
        self.draw = random.Random(seed)
        self.faults, self.now = faults, NOON + timedelta(minutes=30)
        self.serials = itertools.count(1000)
        self.orders = itertools.count(1)
        self.log: list[str] = []
        self.copies: dict[str, Copy] = {}
        for each in self.flash.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        for node in self.nodes.values():
            node.plant = plant
            node.morning(self.template)
            node.drift = timedelta()
        self.nodes[HQ].drift = timedelta(seconds=self.draw.randint(-faults.drift, faults.drift))
        self.stations: dict[tuple[int, str], PrintStation] = {}
        for number, (subject, rooms) in enumerate(EXAMS):
            for room in rooms:
                key = self.exams[number]["key"]
                self.stations[number, room] = PrintStation(self.template / "papers", key, subject, room, self.serials)
        for kind in (HQ, RCOI):
            self.live(kind)

    def live(self, kind: str) -> None:
        """Begin another life of a node."""
        self.nodes[kind].born()
        self.do(kind, "start")

    def end(self) -> None:
        """End both processes."""
        for node in self.nodes.values():
            node.end()

    # --- orders ------------------------------------------------------------------------------------------------------

    def do(self, kind: str, act: str, **args: Any) -> Done | None:
        """Order something of a node; None when it died of it, and lives again."""
        number = next(self.orders)
        more: dict[str, Any] = {}
        if act not in ("start", "owed", "snapshot", "audit"):
            if self._chance(self.faults.killed):
                more["die_at"] = self.draw.randint(1, 24)
            elif self._chance(self.faults.failed):
                more |= {"fail_at": self.draw.randint(1, 8), "failure": self.draw.choice([errno.ENOSPC, errno.EIO])}
        node = self.nodes[kind]
        try:
            done = node.do(
                act, self.now, self._line if kind == HQ else None, args=args, seed=number, serial=number * 1000, **more
            )
        except NodeDiedError:
            self.log.append(f"{kind} {act} {_short(args)} †")
            self.live(kind)
            return None
        self.now += timedelta(seconds=done.slept)
        if act not in ("owed", "snapshot", "audit", "web"):
            self.log.append(f"{kind} {act} {_short(args)}" + (f" – {done.refused or done.result}" if done.refused or done.result else ""))
        return done

    def _chance(self, share: float) -> bool:
        return share > 0 and self.draw.random() < share

    def _line(self, request: Request) -> Answer:
        """Carry a request of the point to the centre, or not, and its answer back, or not."""
        broken = Answer(0, [], b"")
        if self._chance(self.faults.lost):
            return broken
        if request.body and self._chance(self.faults.cut):
            request.body = request.body[: self.draw.randrange(len(request.body))]
        answer = self.do(RCOI, "web", request=request)
        if answer is None or answer.result is None or self._chance(self.faults.unanswered):
            return broken
        return answer.result  # type: ignore[no-any-return]

    # --- the queue ---------------------------------------------------------------------------------------------------

    def work(self, kind: str, most: int = 4) -> int:
        """Let the workers of a node take wake-ups, in any order; some are lost, some come twice."""
        node, done = self.nodes[kind], 0
        while node.wakes and done < most:
            name, pk = node.wakes.pop(self.draw.randrange(len(node.wakes)))
            if self._chance(self.faults.unwoken):
                continue
            for _time in range(2 if self._chance(self.faults.doubled) else 1):
                self.do(kind, "job", name=name, pk=pk)
                done += 1
        return done

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def _short(args: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in args.items() if isinstance(value, str | int))


def calm_seconds() -> int:
    """So long a watchdog's round takes."""
    return 5
