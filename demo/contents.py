"""What the sent packets hold, seen through public tools, against the truth: every sheet, recording, journal, signer.

A packet may be sound in itself and still lack a sheet: its manifest would only say what was put in.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.serialization import pkcs12
from PIL import Image

from demo import checks
from demo.checks import CheckFailedError, Opened
from demo.harness import STATION, Harness
from demo.report import DemoStep
from drawing.plan import FINISHED, HQ, RESCAN, TRANSFERRED, PointPlan
from wire import pki


def require(stage: Harness, opened: dict[str, Opened], step: DemoStep) -> None:
    """Hold the acknowledged packets of every point to what is true of the day.

    Args:
        stage: The played day.
        opened: What the public tools found in each packet, by uid.
        step: Gets the figures.

    Raises:
        CheckFailedError: A sheet, recording, journal or signature is missing, or one is too many; each is named.
    """
    wrong: list[str] = []
    sheets = 0
    for point in stage.plan.points:
        sitting = stage.plan.sitting(point)
        mine = [each for each in stage.report.packets if each["sitting"] == sitting and each["state"] == "acknowledged"]
        for packet in mine:
            wrong += _signers(stage, point, packet, opened[packet["uid"]])
            wrong += _receipts(stage, packet, opened[packet["uid"]])
            wrong += _shown(stage, packet, opened[packet["uid"]])
        newest = {
            packet["room"] or HQ: packet
            for packet in sorted(mine, key=lambda each: each["version"])
            if packet["kind"] != "status"
        }
        wrong += [
            f"{sitting}: no acknowledged packet of {room}"
            for room in (*(each.number for each in point.rooms), HQ)
            if room not in newest
        ]
        for room, packet in newest.items():
            inside = opened[packet["uid"]]
            sheets += sum(row["kind"] in ("sheet", "form") for row in inside.files)
            wrong += [f"{sitting} {room}: {words}" for words in _sheets(stage, point, room, inside)]
            wrong += [f"{sitting} {room}: {words}" for words in _recordings(stage, point, room, inside)]
        wrong += [f"{sitting}: {words}" for words in _journals(stage, point, mine, opened)]
        wrong += [f"{sitting}: {words}" for words in _own_scan_journal(stage, point, mine, opened)]
        wrong += [f"{sitting}: {words}" for words in _open_numbers(stage, point)]
    if wrong:
        raise CheckFailedError(f"{len(wrong)} packets or sheets are not the truth: " + "; ".join(wrong[:8]))
    step.facts.append(f"{sheets} sheets as in truth.csv")


def _signers(stage: Harness, point: PointPlan, packet: dict[str, Any], inside: Opened) -> list[str]:
    token = stage.tokens[point.code]
    key = pkcs12.load_key_and_certificates(token.path.read_bytes(), token.pin.encode())[0]
    assert key is not None  # noqa: S101 (the stage made it)
    member = pki.key_fingerprint(key.public_key())  # type: ignore[arg-type]
    signed = [pki.key_fingerprint(pki.public_key_of(each)) for each in pki.load_pem_certificates(inside.signers)]
    wanted = 1 if packet["kind"] == "status" else 2
    wrong = []
    if len(set(signed)) != wanted or (member in signed) != (wanted == 2):
        wrong.append(f"{packet['name']}: signed by {len(set(signed))}, {wanted} must (the node and the GEK member)")
    if inside.recipients != 1:
        wrong.append(f"{packet['name']}: sealed to {inside.recipients} recipients, there is one centre")
    return wrong


def _receipts(stage: Harness, packet: dict[str, Any], inside: Opened) -> list[str]:
    wrong = []
    for level in ("delivered", "acknowledged"):
        path = stage.folders.receipts / f"{packet['uid']}.{level}.p7m"
        receipt = json.loads(checks.content_of(path, stage.folders.pki / "ca.pem"))
        said = {name: receipt[name] for name in ("uid", "sha256", "level", "version")}
        true = {"uid": packet["uid"], "sha256": packet["sha256"], "level": level, "version": packet["version"]}
        if said != true:
            wrong.append(f"{path.name}: says {said}, of {true}")
        if level == "acknowledged" and {k: n for k, n in receipt["counts"].items() if n} != inside.counts:
            wrong.append(f"{path.name}: confirmed {receipt['counts']}, the packet holds {inside.counts}")
    return wrong


def _shown(stage: Harness, packet: dict[str, Any], inside: Opened) -> list[str]:
    """Hold the centre's page to the packet: what was never decrypted cannot be looked at there."""
    browser = stage.centre["rcoi_operator"].browser
    page = browser.get(f"/centre/inbox/{packet['uid']}/")
    sent = [row for row in inside.files if row["kind"] in ("sheet", "form")]
    pictures = sorted(set(re.findall(r'src="(/[^"]+/sheets/\d+\.png)', page.text)))
    wrong = [
        f"{packet['name']}: the centre does not show sheet {number}"
        for row in sent
        for number in row["sheet_codes"]
        if number not in page.text
    ]
    if len(pictures) != len(sent):
        wrong.append(f"{packet['name']}: the centre shows {len(pictures)} pictures of {len(sent)} sheets")
    if pictures and not browser.download(pictures[0])[1].startswith(b"\x89PNG"):
        wrong.append(f"{packet['name']}: the centre has no picture of {pictures[0]}")
    return wrong


