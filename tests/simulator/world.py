"""The world around two nodes: it moves the clock, carries drives, loses letters, kills, and remembers."""

import contextlib
import errno
import itertools
import json
import pickle
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.simulator.morning import EXAMS, NOON
from tests.simulator.nodes import Copy, Node, NodeDiedError
from tests.simulator.pipes import Answer, Done, Request
from tests.simulator.stations import PrintStation

HQ, RCOI = "hq", "rcoi"
#: Orders that only look: no fault strikes them, and they are no acts.
LOOKS = frozenset({"start", "look", "audit", "sheets", "excused", "standing"})


class FaultError(AssertionError):
    """Something that must hold does not.

    Attributes:
        kind: Which of the things that must hold: a list of acts is shortened as long as it fails in the same way.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


@dataclass(frozen=True)
class Faults:
    """How the world treats the nodes; of each the share of chances that are taken.

    Attributes:
        lost: Requests that never arrive.
        unanswered: Requests whose answer never arrives.
        cut: Bodies that arrive in part.
        late: Answers that take so long that what they bring may have ended.
        unwoken: Wake-ups that are lost.
        doubled: Wake-ups that come twice.
        killed: Orders in whose middle the node dies.
        failed: Orders in which a write to the disk fails.
        drift: Seconds by which the point's clock may be wrong.
    """

    lost: float = 0.0
    unanswered: float = 0.0
    cut: float = 0.0
    late: float = 0.0
    unwoken: float = 0.0
    doubled: float = 0.0
    killed: float = 0.0
    failed: float = 0.0
    drift: int = 0


MOODS = {
    "calm": Faults(),
    "rough": Faults(0.05, 0.05, 0.03, 0.02, 0.1, 0.1, 0.05, 0.03, 90),
    "terrible": Faults(0.2, 0.2, 0.1, 0.08, 0.25, 0.25, 0.15, 0.1, 7200),
}


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
        self.keys = [each["key"] for each in self.exams]

    def begin(self, start: str = "morning", mood: str = "calm", plant: str = "") -> None:
        """Begin a day as it was left: in the morning, in the afternoon, or when everything was over."""
        self.draw = random.Random(start)
        self.mood = MOODS[mood]
        self.faults = Faults()
        self.serials = itertools.count(1000)
        self.orders = itertools.count(1)
        self.acts: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.log: list[str] = []
        self.copies: dict[str, Copy] = {}
        self.put_backs: Counter[str] = Counter()
        self.down = False
        #: Looks at both nodes before anything is lost: what was said until then was said.
        self.watch: Callable[[], None] = lambda: None
        self.injured = 0
        self.began = NOON
        self.wipe_drive()
        folder = self.template if start == "morning" else self.template / start
        for node in self.nodes.values():
            node.plant = plant
            node.morning(folder)
            node.drift = timedelta()
        self.now = NOON + timedelta(minutes=30)
        self.stations: dict[tuple[int, str], PrintStation] = {}
        for number, (subject, rooms) in enumerate(EXAMS):
            for room in rooms:
                own = PrintStation(self.template / "papers", self.keys[number], subject, room, self.serials)
                self.stations[number, room] = own
        self.brought: dict[tuple[int, str], list[dict[str, str]]] = {}
        if start != "morning":
            self._remember(folder)
        for kind in (HQ, RCOI):
            self.copy(kind)
            self.live(kind)

    def _remember(self, folder: Path) -> None:
        kept = pickle.loads((folder / "world.pickle").read_bytes())
        self.now, serial, order, self.brought = kept["now"], kept["serial"], kept["order"], kept["brought"]
        self.serials, self.orders = itertools.count(serial), itertools.count(order)
        for key, (lines, sets) in kept["stations"].items():
            own = self.stations[key]
            own.lines, own.sets, own.serials = list(lines), list(sets), self.serials

    def leave(self, folder: Path) -> None:
        """Keep the day as it stands now, for other days to begin with."""
        for node in self.nodes.values():
            node.kill()
            shutil.copytree(node.data, folder / node.kind)
        kept = {
            "now": self.now,
            "serial": next(self.serials),
            "order": next(self.orders),
            "brought": self.brought,
            "stations": {key: (own.lines, own.sets) for key, own in self.stations.items()},
        }
        (folder / "world.pickle").write_bytes(pickle.dumps(kept))

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
        injury: dict[str, int] = {}
        if act not in LOOKS:
            self.acts[act] += 1
            if self.chance("killed"):
                injury["die_at"] = self.draw.randint(1, 24)
            elif self.chance("failed"):
                injury |= {"fail_at": self.draw.randint(1, 8), "failure": self.draw.choice([errno.ENOSPC, errno.EIO])}
        self.injured = number if injury else self.injured
        if kind == HQ:
            self.began = self.now + self.nodes[HQ].drift
        node, line = self.nodes[kind], self._line if kind == HQ else None
        try:
            done = node.do(act, self.now, line, args=args, seed=number, serial=number * 1000, **injury)
        except NodeDiedError:
            self.log.append(f"{kind} {act}{_short(args)} †")
            self.live(kind)
            return None
        self.now += timedelta(seconds=done.slept)
        if act in LOOKS and not done.problem:
            return done
        told = done.refused or (f"! {done.problem.strip().splitlines()[-1]}" if done.problem else done.result)
        if act == "web":
            told = getattr(done.result, "status", told)
        self.log.append(f"{kind} {act}{_short(args)}" + (f" – {told}" if told else ""))
        if done.refused or (
            act not in ("web", "look", "job", "sweep") and done.result and isinstance(done.result, str)
        ):
            self.refused[f"{act}: {str(done.refused or done.result).split(':')[0][:70]}"] += 1
        if done.problem and self.injured < number:
            raise FaultError(f"crash {act} {_where(done.problem)}", f"{kind} {act}{_short(args)}\n{done.problem}")
        return done

    def chance(self, share: str) -> bool:
        """Whether something of the kind happens now."""
        taken: float = getattr(self.faults, share)
        return taken > 0 and self.draw.random() < taken

    def _line(self, request: Request) -> Answer:
        """Carry a request of the point to the centre, or not, and its answer back, or not."""
        broken = Answer(0, [], b"")
        if self.down or self.chance("lost"):
            self.now += timedelta(seconds=10)
            return broken
        if request.body and self.chance("cut"):
            request.body = request.body[: int(len(request.body) * self.draw.random())]
        self._held(request)
        answer = self.do(RCOI, "web", request=request)
        if self.chance("late"):
            self.now += timedelta(seconds=self.draw.choice([20, 29, 150]))
        if answer is None or answer.result is None or self.chance("unanswered"):
            return broken
        return answer.result  # type: ignore[no-any-return]

    def _held(self, request: Request) -> None:
        """Whoever sends a packet holds its lease all the while."""
        if request.method == "POST" or not any(each in request.path for each in ("/uploads/", "/receipts/")):
            return
        rows = sqlite3.connect(self.nodes[HQ].data / "db.sqlite3")
        try:
            sql = "SELECT count(*) FROM transfers_packet WHERE lease_until > ?"
            (held,) = rows.execute(sql, (f"{self.began:%Y-%m-%d %H:%M:%S}",)).fetchone()
        finally:
            rows.close()
        if not held:
            raise FaultError("a lease freed too early", request.path)

    # --- the queue ---------------------------------------------------------------------------------------------------

    def work(self, kind: str, most: int = 4) -> int:
        """Let the workers of a node take wake-ups, in any order; some are lost, some come twice."""
        node, done = self.nodes[kind], 0
        while node.wakes and done < most:
            name, pk = node.wakes.pop(self.draw.randrange(len(node.wakes)))
            if self.chance("unwoken"):
                continue
            for _time in range(2 if self.chance("doubled") else 1):
                self.do(kind, "job", name=name, pk=pk)
                done += 1
        return done

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def passes_until(self, hour: int, minute: int) -> None:
        """Let time pass until an hour of the point's day, if it is still to come."""
        then = NOON + timedelta(hours=hour - 12, minutes=minute)
        self.now = max(self.now, then)

    # --- drives, copies, power ---------------------------------------------------------------------------------------

    def wipe_drive(self) -> None:
        """Empty the drive."""
        for each in self.flash.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()

    def tear_drive(self, which: int) -> None:
        """Pull the drive out too early: of one of its files the end is missing."""
        found = sorted(each for each in self.flash.rglob("*") if each.is_file())
        if found:
            path = found[which % len(found)]
            with path.open("r+b") as file:
                file.truncate(int(path.stat().st_size * self.draw.random()))

    def copy(self, kind: str) -> None:
        """Copy the database of a node."""
        self.copies[kind] = self.nodes[kind].copy(self.now)

    def put_back(self, kind: str) -> bool:
        """Put the last copy of a node back, if there is one."""
        if kind not in self.copies:
            return False
        self.watch()
        self.nodes[kind].put_back(self.copies[kind])
        self.put_backs[kind] += 1
        self.live(kind)
        return True

    def kill(self, kind: str) -> None:
        """Kill a node between two orders."""
        self.nodes[kind].kill()
        self.live(kind)

    def power_cut(self, kind: str) -> None:
        """Cut the power of a node."""
        self.watch()
        taken = self.nodes[kind].power_cut()
        self.log.append(f"{kind} lost {taken}")
        self.live(kind)

    # --- print stations ----------------------------------------------------------------------------------------------

    def bring(self, key: tuple[int, str], *, signed: bool = True) -> Done | None:
        """Bring the journal of a print station as it is now."""
        own = self.stations[key]
        done = self.do(HQ, "journal", data=own.close(signed=signed), name=own.name)
        self.brought.setdefault(key, []).append(own.used())
        return done

    def envelope(self, key: tuple[int, str]) -> list[tuple[str, str]]:
        """Return what lies in the envelope of a room, each sheet with its kind; that of the HQ is made on the spot."""
        return self.stations[key].papers_of_people() if key in self.stations else []


def _short(args: dict[str, Any]) -> str:
    return "".join(f" {key}={value}" for key, value in args.items() if isinstance(value, str | int))


def _where(problem: str) -> str:
    """Return the type of an exception and the last line of the portal in its story."""
    lines = [each.strip() for each in problem.splitlines() if each.strip().startswith('File "')]
    ours = [each for each in lines if "site-packages" not in each and "/lib/python" not in each]
    with contextlib.suppress(IndexError):
        parts = ours[-1].split('"')[1].split("/")[-2:]
        return f"{'/'.join(parts)} {problem.strip().splitlines()[-1].split(':')[0]}"
    return problem.strip().splitlines()[-1][:80]
