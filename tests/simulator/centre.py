"""What is done at the centre: its web application, its work, its operators."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from audit.log import SYSTEM, Actor
from common.work import jobs
from rcoi.answering import rescan as rescans
from rcoi.answering import sequence, statuses
from rcoi.checking import findings
from rcoi.day import evaluation
from rcoi.models import FeedEntry, InboxChannel, InboxFinding, InboxPacket, IssuedReceipt, PointStatusRecord
from rcoi.receiving import channels, inbox
from stations.models import ExamPoint, Sitting
from tests.simulator.node import Act, WebServer
from tests.simulator.pipes import Answer, Request

OPERATOR = Actor("Крылова Ольга Петровна", "page")
_web: list[WebServer] = []


def web(request: Request) -> Answer:
    """Answer a request of the line."""
    if not _web:
        _web.append(WebServer())
    return _web[0].answer(request)


def bring(path: str) -> str:
    """Take a file from a drive."""
    return str(inbox.receive(path=Path(path), name=Path(path).name, door=InboxChannel.FLASH, actor=SYSTEM).state)


def write_drive() -> str:
    """Write the feed of the point to the drive."""
    return str(channels.write_feed(point=ExamPoint.objects.get(), folder=settings.PPE_FLASH_DIRS[0].as_posix(), actor=OPERATOR))


def _sittings() -> list[Sitting]:
    return list(Sitting.objects.select_related("point__region", "subject").order_by("pk"))


def rescan(which: int, whole: bool) -> str:
    """Ask for sheets again."""
    rows = list(InboxPacket.objects.filter(state="acknowledged", superseded_by=None, kind__in=("blanks", "forms")).order_by("pk"))
    if not rows:
        return ""
    packet = rows[which % len(rows)]
    numbers = [] if whole else list(packet.sheets.exclude(number="").values_list("number", flat=True)[:1])
    rescans.request(packet=packet, numbers=numbers, reason="Полоса поперёк листа", actor=OPERATOR)
    return packet.uid or ""


def undo(exam: int, status: str) -> str:
    """Take a status back."""
    rows = _sittings()
    statuses.undo(sitting=rows[exam % len(rows)], status=status, reason="Объявлен рано", actor=OPERATOR)
    return ""


def settle(which: int) -> str:
    """Mark a finding as looked into."""
    rows = list(InboxFinding.objects.filter(state="open").order_by("pk"))
    if not rows:
        return ""
    findings.settle(finding=rows[which % len(rows)], reason="Проверено по телефону с ППЭ", actor=OPERATOR)
    return rows[which % len(rows)].code


def start() -> None:
    """Start the node, as `run_node` does."""
    sequence.catch_up()


def job(name: str, pk: int) -> None:
    """Do the work that a wake-up names."""
    jobs.run(name, pk)


def sweep() -> int:
    """Do what the watchdog does."""
    for _name, _every, run in jobs.periodic_tasks():
        run()
    return jobs.run_scheduler()


def owed() -> dict[str, dict[str, Any]]:
    """Return exam → what the centre says is owed."""
    rows = _sittings()
    return {
        sitting.key: {
            "open": sorted((each.code, each.place) for each in found.obligations if not each.settled),
            "words": [each.text.ru for each in found.obligations if not each.settled],
            "clean": found.clean,
            "settled": found.settled,
        }
        for sitting, found in zip(rows, evaluation.evaluate(rows), strict=True)
    }


def snapshot() -> dict[str, Any]:
    """Return what can be held against the other node."""
    return {
        "packets": list(InboxPacket.objects.order_by("pk").values("uid", "version", "kind", "state", "sha256", "path", "superseded_by__uid", "parked_reason")),
        "receipts": list(IssuedReceipt.objects.order_by("number").values("number", "level", "file_sha256", "sha256")),
        "feed": list(FeedEntry.objects.order_by("number").values("number", "sha256", "kind")),
        "statuses": list(PointStatusRecord.objects.values("sitting__subject__code", "status", "state")),
    }


def audit() -> str:
    """Return what is wrong with the event log; nothing when it is whole."""
    import io  # noqa: PLC0415

    out = io.StringIO()
    call_command("audit_verify", stdout=out)
    return out.getvalue()


ACTS: dict[str, Act] = {
    each.__name__: each for each in (web, bring, write_drive, rescan, undo, settle, start, job, sweep, owed, snapshot, audit)
}
