"""«Сотрудники»: who may issue a login to whom; and what a stale form is told."""

import pytest
from django.test import Client

from stations.models import Role, User
from tests.support import factories

pytestmark = pytest.mark.django_db
GOOD = "Тихая-вода-7418"


def ask(login, person):
    return login.client.post(
        "/people/",
        {"form": "account", "person": person.uid, "username": "second", "password1": GOOD, "password2": GOOD},
        follow=True,
    )


def test_a_login_of_ones_own_people_is_issued(day, data_dir, technician):
    person = factories.PersonFactory(full_name="Белов Андрей Петрович")
    factories.AssignmentFactory(person=person, role=Role.GEK_MEMBER, sitting=day.sitting)
    ask(technician, person)
    assert User.objects.filter(username="second", person=person).exists()


def test_a_login_that_opens_another_point_is_not_issued_by_one_point_alone(day, data_dir, technician):
    person = factories.PersonFactory(full_name="Фомин Пётр Ильич")
    elsewhere = factories.SittingFactory(point=factories.ExamPointFactory(code="0777"))
    for sitting in (day.sitting, elsewhere):
        factories.AssignmentFactory(person=person, role=Role.TECHNICAL_SPECIALIST, sitting=sitting)
    answer = ask(technician, person)
    assert not User.objects.filter(username="second").exists()
    assert "не разрешено" in answer.content.decode()


def test_a_form_without_its_token_is_refused_in_words(day, data_dir, technician):
    client = Client(enforce_csrf_checks=True)
    client.force_login(technician.user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/people/", {"form": "account"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "Ничего не выполнено" in text
    assert 'href="/people/"' in text
    assert "отладочн" not in text
