"""Three exams at one point: however far the first one is, the day ends with the last."""

from demo import steps
from demo.harness import Harness
from demo.recognised import Desk
from demo.report import DemoStep
from demo.scenes import desks
from drawing.crowd import before
from drawing.plan import FINISHED
from wire.messages import Message
from wire.subjects import SUBJECT_NAMES

_NEVER = (desks.MAY_GO, Message("all statuses declared"), Message("no more deadlines today"))


def play(stage: Harness, step: DemoStep) -> None:
    """Bring the journals, scan all three, and take the first as far as it goes alone."""
    exams = desks.desks(stage)
    first, player = exams[0], exams[0].player
    for place, desk in enumerate(exams):
        if place:
            steps.too_early(player, first.sitting, FINISHED, desk.point.stations[0].number)
        _print(stage, desk)
    player.send_status(first.sitting, FINISHED)
    for desk in exams:
        player.wait_packets(desk.sitting, steps.all_acknowledged("status", 1), what="receipt of the status")
        name, data = stage.access_keys[desk.sitting]
        player.load_key(desk.sitting, name, data)
        player.activate_key(desk.sitting, name, stage.tokens[desk.point.code])
    for desk in exams:
        desk.enter_card(before(desk.point.rooms[0]))
        for pile in desk.rooms:
            desk.feed(pile, desk.pile(pile, late=False))
    for desk in exams:
        desk.first_look()
        desk.close_rooms()
        desks.require(not desk.closed_with_act, f"{desk.sitting}: closed with an act, nothing is wrong there")
    for desk in exams[:2]:
        desks.deliver(stage, desk, 1)
    first.end_scan()
    names = [SUBJECT_NAMES[each.point.subject] for each in exams]
    said = desks.refused(player, first.sitting, *names[1:], desks.room_of(exams[2]))
    desks.require(names[0] not in said, f"the gate speaks of the exam that is done: {said}")
    desks.insist("Today", desks.today(stage, first), never=_NEVER)
    desks.insist("the page of the packets", desks.ending(first), never=_NEVER)
    desks.act(stage, first, "early", Message("The exam point is not closed"), never=[Message("everybody may leave")])
    step.facts.append(f"{len(exams)} exams, {sum(len(each.placed) for each in exams)} sheets")


def _print(stage: Harness, desk: Desk) -> None:
    """Print the sets of a room and bring the journal that its station forms."""
    station, room = desk.point.stations[0], desk.point.rooms[0]
    player = stage.station(desk.point, "print", station.number)
    player.start(room.number, desk.point.person("organiser"))
    player.print_sets(before(room))
    folder = stage.flash(desk.point)
    folder.mkdir(parents=True, exist_ok=True)
    desk.player.bring_journals(desk.sitting, [(path.name, path.read_bytes()) for path in player.finish(folder)])
