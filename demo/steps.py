"""The eight steps of the day, each by the people whose work it is."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from demo import proofs
from demo.actors import Specialist, wait_for
from demo.harness import Harness, wait_drawn
from demo.recognised import Desk
from demo.registry import serial
from demo.report import DemoStep
from demo.web import ActorError, Refused
from demo.words import russian
from drawing.plan import FINISHED, RESCAN, TRANSFERRED, PointPlan
from wire import cms, journal, pki
from wire import names as wire_names
from wire.messages import Message
from wire.names import JournalName
from wire.subjects import SUBJECT_NAMES


def print_journals(stage: Harness, step: DemoStep) -> None:
    """Step 1: print stations print, spoil, are replaced, and form END_PRINT on the flash drive."""
    made = []
    for point in stage.plan.points:
        organiser = point.person("organiser")
        printers = [station for station in point.stations if station.kind == "print" and station.journal]
        replaced = {each.new: each for each in point.replacements}
        for each in printers:
            player = stage.station(point, "print", each.number)
            swap = replaced.get(each.number)
            room = swap.room if swap else (each.rooms[0] if each.rooms else None)
            player.start(room, organiser)
            if room:
                player.print_sets(point.room(room))
            for change in point.replacements:
                if each.number in (change.old, change.new):
                    player.event("station_replaced", old=change.old, new=change.new, room=change.room)
            made += player.finish(_made(stage.flash(point)))
    step.facts.append(f"{len(made)} END_PRINT")


def voice_journals(stage: Harness, step: DemoStep) -> None:
    """Step 2: voice stations record answers and form END_VOICE on the flash drive."""
    made = []
    for point in stage.plan.points:
        organiser = point.person("organiser")
        for each in point.stations:
            if each.kind != "voice":
                continue
            player = stage.station(point, "voice", each.number)
            room = point.room(each.rooms[0])
            player.start(room.number, organiser)
            answers = [answer for answer in room.answers if answer.place == each.place]
            player.record_answers(answers, stage.plan.seed, stage.flash(point) / "audio" / room.number)
            made += player.finish(_made(stage.flash(point)))
    stage.give_flash()
    step.facts.append(f"{len(made)} END_VOICE")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def finished(stage: Harness, step: DemoStep) -> dict[str, str]:
    """Step 3: journals and the status that the exams are finished; what the gate misses gets an act.

    Returns:
        What the gate said before the act, by point.
    """
    said = {}
    for point in stage.plan.points:
        player, sitting = stage.specialists[point.code], stage.plan.sitting(point)
        for change in point.replacements:
            player.replace(sitting, old=change.old, new=change.new, room=change.room)
        stations = [each.number for each in point.stations if each.kind != "scan"]
        too_early(player, sitting, FINISHED, *stations)
        bring_journals(stage, player, point)
        said[point.code] = _status(stage, player, point)
        step.facts.append(f"{point.code}: {'act' if said[point.code] else 'complete'}")
    for point in stage.plan.points:
        player = stage.specialists[point.code]
        player.wait_packets(stage.plan.sitting(point), all_acknowledged("status", 1), what="receipt of the status")
    for point in stage.plan.points:
        proofs.unfinished(stage, stage.plan.sitting(point), [room.number for room in point.rooms])
    return said


def too_early(player: Specialist, sitting: str, status: str, *named: str) -> None:
    """Press the button of a status before its time: it must be refused, and the refusal must name what is missing.

    Raises:
        ActorError: The status went out, or something missing is not named.
    """
    try:
        player.send_status(sitting, status)
    except Refused as refusal:
        words = " ".join(message.text for message in refusal.messages)
        silent = [name for name in named if not re.search(rf"(?<![\d-]){re.escape(name)}(?!\d)", words)]
        if silent:
            raise ActorError(f"{sitting} {status}: the gate does not name {silent}: {words[:600]}") from None
        return
    raise ActorError(f"{sitting}: {status} went out too early")


def bring_journals(stage: Harness, player: Specialist, point: PointPlan) -> None:
    """Bring a point's journals: written exams through the browser, spoken ones from the flash drive."""
    sitting, folder = stage.plan.sitting(point), stage.flash(point)
    if point.oral:
        player.bring_flash(sitting, folder)
        return
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("END_*.dat"))]
    player.bring_journals(sitting, files)


