"""The pages of the HQ looked at in Chromium in the middle of a day."""

import pytest

from audit.log import SYSTEM
from journals import acts, intake
from scanning import cards
from stations.replacement import replace_station
from tests.support.journals import print_station, sets
from tests.support.keys import make_keys

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def busy_day(day, data_dir, token_dir, flash_dir):
    """Station 2 was replaced, most journals are there, one is doubtful, one is an act, the key is active."""
    keys = make_keys(day, token_dir)
    key = keys.load()
    replace_station(
        sitting=day.sitting,
        old=day.stations["print-0002"],
        new=day.stations["print-0005"],
        room=day.rooms["0102"],
        actor=SYSTEM,
    )
    for number, room in (("0001", "0101"), ("0002", "0102"), ("0005", "0102"), ("0004", "0104")):
        station = print_station(keys, number, room=room).seal(sets(8, unused=(8,)))
        intake.ingest(data=station.close(), name=station.name, door="browser", actor=SYSTEM)
    wrong = print_station(keys, "0003", room="0104")
    intake.ingest(data=wrong.close(), name="END_PRINT_78_0001_копия (1).dat", door="browser", actor=SYSTEM)
    acts.make(
        sitting=day.sitting,
        kind="journal_missing",
        post=day.posts["print-0006"],
        text="",
        actor=SYSTEM,
        reason="Станция резервная, не использовалась",
        token=keys.open_token(),
    )
    keys.activate(key)
    cards.ensure_cards(day.sitting)
    return day


def test_login(open_page, look, day, technician):
    look(open_page(None, "/login/?next=/"), "login")


@pytest.mark.parametrize("role", ["technician", "head", "gek", "observer"])
def test_today(open_page, look, busy_day, role, request):
    page = open_page(request.getfixturevalue(role), "/today/78-0001/")
    look(page, f"today-{role}", full=False)
    look(page, f"today-{role}-whole")


def test_today_at_dawn(open_page, look, day, technician):
    look(open_page(technician, "/today/78-0001/"), "today-dawn")


def test_without_scripts(open_page, look, busy_day, technician):
    look(open_page(technician, "/today/78-0001/", javascript=False), "today-no-script", full=False)


def test_the_checklist_is_one_sheet(open_page, busy_day, technician, tmp_path):
    page = open_page(technician, "/today/78-0001/")
    data = page.pdf(format="A4", path=str(tmp_path / "sheet.pdf"))
    assert data.count(b"/Type /Page\n") + data.count(b"/Type /Page ") + data.count(b"/Type/Page/") == 1


@pytest.mark.parametrize("guide", ["technician", "gek", "trouble"])
def test_guides(open_page, look, day, technician, guide):
    look(open_page(technician, f"/help/{guide}/"), f"guide-{guide}")


@pytest.mark.parametrize("address", ["monitoring", "keys", "scanning", "scanning/0101", "scanning/HQ", "transfers"])
def test_pages_of_the_day(open_page, look, busy_day, technician, address):
    name, _, rest = address.partition("/")
    path = f"/{name}/{busy_day.key}/" + (f"{rest}/" if rest else "")
    look(open_page(technician, path), address.replace("/", "-"))


@pytest.mark.parametrize(
    "path",
    [
        "people/",
        "audit/event/",
        "journals/journal/",
        "scanning/sheet/",
        "transfers/packet/",
        "keys/certificate/",
        "stations/station/",
        "stations/sitting/",
    ],
)
def test_lists(open_page, look, busy_day, technician, path):
    look(open_page(technician, f"/{path}"), "list-" + path.strip("/").replace("/", "-"))


def test_a_long_word_on_the_deadline_leaves_room_for_the_point_and_the_clock(open_page, busy_day, technician):
    page = open_page(technician, "/today/78-0001/")
    free = page.evaluate("""() => {
      document.querySelector(".day-deadline .label").textContent = "аудитория открыта снова, ".repeat(8);
      const title = document.createRange();
      title.selectNodeContents(document.querySelector(".day-where h1"));
      return document.querySelector(".day-clock").getBoundingClientRect().left - title.getBoundingClientRect().right;
    }""")
    assert free >= 0


def test_today_on_a_phone(open_page, look, busy_day, technician):
    page = open_page(technician, "/today/78-0001/", size={"width": 390, "height": 844})
    look(page, "today-narrow")
    inner = "document.querySelector('.day-where').getBoundingClientRect()"
    assert page.evaluate(f"document.querySelector('.day-where h1').scrollWidth <= {inner}.width")
