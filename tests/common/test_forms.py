"""Forms of pages: who may not is refused first; what was not done comes back as typed, and secrets never do."""

import re
from types import SimpleNamespace

import pytest
from axes.models import AccessAttempt
from django.core import signing
from django.http import QueryDict
from django.test import Client

from common.web import unsent
from common.web.forms import UNSENT, WRITER, PageForm, PlainText, Secret, writer_of
from rcoi.errors import RequestRefusedError
from stations.models import Role
from tests.conftest import log_in
from tests.support import factories
from wire.errors import FieldError
from wire.messages import Message

ADDRESS = "/centre/announcements/"
PASSWORD = "a password of ten letters"
TYPED = {"form": "announce", "title": "Связь «Б»", "text": "Звоните\nутром", "points": ["78-0001"]}
HERE = {"HTTP_ORIGIN": "http://testserver"}


@pytest.fixture
def person(rcoi_node, day):
    user = factories.make_user(
        "operator", "Олегова Ольга Олеговна", Role.RCOI_OPERATOR, region=day.sitting.point.region
    )
    user.set_password(PASSWORD)
    user.save()
    return log_in(user)


@pytest.fixture
def done(monkeypatch):
    """What was announced."""
    made = []

    def announce(**given):
        made.append(given["title"])
        return SimpleNamespace(points=SimpleNamespace(count=lambda: len(given["points"])))

    monkeypatch.setattr("rcoi.pages.statuses.announcements.announce", announce)
    return made


def typed_by(person, **more):
    """What a browser sends of a page that was drawn for a person."""
    return {**TYPED, WRITER: writer_of(person.user), **more}


def found(pattern: str, page: str) -> str:
    match = re.search(pattern, page)
    assert match, pattern
    return match[match.lastindex or 0]


def is_filled(page: str) -> bool:
    title = 'value="Связь «Б»"' in page
    return title and "Звоните\nутром</textarea>" in page and '<option value="78-0001" selected>' in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 201),
        ("title", "a\x07b"),
        ("title", "a\0b"),
        ("text", "я" * 10_001),
        ("points", "99-9999"),
    ],
)
def test_an_invalid_form_comes_back_with_the_error_beside_its_field(person, done, field, value):
    page = person.client.post(ADDRESS, {**TYPED, field: value}).content.decode()
    assert "Действие не выполнено" in page
    marked = found(rf'<(?:input|textarea|select)[^>]*id="announce-{field}"[^>]*>', page)
    assert f'aria-describedby="announce-{field}-error"' in marked
    assert 'aria-invalid="true"' in marked
    assert " autofocus" in marked
    assert f'id="announce-{field}-error"' in page
    assert f'<a href="#announce-{field}">' in page
    assert ("Звоните\nутром" if field != "text" else value) in page
    assert not done


def test_a_refused_form_comes_back_as_typed_and_is_done_once_when_sent_again(person, done, monkeypatch):
    def refuse(**_given):
        wrong = FieldError("title", "", "", Message("A title and at least one point are needed."))
        raise RequestRefusedError(wrong.message, parts=[wrong])

    with monkeypatch.context() as broken:
        broken.setattr("rcoi.pages.statuses.announcements.announce", refuse)
        page = person.client.post(ADDRESS, TYPED).content.decode()
    assert is_filled(page)
    assert 'data-code="code-request_refused"' in page
    assert 'id="announce-title-error"' in page
    person.client.post(ADDRESS, TYPED)
    assert done == [TYPED["title"]]


def test_whoever_may_not_is_refused_before_a_field_is_judged(rcoi_node, day):
    user = factories.make_user(
        "coordinator", "Кротова Кира Кирилловна", Role.REGIONAL_COORDINATOR, region=day.sitting.point.region
    )
    answer = log_in(user).client.post(ADDRESS, {**TYPED, "title": ""}, follow=True)
    page = answer.content.decode()
    assert 'data-code="code-not_allowed"' in page
    assert "исправьте отмеченные поля" not in page


def test_a_form_of_an_ended_session_comes_back_after_the_log_in_and_is_not_done_by_itself(person, done):
    client = Client()
    shown = client.post(ADDRESS, typed_by(person), **HERE)
    page = shown.content.decode()
    assert shown.status_code == 403
    assert "Сеанс завершён: действие не выполнено." in page
    assert not client.session.keys()
    carried = found(r'name="unsent" value="([^"]+)"', page)
    action = found(r'<form action="([^"]+)" method="post" id="login-form"', page)
    wrong = client.post(action, {"username": "operator", "password": "no", UNSENT: carried}).content.decode()
    assert carried in wrong
    attempt = AccessAttempt.objects.get()
    assert carried[:40] not in attempt.post_data
    assert UNSENT in attempt.post_data
    answer = client.post(action, {"username": "operator", "password": PASSWORD, UNSENT: carried})
    assert answer["Location"] == ADDRESS
    assert not is_filled(client.get(ADDRESS, headers={"X-Requested-With": "fetch"}).content.decode())
    assert is_filled(client.get(ADDRESS).content.decode())
    assert not is_filled(client.get(ADDRESS).content.decode())
    assert not done
    client.post(ADDRESS, TYPED)
    assert done == [TYPED["title"]]


