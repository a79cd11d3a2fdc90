"""What is done at the centre: its web application, its work, its operators."""

from collections import Counter
from typing import Any

from django.conf import settings

from audit.log import Actor
from common import marks
from common.obligations import Obligation
from rcoi.answering import rescan as rescans
from rcoi.answering import sequence, statuses
from rcoi.checking import findings
from rcoi.day import evaluation
from rcoi.models import FeedEntry, InboxFinding, InboxPacket, InboxSheet, IssuedReceipt, PointStatusRecord
from rcoi.receiving import channels
from stations.models import ExamPoint, Sitting
from tests.day.both import WORDS
from tests.day.reference_centre import Centre
from tests.simulator.node import Act, WebServer
from tests.simulator.pipes import Answer, Request
from tests.simulator.upkeep import audit, job, sweep

OPERATOR = Actor("Крылова Ольга Петровна", "page")
_web: list[WebServer] = []


def web(request: Request) -> Answer:
    """Answer a request of the line."""
    if not _web:
        _web.append(WebServer())
    return _web[0].answer(request)


def write_drive() -> str:
    """Write the feed of the point to the drive."""
    return str(
        channels.write_feed(point=ExamPoint.objects.get(), folder=settings.PPE_FLASH_DIRS[0].as_posix(), actor=OPERATOR)
    )


def _sittings() -> list[Sitting]:
    return list(Sitting.objects.select_related("point__region", "subject").order_by("pk"))


def rescan(which: int, whole: bool) -> str:
    """Ask for sheets again."""
    rows = list(
        InboxPacket.objects.filter(state="acknowledged", superseded_by=None, kind__in=("blanks", "forms")).order_by(
            "pk"
        )
    )
    if not rows:
        return ""
    packet = rows[which % len(rows)]
    numbers = [] if whole else list(packet.inboxsheets.exclude(number="").values_list("number", flat=True)[:1])
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


def _said(row: Obligation) -> tuple[str, str]:
    """An obligation of the centre in the words of its reference."""
    kind = WORDS.get(row.code, row.code)
    if kind == "status":
        return kind, row.code.removeprefix("status_")
    return kind, row.place if kind == "packet" else row.anchor


def _doubts(sitting: Sitting, found: evaluation.Standing) -> dict[str, Any]:
    """Return how the centre's word differs from its reference; what a person looked into may lack without a word."""
    centre = Centre(sitting.pk)
    lacks = Counter((kind, where.partition(" ")[0]) for kind, where in centre.lacks())
    said = Counter(_said(each) for each in found.obligations if not each.settled)
    rows = InboxFinding.objects.filter(state="settled").values_list("code", "packet__sha256")
    looked_into = {(WORDS.get(code, code), sha256) for code, sha256 in rows}
    unsaid = sorted(each for each in lacks - said if each not in looked_into)
    return {
        "unsaid": unsaid,
        "unfounded": sorted(said - lacks),
        "green": bool(unsaid or centre.covered()) and found.clean,
    }


def look() -> dict[str, Any]:
    """Return what the centre says is owed, and what can be held against the point."""
    rows = _sittings()
    exams = {
        sitting.key: {
            "open": sorted((each.code, each.place) for each in found.obligations if not each.settled),
            "words": [each.text.ru for each in found.obligations if not each.settled],
            "clean": found.clean,
            "settled": found.settled,
            **_doubts(sitting, found),
        }
        for sitting, found in zip(rows, evaluation.evaluate(rows), strict=True)
    }
    fields = (
        "uid",
        "version",
        "kind",
        "room",
        "state",
        "sha256",
        "path",
        "superseded_by__uid",
        "parked_reason",
        "reasons",
    )
    issued = IssuedReceipt.objects.order_by("number")
    return {
        "exams": exams,
        "packets": list(InboxPacket.objects.order_by("pk").values(*fields, "sitting__subject__code")),
        "receipts": list(issued.values_list("number", "level", "sha256", "body_sha256")),
        "feed": list(FeedEntry.objects.order_by("number").values_list("number", "hash", "prev")),
        "second": sorted(InboxFinding.objects.filter(code="second_packet").values_list("packet__sha256", flat=True)),
        "statuses": {
            (each[0], each[1]): each[2]
            for each in PointStatusRecord.objects.values_list("sitting__subject__code", "status", "state")
        },
        "gaps": [(each.series, each.after, each.to) for each in marks.gaps()],
    }


def sheets() -> set[str]:
    """Return the numbers of the sheets in packets that were opened and found whole."""
    rows = InboxSheet.objects.filter(packet__state="acknowledged", packet__superseded_by=None).exclude(number="")
    return set(rows.values_list("number", flat=True))


def settle_all() -> str:
    """Settle every open finding, and every matter about a packet."""
    for row in InboxFinding.objects.filter(state="open").order_by("pk"):
        findings.settle(finding=row, reason="Проверено по телефону с ППЭ", actor=OPERATOR)
    return ""


def carry_in() -> list[str]:
    """Take in the packets of the drive."""
    return [each.line for each in channels.import_folder(folder=settings.PPE_FLASH_DIRS[0].as_posix(), actor=OPERATOR)]


ACTS: dict[str, Act] = {
    each.__name__: each
    for each in (
        web,
        carry_in,
        write_drive,
        rescan,
        undo,
        settle,
        settle_all,
        start,
        job,
        sweep,
        look,
        sheets,
        audit,
    )
}
