"""Nothing typed is lost: a form that was not done comes back filled in, and the news of a page disturb nobody."""

import pytest

from rcoi.errors import RequestRefusedError
from rcoi.models import Announcement
from stations.models import Role
from tests.browser.test_centre import centre  # noqa: F401 - a fixture
from tests.browser.test_desk import address, desk, workers  # noqa: F401 - fixtures
from tests.conftest import log_in
from tests.support import factories
from wire.messages import Message

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "/centre/announcements/"
NARROW = {"width": 390, "height": 844}
PASSWORD = "a password of ten letters"
TEXT = "Звоните по запасному номеру\nдо 18:00"


@pytest.fixture
def person(centre):  # noqa: F811
    user = factories.make_user("writer", "Олегова Ольга Олеговна", Role.RCOI_OPERATOR, region=centre.region)
    user.set_password(PASSWORD)
    user.save()
    return log_in(user)


def fill(page, title="Связь"):
    page.fill("#announce-title", title)
    page.fill("#announce-text", TEXT)
    page.select_option("#announce-points", "78-0001")


def send(page):
    page.get_by_role("button", name="Отправить", exact=True).click()
    page.wait_for_selector("[data-unsent]")


def typed(page):
    chosen = page.evaluate("[...document.querySelector('#announce-points').selectedOptions].map(o => o.value)")
    return page.input_value("#announce-title"), page.input_value("#announce-text"), chosen


@pytest.mark.parametrize(("size", "name"), [(None, "wide"), (NARROW, "narrow")])
def test_an_invalid_form_leads_to_its_first_wrong_field(open_page, look, person, size, name):
    page = open_page(person, ADDRESS, **({"size": size} if size else {}))
    fill(page, " ")
    send(page)
    assert typed(page) == (" ", TEXT, ["78-0001"])
    assert page.evaluate("document.activeElement.id") == "announce-title"
    assert page.get_attribute("#announce-title", "aria-describedby") == "announce-title-error"
    look(page, f"form-invalid-{name}")
    assert not Announcement.objects.exists()


def test_a_refused_form_keeps_what_was_typed(open_page, look, person, monkeypatch):
    def refuse(**_given):
        raise RequestRefusedError(Message("A title and at least one point are needed."))

    page = open_page(person, ADDRESS)
    fill(page)
    with monkeypatch.context() as broken:
        broken.setattr("rcoi.pages.statuses.announcements.announce", refuse)
        send(page)
    assert typed(page) == ("Связь", TEXT, ["78-0001"])
    assert page.evaluate("document.activeElement.hasAttribute('data-unsent')")
    look(page, "form-refused-wide")


@pytest.mark.parametrize(("size", "name"), [(None, "wide"), (NARROW, "narrow")])
def test_an_ended_session_leads_through_the_log_in_and_back(open_page, look, person, settings, size, name):
    page = open_page(person, ADDRESS, **({"size": size} if size else {}))
    fill(page)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    send(page)
    page.faults.clear()  # the browser notes every answer of 403
    look(page, f"form-log-in-{name}")
    page.fill("#login-form input[name=username]", "writer")
    page.fill("#login-form input[name=password]", PASSWORD)
    page.click("#login-form button")
    page.wait_for_selector("#announce [data-unsent]")
    assert typed(page) == ("Связь", TEXT, ["78-0001"])
    look(page, f"form-unsent-{name}")
    assert not Announcement.objects.exists()
    page.get_by_role("button", name="Отправить", exact=True).click()
    page.wait_for_selector(".note.success")
    assert Announcement.objects.count() == 1


def test_a_stale_token_loses_nothing(open_page, look, person, settings):
    page = open_page(person, ADDRESS)
    fill(page)
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    send(page)
    page.faults.clear()
    assert typed(page) == ("Связь", TEXT, ["78-0001"])
    look(page, "form-stale-wide")
    page.get_by_role("button", name="Отправить", exact=True).click()
    page.wait_for_selector(".note.success")
    assert Announcement.objects.count() == 1


def test_news_take_away_neither_what_is_typed_nor_what_came_back(open_page, look, desk, technician, workers):  # noqa: F811
    sets = desk.journal()
    desk.scan(*[desk.page(number) for number in sets[0].values()])
    desk.fill(registration_count=2)
    page = open_page(technician, address(desk))
    page.locator("#closing summary").click()
    page.fill("#close-act-reason", "Лист порван")
    desk.scan(desk.page(sets[1]["R"]), name="second.tif")
    thumbs = len(sets[0]) + 1
    page.wait_for_function(f"document.querySelectorAll('a.scan-thumb').length === {thumbs}")
    assert page.input_value("#close-act-reason") == "Лист порван"
    page.fill("#close-act-pin", "00000000")
    page.evaluate("document.querySelector('#close-act').noValidate = true")
    page.get_by_role("button", name="Подписать акт и закрыть").click()
    page.wait_for_selector("#close-act [data-unsent]")
    assert page.input_value("#close-act-reason") == "Лист порван"
    assert page.input_value("#close-act-pin") == ""
    look(page, "form-act-wide")
    desk.scan(desk.page(next(number for kind, number in sets[1].items() if kind != "R")), name="third.tif")
    page.wait_for_function(f"document.querySelectorAll('a.scan-thumb').length === {thumbs + 1}")
    assert page.input_value("#close-act-reason") == "Лист порван"
