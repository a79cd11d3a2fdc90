"""Opening, verifying, acknowledging: automatic, repeatable, killed anywhere."""

from datetime import timedelta

import pytest

from audit.log import Actor
from audit.models import Event
from common.work.clock import now
from keys import node, trust
from rcoi.answering import feed, receipts, rescan, statuses
from rcoi.checking import content, findings
from rcoi.errors import RequestRefusedError
from rcoi.models import FeedEntry, InboxPacket, InboxSheet, IssuedReceipt, PointStatusRecord, RescanRequest
from rcoi.receiving import opening, store
from rcoi.states import InboxState
from tests.rcoi.conftest import arrive, receive
from wire import packet as wire_packet
from wire import pki
from wire.documents import feed as wire_feed
from wire.documents import receipt as wire_receipt
from wire.durable import DiskFullError

pytestmark = pytest.mark.django_db


def test_it_acknowledges_a_whole_packet(point):
    row = arrive(point.blanks(people=2))
    assert row.state == InboxState.ACKNOWLEDGED
    assert (row.counts["sheets"], row.counts["R"], row.counts["forms"]) == (8, 2, 0)
    assert row.inboxsheets.count() == 8
    said = latest(row)
    assert (said.level, said.supersedes, said.counts["R"]) == ("acknowledged", 1, 2)
    assert [entry.kind for entry in FeedEntry.objects.order_by("number")] == ["receipt", "receipt"]
    events = Event.objects.filter(chain="78-0001", kind__startswith="rcoi.").order_by("number")
    assert list(events.values_list("kind", flat=True)) == [
        "rcoi.received",
        "rcoi.receipt",
        "rcoi.opening",
        "rcoi.verified",
        "rcoi.acknowledged",
        "rcoi.receipt",
    ]


def latest(row: InboxPacket) -> wire_receipt.Receipt:
    """Return what the latest receipt of a packet says."""
    said = receipts.latest(row.sha256)
    assert said is not None
    return wire_receipt.read(bytes(said.body), trust.trust_store())


@pytest.mark.parametrize(
    ("broken", "code", "words"),
    [
        ({"counts": {"sheets": 3}}, "counts_differ", "листов: в заголовке 3, в пакете 4"),
        ({"card": {"registration_count": 2}}, "counts_differ", "Бланк регистрации: в карточке 2, в пакете 1"),
        ({"room_json": {"counts": {"AB": 5}}}, "counts_differ", "Бланк ответов № 1: в карточке 5, в пакете 1"),
        ({"no_room": True}, "wrong_content", "room.json"),
        ({"room_json": {"room": "0102"}}, "wrong_content", "0102"),
    ],
)
def test_it_rejects_what_does_not_agree(point, broken, code, words):
    row = arrive(point.blanks(**broken))
    assert row.state == InboxState.REJECTED
    assert row.reasons[0]["code"] == code
    assert words in row.reasons[0]["ru"]
    said = latest(row)
    assert (said.level, said.reasons[0]["code"]) == ("rejected", code)
    assert not list(store.opened_folder(row.sha256, 1).parent.glob(f"*{row.sha256}*"))
    assert not row.inboxsheets.exists()


def test_it_takes_a_difference_that_an_act_explains(point):
    point.made += 1
    row = arrive(point.blanks(card={"registration_count": 2}, acts=[point.act(kind="room_difference", room="0101")]))
    assert row.state == InboxState.ACKNOWLEDGED
    assert row.inboxacts.get().signed_by == "Соколова Анна Сергеевна"


def test_it_rejects_what_was_sealed_to_somebody_else(point):
    row = arrive(point.blanks(recipients=[point.hq.certificate]))
    assert row.state == InboxState.REJECTED
    assert [receipt.level for receipt in row.receipts.order_by("number")] == ["delivered", "rejected"]


def test_it_never_blocks_on_content_findings(point):
    point.made += 1
    first = point.sheet("DBO")
    number = first.sheet_codes[0]
    one = arrive(point.blanks("0101", add=[first], card={"dbo_count": 1}))
    point.made += 1
    two = arrive(point.blanks("0102", add=[point.sheet("DBO", number)], card={"dbo_count": 1}))
    assert {one.state, two.state} == {InboxState.ACKNOWLEDGED}
    assert one.findings.get(code="sheet_elsewhere").number == two.findings.get(code="sheet_elsewhere").number == number