@pytest.mark.parametrize("origin", [{}, {"HTTP_ORIGIN": "http://elsewhere.example"}, {"HTTP_ORIGIN": "null"}])
def test_a_form_that_another_site_sent_is_not_kept(person, origin):
    answer = Client().post(ADDRESS, TYPED, **origin)
    assert answer.status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = person.client.cookies
    page = strict.post(ADDRESS, TYPED, **origin)
    assert page.status_code == 403
    assert "Связь «Б»" not in page.content.decode()


def test_a_form_with_a_stale_token_comes_back_as_typed(person, done):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = person.client.cookies
    answer = strict.post(ADDRESS, typed_by(person, csrfmiddlewaretoken="x" * 64), **HERE)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert is_filled(page)
    assert "Вы вошли под именем Олегова" in page
    assert not done
    token = found(r'name="csrfmiddlewaretoken" value="(\w+)"><input type="hidden" name="form" value="announce"', page)
    strict.post(ADDRESS, {**TYPED, "csrfmiddlewaretoken": token}, **HERE)
    assert done == [TYPED["title"]]


def test_whoever_may_not_is_not_told_to_press_the_button_of_a_form_that_waited(rcoi_node, day):
    user = factories.make_user(
        "coordinator", "Кротова Кира Кирилловна", Role.REGIONAL_COORDINATOR, region=day.sitting.point.region
    )
    strict, login = Client(enforce_csrf_checks=True), log_in(user)
    strict.cookies = login.client.cookies
    page = strict.post(ADDRESS, typed_by(login), **HERE).content.decode()
    assert 'data-code="code-not_allowed"' in page
    assert "нажмите кнопку" not in page


OTHERS = "Набранное здесь раньше принадлежит другому человеку"


@pytest.fixture
def other(person, day):
    """Somebody else who may send the same form."""
    user = factories.make_user("other", "Иная Инна Ивановна", Role.RCOI_OPERATOR, region=day.sitting.point.region)
    user.set_password(PASSWORD)
    user.save()
    return log_in(user)


def test_what_was_typed_does_not_come_back_to_another_person_who_logs_in(person, other):
    client = Client()
    page = client.post(ADDRESS, typed_by(person), **HERE).content.decode()
    carried = found(r'name="unsent" value="([^"]+)"', page)
    client.post("/login/", {"username": "other", "password": PASSWORD, UNSENT: carried, "next": ADDRESS})
    page = client.get(ADDRESS).content.decode()
    assert OTHERS in page
    assert "Связь «Б»" not in page
    assert OTHERS not in client.get(ADDRESS).content.decode()


@pytest.mark.parametrize("forged", [{}, {WRITER: "1"}])
def test_a_stale_form_that_another_person_typed_is_not_shown(person, other, done, forged):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = other.client.cookies
    answer = strict.post(ADDRESS, typed_by(person, csrfmiddlewaretoken="x" * 64, **forged), follow=True, **HERE)
    page = answer.content.decode()
    assert OTHERS in page
    assert "Связь «Б»" not in page
    assert not done


def test_a_page_says_for_whom_it_was_drawn(person):
    page = person.client.get(ADDRESS).content.decode()
    assert found(r'name="writer" value="([^"]+)"', page) == writer_of(person.user)


def test_a_form_of_an_ended_session_that_is_too_big_is_said_not_to_be_kept(person):
    answer = Client().post(ADDRESS, typed_by(person, text="я" * 40_000), **HERE)
    assert answer.status_code == 403
    assert "слишком" in answer.content.decode()
    assert 'name="unsent"' not in answer.content.decode()


def test_what_a_log_in_page_carries_cannot_be_forged_or_kept_for_later(person, monkeypatch):
    forged = {"path": ADDRESS, "form": "announce", "values": {"title": ["чужое"]}}
    client = Client()
    client.post("/login/", {"username": "operator", "password": PASSWORD, UNSENT: signing.dumps(forged)})
    assert UNSENT not in client.session
    old = signing.dumps(forged, salt="common.web.unsent")
    monkeypatch.setattr(unsent, "PATIENCE_S", -1)
    client = Client()
    client.post("/login/", {"username": "operator", "password": PASSWORD, UNSENT: old})
    assert UNSENT not in client.session


def test_what_an_older_version_of_the_node_carried_stops_no_log_in(person):
    kept = {"path": ADDRESS, "form": "announce", "values": {"title": ["Связь «Б»"]}}
    said = {"username": "operator", "password": PASSWORD, UNSENT: signing.dumps(kept, salt="common.web.unsent")}
    client = Client()
    assert client.post("/login/", said).status_code == 302
    assert UNSENT not in client.session


class PinForm(PageForm):
    name = "pin-form"
    reason = PlainText()
    pin = Secret()


def test_a_secret_is_neither_shown_again_nor_carried(rf):
    typed = QueryDict(mutable=True)
    typed.update({"reason": "утром", "pin": "12345678", "other": "x"})
    assert PinForm.kept(typed) == {"reason": ["утром"]}
    sent = PinForm(rf.get("/"), data=typed)
    assert sent.is_valid()
    assert "12345678" not in sent.as_p()
    unsent_form = PinForm(rf.get("/"))
    unsent_form.fill_unsent(typed)
    assert "утром" in unsent_form.as_p()
    assert "12345678" not in unsent_form.as_p()
    assert unsent_form.again == ["Введите пароль или ПИН-код заново: он не сохраняется."]
