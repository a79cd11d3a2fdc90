"""The centre on its great day: every page and paper stands the rooms of a whole region, on one day."""

import io
import re
import time
from collections.abc import Iterable, Iterator

import pypdf
import pytest
from django.db import connection, transaction
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.web import pages
from keys.models import Certificate
from rcoi import board
from rcoi.models import InboxPacket, IssuedReceipt, NumberSequence, Report
from stations import registry
from stations.models import Sitting, SittingRoom
from tests.ppe_portal.test_every_page import lists
from tests.rcoi import region as great

#: A page asks about the day as a whole, never a question for each of its rows.
MOST_QUERIES = 60


@pytest.fixture(scope="module")
def great_day(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The rows of the region, written once for the tests of this module and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        great.build()
        yield
        transaction.set_rollback(True)


#: Files of rows, which this region does not have.
GONE = {"centre-package-file", "centre-access-key-file", "centre-report-file", "centre-sheet"}


@pytest.fixture
def centre_of_the_region(great_day, centre, administrator):
    """The administrator's browser at the centre of the region."""
    NumberSequence.objects.update_or_create(name="report", defaults={"number": Report.objects.count()})
    return administrator.client


def large() -> Sitting:
    """The sitting of the point with a thousand rooms."""
    return Sitting.objects.select_related("point__region", "subject").get(point__code="0001")


def addresses() -> Iterator[str]:
    """Every page of the centre, those about one thing at the largest of its kind."""
    sitting = large()
    packet = InboxPacket.objects.filter(sitting=sitting, kind="status").first()
    receipt = IssuedReceipt.objects.filter(packet=packet).first()
    said = {
        "day": great.DAY.isoformat(),
        "uid": packet.uid,
        "sha256": packet.sha256,
        "level": "acknowledged",
        "number": receipt.number,
        "key": sitting,
    }
    own = {"centre-certificate": {"pk": Certificate.objects.filter(role="gek").first().pk}}
    for each in pages._pages:
        if (each.node == "rcoi" or each.name == "people") and each.name not in GONE:
            names = re.findall(r"<(?:\w+:)?(\w+)>", each.route)
            values = {**said, **own.get(each.name, {})}
            if "<point:" in each.route:
                values["key"] = sitting.point
            yield reverse(each.name, kwargs={name: values[name] for name in names})


QUESTIONS = (
    "/centre/inbox/?state=findings",
    "/centre/inbox/?q=0000000000001",
    "/centre/inbox/?point=78-0001&page=9",
    "/centre/inbox/?state=open&kind=blanks",
    "/centre/inbox/?state=rescan",
    "/centre/requests/?q=gek-0500&page=2",
)


def opened(client, addresses: Iterable[str], monkeypatch) -> dict[str, HttpResponse]:
    """Open pages, and hold each to few questions; the answers by address."""
    one_by_one: list[str] = []
    prefetch = ForwardManyToOneDescriptor.get_prefetch_querysets

    def watched(self, instances, querysets=None):
        # SQLite takes no expression deeper than a thousand, and Django writes one level for each row of such a list.
        one_by_one.append(str(self.field))
        return prefetch(self, instances, querysets)

    monkeypatch.setattr(ForwardManyToOneDescriptor, "get_prefetch_querysets", watched)
    client.raise_request_exception = False
    answers, many = {}, {}
    for address in addresses:
        with CaptureQueriesContext(connection) as asked:
            answers[address] = client.get(address)
        if len(asked) > MOST_QUERIES:
            many[address] = len(asked)
    assert ({a: b.status_code for a, b in answers.items() if b.status_code != 200}, many, one_by_one) == ({}, {}, [])
    return answers


def test_every_page_stands_a_region_of_two_thousand_rooms(centre_of_the_region, monkeypatch):
    assert SittingRoom.objects.filter(sitting__date=great.DAY).count() > 2000
    pages = [each for each in addresses() if not each.endswith(".pdf")]
    answers = opened(centre_of_the_region, [*pages, *QUESTIONS, *lists()], monkeypatch)
    assert len(answers) > 40
    home = answers["/centre/"].content.decode()
    assert "Ещё ожидается пересканированных: " in home
    assert 'href="/centre/inbox/?state=rescan"' in home
    assert all(
        f"/centre/statuses/{sitting.key}/" in home
        for sitting in Sitting.objects.select_related("point__region", "subject")
    )


def test_every_paper_stands_a_region_of_two_thousand_rooms(centre_of_the_region, monkeypatch):
    papers = opened(centre_of_the_region, [each for each in addresses() if each.endswith(".pdf")], monkeypatch)
    assert len(papers) == 3
    pages = {
        Report.objects.get(number=answer["X-Report-Number"]).kind: pypdf.PdfReader(io.BytesIO(answer.content)).pages
        for answer in papers.values()
    }
    assert len(pages["point"]) > 20
    assert len(pages["region"]) > 20
    assert "3004" in "".join(page.extract_text() for page in pages["point"][-6:])


def test_the_board_asks_as_little_for_two_thousand_rooms_as_for_one(great_day):
    rows = Sitting.objects.select_related("point__region", "subject")
    with CaptureQueriesContext(connection) as one:
        board.boards(rows.filter(point__code="0007"))
    began = time.process_time()
    with CaptureQueriesContext(connection) as all_of_them:
        found = board.boards(rows)
    seconds = time.process_time() - began
    assert len(one) == len(all_of_them) <= 12
    assert sum(len(each.cells) for each in found) > 3000
    assert seconds < 5, seconds  # 0.9 s on the machine it was written on


def test_the_registry_of_the_largest_point_goes_into_its_package(great_day):
    document = registry.document_of(large().point, great.DAY)
    (sitting,) = document["points"][0]["sittings"]
    assert len(sitting["rooms"]) == len(sitting["posts"]) == great.ROOMS_OF_THE_LARGE + 1
