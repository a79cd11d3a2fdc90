"""A day is a list of steps drawn from a seed; what a step means is found when it is played, so a list can be shortened.

A step is ``(name, which, luck)``: ``which`` picks the exam, the room, the packet among those that are there, ``luck``
decides everything that the world does to the nodes meanwhile; with luck 0 nothing happens to them.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulator.ending import come_to_its_end
from tests.simulator.judge import Judge
from tests.simulator.morning import EXAMS
from tests.simulator.nodes import BrokenNodeError
from tests.simulator.world import HQ, MOODS, RCOI, FaultError, Faults, World

Step = tuple[str, int, int]
STATUSES = ("exams_finished", "blanks_transferred")
STARTS = ("morning", "afternoon", "evening", "evening")
ROOMS = [(number, room) for number, (_subject, rooms) in enumerate(EXAMS) for room in rooms]
PLACES = [(number, room) for number, (_subject, rooms) in enumerate(EXAMS) for room in (*rooms, "HQ")]
LONGEST = 26


def place(which: int) -> tuple[int, str]:
    """Return one of the rooms and HQs."""
    return PLACES[which % len(PLACES)]


def room(which: int) -> tuple[int, str]:
    """Return one of the rooms with a print station."""
    return ROOMS[which % len(ROOMS)]


# --- people at the point ----------------------------------------------------------------------------------------------


def bring(w: World, which: int) -> None:
    w.bring(room(which))


def bring_unsigned(w: World, which: int) -> None:
    w.bring(room(which), signed=False)


def longer(w: World, which: int) -> None:
    own = w.stations[room(which)]
    own.go_on()
    if len(own.sets) < 3:
        own.print_sets(1)
    w.bring(room(which))


def longer_unbrought(w: World, which: int) -> None:
    own = w.stations[room(which)]
    own.go_on()
    if len(own.sets) < 3:
        own.print_sets(1)


def spoil(w: World, which: int) -> None:
    own = w.stations[room(which)]
    own.go_on()
    own.spoil()
    w.bring(room(which))


def same_again(w: World, which: int) -> None:
    w.stations[room(which)].go_on()
    w.bring(room(which))


def fork(w: World, which: int) -> None:
    w.stations[room(which)].fork()
    w.bring(room(which))


def decide(w: World, which: int) -> None:
    w.do(HQ, "decide_journal", exam=which % 2, accept=which % 3 > 0)


def excuse(w: World, which: int) -> None:
    exam, name = room(which)
    w.do(HQ, "excuse", exam=exam, room=name)


def _at(w: World, act: str, which: int, **more: int) -> None:
    exam, name = place(which)
    w.do(HQ, act, exam=exam, room=name, **more)


def scan(w: World, which: int) -> None:
    exam, name = place(which)
    w.do(HQ, "scan", exam=exam, room=name, envelope=w.envelope((exam, name)))


def scan_some(w: World, which: int) -> None:
    exam, name = place(which)
    w.do(HQ, "scan", exam=exam, room=name, envelope=w.envelope((exam, name)), some=1 + which % 3)


def whole_room(w: World, which: int) -> None:
    exam, name = place(which)
    w.do(HQ, "room", exam=exam, room=name, envelope=w.envelope((exam, name)))


def hasty_room(w: World, which: int) -> None:
    """Somebody closes a room before anybody has typed its numbers."""
    scan(w, which)
    _at(w, "close", which)
    build(w, place(which)[0])


def whole_exam(w: World, which: int) -> None:
    for exam, name in PLACES:
        if exam == which % 2:
            w.do(HQ, "room", exam=exam, room=name, envelope=w.envelope((exam, name)))


def fill_wrong(w: World, which: int) -> None:
    _at(w, "fill", which, wrong=1)


def twice(w: World, which: int) -> None:
    exam, name = place(which // 5)
    w.do(HQ, "twice", what=which % 5, exam=exam, room=name)


def build(w: World, which: int) -> None:
    w.do(HQ, "build_packets", exam=which % 2)


def sign(w: World, _which: int) -> None:
    w.do(HQ, "sign_all")


def declare(w: World, which: int) -> None:
    w.do(HQ, "declare", exam=which % 2, status=STATUSES[which // 2 % 2])


def end_scan(w: World, which: int) -> None:
    w.do(HQ, "end_scan", exam=which % 2)


def retry(w: World, which: int) -> None:
    w.do(HQ, "retry", which=which)


def repeat(w: World, which: int) -> None:
    w.do(HQ, "repeat", which=which)


def sent_room(w: World, which: int) -> None:
    """A room with its journal is scanned, closed, signed and sent, and both nodes hear of it."""
    if place(which) in w.stations:
        w.bring(place(which))
    whole_room(w, which)
    w.work(HQ, 8)
    w.do(HQ, "sign_all")
    goes_on(w, which)


def forgotten_room(w: World, which: int) -> None:
    """What the point sent a moment ago is not in the copy that is put back; then it goes on."""
    sent_room(w, which)
    w.put_back(HQ)
    sent_room(w, which)


def forgotten_word(w: World, which: int) -> None:
    """What the centre said a moment ago, and the point has heard, is not in the copy that is put back."""
    w.copy(RCOI)
    sent_room(w, which)
    goes_on(w, which)
    w.put_back(RCOI)
    goes_on(w, which)


def cut_at_once(w: World, which: int) -> None:
    """The power is cut as soon as a node has said yes."""
    (longer, sent_room, sign, carry_over)[which // 2 % 4](w, which)
    w.power_cut((HQ, RCOI)[which % 2])


# --- drives -----------------------------------------------------------------------------------------------------------


def carry(w: World, which: int) -> None:
    w.do(HQ, "carry", which=which)


def carry_over(w: World, which: int) -> None:
    w.do(HQ, "carry", which=which)
    w.do(RCOI, "carry_in")


def sign_and_carry(w: World, _which: int) -> None:
    w.do(HQ, "sign_all")
    w.do(HQ, "carry", which=0)


def room_on_a_drive(w: World, which: int) -> None:
    """A room is signed and goes onto the drive, which nobody takes to the centre."""
    whole_room(w, which)
    w.work(HQ, 8)
    w.do(HQ, "sign_all")
    w.do(HQ, "carry", which=0)


def carry_in(w: World, _which: int) -> None:
    w.do(RCOI, "carry_in")


def carry_torn(w: World, which: int) -> None:
    w.do(HQ, "carry", which=which)
    w.tear_drive(which)
    w.do(RCOI, "carry_in")


def answers(w: World, _which: int) -> None:
    w.do(RCOI, "write_drive")
    w.do(HQ, "read_drive")


def other_drive(w: World, _which: int) -> None:
    w.wipe_drive()


# --- the centre -------------------------------------------------------------------------------------------------------


def rescan(w: World, which: int) -> None:
    w.do(RCOI, "rescan", which=which // 2, whole=bool(which % 2))


def undo(w: World, which: int) -> None:
    w.do(RCOI, "undo", exam=which % 2, status=STATUSES[which // 2 % 2])


def settle(w: World, which: int) -> None:
    w.do(RCOI, "settle", which=which)


# --- the world --------------------------------------------------------------------------------------------------------


def goes_on(w: World, which: int) -> None:
    """A round of everything that both nodes do by themselves."""
    w.passes(15 + which % 50)
    for kind in (HQ, RCOI):
        w.do(kind, "sweep")
        w.work(kind, 8)
    w.work(HQ, 4)


def work_hq(w: World, which: int) -> None:
    w.passes(5)
    w.do(HQ, "sweep")
    w.work(HQ, 1 + which % 4)


def work_rcoi(w: World, which: int) -> None:
    w.passes(5)
    w.do(RCOI, "sweep")
    w.work(RCOI, 1 + which % 4)


def time_passes(w: World, which: int) -> None:
    w.passes([5, 35, 70, 160, 600, 1800][which % 6])


def deadline(w: World, which: int) -> None:
    w.passes_until([18, 21][which % 2], 5)


def kill(w: World, which: int) -> None:
    w.kill((HQ, RCOI)[which % 2])


def power_cut(w: World, which: int) -> None:
    w.power_cut((HQ, RCOI)[which % 2])


def copy(w: World, which: int) -> None:
    w.copy((HQ, RCOI)[which % 2])


def put_back(w: World, which: int) -> None:
    w.put_back((HQ, RCOI)[which % 2])


def clock(w: World, which: int) -> None:
    if w.mood.drift:
        w.nodes[HQ].drift = timedelta(seconds=(which - 32) * w.mood.drift // 32)


def line(w: World, which: int) -> None:
    w.down = bool(which % 2)


Play = Callable[[World, int], None]


def _on(act: str) -> Play:
    return lambda w, which: _at(w, act, which)


#: Name of a step → what it does, and how often it is drawn by day's mood: calm days are people's, terrible the world's.
ACTS: dict[str, tuple[Play, int]] = {
    "bring": (bring, 10),
    "bring_unsigned": (bring_unsigned, 6),
    "longer": (longer, 5),
    "longer_unbrought": (longer_unbrought, 2),
    "spoil": (spoil, 3),
    "same_again": (same_again, 2),
    "fork": (fork, 2),
    "decide": (decide, 3),
    "excuse": (excuse, 2),
    "scan": (scan, 4),
    "scan_some": (scan_some, 3),
    "whole_room": (whole_room, 10),
    "hasty_room": (hasty_room, 3),
    "whole_exam": (whole_exam, 6),
    "sent_room": (sent_room, 3),
    "forgotten_room": (forgotten_room, 2),
    "forgotten_word": (forgotten_word, 2),
    "cut_at_once": (cut_at_once, 3),
    "room_on_a_drive": (room_on_a_drive, 2),
    "leave_out": (_on("leave_out"), 3),
    "fill": (_on("fill"), 3),
    "fill_wrong": (fill_wrong, 2),
    "close": (_on("close"), 4),
    "close_with_act": (_on("close_with_act"), 3),
    "reopen": (_on("reopen"), 3),
    "twice": (twice, 3),
    "build": (build, 3),
    "sign": (sign, 9),
    "declare": (declare, 10),
    "end_scan": (end_scan, 5),
    "retry": (retry, 2),
    "repeat": (repeat, 2),
    "carry": (carry, 3),
    "sign_and_carry": (sign_and_carry, 4),
    "carry_over": (carry_over, 3),
    "carry_in": (carry_in, 2),
    "carry_torn": (carry_torn, 2),
    "answers": (answers, 3),
    "other_drive": (other_drive, 1),
    "rescan": (rescan, 5),
    "undo": (undo, 5),
    "settle": (settle, 4),
    "goes_on": (goes_on, 22),
    "work_hq": (work_hq, 5),
    "work_rcoi": (work_rcoi, 5),
    "time_passes": (time_passes, 5),
    "deadline": (deadline, 2),
    "kill": (kill, 2),
    "power_cut": (power_cut, 5),
    "copy": (copy, 4),
    "put_back": (put_back, 5),
    "clock": (clock, 2),
    "line": (line, 3),
}


@dataclass(frozen=True)
class Day:
    """A day as it was drawn."""

    start: str
    mood: str
    steps: tuple[Step, ...]


@dataclass
class Played:
    """What came of a day.

    Attributes:
        fault: What did not hold; None when everything did.
        done: How many steps were played before the end began.
        conclusions: Hash of every act and of everything that was concluded after it.
    """

    fault: FaultError | None = None
    done: int = 0
    acts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    conclusions: str = ""


def draw(seed: int) -> Day:
    """Draw a day from a seed."""
    chance = random.Random(f"day {seed}")
    start, mood = chance.choice(STARTS), chance.choice(list(MOODS))
    names, weights = list(ACTS), [weight for _act, weight in ACTS.values()]
    steps = chance.choices(names, weights, k=chance.randint(6, LONGEST))
    return Day(start, mood, tuple((name, chance.randrange(64), chance.randint(1, 9999)) for name in steps))


def play(world: World, day: Day, plant: str = "") -> Played:
    """Play a day to its end and judge it after every step."""
    world.begin(day.start, day.mood, plant)
    judge, played, kept = Judge(world), Played(acts=world.acts, refused=world.refused, log=world.log), hashlib.sha256()
    try:
        judge.begin()
        world.watch = judge.look
        for number, (name, which, luck) in enumerate(day.steps):
            world.log.append(f"— {number} {name} {which} {luck}")
            world.draw, world.faults = random.Random(luck), world.mood if luck else Faults()
            ACTS[name][0](world, which)
            judge.look(worked=name in ("goes_on", "work_hq"))
            played.done += 1
            kept.update(repr((world.log[-20:], judge.concluded)).encode())
        world.log.append("— the end")
        come_to_its_end(world, judge)
        kept.update(repr((world.log, judge.concluded)).encode())
    except FaultError as fault:
        played.fault = fault
    except BrokenNodeError as broken:
        played.fault = FaultError("ended by itself", str(broken))
    played.conclusions = kept.hexdigest()
    return played


def shorten(world: World, day: Day, fault: FaultError, plant: str = "", *, most: int = 150) -> Day:
    """Return the shortest day found that fails in the same way.

    Args:
        world: Where to play.
        day: The day that fails.
        fault: How.
        plant: The fault that the node carries.
        most: So many days are played for it.
    """
    tries = 0

    def fails(steps: Sequence[Step], start: str = day.start, mood: str = day.mood) -> bool:
        nonlocal tries
        tries += 1
        found = play(world, Day(start, mood, tuple(steps)), plant).fault
        return found is not None and found.kind == fault.kind

    steps, size = list(day.steps), max(len(day.steps) // 2, 1)
    mood = day.mood
    if mood != "calm" and fails(steps, mood="calm"):
        mood = "calm"
    while size and tries < most:
        at = 0
        while at < len(steps) and tries < most:
            rest = steps[:at] + steps[at + size :]
            if fails(rest, mood=mood):
                steps = rest
            else:
                at += size
        size //= 2
    for at, (name, which, luck) in enumerate(steps):
        if luck and tries < most and mood != "calm":
            calm = [*steps[:at], (name, which, 0), *steps[at + 1 :]]
            steps = calm if fails(calm, mood=mood) else steps
    if mood == "calm":
        steps = [(name, which, 0) for name, which, _luck in steps]
    return Day(day.start, mood, tuple(steps))
