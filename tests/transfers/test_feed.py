"""The centre's words: receipts against what was sent, the chain of the feed, undo and rescan."""

import base64
import errno

import pytest
from django.db import OperationalError

from audit.log import SYSTEM
from audit.models import Event
from audit.moves import StaleStateError
from day import acts
from scanning import cards
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, receipts
from transfers.errors import FeedForkError, ForeignFeedError, ForeignReceiptError
from transfers.models import FeedCursor, FeedRecord, Packet, PointStatus, ReceiptRecord
from wire.errors import PpeError
from wire.messages import NOTHING, Both


def take(hq, *blobs):
    return feed.take_items(point=hq.point, items=blobs, door="feed", actor=SYSTEM)


def test_receipts_move_the_packet_they_speak_of(hq):
    hq.close("0101")
    packet = hq.signed()
    assert take(hq, hq.receipt_item(packet, "delivered"), hq.receipt_item(packet, "acknowledged")) == 2
    packet = fresh(packet)
    assert (packet.state, packet.receipt_number) == ("acknowledged", 2)
    assert packet.delivered_at is not None
    assert [r.level for r in packet.receipts.order_by("number")] == ["delivered", "acknowledged"]
    assert take(hq, *hq.feed) == 0, "the same items again change nothing"
    assert FeedCursor.objects.get().number == 2


def test_an_older_receipt_never_undoes_a_newer(hq):
    hq.close("0101")
    packet = hq.signed()
    late = hq.receipt(packet, "delivered", number=1)
    receipts.ingest(document=hq.receipt(packet, "acknowledged", number=2), point=hq.point, door="answer")
    receipts.ingest(document=late, point=hq.point, door="feed")
    assert fresh(packet).state == "acknowledged"
    assert ReceiptRecord.objects.count() == 2


def test_a_receipt_for_something_never_sent_raises_an_alarm(hq):
    row = receipts.ingest(document=hq.receipt(None, "delivered", sha256="ab" * 32), point=hq.point, door="feed")
    assert row.packet is None
    assert Event.objects.filter(kind="transfers.foreign_receipt").count() == 1


def test_foreign_receipts_are_refused(hq):
    hq.close("0101")
    packet = hq.signed()
    with pytest.raises(ForeignReceiptError):
        receipts.ingest(document=hq.receipt(packet, "acknowledged", point="0002"), point=hq.point, door="feed")
    with pytest.raises(PpeError):
        receipts.ingest(document=hq.receipt(packet, "acknowledged", signer="print-0001"), point=hq.point, door="feed")
    assert fresh(packet).state == "queued"
    assert not ReceiptRecord.objects.exists()


def test_the_chain_of_the_feed_is_held(hq):
    hq.item("announcement", {"title": "Раз", "text": ""})
    hq.item("announcement", {"title": "Два", "text": ""})
    hq.item("announcement", {"title": "Три", "text": ""})
    with pytest.raises(PpeError) as gap:
        take(hq, hq.feed[1])
    assert gap.value.code == "feed_chain"
    assert take(hq, hq.feed[0]) == 1
    wrong = hq.item("announcement", {"title": "Ложь", "text": ""}, number=2, prev="0" * 64, keep=False)
    with pytest.raises(PpeError):
        take(hq, wrong)
    assert take(hq, *hq.feed) == 2
    fork = hq.item("announcement", {"title": "Другое", "text": ""}, number=2, keep=False)
    with pytest.raises(FeedForkError):
        take(hq, fork)
    foreign = hq.item("announcement", {"title": "Чужое", "text": ""}, point="0002", keep=False)
    with pytest.raises(ForeignFeedError):
        take(hq, foreign)
    training = hq.item("announcement", {"title": "Учебное", "text": ""}, mode="training", keep=False)
    with pytest.raises(ForeignFeedError):
        take(hq, training)
    unsigned = hq.item("announcement", {"title": "Самозванец", "text": ""}, signer="print-0001", keep=False)
    with pytest.raises(PpeError):
        take(hq, unsigned)
    assert FeedRecord.objects.count() == 3


@pytest.mark.parametrize("field", ["open", "reasons"])
def test_what_the_centre_has_open_about_a_confirmed_packet_is_told_in_its_story(hq, field):
    hq.close("0101")
    packet = hq.signed()
    open_there = {"code": "fewer_sheets", "ru": "В версии 2 меньше листов.", "en": "Fewer.", "room": "0101"}
    take(hq, hq.receipt_item(packet, "acknowledged", **{field: [open_there]}))
    packet = fresh(packet)
    assert (packet.state, packet.reasons, packet.open_there) == ("acknowledged", [], [open_there])
    record = ReceiptRecord.objects.get(level="acknowledged")
    assert (record.reasons, record.open) == ([], [open_there])
    assert any(open_there["ru"] in step.text.ru for step in packet.steps.all())
    assert hq.card().state == "packed"


