"""The pages of the HQ looked at in Chromium."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_login(open_page, look, day, technician):
    look(open_page(None, "/login/?next=/"), "login")


@pytest.mark.parametrize("role", ["technician", "gek", "observer"])
def test_today(open_page, look, day, role, request):
    page = open_page(request.getfixturevalue(role), "/today/78-0001/")
    look(page, f"today-{role}")


def test_monitoring(open_page, look, day, technician):
    look(open_page(technician, f"/monitoring/{day.key}/"), "monitoring")
