"""Print journals of a status, held against the packets of the rooms; and how the point learns what is open."""

import pytest

from audit.log import SYSTEM
from keys import authority, trust
from rcoi.checking import findings
from rcoi.day import evaluation
from rcoi.models import FeedEntry, InboxFinding, InboxJournal, InboxPacket
from rcoi.receiving.opening import open_packet
from stations.models import SittingRoom
from tests.rcoi.conftest import arrive, certified, receive
from tests.rcoi.test_standing import GREEN, full, shown, verdicts, whole  # noqa: F401 (a fixture)
from wire import journal
from wire.canonical import uuid7
from wire.documents import feed as wire_feed
from wire.documents import receipt as wire_receipt
from wire.forms import make_number
from wire.pki import CertificateRole, Identity

pytestmark = pytest.mark.django_db


def printed(ordinal, **flags):
    flags = {"spoiled": False, "unused": False} | flags
    return journal.FormSet(ordinal, sheets={"R": make_number("R", 7000 + ordinal)}, **flags)


@pytest.fixture
def stranger(point):
    """The certificate of an access key, whose private half the centre does not have."""
    identity = Identity(CertificateRole.PRINT, "78", point.day.point.code, "0099")
    return certified(identity, "ключ доступа").certificate


def journals(point, sets, to, *, version=1, supersedes=None, notes=0):
    made = {"0001": {"sets": sets, "to": [to], "notes": notes}}
    return point.status("exams_finished", journals=0, printed=made, version=version, supersedes=supersedes)


def codes(point):
    return {each.code for each in shown(point).open}


def items(point):
    rows = FeedEntry.objects.filter(point=point.day.point).order_by("number")
    return [wire_feed.read(bytes(each.body), trust.trust_store()) for each in rows]


def acknowledged(packet):
    row = packet.receipts.get(level="acknowledged")
    return wire_receipt.read(bytes(row.body), trust.trust_store())


def test_a_journal_says_its_sets_though_the_centre_cannot_open_their_numbers(point, stranger):
    arrive(journals(point, [printed(1), printed(2, spoiled=True), printed(3, unused=True)], stranger))
    (row,) = (InboxJournal.objects.get().sets,)
    assert row == [
        {"set": 1, "printed": True},
        {"set": 2, "printed": True, "spoiled": True},
        {"set": 3, "printed": True, "unused": True},
    ]


def test_a_longer_journal_that_comes_after_the_room_was_closed_keeps_the_exam_open(point, stranger):
    sets = [printed(1), printed(2)]
    status = arrive(journals(point, sets, stranger))
    room = arrive(full(point, "0101", room_json={"sets": {"0001": [1, 2]}}))
    assert "sets_undelivered" not in codes(point)
    longer = arrive(journals(point, [*sets, printed(3)], stranger, version=2, supersedes=status.uid))
    assert "sets_undelivered" in codes(point)
    (said,) = room.findings.filter(code="sets_undelivered")
    assert "1/3" in said.text.ru
    assert said.text.ru in items(point)[-1].body["text"], "the point is told at once"
    assert longer.state == "acknowledged"
    arrive(full(point, "0101", people=3, version=2, supersedes=room.uid, room_json={"sets": {"0001": [1, 2, 3]}}))
    assert "sets_undelivered" not in codes(point)


def test_a_journal_that_only_grew_by_words_changes_nothing(point, stranger):
    sets = [printed(1), printed(2)]
    status = arrive(journals(point, sets, stranger))
    arrive(full(point, "0101"))
    arrive(journals(point, sets, stranger, version=2, supersedes=status.uid, notes=3))
    assert "sets_undelivered" not in codes(point)


def test_a_shorter_journal_of_a_station_never_takes_the_place_of_a_longer_one(point, stranger):
    sets = [printed(each) for each in (1, 2, 3)]
    arrive(journals(point, sets, stranger))
    arrive(full(point, "0101"))
    arrive(point.status("blanks_transferred", journals=0, printed={"0001": {"sets": sets[:2], "to": [stranger]}}))
    assert "sets_undelivered" in codes(point)


def test_numbers_are_named_where_the_station_sealed_them_to_the_centre(point):
    sets = [printed(1), printed(2)]
    point.made += 1
    there = [point.sheet("R", sets[0].sheets["R"])]
    arrive(journals(point, sets, authority.rcoi_signer().certificate))
    row = arrive(full(point, "0101", people=0, add=there, card={"registration_count": 1, "absent_count": 14}))
    text = row.findings.get(code="sets_undelivered").text.ru
    assert sets[1].sheets["R"] in text
    assert sets[0].sheets["R"] not in text


def test_what_is_open_about_a_packet_stands_in_its_receipt(point):
    right = acknowledged(arrive(full(point, "0102")))
    assert (right.reasons, right.open) == ((), ())
    row = arrive(point.blanks("0101", people=2))
    said = acknowledged(row)
    assert [(each["code"], each["room"]) for each in said.open] == [("seats_differ", "0101")]
    assert said.open[0]["ru"] == row.findings.get().text.ru
    assert said.open[0]["ru"] != said.open[0]["en"]
    assert [each.kind for each in items(point)] == ["receipt"] * 4, "nobody is told twice"


def test_a_gap_that_closes_by_itself_stands_in_no_receipt(point):
    first = full(point, "0101")
    late = arrive(full(point, "0102"))
    assert late.findings.filter(code="sequence_gap").exists()
    assert acknowledged(late).open == ()
    assert acknowledged(arrive(first)).open == ()


