"""The test packet of the day before: what is ready, what is not, and the whole way to a real centre."""

from datetime import timedelta

import pytest
from django.utils import timezone

from keys import node
from keys import phone as keys_phone
from keys.models import Certificate
from tests.support.keys import PIN
from tests.transfers.conftest import ACTOR, fresh
from tests.transfers.test_two_nodes import centre, empty_centre, settle  # noqa: F401 (fixtures)
from transfers import outbox, trial
from transfers.models import ConnectivityCheck, Packet
from transfers.newest import newest_packets
from transfers.overview import Overview
from transfers.readiness import readiness_of
from wire import cms
from wire import packet as wire_packet
from wire.errors import PpeError


def levels(hq):
    return {(item.code, item.text): item.level for item in readiness_of(hq.sitting).items}


def level(hq, code):
    found = [each for (name, _text), each in levels(hq).items() if name == code]
    return found[0] if found else None


def begin(hq):
    return trial.begin(sitting=hq.sitting, token=hq.keys.open_token(), actor=ACTOR)


def test_before_the_test_it_says_what_is_missing_and_how_it_is_mended(hq, flash_dir):
    ready = readiness_of(hq.sitting)
    assert ready.packet is None
    said = {item.code: item for item in ready.items}
    assert said["node"].level == said["rcoi"].level == said["gek"].level == "ok"
    assert (said["access_key"].level, said["phone"].level, said["signed"].level) == ("bad", "warn", "info")
    assert all(item.cure for item in ready.items if item.level in ("bad", "warn"))
    keys_phone.store_secret(
        hq.point, hq.sitting.date.isoformat(), cms.seal_bytes(bytes(32), recipients=node.node_certificates(hq.point))
    )
    assert level(hq, "phone") == "ok"
    Certificate.objects.filter(role="rcoi").update(revoked_at=timezone.now())
    assert level(hq, "rcoi") == "bad"
    with pytest.raises(PpeError):
        begin(hq)
    assert not Packet.objects.exists(), "a test that cannot be made leaves nothing behind"


def test_a_certificate_that_ends_before_the_exam_is_not_ready(hq):
    Certificate.objects.filter(role="gek").update(not_after=timezone.now() + timedelta(seconds=5))
    assert level(hq, "gek") == "bad"


def test_the_packet_is_a_real_one_and_no_part_of_the_day(hq):
    packet = begin(hq)
    assert (packet.state, packet.kind, packet.signed_by) == ("queued", "test", hq.keys.open_token().name)
    header = wire_packet.read_header(packet.file)
    assert (header.kind, header.room) == ("test", None)
    assert Overview(hq.sitting).packets == []
    assert "test" not in {each.kind for each in newest_packets(hq.sitting)}
    assert level(hq, "signed") == "ok"
    again = begin(hq)
    assert (again.version, again.supersedes) == (2, packet)


@pytest.mark.slow
def test_the_whole_way_by_both_channels(hq, centre, settings):  # noqa: F811
    settings.PPE_RCOI_RESERVE_URL = "http://127.0.0.1:9"
    packet = begin(hq)
    main, reserve = ConnectivityCheck.objects.order_by("pk")
    trial.check_connectivity(main.pk)
    for _ in range(trial.TRIES):
        ConnectivityCheck.objects.update(next_try_at=timezone.now(), lease_until=None)
        trial.check_connectivity(reserve.pk)
    outbox.work(packet.pk)
    settle(hq, packet, "acknowledged")
    main.refresh_from_db()
    assert (main.state, main.milliseconds is not None, abs(main.skew_seconds) < 5) == ("answered", True, True)
    said = levels(hq)
    assert said["line", "Основной канал"] == "ok"
    assert said["line", "Резервный канал"] == "bad"
    assert (level(hq, "delivered"), level(hq, "answered"), level(hq, "clock")) == ("ok", "ok", "ok")
    settings.PPE_RCOI_RESERVE_URL = centre.url
    second = begin(hq)
    for row in second.lines.all():
        trial.check_connectivity(row.pk)
    assert {row.state for row in second.lines.all()} == {"answered"}
    outbox.work(second.pk)
    settle(hq, second, "acknowledged")
    assert fresh(packet).state == "superseded"
    assert not [item for item in readiness_of(hq.sitting).bad if item.code != "access_key"]


def test_the_page_takes_a_token_and_shows_the_items(hq, technician, observer):
    address = f"/transfers/{hq.sitting.key}/readiness/"
    page = technician.client.get(address).content.decode()
    assert "Отправить проверочный пакет" in page
    fields = {"form": "test", "token": hq.keys.token_info().id, "pin": "000000"}
    wrong = technician.client.post(address, fields, follow=True).content.decode()
    assert "ПИН" in wrong
    assert not Packet.objects.exists()
    observer.client.post(address, {**fields, "pin": PIN})
    assert not Packet.objects.exists()
    done = technician.client.post(address, {**fields, "pin": PIN}, follow=True).content.decode()
    assert "проверочный пакет подписан" in done
    assert Packet.objects.get().state == "queued"
    state = technician.client.get(f"{address}state.json").json()
    assert state["packet"] == Packet.objects.get().uid