def _sheets(stage: Harness, point: PointPlan, room: str, inside: Opened) -> Iterable[str]:
    owned = [each for each in stage.placed if each.row.point == point.code and each.row.owner == room]
    papers: dict[str, list[Path]] = {}
    for each in owned:
        papers.setdefault(each.row.number, []).append(each.path)
        if each.row.note == RESCAN:
            papers[each.row.number] = [each.path]
    rows = [row for row in inside.files if row["kind"] in ("sheet", "form")]
    numbers = Counter(code for row in rows for code in row["sheet_codes"])
    for number in sorted(papers.keys() | numbers.keys()):
        if numbers[number] != (number in papers):
            yield f"{number} is {numbers[number]} times in the packet, {int(number in papers)} is true"
    for row in rows:
        if not row["sheet_codes"]:
            yield f"{row['name']} has no number"
        for number in row["sheet_codes"]:
            if number in papers and not any(_same(inside.folder / row["name"], path) for path in papers[number]):
                yield f"{row['name']} does not show the scanned paper {number}"


def _same(sent: Path, scanned: Path) -> bool:
    """Whether two pictures show the same page, either way up."""
    with Image.open(sent) as one, Image.open(scanned) as other:
        left, right = np.asarray(one.convert("1")), np.asarray(other.convert("1"))
    return left.shape == right.shape and bool((left == right).all() or (left == right[::-1, ::-1]).all())


def _recordings(stage: Harness, point: PointPlan, room: str, inside: Opened) -> Iterable[str]:
    whole: Counter[str] = Counter()
    for each in point.stations:
        if each.kind == "voice" and room in each.rooms:
            folder = stage.station(point, "voice", each.number).folder
            whole.update(_sha256(path) for path in folder.glob(f"{room}_*"))
    sent = Counter(row["sha256"] for row in inside.files if row["kind"] == "recording")
    if sent != whole:
        yield f"{len(list((sent - whole).elements()))} recordings too many, {len(list((whole - sent).elements()))} lost"


def _journals(
    stage: Harness, point: PointPlan, packets: list[dict[str, Any]], opened: dict[str, Opened]
) -> Iterable[str]:
    made = {_sha256(path) for path in stage.flash(point).glob("END_*.dat")}
    first = {_sha256(path) for path in stage.flash(point).glob("END_*.dat") if not path.name.startswith("END_SCAN")}
    silent = sum(not station.journal for station in point.stations)
    scans = sum(station.kind == "scan" for station in point.stations)
    for packet in packets:
        if packet["kind"] != "status":
            continue
        files = opened[packet["uid"]].files
        journals = {row["sha256"] for row in files if row["kind"] == "journal"}
        acts = sum(row["kind"] == "act" for row in files)
        if packet["status"] == FINISHED:
            if journals != first:
                yield f"{FINISHED}: {len(first - journals)} journals lost, {len(journals - first)} too many"
            if acts != silent:
                yield f"{FINISHED}: {acts} acts for {silent} stations without a journal"
        elif len(journals) != scans or not made - first <= journals:
            yield f"{packet['status']}: {len(journals)} journals of {scans} scanning stations"


def _own_scan_journal(
    stage: Harness, point: PointPlan, packets: list[dict[str, Any]], opened: dict[str, Opened]
) -> Iterable[str]:
    """Hold END_SCAN of the node itself to the day: every room opened, counted and closed, every sheet's file named."""
    final = next(each for each in packets if each["status"] == TRANSFERRED)
    inside = opened[final["uid"]]
    names = [
        row["name"] for row in inside.files if row["kind"] == "journal" and row["name"].endswith(f"_{STATION}.dat")
    ]
    if len(names) != 1:
        yield f"{len(names)} journals of scanning station {STATION}"
        return
    ca = stage.folders.pki / "ca.pem"
    lines = [json.loads(line) for line in checks.content_of(inside.folder / names[0], ca).splitlines()]
    told = Counter((line["event"], line["data"].get("room")) for line in lines[1:])
    rooms = [each.number for each in point.rooms]
    wanted = [("room_opened", room) for room in (*rooms, HQ)] + [("room_closed", room) for room in (*rooms, HQ)]
    yield from (f"END_SCAN does not tell of {event} {room}" for event, room in wanted if not told[event, room])
    yield from (f"END_SCAN does not tell of the card of {room}" for room in rooms if not told["card_entered", room])
    scanned = {line["data"]["sha256"] for line in lines if line.get("event") == "scanning_finished"}
    fed = {_sha256(each.path) for each in stage.placed if each.row.point == point.code}
    if fed - scanned:
        yield f"END_SCAN does not tell of {len(fed - scanned)} scanned files"
    if lines[-1]["event"] != "journal_closed":
        yield "END_SCAN is not closed"


def _open_numbers(stage: Harness, point: PointPlan) -> Iterable[str]:
    """Search the print journals for form numbers that lie open: they belong into their sealed entries."""
    numbers = [number for room in point.every_room for item in room.sets for number in item.sheets.values()]
    for path in sorted(stage.flash(point).glob("END_PRINT_*.dat")):
        data = path.read_bytes()
        shown = [number for number in numbers if number.encode() in data]
        if shown:
            yield f"{path.name}: {len(shown)} form numbers lie open, {shown[0]} among them"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
