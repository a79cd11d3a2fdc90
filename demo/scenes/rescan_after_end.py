"""The centre asks for a rescan when everything is over: the day opens again, and is over again by what it brings."""

import re

from demo import steps
from demo.actors import wait_for
from demo.harness import Harness
from demo.recognised import Desk
from demo.report import DemoStep
from demo.scenes import desks
from demo.words import russian
from drawing.plan import RESCAN, TRANSFERRED
from wire.messages import Message

_SINCE, _WHO = Message("Open again since"), Message("Rescan request of the regional centre:")


def play(stage: Harness, step: DemoStep) -> None:
    """End the day, have the centre ask, answer with the next version, and end the day again."""
    exams = desks.desks(stage)
    asked, other, player = exams[0], exams[1], exams[0].player
    player.send_status(asked.sitting, TRANSFERRED)
    for desk in exams:
        player.wait_packets(desk.sitting, steps.declared(TRANSFERRED), what="receipt of the final status")
    for desk in exams:
        desks.insist(f"the end of {desk.sitting}", desks.ending(desk), desks.MAY_GO)
        desks.act(stage, desk, "end", Message("everybody may leave"))
        desks.wait_until_green(stage, desk)
    operator = stage.centre["rcoi_operator"]
    sheet = next(each.row for each in asked.placed if each.row.note == RESCAN)
    before = desks.newest(asked)
    reason = russian(Message("The sheet is pale, scan it again."))
    operator.ask_rescan(before["uid"], sheet.number, reason)
    said = wait_for(lambda: _open_again(stage, asked), what="Today says since when the day is open again")
    desks.insist("Today", said, _WHO, reason, never=[desks.MAY_GO])
    desks.insist("the page of the packets", desks.ending(asked), desks.OPENED_AGAIN, never=[desks.MAY_GO])
    desks.require(not desks.green(stage, asked), f"{asked.sitting} is green at the centre, a rescan is awaited")
    desks.insist("the other exam", desks.ending(other), desks.EXAM_OVER, desks.OTHERS_OPEN, never=[desks.MAY_GO])
    never = [Message("everybody may leave")]
    desks.act(stage, asked, "open", Message("opened again after the last status"), never=never)

    asked.scan_again(RESCAN)
    asked.close(desks.room_of(asked))
    sent = desks.deliver(stage, asked, before["version"] + 1)
    desks.insist("the page of the packets", desks.ending(asked), desks.OPENED_AGAIN, never=[desks.MAY_GO])
    asked.end_scan()
    wait_for(lambda: _status(asked) or None, what=f"{asked.sitting}: the next version of the status confirmed")
    for desk in exams:
        desks.insist(f"the end of {desk.sitting}", desks.ending(desk), desks.MAY_GO)
        desks.wait_until_green(stage, desk)
    desks.act(stage, asked, "again", Message("everybody may leave"), Message("Replaces the act of"))
    step.facts.append(f"{sheet.pile} v{sent['version']}, {TRANSFERRED} v2")


def _open_again(stage: Harness, desk: Desk) -> str | None:
    said = desks.today(stage, desk)
    return said if re.search(russian(_SINCE) + r" \d\d:\d\d", said) else None


def _status(desk: Desk) -> bool:
    packets = [each for each in desk.player.transfers(desk.sitting)["packets"] if each["status"] == TRANSFERRED]
    return {(each["version"], each["state"]) for each in packets} >= {(2, "acknowledged")}
