"""A room that is opened again: its unsigned packet is taken back, a signed one goes its way."""

import pytest

from scanning import cards
from tests.transfers.conftest import ACTOR, fresh
from transfers import sign, tasks
from transfers.errors import NothingToSignError
from transfers.models import Packet


def open_again(hq):
    cards.reopen(card=hq.card(), numbers=[], reason="После закрытия пришёл журнал", actor=ACTOR)


@pytest.mark.parametrize("sealed", [False, True])
def test_nobody_can_sign_the_packet_of_a_room_that_is_open_again(hq, sealed):
    hq.close()
    packet = hq.sealed() if sealed else hq.build()
    open_again(hq)
    assert fresh(packet).state == "superseded"
    assert "открыта снова" in fresh(packet).steps.order_by("-pk").first().text.ru
    tasks.seal_packet(packet.pk)
    assert fresh(packet).state == "superseded"
    assert sign.awaiting(hq.sitting) == []
    with pytest.raises(NothingToSignError):
        sign.sign_packets(packets=[packet], token=hq.keys.open_token(), actor=ACTOR)


def test_a_packet_that_is_signed_goes_its_way_and_the_next_version_replaces_it(hq):
    hq.close()
    first = hq.signed()
    open_again(hq)
    assert fresh(first).state == "queued"
    hq.close(people=0)
    second = hq.signed()
    assert (second.version, second.supersedes) == (2, first)
    assert Packet.objects.filter(state="superseded").count() == 0


def test_the_row_of_a_confirmed_packet_says_that_its_room_is_open_again(hq, technician):
    hq.finish()
    packet = Packet.objects.get(room__number="0101")
    address = f"/transfers/{hq.sitting.key}/"
    before = _row(technician.client.get(address).content.decode(), packet)
    assert "Подтвержден" in before
    open_again(hq)
    after = _row(technician.client.get(address).content.decode(), packet)
    assert 'class="chip ok"' in before
    assert 'class="chip ok"' not in after
    assert "Аудитория открыта снова" in after
    assert "После закрытия пришёл журнал" in after
    assert "версия 1: Подтвержден" in after or "версия 1: «Подтвержден»" in after


def _row(page, packet):
    table = page.partition('id="packets"')[2]
    return next(row for row in table.split("<tr") if packet.uid in row)
