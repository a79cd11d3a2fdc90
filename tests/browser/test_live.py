"""What the pages do by themselves: news without reloading, many files at once, the keyboard alone."""

import pytest

from audit.log import SYSTEM
from journals import intake
from journals.models import Journal
from stations.models import ExamPoint
from tests.browser.test_centre import centre  # noqa: F401 - a fixture
from tests.browser.test_transfers import hq  # noqa: F401 - a fixture
from tests.support.journals import print_station
from tests.support.keys import make_keys
from transfers.models import Packet

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def keys(day, data_dir, token_dir):
    return make_keys(day, token_dir)


def bring(keys, number="0001", room="0101"):
    station = print_station(keys, number, room=room)
    intake.ingest(data=station.close(), name=station.name, door="api", actor=SYSTEM)


def test_news_come_without_reloading(open_page, day, keys, technician):
    page = open_page(technician, "/today/78-0001/")
    assert page.locator("#step-1 .tally b").first.inner_text() == "0 из 6"
    page.evaluate("window.same = true")
    bring(keys)
    page.wait_for_function("document.querySelector('#step-1 .tally b').innerText === '1 из 6'", timeout=120_000)
    assert page.evaluate("window.same")
    assert not page.faults


def test_what_a_person_types_is_not_taken_away(open_page, day, keys, technician):
    page = open_page(technician, f"/monitoring/{day.key}/")
    page.locator("details.owing summary").first.click()
    page.locator("details.owing textarea").first.fill("Станция сгорела")
    bring(keys, "0002", "0102")
    page.wait_for_function("document.querySelectorAll('.cell.ok').length === 1", timeout=120_000)
    assert page.locator("details.owing textarea").first.input_value() == "Станция сгорела"


def test_sixty_files_at_once(open_page, look, day, keys, technician, tmp_path):
    for index in range(60):
        if index < 4:
            station = print_station(keys, f"000{index + 1}", room=f"010{index + 1}")
            (tmp_path / station.name).write_bytes(station.close())
        else:
            (tmp_path / f"photo-{index}.dat").write_bytes(bytes([index]) * 100)
    page = open_page(technician, f"/monitoring/{day.key}/")
    with page.expect_navigation(timeout=120_000):
        page.locator("#journals input[type=file]").set_input_files(sorted(tmp_path.glob("*.dat")))
    assert page.locator("#verdicts li").count() == 60
    assert page.locator('#verdicts li[data-state="accepted"]').count() == 4
    assert Journal.objects.count() == 4
    look(page, "monitoring-sixty")


def test_the_keyboard_reaches_the_forms(open_page, hq, day, technician, flash_dir):  # noqa: F811
    hq.all_journals()
    (flash_dir / "END_PRINT.dat").write_bytes(b"x")
    page = open_page(technician, f"/monitoring/{day.key}/")
    seen = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.form ? document.activeElement.form.id : ''"))
    assert {"journals", "flash", "status-exams_finished"} <= seen


def test_a_lost_login_leads_to_the_login_page(open_page, day, technician):
    page = open_page(technician, "/today/78-0001/")
    page.context.clear_cookies()
    page.wait_for_url("**/login/**", timeout=120_000)


def test_an_ended_session_is_said_to_whoever_types_and_takes_nothing_away(open_page, look, day, technician):
    page = open_page(technician, f"/monitoring/{day.key}/")
    page.locator("details.owing summary").first.click()
    page.locator("details.owing textarea").first.fill("Станция сгорела")
    page.context.clear_cookies()
    page.wait_for_selector("[data-live-ended]:not([hidden])", timeout=120_000)
    assert page.locator("[data-live-status]").is_hidden()
    assert page.locator("details.owing textarea").first.input_value() == "Станция сгорела"
    page.faults.clear()
    look(page, "live-session-ended", full=False)


def test_pages_do_not_keep_one_step(open_page, day, technician):
    page = open_page(technician, "/today/78-0001/")
    page.evaluate("""() => {
      window.pauses = [];
      const set = window.setTimeout;
      window.setTimeout = (work, after) => { if (after > 2000) window.pauses.push(after); return set(work, after); };
    }""")
    page.wait_for_function("window.pauses.length >= 4", timeout=120_000)
    pauses = page.evaluate("window.pauses")
    assert len(set(pauses)) == len(pauses)
    assert min(pauses) >= 0.8 * 3000


def test_packets_follow_beside_a_pin_that_is_being_typed(hq, open_page, technician, transactional_db):  # noqa: F811
    hq.all_journals()
    hq.close("0101", people=3)
    packet = hq.signed("0101")
    hq.close("0102", people=2)
    hq.sealed("0102")
    page = open_page(technician, f"/transfers/{hq.sitting.key}/")
    page.evaluate("window.same = true")
    page.fill("#sign input[name=pin]", "1234")
    Packet.objects.filter(pk=packet.pk).update(state="stuck")
    page.wait_for_selector("[data-part=packets] tr.bad")
    assert page.input_value("#sign input[name=pin]") == "1234"
    assert page.evaluate("window.same")
    assert not page.faults


def test_the_list_of_the_centre_follows_by_itself_and_keeps_the_focus(open_page, centre, operator):  # noqa: F811
    page = open_page(operator, "/centre/")
    page.locator("[data-part=live] a[href='/centre/inbox/']").first.focus()
    ExamPoint.objects.update(code="0009")
    page.wait_for_selector("[data-part=live] >> text=78-0009", timeout=60_000)
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/centre/inbox/"


def test_who_types_is_not_sent_to_the_log_in_when_the_session_ends(open_page, day, technician):
    page = open_page(technician, f"/monitoring/{day.key}/")
    page.locator("details.owing summary").first.click()
    page.locator("details.owing textarea").first.fill("Станция сгорела")
    page.context.clear_cookies()
    page.wait_for_selector("[data-live-ended]:visible", timeout=60_000)
    assert page.locator("details.owing textarea").first.input_value() == "Станция сгорела"
