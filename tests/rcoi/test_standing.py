"""Whether a sitting may be called closed: what versions lost, what stands twice, what came too late, what balances."""

import itertools
import re
from datetime import timedelta

import pytest
from django.urls import reverse

from audit.log import SYSTEM
from audit.models import Event
from common.paper import layout
from rcoi import board
from rcoi.answering import rescan, statuses
from rcoi.checking import findings
from rcoi.day import evaluation
from rcoi.errors import RequestRefusedError
from rcoi.models import InboxFinding, InboxPacket
from rcoi.reports import packet_report, point_report, region_report
from stations.models import Sitting
from tests.rcoi.conftest import arrive
from tests.rcoi.test_reports import text
from wire import canonical
from wire.canonical import uuid7
from wire.forms import make_number

pytestmark = pytest.mark.django_db

ROOMS = ("0101", "0102", "0103", "0104")
GREEN = "Все пакеты (5): Подтвержден. Статусы переданы."


def full(point, room, *, people=2, **more):
    """Return a packet of a room whose balance holds: 15 seats of the registry."""
    card = {"absent_count": 15 - people} | more.pop("card", {})
    return point.blanks(room, people=people, card=card, **more)


def numbered(point, kinds, *, start):
    """Return sheets with known numbers."""
    return [point.sheet(kind, make_number(kind, start + place)) for place, kind in enumerate(kinds)]


@pytest.fixture
def whole(point):
    """A sitting whose every packet and status came, every balance holds, and nothing is open."""
    # At whatever hour the tests run, nothing of it is late.
    Sitting.objects.filter(pk=point.day.sitting.pk).update(deadlines={})
    point.day.sitting.refresh_from_db()
    arrive(point.status("exams_finished", journals=1))
    for room in ROOMS:
        arrive(full(point, room))
    arrive(point.forms(*FORMS))
    arrive(point.status("blanks_transferred"))
    InboxFinding.objects.filter(code__in=("form_missing", "station_missing", "journal_problem")).delete()
    return point


FORMS = ("13-02-МАШ", "18-МАШ", *["05-02"] * 4, *["12-04-МАШ"] * 4)


def shown(point):
    (found,) = board.boards([point.day.sitting])
    return found


def codes(row: InboxPacket) -> list[str]:
    return sorted(InboxFinding.objects.filter(packet=row).values_list("code", flat=True))


def verdicts(point, tmp_path) -> tuple[str, str]:
    sitting = point.day.sitting
    return (
        text(point_report(sitting, actor=SYSTEM), tmp_path),
        text(region_report(sitting.point.region, sitting.date, [sitting], actor=SYSTEM), tmp_path),
    )


def test_a_whole_sitting_is_closed_and_says_so(whole, tmp_path):
    assert shown(whole).closed, [each.text for each in shown(whole).open]
    act, summary = verdicts(whole, tmp_path)
    assert GREEN in act
    assert "Закрыто экзаменов: 1 из 1" in summary


