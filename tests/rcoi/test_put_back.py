"""A centre whose database is put back from an older copy: no number is given twice, and the points read on."""

import pytest
from django.core.management import call_command

from audit.log import SYSTEM
from audit.models import Event
from common import marks
from keys import package, trust, versions
from keys.models import AccessKey, Certificate, ExamPackage, RevocationList
from rcoi.answering import announcements, feed, sequence
from rcoi.models import FeedEntry, IssuedReceipt, NumberSequence
from stations.models import ExamPoint
from tests.rcoi.conftest import arrive
from tests.support.copies import Copy
from wire.documents import feed as wire_feed

pytestmark = pytest.mark.django_db(transaction=True)


def items(point: ExamPoint, after: int = 0) -> list[tuple[bytes, wire_feed.FeedItem]]:
    """Return the items of a point's feed as a node reads them."""
    rows = [bytes(entry.body) for entry in feed.after(point, after)]
    return [(row, wire_feed.read(row, trust.trust_store())) for row in rows]


@pytest.fixture
def put_back(point):
    """A centre that has answered two packets and forgotten the second; the numbers of receipts it gave for that one."""
    arrive(point.blanks("0101"))
    copy = Copy()
    forgotten = arrive(point.blanks("0102"))
    given = set(forgotten.receipts.values_list("number", flat=True))
    read = items(point.day.point)
    copy.put_back()
    return given, read


def test_no_receipt_number_is_given_twice(point, put_back):
    given, _read = put_back
    row = arrive(point.blanks("0103"))
    fresh = set(row.receipts.values_list("number", flat=True))
    assert min(fresh) > max(given)
    # Below the gap and above it the numbers have no hole.
    assert sorted(fresh) == list(range(min(fresh), min(fresh) + len(fresh)))


def test_a_point_that_had_read_everything_reads_on(point, put_back):
    _given, read = put_back
    arrive(point.blanks("0103"))
    (last_bytes, last) = read[-1]
    news = items(point.day.point, last.number)
    assert [item.number for _bytes, item in news] == [last.number + 1, last.number + 2]
    wire_feed.follow(news, number=last.number, prev=wire_feed.item_hash(last_bytes))


@pytest.mark.parametrize("known", [0, 1, 2, 3])
def test_a_point_that_had_not_read_the_lost_items_passes_them(known, point, put_back):
    _given, read = put_back
    arrive(point.blanks("0103"))
    number, prev = (read[known - 1][1].number, wire_feed.item_hash(read[known - 1][0])) if known else (0, "")
    wire_feed.follow(items(point.day.point, number), number=number, prev=prev)


def test_the_centre_says_that_its_database_is_behind(point, put_back, operator, caplog):
    given, _read = put_back
    arrive(point.blanks("0103"))
    said = Event.objects.filter(kind="node.numbers_behind")
    assert {event.data["series"] for event in said} == {"receipt", f"feed:{point.day.point.key}"}
    assert said.get(data__series="receipt").data["given_out"] == max(given)
    assert "the database was put back" in caplog.text
    assert operator.client.get("/healthz").json()["database_put_back"] >= 1
    home = operator.client.get("/centre/").content.decode()
    assert f"квитанции № {min(given)}–{max(given)}" in home


def test_a_start_finds_it_before_anything_is_given_out(point, put_back, monkeypatch):
    given, _read = put_back
    command = "ppe_portal.management.commands.run_node"
    # The checks and the migrations have been; the processes of the node are not the matter.
    monkeypatch.setattr(f"{command}.call_command", lambda *args, **options: None)
    monkeypatch.setattr(f"{command}.Supervisor.run", lambda self: None)
    call_command("run_node", verbosity=0)
    assert NumberSequence.objects.get(name="receipt").number == max(given)
    assert Event.objects.filter(kind="node.numbers_behind").count() == 2
    call_command("run_node", verbosity=0)
    assert Event.objects.filter(kind="node.numbers_behind").count() == 2


