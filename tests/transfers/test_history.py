"""The way of a packet, late and overdue receipts, alarms, and receipts that came before their packet."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from keys.trust import trust_store
from stations.models import Node
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, flash, receipts
from transfers.history import milestones
from transfers.models import HistoryEntry, Packet, ReceiptRecord
from transfers.overview import Overview, Row
from wire.documents import receipt as wire_receipt


def take(hq, *items):
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)


def test_every_milestone_says_when_who_and_with_what_digest(hq):
    hq.close("0101")
    packet = hq.signed()
    packet.steps.create(at=timezone.now(), who=SYSTEM.name, text="Попытка 1: Нет связи. Повтор через 2 с.")
    made, sealed, signed, delivered, confirmed = milestones(packet)
    assert (made.who, signed.who) == (ACTOR.name, hq.keys.open_token().name)
    assert (sealed.digest, signed.digest) == (packet.content_sha256, packet.sha256)
    assert (delivered.at, delivered.level, confirmed.level) == (None, "idle", "idle")
    take(hq, hq.receipt_item(packet, "delivered"), hq.receipt_item(packet, "acknowledged"))
    *_before, delivered, confirmed = milestones(fresh(packet))
    assert "неудачных попыток: 1" in delivered.who
    assert (confirmed.title, confirmed.level) == ("Подтвержден", "ok")
    assert confirmed.there is not None
    assert confirmed.digest == ReceiptRecord.objects.get(level="acknowledged").sha256


def test_a_rejection_is_a_milestone_too(hq):
    hq.close("0101")
    packet = hq.signed()
    take(hq, hq.receipt_item(packet, "rejected"))
    assert [(each.title, each.level) for each in milestones(fresh(packet))][-1] == ("Отклонён", "bad")


@pytest.mark.parametrize(
    ("state", "minutes", "said"),
    [
        ("delivered", 5, ""),
        ("delivered", 20, "late"),
        ("delivered", 70, "overdue"),
        ("handed_over", 70, ""),
        ("handed_over", 150, "late"),
        ("handed_over", 400, "overdue"),
        ("acknowledged", 400, ""),
    ],
)
def test_an_awaited_receipt_is_late_then_overdue(hq, state, minutes, said):
    hq.close("0101")
    packet = hq.signed()
    since = timezone.now() - timedelta(minutes=minutes)
    Packet.objects.filter(pk=packet.pk).update(state=state, delivered_at=since, handed_over_at=since)
    assert Row(fresh(packet)).overdue == said


def test_an_overdue_receipt_is_said_on_the_page(hq, technician):
    hq.close("0101")
    packet = hq.signed()
    long_ago = timezone.now() - timedelta(hours=3)
    Packet.objects.filter(pk=packet.pk).update(state="delivered", delivered_at=long_ago)
    page = technician.client.get(f"/transfers/{hq.sitting.key}/").content.decode()
    assert "Просрочено квитанций: 1" in page
    assert "квитанция просрочена" in page


def test_a_receipt_for_nothing_raises_an_alarm_and_one_of_the_other_machine_does_not(hq, technician):
    address = f"/transfers/{hq.sitting.key}/"
    other = wire_receipt.read(hq.receipt(None, "delivered", sha256="cd" * 32), trust_store())
    document = wire_receipt.write(_of_node(other, "0198b0c4-0000-7000-8000-0000000000cc"), hq.keys.signer("rcoi-01"))
    receipts.ingest(document=document, point=hq.point, door="feed")
    assert not receipts.alarms(hq.point).exists()
    assert "Тревога:" not in technician.client.get(address).content.decode()
    own = wire_receipt.write(_of_node(other, Node.objects.get().uid), hq.keys.signer("rcoi-01"))
    receipts.ingest(document=own, point=hq.point, door="feed")
    receipts.ingest(document=hq.receipt(None, "delivered", sha256="ab" * 32), point=hq.point, door="feed")
    assert receipts.alarms(hq.point).count() == 2
    assert Event.objects.filter(kind="transfers.foreign_receipt").count() == 2
    assert "Тревога:" in technician.client.get(address).content.decode()


def test_a_receipt_that_came_before_its_packet_speaks_when_it_comes_again(hq):
    hq.close("0101")
    packet = hq.signed()
    document = hq.receipt(packet, "acknowledged")
    kept = dict(Packet.objects.filter(pk=packet.pk).values().get())
    HistoryEntry.objects.all().delete()
    Packet.objects.all().delete()
    row = receipts.ingest(document=document, point=hq.point, door="feed")
    assert row.packet is None
    Packet.objects.create(**kept)
    receipts.ingest(document=document, point=hq.point, door="answer")
    assert fresh(packet).state == "acknowledged"
    assert ReceiptRecord.objects.get().packet_id == packet.pk


def test_the_page_of_a_packet_shows_the_way_and_carries_it(hq, technician, flash_dir):
    hq.close("0101")
    packet = hq.signed()
    address = f"/transfers/{hq.sitting.key}/{packet.uid}/"
    page = technician.client.get(address).content.decode()
    assert "Путь пакета" in page
    assert packet.sha256[:8] in page
    fields = {"form": f"flash-{packet.uid}", "folder": str(flash_dir)}
    assert "прочитано обратно: 1" in technician.client.post(address, fields, follow=True).content.decode()
    assert (flash_dir / packet.name).exists()
    assert Overview(hq.sitting).overdue == 0
    assert flash.portable([fresh(packet)])


def _of_node(receipt, node):
    return replace(receipt, extra={"node": node})