def test_a_room_whose_balance_does_not_hold_keeps_act_and_summary_from_green(whole, tmp_path):
    old = InboxPacket.objects.get(room="0101")
    rescan.request(packet=old, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    row = arrive(whole.blanks("0101", people=2, version=2, supersedes=old.uid))
    assert row.state == "acknowledged"
    act, summary = verdicts(whole, tmp_path)
    assert GREEN not in act
    assert "ППЭ не закрыт" in act
    assert "Рассажено 15, не явились 0" in act
    assert "Закрыто экзаменов: 0 из 1" in summary
    assert not shown(whole).closed


def test_an_earlier_status_has_no_button_while_a_later_one_rests_on_it(whole, coordinator):
    page = reverse("centre-status", kwargs={"key": whole.day.sitting.key})

    def offered():
        return re.findall(r'name="status" value="(\w+)"', coordinator.client.get(page).content.decode())

    assert offered() == ["blanks_transferred"]
    with pytest.raises(RequestRefusedError):
        statuses.undo(sitting=whole.day.sitting, status="exams_finished", reason="рано нажали", actor=SYSTEM)
    statuses.undo(sitting=whole.day.sitting, status="blanks_transferred", reason="рано нажали", actor=SYSTEM)
    assert offered() == ["exams_finished"]
    statuses.undo(sitting=whole.day.sitting, status="exams_finished", reason="рано нажали", actor=SYSTEM)
    assert offered() == []


def test_an_act_covers_a_balance_and_the_sitting_is_closed_but_not_green(whole, tmp_path):
    old = InboxPacket.objects.get(room="0101")
    rescan.request(packet=old, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    whole.made += 1
    act = whole.act(kind="room_difference", room="0101", station=None, station_kind=None)
    arrive(
        whole.blanks("0101", people=2, version=2, supersedes=old.uid, acts=[act], room_json={"closed_with_act": True})
    )
    found = shown(whole)
    assert (found.closed, found.clean, found.tone) == (True, False, "warn")
    assert "Покрыто актом или разобрано" in verdicts(whole, tmp_path)[0]


def test_an_act_about_another_room_covers_nothing(whole):
    old = InboxPacket.objects.get(room="0101")
    rescan.request(packet=old, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    whole.made += 1
    act = whole.act(kind="room_difference", room="0102", station=None, station_kind=None)
    arrive(whole.blanks("0101", people=2, version=2, supersedes=old.uid, acts=[act]))
    assert not shown(whole).closed


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_version_with_fewer_sheets_is_a_finding_in_any_order_until_the_sheets_come(point, order):
    one, two, three = uuid7(), uuid7(), uuid7()
    first = full(point, "0101", people=3, uid=one)
    second = full(point, "0101", people=2, uid=two, version=2, supersedes=one)
    third = full(point, "0101", people=2, uid=three, version=3, supersedes=two)
    for index in order:
        arrive((first, second, third)[index])
    newest = InboxPacket.objects.get(version=3)
    said = InboxFinding.objects.filter(code="fewer_sheets").values_list("packet", "text")
    assert {pk for pk, _text in said} == {newest.pk}
    words = " ".join(each.ru for _pk, each in said)
    assert "В версии 2 меньше листов, чем в версии 1" in words
    assert "Бланк регистрации — 2 вместо 3" in words
    assert not InboxFinding.objects.filter(code="second_packet").exists()


def test_a_finding_goes_when_the_next_version_brings_the_sheets(point):
    point.made += 1
    sheets = numbered(point, ("R", "AB", "C1", "C2"), start=9000)
    one, two = uuid7(), uuid7()
    arrive(full(point, "0101", people=0, uid=one, add=list(sheets), card={"registration_count": 1}))
    arrive(
        full(
            point,
            "0101",
            people=0,
            uid=two,
            version=2,
            supersedes=one,
            add=sheets[:2] + sheets[3:],
            card={"registration_count": 1},
        )
    )
    assert sheets[2].sheet_codes[0] in InboxFinding.objects.get(code="fewer_sheets").text.ru
    arrive(full(point, "0101", people=0, version=3, supersedes=two, add=list(sheets), card={"registration_count": 1}))
    assert not InboxFinding.objects.filter(code="fewer_sheets").exists()


def test_another_number_for_a_sheet_is_named_unless_the_centre_asked_for_it(point):
    point.made += 1
    sheets = numbered(point, ("R", "AB", "C1", "C2"), start=9000)
    other = [*sheets[:3], *numbered(point, ("C2",), start=9500)]
    row = arrive(full(point, "0101", people=0, add=list(sheets), card={"registration_count": 1}))
    lost = sheets[3].sheet_codes[0]
    two = arrive(
        full(point, "0101", people=0, version=2, supersedes=row.uid, add=other, card={"registration_count": 1})
    )
    assert lost in two.findings.get(code="fewer_sheets").text.ru
    rescan.request(packet=two, numbers=[other[3].sheet_codes[0]], reason="Полоса поперёк листа", actor=SYSTEM)
    three = arrive(
        full(point, "0101", people=0, version=3, supersedes=two.uid, add=list(sheets), card={"registration_count": 1})
    )
    assert not three.findings.filter(code="fewer_sheets").exists()


def test_fewer_sheets_by_an_act_are_said_and_wait_for_nobody(point):
    row = arrive(full(point, "0101", people=3))
    point.made += 1
    act = point.act(kind="room_difference", room="0101", station=None, station_kind=None)
    two = arrive(full(point, "0101", people=2, version=2, supersedes=row.uid, acts=[act]))
    assert two.findings.get(code="fewer_with_act")
    assert not InboxFinding.objects.unsettled().exists()


def test_the_same_file_again_says_nothing(whole):
    arrive(whole.sent[1])
    assert shown(whole).closed


def test_a_second_packet_of_a_room_is_a_finding_until_a_version_joins_the_two(whole):
    first = InboxPacket.objects.get(room="0101")
    two = uuid7()
    joining = full(whole, "0101", uid=two, version=2, supersedes=first.uid)
    row = arrive(full(whole, "0101", version=3, supersedes=two))
    assert "second_packet" in codes(row)
    assert first.uid in row.findings.get(code="second_packet").text.ru
    assert not shown(whole).closed
    arrive(joining)
    assert not InboxFinding.objects.filter(code="second_packet").exists()


def test_what_comes_after_the_last_status_is_a_finding_until_the_status_is_undone(whole, coordinator):
    old = InboxPacket.objects.get(room="0101")
    row = arrive(full(whole, "0101", version=2, supersedes=old.uid))
    assert "after_last_status" in codes(row)
    assert not shown(whole).closed
    statuses.undo(sitting=whole.day.sitting, status="blanks_transferred", reason="Найдены бланки", actor=SYSTEM)
    assert "after_last_status" not in codes(row)


def test_what_the_centre_asked_for_may_come_after_the_last_status(whole):
    old = InboxPacket.objects.get(room="0101")
    rescan.request(packet=old, numbers=[], reason="Полоса поперёк листов", actor=SYSTEM)
    assert not shown(whole).closed
    arrive(full(whole, "0101", version=2, supersedes=old.uid))
    assert shown(whole).closed, [each.text for each in shown(whole).open]


def test_a_refused_newer_version_keeps_the_sitting_open(whole):
    old = InboxPacket.objects.get(room="0101")
    row = arrive(full(whole, "0101", version=2, supersedes=old.uid, room_json={"counts": {"AB": 9}}))
    assert row.state == "rejected"
    assert not shown(whole).closed


def test_a_person_settles_a_finding_in_words(whole, operator):
    old = InboxPacket.objects.get(room="0101")
    row = arrive(whole.blanks("0101", people=2, version=2, supersedes=old.uid))
    page = f"/centre/inbox/{row.uid}/"
    assert "Разобрано…" in operator.client.get(page).content.decode()
    for finding in row.findings.all():
        operator.client.post(page, {"form": "settle", "finding": finding.pk, "reason": "12345 x"})
        finding.refresh_from_db()
        assert finding.state == "open"
        operator.client.post(page, {"form": "settle", "finding": finding.pk, "reason": "Проверено по ведомости"})
        finding.refresh_from_db()
        assert (finding.state, finding.settled_reason) == ("settled", "Проверено по ведомости")
    assert Event.objects.filter(kind="rcoi.finding_settled").count() == row.findings.count() == 3
    found = shown(whole)
    assert (found.closed, found.clean) == (True, False)
    assert "Проверено по ведомости" in operator.client.get(page).content.decode()


def test_a_person_takes_note_of_what_nobody_can_cure_and_the_sitting_is_closed(whole, operator):
    """A status that came after its deadline, and a clock that is fast: both stay as they are."""
    sitting = whole.day.sitting
    late = InboxPacket.objects.filter(kind="status").latest("pk")
    sitting.deadlines = dict.fromkeys(("exams_finished", "blanks_transferred"), "00:00")
    sitting.save()
    InboxPacket.objects.filter(pk=late.pk).update(received_at=late.received_at + timedelta(days=1))
    late.refresh_from_db()
    statuses._late(late, sitting.status_records.get(status="blanks_transferred"))
    fast = InboxPacket.objects.get(room="0102")
    fast.header["created_at"] = canonical.stamp(fast.received_at + timedelta(hours=1))
    findings.arrival(fast)
    assert {each.code for each in InboxFinding.objects.unsettled()} == {"late", "clock_skew"}
    assert not shown(whole).closed
    for row in (late, fast):
        page = f"/centre/inbox/{row.uid}/"
        said = operator.client.get(page).content.decode()
        assert "Разобрано…" in said
        form = {"form": "settle", "finding": row.findings.get().pk, "reason": "Принято к сведению"}
        assert operator.client.post(page, form).status_code == 302
        assert "Принято к сведению" in operator.client.get(page).content.decode()
    assert shown(whole).closed


def test_the_confirmation_of_a_packet_says_what_is_open_about_it(whole, tmp_path, monkeypatch):
    colours = []
    real = layout.verdict
    monkeypatch.setattr(layout, "verdict", lambda said, good: colours.append(good) or real(said, good=good))
    right = InboxPacket.objects.get(room="0102")
    said = text(packet_report(right, actor=SYSTEM), tmp_path)
    assert "Расхождения и замечания" not in said
    old = InboxPacket.objects.get(room="0101")
    row = arrive(whole.blanks("0101", people=1, version=2, supersedes=old.uid))
    said = text(packet_report(row, actor=SYSTEM), tmp_path)
    assert colours == [True, None]
    assert "Подтвержден; не разобрано: 3" in said
    assert "Рассажено 15, не явились 0" in said
    assert "В версии 2 меньше листов, чем в версии 1" in said
    for finding in row.findings.all():
        findings.settle(finding=finding, reason="Проверено по ведомости", actor=SYSTEM)
    said = text(packet_report(row, actor=SYSTEM), tmp_path)
    assert "Подтвержден; покрыто актом или разобрано: 1" in said
    assert colours[-1] is None


def test_an_open_finding_is_named_on_every_page(whole, operator):
    old = InboxPacket.objects.get(room="0101")
    row = arrive(full(whole, "0101", people=1, version=2, supersedes=old.uid))
    said = "В версии 2 меньше листов, чем в версии 1"
    for page in ("/centre/", f"/centre/inbox/{row.uid}/", f"/centre/statuses/{whole.day.key}/"):
        assert said in operator.client.get(page).content.decode(), page
    assert str(row.uid) in operator.client.get("/centre/inbox/?state=findings").content.decode()
    assert (
        'class="chip ok" style="font-size:15px'
        not in operator.client.get(f"/centre/statuses/{whole.day.key}/").content.decode()
    )


def test_a_room_that_did_not_come_though_the_last_status_did_is_a_task(point, operator):
    point.day.sitting.deadlines = {}
    point.day.sitting.save()
    for room in ROOMS[:3]:
        arrive(full(point, room))
    said = "не получены пакеты: "
    assert said not in operator.client.get("/centre/").content.decode()
    arrive(point.status("blanks_transferred"))
    page = operator.client.get("/centre/").content.decode()
    assert f"{said}0104, Формы" in page
    assert '<span class="chip bad">0104 · ожидается</span>' in page


def test_an_old_version_refused_after_the_new_one_was_confirmed_keeps_nothing_open(point):
    uid = uuid7()
    first = full(point, "0101", counts={"sheets": 99}, uid=uid)
    arrive(full(point, "0101", version=2, supersedes=uid))
    assert arrive(first).state == "rejected"
    assert not [each for each in evaluation.of_sitting(point.day.sitting).open if "отклонён" in each.text]
