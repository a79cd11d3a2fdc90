"""The mini day: one room, three seats, played to its end whatever process is killed on the way.

People who meet a dead page do what people do: reload, look what has been done, and do the rest.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo import harness, steps
from demo.actors import Specialist
from demo.harness import Harness
from demo.killer import Kill, Killer
from demo.recognised import Desk
from demo.report import DemoReport, DemoStep
from demo.web import ActorError
from drawing.days import mini_day
from drawing.plan import FINISHED, HQ, TRANSFERRED

PATIENCE = 120.0
#: A cluster that lives without working is ended after ten seconds, not two minutes: a run must not wait for it.
IMPATIENT = {"PPE_WATCHDOG_SECONDS": "10"}


def persist(what: str, goal: Callable[[], bool], act: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    """Do something until it is seen to be done; dead pages and refusals in between are looked past.

    Raises:
        ActorError: It was not done in time; the last trouble is told.
    """
    until, trouble = time.monotonic() + seconds, "nothing was refused"
    while True:
        with suppress(ActorError, httpx.HTTPError, KeyError, ValueError):
            if goal():
                return
        if time.monotonic() > until:
            raise ActorError(f"{what}: not done within {seconds:.0f} s; last trouble: {trouble}")
        try:
            act()
        except (ActorError, httpx.HTTPError, KeyError, ValueError) as error:
            trouble = f"{type(error).__name__}: {error}"
        time.sleep(0.4)


@dataclass
class MiniDay:
    """A mini day on its stage."""

    on: Harness
    ended: bool = False

    @property
    def player(self) -> Specialist:
        """The technical specialist."""
        return self.on.specialists["0001"]

    @property
    def sitting(self) -> str:
        """Key of the sitting."""
        return self.on.plan.sitting(self.on.plan.points[0])

    def prepare(self) -> None:
        """Everything up to the morning of the day."""
        harness.start(self.on)
        harness.found_centre(self.on)
        requests = harness.make_keys(self.on)
        harness.sign_and_pack(self.on, requests, harness.identify_hq(self.on))
        harness.take_packages(self.on)
        steps.print_journals(self.on, DemoStep("1", "", ""))
        self.on.give_flash()
        harness.wait_drawn(self.on)

    def play(self) -> None:
        """The day from the journals to the final status."""
        on, player, sitting = self.on, self.player, self.sitting
        self.ended = False
        point = on.plan.points[0]
        desk = steps.desk(on, point)
        token, (name, data) = on.tokens[point.code], on.access_keys[sitting]

        def load_and_activate() -> None:
            player.load_key(sitting, name, data)
            player.activate_key(sitting, name, token)

        persist("exams finished", lambda: self._packets("status", 1), self._finish)
        persist("key activated", lambda: not desk.state("0101")["sealed"] and self._registered(desk), load_and_activate)
        for room in desk.rooms:
            self._room(desk, room)
        persist("packets built", lambda: self._packets("", 3, ()), lambda: player.build_packets(sitting))
        persist("packets acknowledged", lambda: self._packets("", 3), lambda: player.sign_packets(sitting, token))
        persist("END_SCAN and the final status", lambda: self._packets("status", 2), self._end)

    def _room(self, desk: Desk, room: str) -> None:
        """One room from its card to its closing."""
        point = self.on.plan.points[0]
        if room != HQ:
            persist(f"card {room}", lambda: self._carded(desk, room), lambda: desk.enter_card(point.room(room)))
        persist(f"sheets {room}", lambda: self._fed(desk, room), lambda: self._feed(desk, room))
        persist(
            f"closing {room}",
            lambda: desk.state(room)["state"] in ("closed", "packed"),
            lambda: self.player.browser.submit(desk.path(room), "close"),
        )

    def _finish(self) -> None:
        point = self.on.plan.points[0]
        steps.bring_journals(self.on, self.player, point)
        self.player.send_status(self.sitting, FINISHED)

    def _end(self) -> None:
        if not self.ended:
            self.player.browser.submit(f"/scanning/{self.sitting}/", "end-scan")
            self.ended = True
        self.player.send_status(self.sitting, TRANSFERRED)

    def _registered(self, desk: Desk) -> bool:
        return bool(desk.state("0101")["balance"])

    def _carded(self, desk: Desk, room: str) -> bool:
        return bool(desk.state(room)["version"])

    def _fed(self, desk: Desk, room: str) -> bool:
        state = desk.state(room)
        return state["received"] >= len(desk.pile(room, late=False)) and not state["unread"]

    def _feed(self, desk: Desk, room: str) -> None:
        known = {sheet["file"] for sheet in desk.state(room)["sheets"]}
        desk.feed(room, [each for each in desk.pile(room, late=False) if each.path.name not in known])
        time.sleep(1)

    def _packets(self, kind: str, count: int, done: tuple[str, ...] = ("acknowledged", "superseded")) -> bool:
        packets = [each for each in self.player.transfers(self.sitting)["packets"] if kind in ("", each["kind"])]
        return len(packets) >= count and all(not done or each["state"] in done for each in packets)

    def final(self) -> dict[str, Any]:
        """Return the state both nodes ended in: the same whatever was killed."""
        desk = steps.desk(self.on, self.on.plan.points[0])
        sheets = sorted(
            (sheet["number"], sheet["room"]) for sheet in desk.conclusions().values() if sheet["state"] != "replaced"
        )
        packets = self.player.transfers(self.sitting)["packets"]
        inbox = self.on.centre["rcoi_operator"].inbox()
        current = [packet for packet in packets if packet["state"] != "superseded"]
        return {
            "sheets": sheets,
            "truth": sorted((each.row.number, each.row.owner) for each in self.on.placed),
            "rooms": {room: desk.state(room)["state"] for room in desk.rooms},
            "packets": sorted((p["kind"], p["room"] or "", p["status"] or "", p["state"]) for p in current),
            # A journal formed twice makes a next version of its status; the centre keeps both.
            "inbox": sorted({(p["kind"], p["room"] or "", p["state"]) for p in inbox}),
        }


@dataclass
class MiniDays:
    """One morning, played on as many times as wished: both nodes go back to it before every run."""

    root: Path
    day: MiniDay = field(init=False)

    def __post_init__(self) -> None:
        """Build the stage; nothing runs yet."""
        report = DemoReport()
        report.console.quiet = True
        self.day = MiniDay(harness.build(mini_day(), self.root, report, settings=IMPATIENT))

    def prepare(self) -> None:
        """Bring the day to its morning and keep both nodes as they are then."""
        on = self.day.on
        try:
            self.day.prepare()
        finally:
            on.hq.stop()
            on.rcoi.stop()
        _copy(on.folders.data, self.root / "morning")

    def run(self, *, seed: int, kills: int = 1) -> tuple[dict[str, Any], list[Kill]]:
        """Play the day from its morning while processes are killed.

        Returns:
            The final state, and who was killed.

        Raises:
            ActorError: The day did not come to its end.
        """
        on = self.day.on
        _copy(self.root / "morning", on.folders.data)
        killer = Killer((on.hq, on.rcoi), seed, kills)
        try:
            for node in (on.rcoi, on.hq):
                node.start()
            for node in (on.rcoi, on.hq):
                node.wait()
            killer.start()
            self.day.play()
            killer.stop()
            if killer.trouble:
                raise ActorError(killer.trouble)
            return self.day.final(), killer.done
        except ActorError as error:
            raise ActorError(f"{error}; killed: {killer.done}") from error
        finally:
            killer.stop()
            on.hq.stop()
            on.rcoi.stop()

    def close(self) -> None:
        """Stop everything."""
        self.day.on.close()


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with owners and modes over another."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
