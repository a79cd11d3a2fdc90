"""Logins of the staff."""

import pytest

from audit.log import SYSTEM
from audit.models import Event
from stations.people import AccountRefusedError, issue_account
from tests.support import factories

pytestmark = pytest.mark.django_db
GOOD = "Тихая-вода-7418"


def issue(**said):
    person = said.pop("person", None) or factories.PersonFactory(full_name="Иванов Пётр Ильич")
    return issue_account(
        **{"person": person, "username": "ivanov", "password": GOOD, "repeated": GOOD, "actor": SYSTEM, **said}
    )


def test_it_makes_a_login_of_a_person():
    user = issue()
    assert user.check_password(GOOD)
    assert user.is_staff
    assert not user.is_superuser
    assert Event.objects.get().kind == "people.account_made"


@pytest.mark.parametrize(
    "said",
    [{"username": " "}, {"repeated": "другой"}, {"password": "1", "repeated": "1"}, {"password": "", "repeated": ""}],
)
def test_it_refuses_with_a_reason_and_changes_nothing(said):
    with pytest.raises(AccountRefusedError) as caught:
        issue(**said)
    assert caught.value.text("ru")
    assert not Event.objects.exists()


def test_a_name_is_taken_in_any_letter_case():
    person = factories.PersonFactory()
    issue(person=person)
    with pytest.raises(AccountRefusedError):
        issue(person=person, username="IVANOV")
