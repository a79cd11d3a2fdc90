"""A node whose disk is full says so, and never that what it could not do is refused for good."""

import errno
import json
import os

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.http import HttpRequest
from django.test import Client

from common import errors as refusals
from common import space
from common.listeners import Listeners
from journals.models import Journal
from ppe_portal import errors
from tests.ppe_portal.test_every_page import addresses, lists
from tests.support.factories import UserFactory
from wire.errors import PpeError
from wire.messages import Both
from wire.tus_errors import RetryLaterError, refusal_of


class NoMatterError(PpeError):
    code = "no_matter"
    http_status = 507


def answer(rf, error, path="/api/v1/feed/"):
    try:
        raise RuntimeError("around it") from error
    except RuntimeError:
        return errors.server_error(rf.get(path))


@pytest.mark.parametrize(
    "error", [OperationalError("database or disk is full"), OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))]
)
def test_a_full_disk_is_507_in_words(rf, error):
    response = answer(rf, error)
    told = json.loads(response.content)
    assert (response.status_code, told["code"], told["permanent"]) == (507, "disk_full", False)
    assert "Освободите место" in told["cure_ru"]
    assert response["Retry-After"]
    page = answer(rf, error, "/scanning/")
    assert page.status_code == 507
    assert "На диске узла нет места" in page.content.decode()


def test_any_other_fault_is_500_and_may_be_tried_again(rf):
    response = answer(rf, OperationalError("database is locked"))
    assert response.status_code == 500
    assert json.loads(response.content)["permanent"] is False


def test_a_server_in_trouble_is_asked_again_whatever_it_says():
    for status in (500, 502, 507):
        said = refusal_of(httpx.Response(status, json={"permanent": True, "detail": "x"}))
        assert type(said) is RetryLaterError


def test_a_refusal_is_answered_even_when_it_cannot_be_noted(monkeypatch):
    heard = []

    def deaf(*_):
        raise OperationalError("database or disk is full")

    listeners: Listeners[[PpeError, HttpRequest | None]] = Listeners()
    listeners.register(deaf)
    listeners.register(lambda refusal, _request: heard.append(refusal.code))
    monkeypatch.setattr(refusals, "listeners", listeners)
    refusals.tell(NoMatterError(Both("Нет.", "No.")), None)
    assert heard == ["no_matter"]


def test_every_page_warns_while_the_disk_is_nearly_full(technician, day, settings):
    page = f"/transfers/{day.sitting.key}/"
    assert "code-disk_full" not in technician.client.get(page).content.decode()
    settings.PPE_DISK_RESERVE = 1 << 62
    text = technician.client.get(page).content.decode()
    assert "code-disk_full" in text
    assert "Новые файлы не принимаются" in text


BELOW = 1 << 62


def said(response):
    """What the page says about the form that was sent."""
    return " ".join(str(message) for message in response.context["messages"])


@pytest.fixture
def below(settings, data_dir):
    """The disk holds less than the reserve, and more than the floor."""
    settings.PPE_DISK_RESERVE = BELOW


def test_below_the_reserve_people_still_log_in(day, below):
    user = UserFactory(username="ivanov")
    user.set_password("семь-футов-под-килем")
    user.save()
    browser = Client()
    answer = browser.post("/login/", {"username": "ivanov", "password": "семь-футов-под-килем", "next": "/help/"})
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/help/")
    assert browser.post("/i18n/setlang/", {"language": "en"}).status_code == 302
    assert browser.post("/logout/").status_code == 200


def test_below_the_reserve_a_small_file_is_refused_and_a_form_without_files_is_not(technician, day, below):
    page = f"/monitoring/{day.sitting.key}/"
    told = technician.client.post(page, {"form": "journals", "pad": "x" * 1000}, follow=True)
    assert (told.status_code, said(told)) == (200, "Выберите файлы журналов (.dat).")
    file = SimpleUploadedFile("END_PRINT.dat", b"journal")
    told = technician.client.post(page, {"form": "journals", "files": file}, follow=True)
    assert "файлы не приняты. Действия без файлов выполняются." in said(told)
    assert not Journal.objects.exists()


def test_below_the_reserve_a_body_that_carries_files_is_refused_by_its_length(technician, day, below):
    page = f"/monitoring/{day.sitting.key}/"
    file = SimpleUploadedFile("END_PRINT.dat", bytes(space.SMALL))
    told = technician.client.post(page, {"form": "journals", "files": file})
    text = told.content.decode()
    assert (told.status_code, 'data-code="code-disk_full"' in text) == (507, True)
    assert "Файлы не приняты" in text
    assert "Удалите исходные сканы экзаменов, которые РЦОИ уже подтвердил" in text


def test_below_the_floor_the_words_do_not_speak_of_files(technician, day, below, monkeypatch):
    monkeypatch.setattr(space, "FLOOR", BELOW)
    told = technician.client.post(f"/transfers/{day.sitting.key}/", {"form": "build"})
    text = told.content.decode()
    assert told.status_code == 507
    assert "узел не может записать и этого действия" in text
    assert "загрузите файлы" not in text
    assert "Файлы не приняты" not in text


@pytest.fixture
def full(db):
    """The database takes nothing more: it answers as SQLite does on a full disk."""

    def refuse(execute, sql, params, many, context):
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE", "REPLACE")):
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield


#: Papers and files: that one was given out is written down before it is.
PAPERS = ("/closing-act/", "/centre/feed/", "/centre/reports/point/")


def hold(opened):
    """Every page was shown; a paper may say in words that the disk is full."""
    odd = {a: s for a, s in opened.items() if s not in (200, 302, 403, 409)}
    assert {a: s for a, s in odd.items() if s != 507 or not any(paper in a for paper in PAPERS)} == {}
    assert len(opened) > 15


@pytest.mark.parametrize("role", ["technician", "gek"])
def test_every_page_of_the_point_is_shown_when_nothing_can_be_written(role, head, day, data_dir, request):
    login = request.getfixturevalue(role)
    head.client.get(f"/scanning/{day.sitting.key}/")  # the first look of all makes the cards of the rooms
    request.getfixturevalue("full")
    login.client.raise_request_exception = False
    hold({address: login.client.get(address).status_code for address in [*addresses(day), *lists(), "/login/"]})


def test_every_page_of_the_centre_is_shown_when_nothing_can_be_written(rcoi_node, day, administrator, data_dir, full):
    client = administrator.client
    client.raise_request_exception = False
    hold({address: client.get(address).status_code for address in [*addresses(day), *lists(), "/login/"]})


def test_a_login_that_cannot_be_kept_says_that_the_disk_is_full(day, technician, data_dir, full, client):
    client.raise_request_exception = False
    answer = client.post("/login/", {"username": "ivanov", "password": "wrong"})
    assert answer.status_code == 507
    assert "На диске узла нет места" in answer.content.decode()