def test_it_compares_the_card_with_the_seats_of_the_registry(point):
    assert "Рассажено 15, не явились 0" in arrive(point.blanks()).findings.get(code="seats_differ").text.ru
    assert not arrive(point.blanks("0102", card={"absent_count": 14})).findings.exists()


def test_it_names_stations_without_journal_or_act_until_they_come(point):
    point.made += 1
    row = arrive(point.status("exams_finished", journals=3, acts=[point.act(station="0006")]))
    missing = row.findings.filter(code="station_missing").values_list("text", flat=True)
    assert sorted(text.ru[-5:-1] for text in missing) == ["0004", "0005"]
    later = arrive(point.status("exams_finished", journals=5, version=2, supersedes=row.uid))
    assert [each.text.ru[-5:-1] for each in later.findings.filter(code="station_missing")] == ["0006"]


def test_a_slow_worker_whose_lease_ran_out_disturbs_nobody(point, monkeypatch):
    row = receive(point.blanks())
    real = wire_packet.extract

    def slow(*args, **kwargs):
        monkeypatch.setattr(wire_packet, "extract", real)
        InboxPacket.objects.filter(pk=row.pk).update(lease_until=now() - timedelta(seconds=1))
        opening.open_packet(row.pk)
        return real(*args, **kwargs)

    monkeypatch.setattr(wire_packet, "extract", slow)
    opening.open_packet(row.pk)
    row.refresh_from_db()
    assert (row.state, row.receipts.count(), InboxSheet.objects.count()) == (InboxState.ACKNOWLEDGED, 2, 4)
    folders = list(store.opened_folder(row.sha256, 1).parent.glob(f"*{row.sha256}*"))
    assert [path.name for path in folders] == [f"{row.sha256}-2"]