def test_a_rejection_opens_the_room_again_and_the_next_version_replaces_the_old(hq):
    hq.close("0101")
    first = hq.signed()
    number = hq.card().sheets.first().number
    reason = {"code": "unreadable", "ru": "Лист не читается.", "en": "x", "sheet": number, "room": "0101"}
    take(hq, hq.receipt_item(first, "rejected", reasons=[reason]))
    first = fresh(first)
    assert first.state == "rejected"
    assert first.reasons[0]["sheet"] == number
    card = hq.card()
    assert card.state != "packed"
    assert card.awaited == [number]

    hq.close("0101", people=0)
    second = hq.signed()
    assert (second.version, second.supersedes) == (2, first)
    assert second.uid != first.uid
    take(hq, hq.receipt_item(second, "acknowledged"))
    assert fresh(second).state == "acknowledged"
    assert fresh(first).state == "superseded"


def test_a_rescan_request_opens_the_room_with_its_numbers(hq):
    hq.close("0101")
    packet = hq.signed()
    take(hq, hq.receipt_item(packet, "acknowledged"))
    number = hq.card().sheets.first().number
    body = {"packet": packet.uid, "room": "0101", "sheets": [number], "reason": "Полоса поперёк листа"}
    take(hq, hq.item("rescan_request", body))
    assert FeedRecord.objects.get(kind="rescan_request").problem == NOTHING
    card = hq.card()
    assert (card.state == "packed", card.awaited) == (False, [number])
    assert card.reopen_reason.ru == "Запрос РЦОИ на повторное сканирование: Полоса поперёк листа"
    assert fresh(packet).state == "acknowledged"


def test_an_item_that_cannot_be_done_never_stops_those_behind_it(hq):
    hq.close("0101")
    packet = hq.signed()
    uid = "0198b0c4-0000-7000-8000-00000000ffff"
    hq.item("rescan_request", {"packet": uid, "room": "0101", "sheets": [], "reason": "Не тот"})
    hq.receipt_item(packet, "acknowledged")
    assert take(hq, *hq.feed) == 2
    assert FeedRecord.objects.get(number=1).problem
    assert fresh(packet).state == "acknowledged"


@pytest.mark.parametrize(
    "trouble", [OSError(errno.ENOSPC, "full"), OperationalError("database is locked"), StaleStateError(Both("а", "a"))]
)
def test_a_passing_trouble_passes_no_item_by(hq, monkeypatch, trouble):
    hq.close("0101")
    packet = hq.signed()
    hq.receipt_item(packet, "acknowledged")

    def fail(*_args, **_options):
        raise trouble

    monkeypatch.setattr(receipts, "apply", fail)
    with pytest.raises(PpeError) as said:
        take(hq, *hq.feed)
    assert not said.value.permanent
    assert not FeedRecord.objects.exists()
    assert not ReceiptRecord.objects.exists()
    assert fresh(packet).state == "queued"
    monkeypatch.undo()
    assert take(hq, *hq.feed) == 1
    assert fresh(packet).state == "acknowledged"


def test_an_unsent_version_gives_way_to_the_next_at_once(hq):
    hq.close("0101")
    first = hq.sealed()
    cards.reopen(card=hq.card(), numbers=[], reason="Забыли лист", actor=ACTOR)
    hq.close("0101", people=0)
    second = hq.sealed()
    assert fresh(first).state == "superseded"
    assert (second.version, second.supersedes) == (2, None)


def test_the_coordinators_undo_comes_through_the_feed(hq):
    hq.all_journals()
    row = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    body = {"sitting": hq.sitting.key, "status": "exams_finished", "reason": "Рано", "by": "Крылова Н. В."}
    take(hq, hq.item("status_undo", body))
    row.refresh_from_db()
    assert (row.state, row.undone_by, row.undone_reason) == ("undone", "Крылова Н. В.", "Рано")
    again = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    assert PointStatus.objects.count() == 2
    assert again.at != row.at


def test_a_revocation_list_comes_through_the_feed(hq):
    from keys.models import Certificate

    der = hq.keys.revoke("print-0001") if "print-0001" in hq.keys.certificates else None
    if der is None:
        hq.keys.signer("print-0001")
        der = hq.keys.revoke("print-0001")
    take(hq, hq.item("crl", {"der": base64.b64encode(der).decode()}))
    assert FeedRecord.objects.get().problem == NOTHING
    assert Certificate.objects.get(role="print").revoked_at is not None


def test_what_is_awaited_makes_the_feed_be_asked_often(hq):
    assert not feed.has_awaited(hq.point)
    hq.close("0101")
    packet = hq.signed()
    assert feed.has_awaited(hq.point)
    take(hq, hq.receipt_item(packet, "acknowledged"))
    assert not feed.has_awaited(hq.point)
    assert Packet.objects.count() == 1
