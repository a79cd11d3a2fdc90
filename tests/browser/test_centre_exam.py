"""An exam at the centre with everything open, and with everything settled: its pages looked at, its papers kept."""

import os
import shutil
from pathlib import Path

import pytest

from audit.log import SYSTEM
from common import files
from rcoi.answering import rescan
from rcoi.checking import findings
from rcoi.models import InboxFinding, InboxPacket
from rcoi.receiving import standing
from rcoi.reports import packet_report, point_report, region_report
from stations.models import Sitting
from tests.rcoi.conftest import arrive, centre, point
from tests.rcoi.test_at_point import ROOM, word
from tests.rcoi.test_standing import FORMS, full

__all__ = ["centre", "point"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def troubled(point):
    """Something of every kind is open."""
    Sitting.objects.filter(pk=point.day.sitting.pk).update(deadlines={"exams_finished": "00:01"})
    point.day.sitting.refresh_from_db()
    arrive(point.status("exams_finished", journals=2, acts=[point.act(reason="станция не включается")]))
    sheet = point.sheet("DBO")
    first = arrive(full(point, "0101", add=[sheet], card={"dbo_count": 1}))
    point.made += 1
    arrive(full(point, "0102", add=[point.sheet("DBO", sheet.sheet_codes[0])], card={"dbo_count": 1}))
    arrive(point.blanks("0103", people=1))
    arrive(point.forms(*FORMS[:3]))
    rescan.request(packet=first, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    arrive(point.status("blanks_transferred"))
    arrive(point.blanks("0103", people=1))
    take(point, word(point, ROOM))
    return point


def take(point, document):
    standing.receive(document=document, sender=point.identity, actor=SYSTEM)


def papers(point, name):
    """Keep the papers of an exam beside the pictures of its pages."""
    sitting, folder = point.day.sitting, os.environ.get("PPE_SHOTS")
    packet = InboxPacket.objects.filter(room="0101").latest("version")
    made = {
        "act": point_report(sitting, actor=SYSTEM),
        "packet": packet_report(packet, actor=SYSTEM),
        "region": region_report(sitting.point.region, sitting.date, [sitting], actor=SYSTEM),
    }
    for kind, row in made.items():
        if folder:
            shutil.copy(files.inside(row.path), Path(folder) / f"{name}-{kind}.pdf")


def pages(open_page, look, login, point, name):
    key = point.day.sitting.key
    packet = InboxPacket.objects.filter(room="0101").latest("version")
    for path, kind in (
        (f"/centre/?date={point.day.sitting.date}", "board"),
        (f"/centre/statuses/{key}/", "status"),
        (f"/centre/inbox/{packet.uid}/", "packet"),
    ):
        look(open_page(login, path), f"{name}-{kind}")


def test_an_exam_with_everything_open(open_page, look, troubled, coordinator):
    pages(open_page, look, coordinator, troubled, "exam-open")
    papers(troubled, "exam-open")


def test_an_exam_with_everything_settled(open_page, look, troubled, coordinator):
    old = InboxPacket.objects.get(room="0101")
    troubled.made += 1
    arrive(full(troubled, "0101", version=2, supersedes=old.uid))
    arrive(full(troubled, "0104"))
    take(troubled, word(troubled, number=2))
    for row in InboxFinding.objects.all().unsettled():
        findings.settle(finding=row, reason="Проверено по ведомости, всё найдено", actor=SYSTEM)
    pages(open_page, look, coordinator, troubled, "exam-settled")
    papers(troubled, "exam-settled")
