"""The page «Ключи» as its people use it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit.models import Event
from keys import access, node
from keys.models import AccessKey
from tests.support.keys import PIN

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(day):
    return reverse("keys", kwargs={"key": day.key})


def load(login, url, name, data):
    return login.client.post(
        url, {"form": "load", "files": [SimpleUploadedFile(name, data)]}, follow=True
    ).content.decode()


def activate(login, url, keys, *, pin=PIN, **extra):
    key = AccessKey.objects.get()
    said = {"form": "activate", "access_key": key.pk, "token": keys.token_info().id, "pin": pin}
    return login.client.post(url, said, follow=True, **extra).content.decode()


def test_the_way_of_a_key(keys, technician, url):
    assert "Ключ ещё не загружен" in technician.client.get(url).content.decode()
    page = load(technician, url, *keys.access_file())
    assert "Ожидает активации членом ГЭК" in page
    assert "Иванов Пётр Ильич" in page
    assert f"gek-{keys.gek_uid}.p12" in page
    page = activate(technician, url, keys)
    assert "Ключ активирован: Соколова Анна Сергеевна" in page
    assert "Активен до" in page
    assert 'id="activate"' not in page
    assert access.active(keys.day.sitting)


def test_a_wrong_key_is_named_before_the_pin(keys, technician, url):
    name, data = keys.access_file()
    page = load(technician, url, name.replace("_01_v1", "_02_v1"), data)
    assert "предмет 02, а нужен 01" in page
    assert "code-access_key_refused" in page or "access_key_refused" in page
    assert not AccessKey.objects.exists()
    assert Event.objects.filter(kind="refused").exists()


def test_a_wrong_pin_is_said(keys, technician, url):
    load(technician, url, *keys.access_file())
    page = activate(technician, url, keys, pin="1")
    assert "ПИН-код не подходит" in page
    assert not access.active(keys.day.sitting)


def test_a_pin_is_not_taken_from_afar(keys, technician, url):
    load(technician, url, *keys.access_file())
    page = activate(technician, url, keys, REMOTE_ADDR="10.0.0.9")
    assert "Соединение не защищено" in page
    assert not access.active(keys.day.sitting)


def test_who_may_not_sees_no_forms(keys, observer, outsider, url):
    page = observer.client.get(url).content.decode()
    assert 'id="load"' not in page
    assert "not_allowed" in load(observer, url, *keys.access_file())
    assert outsider.client.get(url).status_code == 404
    assert not AccessKey.objects.exists()


def test_a_key_lost_with_the_disk_may_be_activated_again(gek, keys, technician, url):
    load(technician, url, *keys.access_file())
    activate(gek, url, keys)
    for path in node.folder().glob("access-*"):
        path.unlink()
    assert "активируйте ключ ещё раз" in gek.client.get(url).content.decode()
    activate(gek, url, keys)
    assert access.recipients_for(keys.day.sitting)
    assert AccessKey.objects.get().activations.count() == 2


@pytest.mark.parametrize("number", ["", "abc", "999999", "²"])
def test_a_key_that_is_not_there_is_not_found(keys, technician, url, number):
    answer = technician.client.post(url, {"form": "activate", "access_key": number})
    assert answer.status_code == 404
