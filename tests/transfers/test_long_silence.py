"""A line down for longer than anybody waits: told to a person, and gone on by itself when the centre answers."""

import pytest
from django.utils import timezone

from tests.transfers.conftest import fresh
from tests.transfers.test_two_nodes import centre, empty_centre  # noqa: F401 (fixtures)
from transfers import feed, link, outbox, tasks
from transfers.models import Packet

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def silent(hq, settings):
    """A signed packet that was tried as often as a packet is, and no centre."""
    settings.PPE_RCOI_URL = NOWHERE
    link._sessions.clear()
    hq.close("0101")
    packet = hq.signed("0101")
    tried(packet, outbox.MAX_TRIES + 1)
    return packet


def tried(packet, times):
    for _ in range(times):
        Packet.objects.update(next_try_at=timezone.now(), lease_until=None)
        outbox.work(packet.pk)


def rested():
    Packet.objects.update(next_try_at=timezone.now() - outbox.REST)


def asked(hq):
    cursor = feed.cursor_of(hq.point)
    type(cursor).objects.update(next_try_at=timezone.now(), lease_until=None)
    tasks.poll(cursor.pk)


def test_a_person_is_told_both_ways_out(silent):
    row = fresh(silent)
    assert row.state == "stuck"
    assert row.last_error.ru == (
        "Нет связи с сервером РЦОИ. Передайте пакет на флеш-накопителе или подождите: как только РЦОИ ответит, "
        "передача продолжится сама."
    )


def test_nothing_is_tried_while_the_centre_is_silent(hq, silent):
    rested()
    asked(hq)
    assert fresh(silent).state == "stuck"


@pytest.mark.slow
def test_the_packet_goes_on_by_itself_when_the_centre_answers(hq, silent, centre, settings):  # noqa: F811
    settings.PPE_RCOI_URL = centre.url
    asked(hq)
    assert fresh(silent).state == "stuck", "one try a minute, not one at every answer"
    rested()
    asked(hq)
    row = fresh(silent)
    assert (row.state, row.attempts) == ("queued", outbox.MAX_TRIES - 1)
    assert "РЦОИ снова отвечает: передача продолжается" in [step.text.ru for step in row.steps.all()]
    outbox.work(silent.pk)
    assert fresh(silent).state in ("delivered", "acknowledged")


def test_one_that_fails_again_is_with_a_person_again(hq, silent):
    rested()
    assert outbox.revive(hq.point) == 1
    tried(silent, 2)
    assert fresh(silent).state == "stuck"
    assert fresh(silent).last_error.ru.count("Передайте пакет на флеш-накопителе") == 1


@pytest.mark.parametrize("why", ["refused", "unsigned"])
def test_what_a_person_must_decide_stays_with_the_person(hq, silent, why):
    rested()
    changed = {"refused": {"last_error_code": "transfer_refused"}, "unsigned": {"signed_at": None}}[why]
    Packet.objects.update(**changed)
    assert outbox.revive(hq.point) == 0
    assert fresh(silent).state == "stuck"