def test_what_turns_up_about_another_packet_is_announced(point):
    point.made += 1
    sheet = point.sheet("DBO")
    first = arrive(full(point, "0101", add=[sheet], card={"dbo_count": 1}))
    point.made += 1
    again = point.sheet("DBO", sheet.sheet_codes[0])
    arrive(full(point, "0102", add=[again], card={"dbo_count": 1}))
    (said,) = [each for each in items(point) if each.kind == "announcement"]
    assert first.findings.get(code="sheet_elsewhere").text.ru in said.body["text"]
    assert point.day.key in said.body["title"]


def test_what_was_announced_comes_to_its_end_when_the_last_of_it_is_settled(point):
    point.made += 1
    sheet = point.sheet("DBO")
    first = arrive(full(point, "0101", add=[sheet], card={"dbo_count": 1}))
    point.made += 1
    second = arrive(full(point, "0102", add=[point.sheet("DBO", sheet.sheet_codes[0])], card={"dbo_count": 1}))

    def said():
        return [each.body for each in items(point) if each.kind == "announcement"]

    assert len(said()) == 1
    rows = list(InboxFinding.objects.filter(packet__in=(first, second)).unsettled())
    assert len(rows) > 1
    for row in rows[:-1]:
        findings.settle(finding=row, reason="лист найден в другой аудитории", actor=SYSTEM)
    assert len(said()) == 1, "something is open yet"
    findings.settle(finding=rows[-1], reason="лист найден в другой аудитории", actor=SYSTEM)
    begun, ended = said()
    assert ended["title"] == begun["title"], "a point shows the newest word of a title"
    assert ended["text"] == "Всё, о чём сообщал РЦОИ, разобрано."
    arrive(full(point, "0103"))
    assert len(said()) == 2, "the end is said once"


def test_an_announcement_names_all_that_is_open_and_its_end_may_come_with_a_packet(point):
    one, two = point.sheet("DBO"), point.sheet("DBO")
    first = arrive(full(point, "0101", add=[one, two], card={"dbo_count": 2}))
    point.made += 1
    arrive(full(point, "0102", add=[point.sheet("DBO", one.sheet_codes[0])], card={"dbo_count": 1}))
    point.made += 1
    third = arrive(full(point, "0103", add=[point.sheet("DBO", two.sheet_codes[0])], card={"dbo_count": 1}))

    def said():
        return [each.body["text"] for each in items(point) if each.kind == "announcement"]

    assert one.sheet_codes[0] in said()[-1], "the newest word holds what an earlier one told"
    assert two.sheet_codes[0] in said()[-1]
    for room, before in (("0101", first), ("0103", third)):
        point.made += 1
        arrive(full(point, room, version=2, supersedes=before.uid))
    for row in InboxFinding.objects.all().unsettled().exclude(code="sheet_elsewhere"):
        findings.settle(finding=row, reason="проверено по ведомости", actor=SYSTEM)
    assert not InboxFinding.objects.filter(code="sheet_elsewhere").unsettled().exists()
    assert said()[-1] == "Всё, о чём сообщал РЦОИ, разобрано."


def test_findings_and_their_words_stand_or_fall_with_the_receipt(point, monkeypatch):
    row = receive(point.blanks("0101"))
    monkeypatch.setattr("rcoi.receiving.opening.notices.announce", lambda *_args, **_more: 1 / 0)
    open_packet(row.pk)
    assert not InboxFinding.objects.exists()
    assert not row.receipts.filter(level="acknowledged").exists()


def test_a_registry_that_changes_the_seats_opens_a_room_that_was_balanced(whole, administrator):  # noqa: F811
    assert shown(whole).clean
    SittingRoom.objects.filter(room__number="0101").update(seats=16)
    assert codes(whole) == {"seats_differ"}
    evaluation.remember([whole.day.sitting])
    row = InboxPacket.objects.get(room="0101")
    findings.settle(finding=row.findings.get(code="seats_differ"), reason="Ошибка в реестре", actor=SYSTEM)
    assert (shown(whole).closed, shown(whole).clean) == (True, False)
    SittingRoom.objects.filter(room__number="0101").update(seats=17)
    assert codes(whole) == {"seats_differ"}, "a person's word was about another trouble"
    SittingRoom.objects.filter(room__number="0101").update(seats=15)
    assert shown(whole).clean
    evaluation.remember([whole.day.sitting])
    assert not row.findings.filter(state="open").exists()


def test_eight_sheets_in_the_place_of_fifty_nine_after_the_last_status_are_open_and_told(whole, tmp_path):  # noqa: F811
    assert GREEN in verdicts(whole, tmp_path)[0]
    old = InboxPacket.objects.get(room="0101")
    row = arrive(whole.blanks("0101", people=1, version=2, supersedes=old.uid))
    assert row.state == "acknowledged"
    assert codes(whole) == {"fewer_sheets", "after_last_status", "seats_differ"}
    assert {each["code"] for each in acknowledged(row).open} == codes(whole)
    second = arrive(full(whole, "0102", uid=uuid7()))
    assert codes(whole) == {"fewer_sheets", "after_last_status", "seats_differ", "second_packet"}
    assert {each["code"] for each in acknowledged(second).open} == {"after_last_status", "second_packet"}
    act, summary = verdicts(whole, tmp_path)
    assert GREEN not in act
    assert "Рассажено 15, не явились 0" in act
    assert "ни один из них не заменяет другой" in act
    assert "Закрыто экзаменов: 0 из 1" in summary
