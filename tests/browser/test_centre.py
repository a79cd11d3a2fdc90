"""The pages of the centre looked at in Chromium."""

import pytest

from keys import authority
from tests.support import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def centre(data_dir, flash_dir, as_node):
    as_node("rcoi")
    factories.NodeFactory(kind="rcoi", points=[])
    authority.found(region="78", name="Санкт-Петербург")
    return factories.make_day()


@pytest.mark.parametrize(
    "path",
    [
        "centre/",
        "centre/inbox/",
        "centre/inbox/import/",
        "centre/registry/",
        "centre/requests/",
        "centre/packages/",
        "centre/access-keys/",
        "centre/reports/",
        "centre/announcements/",
    ],
)
def test_pages_of_the_centre(open_page, look, centre, administrator, path):
    look(open_page(administrator, f"/{path}"), path.strip("/").replace("/", "-"))


def test_the_status_page(open_page, look, centre, coordinator):
    look(open_page(coordinator, f"/centre/statuses/{centre.key}/"), "centre-status")


def test_the_status_page_on_a_phone(open_page, look, centre, coordinator):
    size = {"width": 390, "height": 844}
    page = open_page(coordinator, f"/centre/statuses/{centre.key}/", size=size)
    look(page, "centre-status-narrow")
    assert page.evaluate("document.querySelector('table.list').clientWidth") >= 600


def test_a_sentence_in_a_chip_leaves_room_for_the_columns_beside_it(open_page, centre, operator):
    page = open_page(operator, "/centre/")
    wide = page.evaluate("""() => {
      const cell = document.querySelector("table.list tbody td"), chip = document.createElement("span");
      chip.className = "chip words";
      chip.textContent = "Закрыт, расхождения покрыты актом или разобраны. ".repeat(4);
      cell.appendChild(chip);
      const box = cell.closest(".scroll");
      return box.scrollWidth - box.clientWidth;
    }""")
    assert wide <= 0


def test_the_first_page_of_a_centre(open_page, look, data_dir, as_node, db):
    as_node("rcoi")
    look(open_page(None, "/first-run/"), "first-run-rcoi")


def test_the_first_page_of_a_point(open_page, look, data_dir, db):
    look(open_page(None, "/first-run/"), "first-run-hq")


def test_a_page_that_is_not_there(open_page, look, day, technician):
    page = open_page(technician, "/today/78-0999/")
    page.faults.clear()
    look(page, "not-found")
