"""`ppe-station verify`, the real command: every file and paper of the centre holds, with or without receipts inside."""

import io
import re

import pytest
from django.utils import translation
from pypdf import PdfReader

from audit.log import SYSTEM
from keys import authority
from rcoi.answering import feed, receipts, rescan
from rcoi.models import InboxPacket, IssuedReceipt
from rcoi.reports import packet_report, point_report, region_report
from rcoi.reports.registered import file_bytes
from station_client.cli import main
from tests.rcoi.conftest import arrive
from tests.rcoi.test_standing import full, whole  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db


@pytest.fixture
def verify(centre, tmp_path):
    """Run the command over files, and return what a shell would see."""
    ca = tmp_path / "ca.pem"
    ca.write_text(authority.authority().pem)

    def run(**files: bytes) -> int:
        paths = []
        for name, data in files.items():
            paths.append(tmp_path / name.replace("__", "."))
            paths[-1].write_bytes(data)
        return main(["verify", "--ca", str(ca), *map(str, paths)])

    return run


def inside(data):
    return {each.name for each in PdfReader(io.BytesIO(data)).attachment_list}


def words(data):
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages).split())


def papers(sitting):
    yield "act", file_bytes(point_report(sitting, actor=SYSTEM))
    yield "summary", file_bytes(region_report(sitting.point.region, sitting.date, [sitting], actor=SYSTEM))
    for row in InboxPacket.objects.exclude(uid=None).filter(state__in=("acknowledged", "rejected")):
        yield f"confirmation{row.pk}", file_bytes(packet_report(row, actor=SYSTEM))


def test_papers_of_an_exam_of_which_nothing_has_come_verify_without_receipts(point, verify, capsys):
    made = dict(papers(point.day.sitting))
    assert verify(**{f"{name}__pdf": data for name, data in made.items()}) == 0, capsys.readouterr().out
    assert all(inside(data) == set() for data in made.values())
    assert (
        verify(
            summary__pdf=file_bytes(
                region_report(point.day.sitting.point.region, point.day.sitting.date, [], actor=SYSTEM)
            )
        )
        == 0
    )


def test_papers_of_a_day_with_everything_in_it_verify(whole, verify, capsys):  # noqa: F811
    sitting = whole.day.sitting
    old = InboxPacket.objects.get(room="0101")
    rescan.request(packet=old, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    arrive(full(whole, "0101", version=2, supersedes=old.uid))
    arrive(whole.blanks("0102", people=1))
    arrive(full(whole, "0103", counts={"sheets": 99}))
    whole.made += 1
    act = whole.act(kind="room_difference", room="0104", station=None, station_kind=None)
    arrive(whole.blanks("0104", people=1, acts=[act]))
    made = dict(papers(sitting))
    assert len(made) > 10
    assert verify(**{f"{name}__pdf": data for name, data in made.items()}) == 0, capsys.readouterr().out
    assert inside(made["summary"]) == set()
    said = words(made["act"])
    rows = {each.packet_id: each for each in IssuedReceipt.objects.order_by("number")}
    assert inside(made["act"]) == {f"receipt-{each.number:06d}.{each.level}.p7m" for each in rows.values()}
    for row in rows.values():
        assert re.search(rf"№ {row.number}(?!\d)", said)
        assert row.sha256[:8] in said


def test_a_paper_verifies_whoever_asks_for_it(whole, verify, capsys):  # noqa: F811
    with translation.override("en"):
        made = dict(papers(whole.day.sitting))
    assert verify(**{f"{name}__pdf": data for name, data in made.items()}) == 0, capsys.readouterr().out


def test_receipts_feed_packets_and_acts_verify(whole, verify, capsys):  # noqa: F811
    arrive(whole.blanks("0102", people=1))
    whole.made += 1
    files = {f"receipt{row.number}__p7m": receipts.bytes_of(row) for row in IssuedReceipt.objects.all()}
    files["feed__jsonl"] = feed.bundle(whole.day.sitting.point)[1]
    files |= {f"packet{index}__ppe": path.read_bytes() for index, path in enumerate(whole.sent)}
    files["act__p7m"] = whole.act().path.read_bytes()
    assert verify(**files) == 0, capsys.readouterr().out


def test_the_command_says_so_when_a_paper_holds_a_receipt_that_no_page_names(whole, verify, monkeypatch):  # noqa: F811
    monkeypatch.setattr("rcoi.reports.point.PointFacts._enclosed", lambda *_args: [])
    old = InboxPacket.objects.get(room="0101")
    arrive(full(whole, "0101", version=2, supersedes=old.uid))
    assert verify(act__pdf=dict(papers(whole.day.sitting))["act"]) == 1