def _status(stage: Harness, player: Specialist, point: PointPlan) -> str:
    """Send the status; when the gate names stations without a journal, make acts for those and send it again."""
    sitting = stage.plan.sitting(point)
    try:
        player.send_status(sitting, FINISHED)
    except Refused as refusal:
        words = str(refusal)
        silent = [each for each in point.stations if not each.journal]
        if not silent:
            raise
        for station in silent:
            player.act_for_station(
                sitting,
                station.number,
                reason=russian(Message("Reserve station, not used")),
                text=russian(
                    Message(
                        "The reserve print station {number} was not switched on, there is no journal.",
                        number=station.number,
                    )
                ),
                token=stage.tokens[point.code],
            )
        player.send_status(sitting, FINISHED)
        return words
    return ""


def all_acknowledged(kind: str, count: int) -> Callable[[list[dict[str, Any]]], bool]:
    """Return whether that many packets of a kind (or of any) are here, all of them confirmed."""

    def done(packets: list[dict[str, Any]]) -> bool:
        mine = [packet for packet in packets if kind in ("", packet["kind"])]
        return len(mine) >= count and all(packet["state"] in ("acknowledged", "superseded") for packet in mine)

    return done


def declared(status: str) -> Callable[[list[dict[str, Any]]], bool]:
    """Return whether the centre has confirmed a status."""

    def done(packets: list[dict[str, Any]]) -> bool:
        return any(packet["status"] == status and packet["state"] == "acknowledged" for packet in packets)

    return done


def activate(stage: Harness, step: DemoStep) -> list[Desk]:
    """Step 4: access keys loaded and activated; the desks are ready."""
    desks = []
    for point in stage.plan.points:
        player, sitting = stage.specialists[point.code], stage.plan.sitting(point)
        name, data = stage.access_keys[sitting]
        player.load_key(sitting, name, data)
        player.activate_key(sitting, name, stage.tokens[point.code])
        desks.append(desk(stage, point))
    step.facts.append(f"{len(desks)} keys")
    return desks


def desk(stage: Harness, point: PointPlan) -> Desk:
    """Return the scanning desk of a point."""

    def recordings(room: str, again: bool) -> list[tuple[str, bytes]]:
        folder = stage.flash(point) / "audio" / room
        if again:
            # The station still has the whole file; the flash drive got a piece of it.
            return [
                (path.name, path.read_bytes())
                for each in point.stations
                if room in each.rooms and each.kind == "voice"
                for path in sorted(stage.station(point, "voice", each.number).folder.glob(f"{room}_*"))
            ]
        return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*"))] if folder.is_dir() else []

    player, token = stage.specialists[point.code], stage.tokens[point.code]
    return Desk(player, stage.plan, point, stage.placed, token, recordings)


def scan(stage: Harness, desks: list[Desk], step: DemoStep) -> None:
    """Step 5: cards, sheets, forms and recordings; differences settled; packets sealed, signed, on their way."""
    wait_drawn(stage)
    for each in desks:
        rooms = [room.number for room in each.point.rooms]
        too_early(each.player, each.sitting, TRANSFERRED, *rooms, russian(Message("forms of the exam point")))
        each.feed_everything()
    for each in desks:
        each.first_look()
    for each in desks:
        each.search_envelopes()
        each.recount_cards()
        each.mend_recordings()
    for each in desks:
        each.close_rooms()
        stage.report.say(
            Message(
                "point {point}: {rooms} rooms closed, {remarks} remarks",
                point=each.point.code,
                rooms=len(each.rooms),
                remarks=len(each.seen),
            ),
        )
    for each in desks:
        each.player.build_packets(each.sitting)
    for each in desks:
        sign(stage, each)
    step.facts.append(f"{sum(each.fed for each in desks)} sheets, {sum(len(each.rooms) for each in desks)} rooms")


def sign(stage: Harness, each: Desk, *, count: int = 0) -> None:
    """Wait until everything of a sitting is sealed, then have the GEK member sign."""
    wanted = count or len(each.rooms)

    def sealed(packets: list[dict[str, Any]]) -> bool:
        mine = [packet for packet in packets if packet["kind"] != "status"]
        return len(mine) >= wanted and not any(packet["state"] in ("building", "sealing") for packet in mine)

    each.player.wait_packets(each.sitting, sealed, what="sealing")
    each.player.sign_packets(each.sitting, stage.tokens[each.point.code])


def acknowledged(stage: Harness, desks: list[Desk], step: DemoStep) -> None:
    """Step 6: the centre receives, opens, verifies: every packet is confirmed."""
    count = 0
    for each in desks:
        packets = each.player.wait_packets(each.sitting, all_acknowledged("", len(each.rooms) + 1), what="confirmed")
        count += len(packets)
    inbox = stage.centre["rcoi_operator"].inbox()
    step.facts.append(f"{count} packets confirmed; inbox of the centre {len(inbox)}")


