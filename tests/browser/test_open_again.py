"""A day that the centre opens again, before a real browser: three pages say since when, why, and who acts."""

import pytest

from audit.log import SYSTEM
from tests.support.keys import make_keys
from tests.transfers.conftest import Hq
from transfers import feed
from transfers.models import Packet

pytestmark = pytest.mark.browser


@pytest.fixture
def hq(day, data_dir, token_dir):
    return Hq(day, make_keys(day, token_dir))


def test_a_rescan_request_after_the_last_status(hq, technician, open_page, look, transactional_db):
    hq.keys.activate()
    hq.finish()
    page = open_page(technician, f"/today/{hq.point.key}/?sitting={hq.sitting.key}")
    look(page, "day-over")
    assert "можно расходиться" in page.inner_text("body").lower()
    body = {"packet": Packet.objects.get(room__number="0101").uid, "room": "0101", "sheets": [], "reason": "Полоса"}
    feed.take_items(point=hq.point, items=[hq.item("rescan_request", body)], door="feed", actor=SYSTEM)
    for name, address in (
        ("today", f"/today/{hq.point.key}/?sitting={hq.sitting.key}"),
        ("packets", f"/transfers/{hq.sitting.key}/"),
        ("monitoring", f"/monitoring/{hq.sitting.key}/"),
        ("desk", f"/scanning/{hq.sitting.key}/"),
    ):
        page = open_page(technician, address)
        look(page, f"day-open-again-{name}")
        said = page.inner_text("body")
        assert "можно расходиться" not in said.lower()
        assert "Полоса" in said or name == "desk"
        assert name != "monitoring" or "сформирован до последних действий станции" in page.inner_text("#stations")
