"""What the demo leaves in `var/demo` for everybody to check, and the checks themselves."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from exam_day import checks, contents
from exam_day.report import Step
from exam_day.stage import Stage
from exam_day.web import PlayerError


def collect(stage: Stage, step: Step) -> None:
    """Bring packets, receipts and reports together under the names that ARCHITECTURE gives them."""
    operator = stage.centre["rcoi_operator"]
    reports = stage.folders.reports
    for point in stage.plan.points:
        sitting = stage.plan.sitting(point)
        flash = stage.flash(point) / "packets"
        packets = stage.specialists[point.code].transfers(sitting)["packets"]
        for packet in packets:
            stage.report.packets.append({"sitting": sitting, **packet})
            (reports / f"packet-{packet['uid']}.pdf").write_bytes(operator.report(f"packet/{packet['uid']}.pdf"))
        (reports / f"point-{sitting}.pdf").write_bytes(operator.report(f"point/{sitting}.pdf"))
        flash.mkdir(parents=True, exist_ok=True)
    (reports / f"region-{stage.plan.date.isoformat()}.pdf").write_bytes(
        operator.report(f"region/{stage.plan.date.isoformat()}.pdf")
    )
    _packets(stage)
    _receipts(stage)
    counts = [len(list(folder.iterdir())) for folder in (stage.folders.packets, stage.folders.receipts, reports)]
    step.facts.append("{} packets, {} receipts, {} PDF".format(*counts))


def _packets(stage: Stage) -> None:
    for packet in stage.report.packets:
        source = next(stage.hq.data.rglob(packet["name"]), None)
        if source is None:
            raise PlayerError(f"{packet['name']}: the HQ keeps no such file")
        target = stage.folders.packets / packet["name"]
        shutil.copyfile(source, target)
        if hashlib.sha256(target.read_bytes()).hexdigest() != packet["sha256"]:
            raise PlayerError(f"{packet['name']}: the file is not the packet that was delivered")


def _receipts(stage: Stage) -> None:
    for packet in stage.report.packets:
        for level in ("delivered", "acknowledged"):
            data = stage.centre["rcoi_operator"].receipt(packet["sha256"], level)
            (stage.folders.receipts / f"{packet['uid']}.{level}.p7m").write_bytes(data)


def public_tools(stage: Stage, step: Step) -> None:
    """Prove every packet, receipt, journal and report with unzip, openssl, tar and pdftotext.

    Raises:
        CheckFailedError: One does not hold.
    """
    lost = checks.missing_tools()
    if lost and os.environ.get("PPE_REQUIRE_ALL") == "1":
        raise checks.CheckFailedError(f"{', '.join(lost)} missing, and PPE_REQUIRE_ALL asks for everything")
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
        contents.hold(stage, opened, step)
    journals = sorted(stage.folders.flash.rglob("END_*.dat"))
    receipts = sorted(stage.folders.receipts.glob("*.p7m"))
    for path in (*journals, *receipts):
        checks.verify_attached(path, ca)
    _reports(stage)
    if not (packets and journals and receipts):
        raise checks.CheckFailedError("nothing to prove")
    step.facts.append(f"{len(packets)} packets, {len(journals)} journals, {len(receipts)} receipts")


def _reports(stage: Stage) -> None:
    reports = stage.folders.reports
    for point in stage.plan.points:
        rooms = [room.number for room in point.rooms]
        sitting = stage.plan.sitting(point)
        checks.pdf_says(reports / f"point-{sitting}.pdf", ["Подтвержден", *rooms])
        for packet in stage.report.packets:
            if packet["sitting"] == sitting and packet["state"] == "acknowledged":
                room = packet.get("room") or ""
                checks.pdf_says(
                    reports / f"packet-{packet['uid']}.pdf", ["Подтвержден", *([room] if room in rooms else [])]
                )
    codes = [point.code for point in stage.plan.points]
    checks.pdf_says(reports / f"region-{stage.plan.date.isoformat()}.pdf", codes)


def private_keys(stage: Stage, step: Step) -> None:
    """Search both data folders, databases and logs: no GEK member's key anywhere, no key of the centre at the point.

    Raises:
        CheckFailedError: A key lies where it must not, or the search itself finds nothing where a key does lie.
    """
    hq, rcoi, logs = stage.hq.data, stage.rcoi.data, stage.folders.logs
    pki = stage.folders.pki
    for token in stage.tokens.values():
        scalar = checks.scalar_of_p12(token.path, token.pin)
        _absent(f"the key of {token.person.full_name}", scalar, [hq, rcoi, logs])
    centre = checks.scalar_of_pem(pki / "rcoi.key")
    _absent("the key of the centre", centre, [hq, logs])
    if not checks.holders(centre, [rcoi]):
        raise checks.CheckFailedError("the search does not find the centre's key where it lies")
    count = sum(1 for _path in checks.files_of([hq, rcoi, logs]))
    step.facts.append(f"{len(stage.tokens) + 1} keys, {count} files")
    _unreadable(stage, step)


def _absent(what: str, scalar: bytes, folders: list[Path]) -> None:
    held = checks.holders(scalar, folders)
    if held:
        raise checks.CheckFailedError(f"{what} lies in {', '.join(map(str, held[:5]))}")


def _unreadable(stage: Stage, step: Step) -> None:
    runner = stage.hq.runner
    if runner.uid is None:
        return
    key = stage.rcoi.data / "keys" / "rcoi.key"
    if checks.readable(key, runner.uid):
        raise checks.CheckFailedError(f"uid {runner.uid} of the HQ can read {key}")
    step.facts.append(f"uid {runner.uid} cannot read rcoi.key")
