"""A participant came late: their set stands in a longer journal that arrives when the room is closed and packed."""

from demo.actors import wait_for
from demo.harness import Harness
from demo.recognised import Desk
from demo.report import DemoStep
from demo.scenes import desks
from demo.words import russian
from drawing.crowd import LATE_SET
from wire.messages import Message

_CAME = Message("After the closing the journal of")


def play(stage: Harness, step: DemoStep) -> None:
    """Bring the longer journal: the room is named, the gate refuses, the sheets are scanned, version 2 goes out."""
    desk = desks.desks(stage)[1]
    room = desk.point.rooms[0]
    packed = desks.newest(desk)
    desks.require(packed["state"] == "acknowledged", f"{room.number} was not packed: {packed['state']}")
    desk.end_scan()
    desks.act(stage, desk, "before")
    _longer(stage, desk)
    late = {number for each in room.sets if each.ordinal == LATE_SET for number in each.sheets.values()}
    wait_for(lambda: _misses(desk, late) or None, what=f"{room.number} misses the sheets of the longer journal")
    desks.insist("Today", desks.today(stage, desk), _CAME, room.number)
    said = desks.refused(desk.player, desk.sitting, room.number)
    desks.require(russian(_CAME) in said, f"the gate does not say why {room.number} does not hold: {said}")
    desk.search_envelopes()
    desk.enter_card(room)
    desk.close(room.number)
    desks.require(not desk.closed_with_act, f"{room.number} was closed with an act, its sheets are all there")
    sent = desks.deliver(stage, desk, 2)
    desks.require(sent["supersedes"] == packed["uid"], f"version 2 of {room.number} replaces {sent['supersedes']}")
    added = sent["counts"]["sheets"] - packed["counts"]["sheets"]
    desks.require(added == len(late), f"version 2 of {room.number} has {added} sheets more, {len(late)} came")
    desks.act(stage, desk, "after", Message("Replaces the act of"))
    desk.end_scan()
    step.facts.append(f"{room.number} v{sent['version']}: +{added}")


def _longer(stage: Harness, desk: Desk) -> None:
    """Let the print station go on with its log, print one set more, and form its journal again."""
    room = desk.point.rooms[0]
    player = stage.station(desk.point, "print", desk.point.stations[0].number)
    player.event("journal_reopened", reason=russian(Message("A participant came late.")))
    player.print_sets(room, ordinals=(LATE_SET,))
    folder = stage.flash(desk.point) / "late"
    desk.player.bring_journals(desk.sitting, [(path.name, path.read_bytes()) for path in player.finish(folder)])


def _misses(desk: Desk, numbers: set[str]) -> bool:
    rows = desk.state(desks.room_of(desk))["discrepancies"]
    return numbers <= {row["number"] for row in rows if row["kind"] == "missing"}
