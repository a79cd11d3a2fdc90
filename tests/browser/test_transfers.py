"""«Передать бланки» and the page of a packet before a real browser."""

import pytest

from audit.log import SYSTEM
from day import acts
from keys import node
from keys import phone as keys_phone
from tests.support.keys import make_keys
from tests.transfers.conftest import ACTOR, Hq, fresh
from transfers import feed, flash, outbox, tasks, trial
from transfers.models import ConnectivityCheck, Packet
from wire import cms

pytestmark = pytest.mark.browser


@pytest.fixture
def hq(day, data_dir, token_dir):
    return Hq(day, make_keys(day, token_dir))


def test_packets_in_every_state(hq, technician, flash_dir, open_page, look, settings, transactional_db):
    settings.PPE_RCOI_URL = "http://127.0.0.1:9"
    hq.all_journals()
    row = acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    tasks.seal_packet(row.packets.get().pk)
    hq.close("0101", people=3)
    one = hq.signed("0101")
    hq.close("0102", people=2)
    two = hq.signed("0102")
    flash.write(packets=[two], folder=str(flash_dir), actor=ACTOR)
    hq.close("0103", people=2)
    three = hq.signed("0103")
    reason = {"code": "counts", "ru": "В карточке 15 бланков регистрации, в пакете 14.", "en": "x", "sheet": None}
    feed.take_items(
        point=hq.point,
        items=[
            hq.receipt_item(one, "delivered"),
            hq.receipt_item(one, "acknowledged"),
            hq.receipt_item(three, "rejected", reasons=[reason]),
        ],
        door="feed",
        actor=SYSTEM,
    )
    hq.close_hq()
    hq.sealed("HQ", "forms")
    hq.close("0104")
    status = fresh(row.packets.get())
    outbox.work(status.pk)
    address = f"/transfers/{hq.sitting.key}/"
    page = open_page(technician, address)
    look(page, "transfers")
    page = open_page(technician, f"{address}{three.uid}/")
    look(page, "packet-rejected")
    Packet.objects.filter(pk=status.pk).update(state="stuck")
    page = open_page(technician, f"{address}{one.uid}/")
    look(page, "packet")


def test_a_status_by_telephone(hq, technician, open_page, look, transactional_db):
    keys_phone.store_secret(
        hq.point, hq.sitting.date.isoformat(), cms.seal_bytes(bytes(32), recipients=node.node_certificates(hq.point))
    )
    hq.all_journals()
    acts.declare(sitting=hq.sitting, status="exams_finished", actor=ACTOR)
    address = f"/transfers/{hq.sitting.key}/phone/exams_finished/"
    page = open_page(technician, address)
    look(page, "phone-before")
    page.click("#code button")
    look(page, "phone-code")
    page = open_page(technician, f"/transfers/{hq.sitting.key}/")
    look(page, "transfers-phone")
    page = open_page(technician, f"/monitoring/{hq.sitting.key}/")
    look(page, "monitoring-phone")


def test_the_check_before_the_exam(hq, technician, open_page, look, settings, transactional_db):
    settings.PPE_RCOI_URL, settings.PPE_RCOI_RESERVE_URL = "http://127.0.0.1:9", "http://127.0.0.1:9"
    packet = trial.begin(sitting=hq.sitting, token=hq.keys.open_token(), actor=ACTOR)
    main, _reserve = packet.lines.all()
    ConnectivityCheck.objects.filter(pk=main.pk).update(attempts=2)
    trial.check_connectivity(main.pk)
    page = open_page(technician, f"/transfers/{hq.sitting.key}/readiness/")
    look(page, "readiness")
    look(open_page(technician, f"/transfers/{hq.sitting.key}/"), "transfers-tested")
