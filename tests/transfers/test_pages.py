"""«Передать бланки» before the eyes of those who may see it."""

import pytest

from tests.support.keys import PIN
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, tasks
from transfers.models import Packet


@pytest.fixture
def address(hq):
    return f"/transfers/{hq.sitting.key}/"


def post(login, address, form, **fields):
    return login.client.post(address, {"form": form, **fields}, follow=True)


def test_the_whole_way_by_forms(hq, technician, address, flash_dir):
    hq.close("0101", people=2)
    hq.close_hq()
    page = technician.client.get(address)
    assert 'id="build"' in page.content.decode()
    assert "ауд. 0101" in page.content.decode()
    page = post(technician, address, "build")
    assert "Собирается пакетов: 2" in page.content.decode()
    for packet in Packet.objects.all():
        tasks.seal_packet(packet.pk)
    text = technician.client.get(address).content.decode()
    assert 'id="sign"' in text
    assert "листов бланков: 8" in text
    assert "листов форм: 2" in text
    token = hq.keys.token_info().id
    page = post(technician, address, "sign", token=token, pin="000000")
    assert Packet.objects.filter(state="awaiting_signature").count() == 2
    page = post(technician, address, "sign", token=token, pin=PIN)
    assert "подписано" in page.content.decode()
    state = technician.client.get(f"{address}state.json").json()
    assert [p["state"] for p in state["packets"]] == ["queued", "queued"]
    assert {"uid", "kind", "room", "version", "state", "sha256", "name", "number"} <= set(state["packets"][0])
    assert state["gate"]["open"] is False
    page = post(technician, address, "flash", folder=str(flash_dir))
    assert "можно извлекать" in page.content.decode()
    packet = Packet.objects.get(kind="blanks")
    assert packet.state == "handed_over"
    page = post(technician, address, f"retry-{packet.uid}")
    assert (fresh(packet).state, fresh(packet).attempts) == ("handed_over", 0)
    own = technician.client.get(f"{address}{packet.uid}/")
    assert packet.sha256 in own.content.decode()
    file = technician.client.get(f"{address}{packet.uid}/file/")
    assert b"".join(file.streaming_content) == packet.file.read_bytes()
    assert technician.client.get(f"{address}{packet.uid}/receipt/delivered/").status_code == 404


def test_nobody_but_those_who_may(hq, head, observer, outsider, address):
    hq.close("0101")
    assert outsider.client.get(address).status_code == 404
    assert outsider.client.get(f"{address}state.json").status_code == 404
    for login in (head, observer):
        page = login.client.get(address)
        assert page.status_code == 200
        assert 'id="build"' not in page.content.decode()
        assert 'id="flash"' not in page.content.decode()
        answer = post(login, address, "build")
        assert "code-not_allowed" in answer.content.decode() or "не разрешено" in answer.content.decode()
    assert not Packet.objects.exists()


def test_a_pin_is_taken_on_this_machine_only(hq, technician, address):
    hq.close("0101")
    hq.sealed()
    text = technician.client.get(address, REMOTE_ADDR="192.168.1.5").content.decode()
    assert 'id="sign"' not in text
    answer = technician.client.post(
        address, {"form": "sign", "token": hq.keys.token_info().id, "pin": PIN}, REMOTE_ADDR="192.168.1.5"
    )
    assert answer.status_code == 302
    assert Packet.objects.get().state == "awaiting_signature"


def test_empty_pages_stand(hq, technician, gek, address):
    for login in (technician, gek):
        assert login.client.get(address).status_code == 200
    answer = post(technician, address, "build")
    assert "ожидающих передачи, нет" in answer.content.decode()
    answer = post(technician, address, "flash", folder="/etc")
    assert "не на флеш" in answer.content.decode() or "нет на флеш" in answer.content.decode()
    assert technician.client.get(f"{address}0198b0c4-0000-7000-8000-00000000ffff/").status_code == 404


def test_two_machines_exchange_by_the_page(hq, technician, flash_dir, address):
    hq.close("0101")
    packet = hq.signed()
    post(technician, address, "flash", folder=str(flash_dir))
    assert "Уже были здесь: 1" in post(technician, address, "take", folder=str(flash_dir)).content.decode()
    assert "Ответов РЦОИ ещё нет" in post(technician, address, "answers", folder=str(flash_dir)).content.decode()
    feed.take_items(point=hq.point, items=[hq.receipt_item(packet, "delivered")], door="feed", actor=ACTOR)
    assert "FEED_78_0001_000001.jsonl" in post(technician, address, "answers", folder=str(flash_dir)).content.decode()
    assert (flash_dir / "FEED_78_0001_000001.jsonl").exists()
