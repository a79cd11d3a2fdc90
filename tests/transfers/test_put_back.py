"""A point whose database is put back from an older copy, and a point whose centre's was."""

import hashlib

import pytest

from audit.log import SYSTEM
from audit.models import Event
from tests.support.copies import Copy
from tests.transfers.conftest import ACTOR, fresh
from transfers import feed, sign
from transfers.models import FeedCursor
from wire.documents.feed import BrokenChainError

WORD = {"title": "Связь", "text": ""}


@pytest.mark.django_db(transaction=True)
def test_no_packet_number_is_given_twice(hq, settings):
    for room in ("0101", "0102", "0103"):
        hq.close(room)
    first = hq.signed("0101")
    copy = Copy()
    lost = hq.signed("0102")
    copy.put_back()
    packet = hq.signed("0103")
    assert (first.sequence, lost.sequence, packet.sequence) == (1, 2, 3)
    assert packet.prev == lost.sha256
    said = Event.objects.get(kind="node.numbers_behind")
    assert (said.point, said.data["database"], said.data["given_out"]) == ("0001", 1, 2)


@pytest.mark.django_db(transaction=True)
def test_a_signature_that_was_rolled_back_leaves_no_gap(hq, monkeypatch):
    hq.close("0101")
    packet = hq.sealed("0101")
    monkeypatch.setattr("transfers.sign.move_packet", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sign.sign_packets(packets=[packet], token=hq.keys.open_token(), actor=ACTOR)
    monkeypatch.undo()
    sign.sign_packets(packets=[fresh(packet)], token=hq.keys.open_token(), actor=ACTOR)
    assert fresh(packet).sequence == 1
    assert not Event.objects.filter(kind="node.numbers_behind").exists()


def take(hq, *items):
    return feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)


@pytest.mark.django_db
@pytest.mark.parametrize("known", [0, 1, 2])
def test_items_that_the_centre_lost_are_waited_for_no_longer(hq, known):
    items = [hq.item("announcement", WORD) for _ in range(3)]
    take(hq, *items[:known])
    after = hq.item("announcement", WORD, number=6, prev=hashlib.sha256(b"the lost one").hexdigest(), lost_after=known)
    next_one = hq.item("announcement", WORD, number=7)
    assert take(hq, after, next_one) == 2
    assert FeedCursor.objects.get(point=hq.point).number == 7
    assert Event.objects.get(kind="transfers.feed_gap").data == {"after": known, "number": 6}


@pytest.mark.django_db
def test_an_item_that_is_only_late_is_still_waited_for(hq):
    first = hq.item("announcement", WORD)
    late = hq.item("announcement", WORD)
    after = hq.item("announcement", WORD, number=6, prev="0" * 64, lost_after=2)
    take(hq, first)
    with pytest.raises(BrokenChainError):
        take(hq, after)
    assert take(hq, late, after) == 2