def feed_back(stage: Harness, desks: list[Desk], step: DemoStep) -> None:
    """Step 6, the other way: a sheet asked for again, a status undone; the point answers both."""
    written, spoken = desks[0], desks[-1]
    again = next(each.row for each in written.placed if each.row.note == RESCAN)
    packets = written.player.transfers(written.sitting)["packets"]
    uid = next(packet["uid"] for packet in packets if packet["room"] == again.pile)
    stage.centre["rcoi_operator"].ask_rescan(uid, again.number, russian(Message("The sheet is pale, scan it again.")))
    stage.centre["regional_coordinator"].undo_status(
        spoken.sitting, FINISHED, russian(Message("The status was sent too early."))
    )
    for room in written.scan_again(RESCAN):
        written.close(room)
    written.player.build_packets(written.sitting)
    sign(stage, written, count=len(written.rooms) + 1)
    wait_for(
        lambda: None if FINISHED in spoken.player.transfers(spoken.sitting)["statuses"] else True,
        what=f"{spoken.sitting}: the undone status",
    )
    too_early(spoken.player, spoken.sitting, TRANSFERRED, russian(Message("Exams finished")))
    spoken.player.send_status(spoken.sitting, FINISHED)
    for each, count in ((written, len(written.rooms) + 2), (spoken, len(spoken.rooms) + 2)):
        each.player.wait_packets(each.sitting, all_acknowledged("", count), what="receipts of what was sent again")
    step.facts.append(f"room {again.pile} again, status of {spoken.point.code} again")


def scan_journals(stage: Harness, desks: list[Desk], step: DemoStep) -> None:
    """Step 7: every scanning station forms END_SCAN; the reserve one brings an empty day."""
    for each in desks:
        stations = [station.number for station in each.point.stations if station.kind == "scan"]
        too_early(each.player, each.sitting, TRANSFERRED, *stations)
        each.end_scan()
        for station in each.point.stations:
            if station.kind == "scan" and (each.point.code, "scan", station.number) in stage.stations:
                path = reserve_scan_journal(stage, each.point, station.number)
                each.player.bring_journals(each.sitting, [(path.name, path.read_bytes())])
        step.facts.append(f"{each.point.code}: END_SCAN")


def reserve_scan_journal(stage: Harness, point: PointPlan, number: str) -> Path:
    """Form the journal of a scanning station of another maker that stood ready and was never used."""
    player = stage.station(point, "scan", number)
    region, date, subject = stage.plan.region, stage.plan.date, point.subject
    key, certificate = own_key(player.folder)
    header = journal.Header(
        kind="scan",
        mode="training",
        region=region,
        point=point.code,
        room=None,
        sitting=stage.plan.sitting(point),
        subject=subject,
        station=number,
        serial=serial(point, player.station),
        software=russian(Message("Another station 2.1")),
        opened_at=dt.datetime.now(dt.UTC),
        duty="reserve",
    )
    with journal.JournalLog.create(player.folder / "scan.log", header) as log:
        log.append("software_started", data={"version": "2.1"})
        log.append("note_written", data={"text": russian(Message("The station was not used."))})
        data = log.close(cms.Signer(certificate, key))
    name = wire_names.write(
        JournalName("scan", region, point.code, date, subject, SUBJECT_NAMES[subject], None, number)
    )
    path = stage.flash(point) / name
    path.write_bytes(data)
    return path


def own_key(folder: Path) -> tuple[Any, Any]:
    """Read a station's own key, and find its certificate among those of the package."""
    key: Any = load_pem_private_key((folder / "station.key").read_bytes(), None)
    mark = pki.key_fingerprint(key.public_key())
    for path in sorted(folder.rglob("*.pem")):
        data = path.read_bytes()
        for certificate in pki.load_pem_certificates(data) if b"BEGIN CERTIFICATE-" in data else ():
            if pki.key_fingerprint(pki.public_key_of(certificate)) == mark:
                return key, certificate
    raise ActorError(f"{folder}: no certificate for the station's key")


def transferred(stage: Harness, desks: list[Desk], step: DemoStep) -> None:
    """Step 8: the status that the answer forms are transferred, with the scanning stations' journals."""
    for each in desks:
        each.player.send_status(each.sitting, TRANSFERRED)
    for each in desks:
        each.player.wait_packets(each.sitting, declared(TRANSFERRED), what="receipt of the final status")
        step.facts.append(f"{each.point.code}: {TRANSFERRED}")