def test_what_was_rolled_back_leaves_no_gap(point, data_dir, monkeypatch):
    arrive(point.blanks("0101"))
    monkeypatch.setattr("rcoi.receiving.inbox.findings.sequence", lambda row: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        arrive(point.blanks("0102"))
    monkeypatch.undo()
    arrive(point.blanks("0103"))
    numbers = sorted(IssuedReceipt.objects.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert not Event.objects.filter(kind="node.numbers_behind").exists()


def test_a_lost_file_is_made_again_from_the_database_and_said_once(point, data_dir):
    arrive(point.blanks("0101"))
    (data_dir / "numbers.jsonl").unlink()
    for _start in range(2):
        sequence.catch_up()
    assert Event.objects.filter(kind="node.numbers_made").count() == 1
    copy = Copy()
    arrive(point.blanks("0102"))
    copy.put_back()
    arrive(point.blanks("0103"))
    assert Event.objects.filter(kind="node.numbers_behind", data__series="receipt").exists()


def test_every_feed_has_numbers_of_its_own(point, voice_day, data_dir):
    points = list(ExamPoint.objects.select_related("region"))
    copy = Copy()
    announcements.announce(points=points, title="Связь", text="", actor=SYSTEM)
    announcements.announce(points=points[:1], title="Связь", text="", actor=SYSTEM)
    copy.put_back()
    announcements.announce(points=points, title="Снова", text="", actor=SYSTEM)
    numbers = {row.point_id: row.number for row in FeedEntry.objects.all()}
    assert numbers == {points[0].pk: 3, points[1].pk: 2}


def test_a_revocation_list_is_newer_than_the_lost_one(point, centre):
    copy = Copy()
    station = Certificate.objects.get(role="print")
    centre.revoke_certificate(certificate=station, reason="украдена", actor=SYSTEM)
    lost = RevocationList.objects.order_by("number").last().number
    copy.put_back()
    centre.revoke_certificate(certificate=station, reason="украдена", actor=SYSTEM)
    assert RevocationList.objects.order_by("number").last().number == lost + 1


def test_a_package_and_an_access_key_are_of_newer_versions_than_the_lost_ones(point, centre):
    sitting = point.day.sitting
    package.make(point=point.day.point, date=sitting.date, actor=SYSTEM)
    copy = Copy()
    reserve = centre.make_access_key(sitting=sitting, actor=SYSTEM, new_version=True)
    lost, _data = package.make(point=point.day.point, date=sitting.date, actor=SYSTEM)
    copy.put_back()
    again = centre.make_access_key(sitting=sitting, actor=SYSTEM, new_version=True)
    name, _data = package.make(point=point.day.point, date=sitting.date, actor=SYSTEM)
    assert (reserve.version, again.version) == (2, 3)
    assert "v2" in lost
    assert "v3" in name
    assert list(ExamPackage.objects.order_by("version").values_list("version", flat=True)) == [1, 3]
    assert list(AccessKey.objects.filter(sitting=sitting).order_by("version").values_list("version", flat=True)) == [
        1,
        3,
    ]
    said = Event.objects.filter(kind="node.numbers_behind")
    assert sorted(event.data["series"].partition(":")[0] for event in said) == ["access_key", "package"]


def test_versions_from_before_the_file_knew_them_are_learned_at_the_start(point, centre, data_dir):
    sitting = point.day.sitting
    copy = Copy()
    package.make(point=point.day.point, date=sitting.date, actor=SYSTEM)
    (data_dir / "numbers.jsonl").unlink()
    marks._known.clear()  # a start is another process
    versions.catch_up()
    copy.put_back()
    name, _data = package.make(point=point.day.point, date=sitting.date, actor=SYSTEM)
    assert "v2" in name
    assert centre.access_ident(sitting, 2) == sitting.access_keys.get().certificate.ident
