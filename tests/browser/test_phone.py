"""The point's pages on a phone: nothing covers the day, and how a packet stands is in sight."""

import pytest

from audit.log import SYSTEM
from tests.support.keys import make_keys
from tests.transfers.conftest import Hq
from transfers import feed
from transfers.models import Packet

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}

#: Whether the strip lies over a step, wherever the page is scrolled to.
COVERED = """() => {
  const strip = document.querySelector(".next-strip");
  const over = (a, b) => a.top < b.bottom && b.top < a.bottom;
  for (let y = 0; y <= document.documentElement.scrollHeight; y += 200) {
    document.querySelector("#main")?.scrollTo(0, y); window.scrollTo(0, y);
    const box = strip.getBoundingClientRect();
    for (const step of document.querySelectorAll(".step")) if (over(box, step.getBoundingClientRect())) return true;
  }
  return false;
}"""


@pytest.fixture
def hq(day, data_dir, token_dir):
    return Hq(day, make_keys(day, token_dir))


def test_the_next_step_covers_nothing(hq, technician, open_page, look, transactional_db):
    hq.close("0101")
    page = open_page(technician, f"/today/{hq.point.key}/?sitting={hq.sitting.key}", size=PHONE)
    assert page.evaluate(COVERED) is False
    page.evaluate("window.scrollTo(0, 0)")
    look(page, "phone-today")
    # It is the first thing below the head.
    assert page.locator(".next-strip").bounding_box()["y"] < page.locator("#step-1").bounding_box()["y"]


def test_the_state_of_every_packet_is_in_sight(hq, technician, open_page, look, transactional_db):
    hq.close("0101")
    hq.close("0102")
    there = [{"code": "seats_differ", "ru": "Рассажено 15, по карточке 2, не явились 0.", "en": "15 seated."}]
    items = [hq.receipt_item(hq.signed("0101"), "acknowledged", open=there)]
    feed.take_items(point=hq.point, items=items, door="feed", actor=SYSTEM)
    Packet.objects.filter(pk=hq.signed("0102").pk).update(state="stuck", last_error="Нет связи с сервером РЦОИ.")
    page = open_page(technician, f"/transfers/{hq.sitting.key}/", size=PHONE)
    look(page, "phone-packets")
    chips = page.locator("#packets tbody .chip")
    assert chips.count() == 3
    for each in chips.all():
        box = each.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
