"""The sidebar leads nobody to a closed door."""

import pytest
from django.test import RequestFactory

from keys import authority, node
from ppe_portal.navigation import sidebar

pytestmark = pytest.mark.django_db


def links(login) -> list[str]:
    """Return where the sidebar of a person leads."""
    request = RequestFactory().get("/")
    request.user, request.session = login.user, login.client.session
    return [item["link"] for group in sidebar(request) for item in group["items"]]


@pytest.fixture
def centre(rcoi_node, data_dir):
    """This process is a centre with a folder of its own and an authority."""
    node.ensure_keys()
    authority.found(region="78", name="РЦОИ Санкт-Петербурга")


@pytest.mark.parametrize("person", ["operator", "coordinator", "administrator"])
def test_every_link_of_the_centre_opens_for_whom_it_is_shown(centre, person, request):
    login = request.getfixturevalue(person)
    found = links(login)
    assert ("/centre/registry/" in found) == (person == "administrator")
    assert ("/centre/packages/" in found) == (person != "coordinator")
    assert {path: login.client.get(path).status_code for path in found} == dict.fromkeys(found, 200)


@pytest.mark.parametrize("person", ["technician", "head", "gek", "observer"])
def test_every_link_of_a_point_opens_for_whom_it_is_shown(day, data_dir, token_dir, flash_dir, person, request):
    login = request.getfixturevalue(person)
    login.client.get("/")
    found = links(login)
    assert "/today/78-0001/" in found
    assert {path: login.client.get(path).status_code for path in found} == dict.fromkeys(found, 200)
