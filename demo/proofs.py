"""What the demo leaves in `var/demo` for everybody to check, and the checks themselves."""

import hashlib
import re
import shutil
import tempfile
from pathlib import Path

from demo import checks, contents, leaks
from demo.harness import Harness
from demo.report import DemoStep
from demo.web import ActorError
from demo.words import russian
from wire.messages import Message


def collect(stage: Harness, step: DemoStep) -> None:
    """Bring packets, receipts and reports together under the names that ARCHITECTURE gives them."""
    operator = stage.centre["rcoi_operator"]
    reports = stage.folders.reports
    for point in stage.plan.exams:
        sitting = stage.plan.sitting(point)
        flash = stage.flash(point) / "packets"
        packets = stage.specialists[point.code].transfers(sitting)["packets"]
        for packet in packets:
            stage.report.packets.append({"sitting": sitting, **packet})
            (reports / f"packet-{packet['uid']}.pdf").write_bytes(operator.report(f"packet/{packet['uid']}.pdf"))
        (reports / f"point-{sitting}.pdf").write_bytes(operator.report(f"point/{sitting}.pdf"))
        (reports / f"closing-{sitting}.pdf").write_bytes(stage.specialists[point.code].closing_act(sitting))
        flash.mkdir(parents=True, exist_ok=True)
    (reports / f"region-{stage.plan.date.isoformat()}.pdf").write_bytes(
        operator.report(f"region/{stage.plan.date.isoformat()}.pdf")
    )
    _packets(stage)
    _receipts(stage)
    counts = [len(list(folder.iterdir())) for folder in (stage.folders.packets, stage.folders.receipts, reports)]
    step.facts.append("{} packets, {} receipts, {} PDF".format(*counts))


def _packets(stage: Harness) -> None:
    for packet in stage.report.packets:
        source = next(stage.hq.data.rglob(packet["name"]), None)
        if source is None:
            raise ActorError(f"{packet['name']}: the HQ keeps no such file")
        target = stage.folders.packets / packet["name"]
        shutil.copyfile(source, target)
        if hashlib.sha256(target.read_bytes()).hexdigest() != packet["sha256"]:
            raise ActorError(f"{packet['name']}: the file is not the packet that was delivered")


def _receipts(stage: Harness) -> None:
    for packet in stage.report.packets:
        for level in ("delivered", "acknowledged"):
            data = stage.centre["rcoi_operator"].receipt(packet["sha256"], level)
            (stage.folders.receipts / f"{packet['uid']}.{level}.p7m").write_bytes(data)


def public_tools(stage: Harness, step: DemoStep) -> None:
    """Prove every packet, receipt, journal and report with unzip, openssl, tar and pdftotext.

    Raises:
        CheckFailedError: One does not hold.
    """
    lost = checks.missing_tools()
    if lost:
        stage.report.skip(f"public tools: {', '.join(lost)} missing")
        return
    pki, ca = stage.folders.pki, stage.folders.pki / "ca.pem"
    packets = sorted(stage.folders.packets.glob("*.ppe"))
    with tempfile.TemporaryDirectory(prefix="ppe-check-") as name:
        opened = {}
        for path in packets:
            folder = Path(name) / path.stem
            folder.mkdir()
            inside = checks.packet(path, folder, ca=ca, recipient=pki / "rcoi.pem", key=pki / "rcoi.key")
            opened[inside.header["uid"]] = inside
        contents.require(stage, opened, step)
        leaks.sealed_only(stage.hq.data, {uid: each.manifest_begins for uid, each in opened.items()})
    journals = sorted(stage.folders.flash.rglob("END_*.dat"))
    receipts = sorted(stage.folders.receipts.glob("*.p7m"))
    for path in (*journals, *receipts):
        checks.verify_attached(path, ca)
    _reports(stage)
    if not (packets and journals and receipts):
        raise checks.CheckFailedError("nothing to prove")
    step.facts.append(f"{len(packets)} packets, {len(journals)} journals, {len(receipts)} receipts")


_ANCHORS = russian(Message("anchors"))
#: What the centre's PDF says of a packet in each of its last states.
_CONFIRMED, _REPLACED = russian(Message("confirmed")), russian(Message("Replaced"))
_VERDICTS = {"acknowledged": [_CONFIRMED], "superseded": [_CONFIRMED, _REPLACED]}
_ROOMS, _JOURNALS = russian(Message("Rooms and forms")), russian(Message("Electronic journals"))


def _reports(stage: Harness) -> None:
    reports = stage.folders.reports
    for point in stage.plan.points:
        rooms = [room.number for room in point.rooms]
        sitting = stage.plan.sitting(point)
        mine = [packet for packet in stage.report.packets if packet["sitting"] == sitting]
        current = [packet["sha256"][:8] for packet in mine if packet["state"] == "acknowledged" and packet["room"]]
        silent = [station.number for station in point.stations if not station.journal]
        act = reports / f"point-{sitting}.pdf"
        checks.pdf_says(act, [_CONFIRMED, russian(Message("Anchor")), *silent])
        checks.pdf_says_between(act, _ROOMS, _JOURNALS, [*rooms, *current])
        for packet in mine:
            said = [*_VERDICTS[packet["state"]], packet["uid"]]
            said += [packet["room"]] if packet["room"] in rooms else []
            checks.pdf_says(reports / f"packet-{packet['uid']}.pdf", said)
    codes = [point.code for point in stage.plan.points]
    checks.pdf_says(reports / f"region-{stage.plan.date.isoformat()}.pdf", codes)


def unfinished(stage: Harness, sitting: str, rooms: list[str]) -> None:
    """Hold the closing act of a point that is still at work: it must not look closed, and must name every room.

    Raises:
        CheckFailedError: It says otherwise.
    """
    pdf = stage.folders.reports / f"point-{sitting}-early.pdf"
    pdf.write_bytes(stage.centre["rcoi_operator"].report(f"point/{sitting}.pdf"))
    if "pdftotext" in checks.missing_tools():
        stage.report.skip(f"the early act of {sitting}: pdftotext is missing (package poppler-utils)")
        return
    checks.pdf_says_between(
        pdf, russian(Message("The exam point is not closed")), russian(Message("Statuses of the exam point")), rooms
    )
    checks.pdf_says_between(pdf, _ROOMS, _JOURNALS, rooms)


def event_logs(stage: Harness, step: DemoStep) -> None:
    """Have both nodes prove their event logs whole, as an auditor does.

    Raises:
        CheckFailedError: A chain is broken, one of the points has none, or nothing is anchored.
    """
    for node in (stage.hq, stage.rcoi):
        said = node.command("audit_verify")
        lost = [each.code for each in stage.plan.exams if f"{stage.plan.region}-{each.code}:" not in said]
        if lost:
            raise checks.CheckFailedError(f"{node.kind}: no event log of {lost}: {said[:300]}")
        anchors = re.search(rf"{_ANCHORS} — (\d+)|(\d+) anchors", said)
        if anchors is None or not int(anchors[1] or anchors[2]):
            raise checks.CheckFailedError(f"{node.kind}: no anchor of the event logs: {said[-300:]}")
        step.facts.append(f"{node.kind}: {len(said.splitlines()) - 1} chains, {anchors[1] or anchors[2]} anchors")
