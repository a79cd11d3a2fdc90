"""An access key is loaded by one person and activated by another, whoever brought it and under whatever login."""

import re
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.log import SYSTEM, Actor
from audit.models import Event
from keys import access
from keys.models import AccessKey, Certificate
from stations.models import Person, Role
from tests.conftest import log_in
from tests.support import factories
from tests.support.keys import PIN
from wire import pki
from wire.errors import PpeError

pytestmark = pytest.mark.django_db


def page_actor(login):
    return Actor(login.user.get_full_name(), "page", user_id=login.user.pk)


@pytest.fixture
def member(keys):
    """The GEK member, who holds the token, before the screen under an own login."""
    person = Person.objects.get(uid=keys.gek_uid)
    return log_in(factories.UserFactory(username="sokolova", person=person))


@pytest.fixture
def other_login(keys, member):
    """The same person under another login, with another role and another name on the screen."""
    factories.AssignmentFactory(person=member.user.person, role=Role.TECHNICAL_SPECIALIST, sitting=keys.day.sitting)
    return log_in(factories.UserFactory(username="tech9", person=member.user.person, first_name="Иванов И. И."))


def refused(keys, row, actor, token=None):
    """The code of the refusal; nothing may have happened."""
    with pytest.raises(PpeError) as said:
        access.activate(access_key=row, token=token or keys.open_token(), actor=actor)
    assert not access.active(keys.day.sitting)
    assert not AccessKey.objects.filter(activations__isnull=False).exists()
    assert said.value.remedy_text("ru")
    return said.value.code


def load(keys, actor):
    name, data = keys.access_file()
    return access.load(data=data, name=name, actor=actor)


@pytest.mark.parametrize("beside", ["member", "other_login", "technician"])
def test_whoever_loaded_a_key_does_not_activate_it_under_any_login(keys, member, technician, beside, request):
    row = load(keys, page_actor(member))
    login = request.getfixturevalue(beside)
    assert refused(keys, row, page_actor(login)) == "second_person_needed"


def test_a_second_login_of_the_holder_is_the_holder(keys, member, other_login):
    row = load(keys, page_actor(other_login))
    assert refused(keys, row, page_actor(member)) == "second_person_needed"


def test_the_holder_activates_what_another_loaded_under_the_own_login_too(keys, member, technician):
    row = load(keys, page_actor(technician))
    access.activate(access_key=row, token=keys.open_token(), actor=page_actor(member))
    assert access.active(keys.day.sitting) == row


@pytest.mark.parametrize("order", [("member", "technician"), ("technician", "member")])
def test_another_who_loads_the_same_file_or_confirms_it_cures_it(keys, order, request):
    name, data = keys.access_file()
    for each in order:
        row = access.load(data=data, name=name, actor=page_actor(request.getfixturevalue(each)))
    assert Event.objects.filter(kind="keys.access_key_loaded").count() == 2
    access.activate(access_key=row, token=keys.open_token(), actor=page_actor(request.getfixturevalue("member")))
    assert access.active(keys.day.sitting)


def test_who_loaded_an_older_file_of_the_key_does_not_count(keys, member, technician):
    name, old = keys.access_file()
    access.load(data=old, name=name, actor=page_actor(technician))
    ident = next(handle for handle in keys.keys if handle.startswith("access-"))
    again = access.wire_key.write(keys.keys[ident], recipients=[keys.certificates[f"gek-{keys.gek_uid}"]])
    row = access.load(data=again, name=name, actor=page_actor(member))
    assert refused(keys, row, page_actor(member)) == "second_person_needed"


def reserve(keys, actor):
    _name, data = keys.access_file(version=2)
    ident = next(handle for handle in keys.certificates if handle.startswith("access-"))
    return access.take_reserve(p7m=data, certificate=pki.pem(keys.certificates[ident]).encode(), actor=actor)


def test_a_key_of_the_feed_needs_another_person_before_the_screen(keys, member, technician):
    row = reserve(keys, SYSTEM)
    assert refused(keys, row, page_actor(member)) == "second_person_needed"
    assert refused(keys, row, SYSTEM) == "second_person_needed"
    access.activate(access_key=row, token=keys.open_token(), actor=page_actor(technician))
    assert access.active(keys.day.sitting)


def test_a_key_that_the_holder_brought_on_a_drive_needs_another_person(keys, member):
    assert refused(keys, reserve(keys, page_actor(member)), page_actor(member)) == "second_person_needed"


def test_a_key_that_a_station_sent_has_no_person_behind_it(keys, member):
    station = keys.signer("print-0001")
    actor = Actor("urn:ppe:print:78:0001:0001", "api", certificate=pki.fingerprint(station.certificate))
    assert refused(keys, load(keys, actor), page_actor(member)) == "second_person_needed"


def test_the_person_behind_a_certificate_is_the_holder(keys, member):
    row = Certificate.objects.get(role="gek", ident=keys.gek_uid)
    actor = Actor("Соколова", "token", certificate=row.fingerprint)
    assert refused(keys, load(keys, actor), page_actor(member)) == "second_person_needed"


def test_a_login_without_a_person_is_nobody_else(keys, member):
    bare = log_in(factories.UserFactory(username="root", person=None, is_superuser=True))
    row = load(keys, page_actor(bare))
    assert refused(keys, row, page_actor(bare)) == "second_person_needed"
    assert refused(keys, row, page_actor(member)) == "second_person_needed"


def test_a_token_that_the_registry_has_no_person_for_is_known_by_its_certificate(keys, member):
    row = load(keys, page_actor(member))
    token = replace(keys.open_token(), person=None)
    assert refused(keys, row, page_actor(member), token) == "second_person_needed"


# --- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def url(day):
    return reverse("keys", kwargs={"key": day.key})


def post(login, url, **fields):
    return login.client.post(url, fields, follow=True).content.decode()


def test_the_page_asks_the_same_rule_and_offers_the_cure(keys, member, technician, url):
    name, data = keys.access_file()
    page = post(member, url, form="load", files=SimpleUploadedFile(name, data))
    row = AccessKey.objects.get()
    said = {"form": "activate", "access_key": row.pk, "token": keys.token_info().id, "pin": PIN}
    for login in (member, technician):
        page = login.client.get(url).content.decode()
        assert "это действия двух лиц" in page
        assert 'id="activate"' not in page
    assert f'id="confirm-{row.pk}"' not in member.client.get(url).content.decode()
    assert "code-second_person_needed" in post(member, url, **said)
    page = post(technician, url, form=f"confirm-{row.pk}")
    assert "загрузка подтверждена" in page
    assert "это действия двух лиц" not in page
    assert "Загрузка подтверждена" in page
    assert f'id="confirm-{row.pk}"' not in page
    assert "Ключ активирован" in post(member, url, **said)


def test_a_key_of_a_specialist_shows_no_warning_and_no_second_button(keys, technician, member, url):
    name, data = keys.access_file()
    post(technician, url, form="load", files=SimpleUploadedFile(name, data))
    for login in (technician, member):
        page = login.client.get(url).content.decode()
        assert "действия двух лиц" not in page
        assert 'id="confirm-' not in page
        assert re.search(r'<button class="btn primary">\s*Активировать\s*</button>', page)


@pytest.mark.parametrize("number", ["", "0", "999999", "²"])
def test_confirming_a_key_of_nobody_is_not_found_and_who_may_not_is_refused(keys, technician, observer, url, number):
    row = keys.load()
    assert technician.client.post(url, {"form": f"confirm-{number}"}).status_code == 404
    assert "code-not_allowed" in post(observer, url, form=f"confirm-{row.pk}")
