"""Who may do what."""

import pytest

from stations.models import Role
from stations.rules import RULES, NotAllowedError, allowed, require
from tests.support import factories

pytestmark = pytest.mark.django_db


def test_a_role_is_held_where_it_was_given(day, voice_day, technician):
    assert allowed(technician.user, "scanning.edit", day.sitting)
    assert allowed(technician.user, "scanning.edit", day.point)
    assert not allowed(technician.user, "scanning.edit", voice_day.sitting)
    assert not allowed(technician.user, "scanning.edit", voice_day.point)


def test_an_observer_does_nothing(day, observer):
    assert [action for action in RULES if allowed(observer.user, action, day.sitting)] == []


def test_only_the_coordinator_undoes_a_status(day, operator, coordinator, administrator):
    people = (operator, coordinator, administrator)
    assert [allowed(p.user, "rcoi.status_undo", day.point) for p in people] == [False, True, False]


def test_a_refusal_names_who_may(day, observer):
    with pytest.raises(NotAllowedError) as caught:
        require(observer.user, "transfers.status", day.sitting)
    assert "технический специалист" in caught.value.text("ru")


def test_an_action_without_a_rule_is_a_fault_of_the_program(technician):
    with pytest.raises(KeyError):
        allowed(technician.user, "no.such.action")


def test_every_action_names_at_least_one_role():
    assert all(roles and roles <= set(Role) for roles in RULES.values())


def test_a_regional_role_reaches_the_points_of_its_region_alone(day, operator):
    other = factories.ExamPointFactory(region=factories.RegionFactory(code="47", name="Ленинградская область"))
    assert allowed(operator.user, "rcoi.inbox", day.point)
    assert not allowed(operator.user, "rcoi.inbox", other)