def test_it_misses_a_mandatory_form(point):
    row = arrive(point.forms("13-02-МАШ", "05-02", "05-02", *["12-04-МАШ"] * 4))
    assert row.state == InboxState.ACKNOWLEDGED
    texts = sorted(each.text.ru for each in row.findings.filter(code="form_missing"))
    assert [text.partition("ППЭ-")[2].split(".")[0] for text in texts] == ["18-МАШ", "05-02"]
    assert "2 на 4 аудиторий" in texts[1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_new_version_supersedes_the_older_in_either_order(point, order):
    first = point.blanks()
    second = point.blanks(version=2, supersedes=wire_packet.read_header(first).uid)
    for index in order:
        arrive((first, second)[index])
    one, two = InboxPacket.objects.get(version=1), InboxPacket.objects.get(version=2)
    assert (one.state, two.state) == (InboxState.ACKNOWLEDGED, InboxState.ACKNOWLEDGED)
    assert (one.superseded_by, two.superseded_by) == (two, None)
    assert list(InboxPacket.objects.all().acknowledged()) == [two]


STEPS = [
    (wire_packet, "extract"),
    (content, "save"),
    (opening, "move_packet"),
    (feed, "append"),
    (opening, "supersede"),
    (findings, "remark"),
    (store, "forget_other_attempts"),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_it_ends_the_same_wherever_it_is_killed(point, monkeypatch, module, name, when):
    row = receive(point.blanks())
    real = getattr(module, name)

    def killed(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, killed)
    with pytest.raises(KeyboardInterrupt):
        opening.open_packet(row.pk)
    monkeypatch.setattr(module, name, real)
    InboxPacket.objects.filter(pk=row.pk).update(lease_until=now() - timedelta(seconds=1))
    opening.open_packet(row.pk)
    row.refresh_from_db()
    assert row.state == InboxState.ACKNOWLEDGED
    assert [each.level for each in row.receipts.order_by("number")] == ["delivered", "acknowledged"]
    assert InboxSheet.objects.count() == 4
    folders = list(store.opened_folder(row.sha256, 1).parent.glob(f"*{row.sha256}*"))
    assert row.folder in [content_path.relative_to(content_path.parents[2]).as_posix() for content_path in folders]


def test_it_tries_again_when_the_trouble_is_ours(point, monkeypatch):
    row = receive(point.blanks())
    monkeypatch.setattr(node, "node_recipients", list)
    opening.open_packet(row.pk)
    row.refresh_from_db()
    assert row.state == InboxState.OPENING
    assert row.next_try_at > now()
    assert IssuedReceipt.objects.get().level == "delivered"


def test_it_takes_a_status_with_journals_and_acts(point):
    point.made += 1
    row = arrive(point.status("exams_finished", acts=[point.act()]))
    assert row.state == InboxState.ACKNOWLEDGED
    record = PointStatusRecord.objects.get()
    assert (record.status, record.state, record.declared_by) == ("exams_finished", "reported", "Иванов П. И.")
    journal = row.inboxjournals.get()
    assert (journal.kind, journal.station, journal.entry_count) == ("print", "0001", 1)
    assert journal.signed_by == pki.identity_of(point.station.certificate).urn
    assert journal.problems == []
    assert row.inboxacts.get().kind == "journal_missing"


def test_an_undone_status_comes_back_only_when_declared_anew(point, coordinator):
    arrive(point.status("exams_finished", at=now()))
    record = PointStatusRecord.objects.get()
    statuses.undo(
        sitting=point.day.sitting, status="exams_finished", reason="Нажали раньше времени", actor=actor(coordinator)
    )
    item = wire_feed.read(bytes(FeedEntry.objects.latest("pk").body), trust.trust_store())
    assert (item.kind, item.body["status"], item.body["by"]) == (
        "status_undo",
        "exams_finished",
        "Крылова Нина Васильевна",
    )
    arrive(point.status("exams_finished", at=record.declared_at, version=2, supersedes=record.packet.uid))
    record.refresh_from_db()
    assert record.state == "undone"
    arrive(point.status("exams_finished", at=now(), version=3))
    record.refresh_from_db()
    assert record.state == "reported"


def test_a_rescan_request_goes_into_the_feed_and_is_answered_by_the_next_version(point, operator):
    row = arrive(point.blanks())
    number = row.inboxsheets.earliest("pk").number
    rescan.request(packet=row, numbers=[number], reason="Полоса поперёк листа", actor=actor(operator))
    item = wire_feed.read(bytes(FeedEntry.objects.latest("pk").body), trust.trust_store())
    assert item.kind == "rescan_request"
    assert item.body == {"packet": row.uid, "room": "0101", "sheets": [number], "reason": "Полоса поперёк листа"}
    two = arrive(point.blanks(version=2, supersedes=row.uid))
    request = RescanRequest.objects.get()
    assert (request.state, request.answered_by) == ("answered", two)


def actor(login):
    return Actor(login.user.get_full_name(), "page", user_id=login.user.pk)


def test_a_full_disk_is_waited_out_and_parks_nothing(point, settings):
    row = receive(point.blanks())
    settings.PPE_DISK_RESERVE = 1 << 62
    for _ in range(opening.MAX_ATTEMPTS + 3):
        InboxPacket.objects.update(next_try_at=now(), lease_until=None)
        opening.open_packet(row.pk)
    row.refresh_from_db()
    assert (row.state, row.parked_at, row.attempts) == ("opening", None, 0)
    with pytest.raises(DiskFullError):
        receive(point.blanks())
    settings.PPE_DISK_RESERVE = 0
    InboxPacket.objects.update(next_try_at=now(), lease_until=None)
    opening.open_packet(row.pk)
    row.refresh_from_db()
    assert row.state == "acknowledged"


def test_a_status_is_not_undone_while_a_later_one_rests_on_it(point, coordinator):
    sitting = arrive(point.status("exams_finished")).sitting
    arrive(point.status("blanks_transferred"))
    by = Actor("Координатор", "page")
    with pytest.raises(RequestRefusedError, match="действует статус «Бланки переданы в РЦОИ»"):
        statuses.undo(sitting=sitting, status="exams_finished", reason="Ошибка в журнале", actor=by)
    statuses.undo(sitting=sitting, status="blanks_transferred", reason="Ошибка в журнале", actor=by)
    statuses.undo(sitting=sitting, status="exams_finished", reason="Ошибка в журнале", actor=by)
    assert set(PointStatusRecord.objects.values_list("state", flat=True)) == {"undone"}
