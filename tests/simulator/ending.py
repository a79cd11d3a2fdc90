"""The end of a day: faults stop, and each person does what the obligations name, and nothing else."""

import random
from datetime import timedelta
from typing import Any

from tests.simulator.judge import Judge
from tests.simulator.morning import EXAMS
from tests.simulator.world import HQ, RCOI, FaultError, Faults, World

ROUNDS = 12
#: So many rounds without any change are enough to know.
STILL = 3
#: After this round a packet that was delivered and not answered is overdue.
SILENT = 3
_MOVING = frozenset({"building", "sealing", "queued", "uploading", "handed_over", "delivered"})
_ROOM = frozenset({"packet", "room_open_again", "room_balance"})
_LATER = frozenset({"scan_journal", "scan_journal_behind"})
#: What the centre lacks though the point may have it: a centre that was put back gets it from the drive again.
_LACKING = frozenset({"packet_awaited", "sequence_gap", "sets_undelivered"})
_SENT_BY_ITSELF = frozenset({"queued", "uploading", "handed_over"})


def settle_down(w: World, judge: Judge) -> None:
    """Let both nodes work until nothing of what is under way moves any more."""
    for number in range(10):
        for kind in (HQ, RCOI):
            w.do(kind, "sweep")
            w.work(kind, 30)
        w.work(HQ, 30)
        judge.look()
        moving = [each["sha256"] for each in judge.point["packets"] if each["state"] in _MOVING]
        opening = [each for each in judge.centre["packets"] if each["state"] not in ("acknowledged", "rejected")]
        wakes = any(node.wakes for node in w.nodes.values())
        if not (moving or opening or wakes):
            return
        w.passes(4 if wakes or number < 3 else 65)


def come_to_its_end(w: World, judge: Judge) -> None:
    """Let the day come to its end.

    Raises:
        FaultError: It does not, or a node says something that is not so.
    """
    w.draw, w.faults, w.down = random.Random(1), Faults(), False
    for node in w.nodes.values():
        node.drift = timedelta()
    w.passes(200)
    before: list[str] = []
    for number in range(ROUNDS):
        settle_down(w, judge)
        judge.agree()
        waiting = [each for each in judge.point["packets"] if each["state"] in _SENT_BY_ITSELF]
        if waiting:
            raise FaultError("nobody sends it", str(waiting))
        if judge.over:
            break
        before.append(judge.names_what_is_open())
        if number > STILL + 2 and len(set(before[-STILL:])) == 1:
            raise FaultError("no end", before[-1])
        w.log.append(f"— round {number}")
        _people(w, judge, number)
        w.passes(20)
    else:
        raise FaultError("no end", judge.names_what_is_open())
    judge.finish()


def _people(w: World, judge: Judge, number: int) -> None:
    owed = 0
    for exam in range(len(EXAMS)):
        rows = judge.point["exams"][w.keys[exam]]["open"]
        owed += len(rows)
        for code, place in rows:
            _cure(w, judge, exam, code, place)
        _statuses(w, exam, {code for code, _place in rows})
    w.work(HQ, 30)  # what was built now is sealed, so that one signature is enough
    w.do(HQ, "sign_all")
    for which in range(_rejected_statuses(judge)):
        w.do(HQ, "repeat", which=which)
    if number == SILENT:  # until then something may wait that the world struck often, or whose clock was set back
        w.passes(3700)
    for each in judge.point["packets"]:
        # The page of packets says of a delivered one that its answer is overdue, and offers «Repeat».
        if each["state"] == "stuck" or (each["state"] == "delivered" and number >= SILENT):
            w.do(HQ, "act_packet", uid=each["uid"])
    if not owed or number > 3:
        _centre(w, judge)


def _cure(w: World, judge: Judge, exam: int, code: str, place: str) -> None:
    if code == "journal":
        _journal(w, exam, place)
    elif code in _ROOM:
        _room(w, judge, exam, place)
    elif code not in _LATER and not code.startswith("status_"):
        raise FaultError("no person", f"{code} {place}: nobody is known who cures it")


def _statuses(w: World, exam: int, codes: set[str]) -> None:
    if _LATER & codes and not codes & _ROOM:
        w.do(HQ, "end_scan", exam=exam)
        codes = codes - _LATER
    for status in ("exams_finished", "blanks_transferred"):
        if f"status_{status}" in codes and (status == "exams_finished" or len(codes) == 1):
            w.do(HQ, "declare", exam=exam, status=status)


def _rejected_statuses(judge: Judge) -> int:
    return sum(each["state"] == "rejected" and each["kind"] == "status" for each in judge.point["packets"])


def _journal(w: World, exam: int, place: str) -> None:
    done = w.bring((exam, place))
    if done is not None and done.result != "accepted":
        w.do(HQ, "excuse", exam=exam, room=place)


def _room(w: World, judge: Judge, exam: int, place: str) -> None:
    card: Any = judge.point["cards"].get((EXAMS[exam][0], place), "")
    if card == "packed":
        return
    done = w.do(HQ, "room", exam=exam, room=place, envelope=w.envelope((exam, place)))
    if done is not None and (done.result or done.refused):
        w.do(HQ, "close_with_act", exam=exam, room=place)
        w.do(HQ, "build_packets", exam=exam)


def _centre(w: World, judge: Judge) -> None:
    """The centre's operator calls the head of the point about what is missing, and settles what was explained."""
    codes = {code for own in judge.centre["exams"].values() for code, _place in own["open"]}
    if any(code in _LACKING or code.startswith("status_") for code in codes):
        for which in range(len(judge.point["packets"])):
            w.do(HQ, "carry", which=which)
        w.do(RCOI, "carry_in")
        w.wipe_drive()
    w.do(RCOI, "settle_all")
