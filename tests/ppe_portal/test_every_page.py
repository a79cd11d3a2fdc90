"""Walks every list and every page as every role: nobody meets an error, nobody sees a stranger's point."""

import re

import pytest
from django.conf import settings as django_settings
from django.contrib import admin
from django.urls import NoReverseMatch, reverse

from common.web import pages

pytestmark = pytest.mark.django_db

HQ_ROLES = ["technician", "head", "gek", "observer"]
RCOI_ROLES = ["operator", "coordinator", "administrator"]


def addresses(day):
    """Return the addresses of this node's pages that a day alone fills in."""
    found = []
    for each in pages._pages:
        if each.node not in (django_settings.PPE_NODE, "both") or not each.login:
            continue
        names = re.findall(r"<(?:\w+:)?(\w+)>", each.route)
        if names in ([], ["key"]):
            key = day.point.key if "<point:" in each.route else day.sitting.key
            found.append(reverse(each.name, kwargs={"key": key} if names else {}))
    return found


def lists():
    for model in admin.site._registry:
        try:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:  # pragma: no cover
            continue


@pytest.fixture
def hq(day, data_dir):
    return day


@pytest.mark.parametrize("role", HQ_ROLES)
def test_every_page_of_the_point_opens_for_its_people(role, hq, request):
    login = request.getfixturevalue(role)
    opened = {}
    for address in [*addresses(hq), *lists()]:
        response = login.client.get(address)
        opened[address] = response.status_code
    assert {a: s for a, s in opened.items() if s not in (200, 302, 403)} == {}
    assert len(opened) > 15
    assert opened[f"/today/{hq.point.key}/"] == 200


@pytest.mark.parametrize("role", RCOI_ROLES)
def test_every_page_of_the_centre_opens_for_its_people(role, rcoi_node, day, data_dir, request):
    login = request.getfixturevalue(role)
    opened = {address: login.client.get(address).status_code for address in [*addresses(day), *lists()]}
    assert {a: s for a, s in opened.items() if s not in (200, 302, 403, 409)} == {}
    assert opened["/centre/"] == 200


def test_a_stranger_finds_no_page_of_the_point(hq, outsider):
    for address in addresses(hq):
        if hq.point.key in address:
            assert outsider.client.get(address).status_code in (403, 404), address


def test_without_a_login_every_page_leads_to_the_login(hq, client):
    from tests.support import factories

    factories.UserFactory(username="somebody")
    for address in [*addresses(hq), *lists()]:
        response = client.get(address)
        assert response.status_code == 302, address
        assert response.headers["Location"].startswith("/login/"), address


def test_the_queue_library_has_no_pages(hq, technician):
    technician.user.is_superuser = True
    technician.user.save()
    assert technician.client.get("/django_q/schedule/").status_code == 404
    assert "django_q" not in {model._meta.app_label for model in admin.site._registry}
