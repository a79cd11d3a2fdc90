"""Scope: region → point → sitting, one queryset method for every list."""

import pytest

from audit.models import Event
from keys.models import Certificate
from stations.lookup import point_or_404, sitting_or_404
from stations.models import Assignment, ExamPoint, Person, Role, Room, Sitting, StationAssignment
from tests.support import factories
from uploads.models import Upload

pytestmark = pytest.mark.django_db


def keys(rows):
    return sorted(row.key for row in rows)


def test_a_specialist_sees_the_point_of_the_sitting_and_no_other(day, voice_day, technician):
    assert keys(ExamPoint.objects.visible_to(technician.user)) == ["78-0001"]
    assert keys(Sitting.objects.visible_to(technician.user)) == [day.sitting.key]
    assert set(Room.objects.visible_to(technician.user).values_list("point__code", flat=True)) == {"0001"}
    assert set(
        StationAssignment.objects.visible_to(technician.user).values_list("sitting__point__code", flat=True)
    ) == {"0001"}


def test_the_staff_of_the_region_sees_every_point_of_it(day, voice_day, operator):
    other = factories.ExamPointFactory(region=factories.RegionFactory(code="47", name="Ленинградская область"))
    assert keys(ExamPoint.objects.visible_to(operator.user)) == ["78-0001", "78-0002"]
    assert other.key not in keys(ExamPoint.objects.visible_to(operator.user))


def test_nobody_without_an_assignment_sees_anything(day):
    user = factories.UserFactory(username="nobody")
    assert not ExamPoint.objects.visible_to(user).exists()
    assert user.point_keys() == []


def test_a_revoked_login_sees_nothing(day, technician):
    technician.user.is_active = False
    assert not ExamPoint.objects.visible_to(technician.user).exists()


def test_two_roles_do_not_double_the_rows(day, technician):
    factories.AssignmentFactory(person=technician.user.person, role=Role.POINT_HEAD, sitting=day.sitting)
    technician.user.__dict__.pop("_assignments", None)
    assert Sitting.objects.visible_to(technician.user).count() == 1


def test_a_foreign_address_is_not_found(day, voice_day, technician):
    from django.http import Http404

    assert sitting_or_404(technician.user, day.sitting.key) == day.sitting
    for key in (voice_day.sitting.key, "78-0001-320126-01", "78-0009-290526-01"):
        with pytest.raises(Http404):
            sitting_or_404(technician.user, key)
    with pytest.raises(Http404):
        point_or_404(technician.user, "78-0002")


def test_people_are_seen_by_those_who_serve_at_the_same_point(day, voice_day, technician, operator, outsider):
    near = factories.make_user("near", "Близкий Иван Ильич", Role.POINT_HEAD, sitting=day.sitting).person
    far = factories.make_user("far", "Дальний Олег Ильич", Role.POINT_HEAD, sitting=voice_day.sitting).person
    seen = set(Person.objects.visible_to(technician.user))
    assert {near, technician.user.person} <= seen
    assert not seen & {far, outsider.user.person, operator.user.person}
    assert far not in {each.person for each in Assignment.objects.visible_to(technician.user)}
    assert {near, far} <= set(Person.objects.visible_to(operator.user))


def test_the_lists_of_people_and_logins_name_nobody_of_another_point(day, voice_day, technician):
    factories.make_user("faraway", "Дальний Олег Ильич", Role.POINT_HEAD, sitting=voice_day.sitting)
    for address in ("/stations/person/", "/stations/assignment/", "/stations/user/"):
        page = technician.client.get(address).content.decode()
        assert technician.user.person.full_name in page
        assert "Дальний" not in page
        assert "faraway" not in page


def test_a_person_of_more_points_than_a_database_takes_in_one_expression_sees_them_all(db):
    region = factories.RegionFactory()
    points = ExamPoint.objects.bulk_create(
        ExamPoint(region=region, code=f"{number:04d}", name="Школа", timezone="Europe/Moscow")
        for number in range(1, 1102)
    )
    user = factories.UserFactory(username="roaming")
    Assignment.objects.bulk_create(Assignment(person=user.person, role=Role.OBSERVER, point=point) for point in points)
    assert ExamPoint.objects.visible_to(user).count() == 1101
    assert len(user.point_keys()) == 1101
    for rows in (Upload.objects, Certificate.objects, Event.objects, Sitting.objects):
        assert not rows.visible_to(user).exists()
