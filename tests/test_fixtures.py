"""The shared fixtures give what their names say."""

from django.urls import reverse

from stations.models import StationAssignment
from stations.rules import allowed


def test_the_usual_day_has_its_posts(day):
    assert StationAssignment.objects.filter(sitting=day.sitting, station__kind="print").count() == 6
    assert day.key.startswith("78-0001-")
    assert day.posts["print-0005"].room is None


def test_roles_reach_their_point_only(day, technician, observer, outsider):
    assert allowed(technician.user, "journals.take_in", day.sitting)
    assert not allowed(observer.user, "journals.take_in", day.sitting)
    assert not allowed(outsider.user, "journals.take_in", day.sitting)


def test_a_process_can_be_a_centre(rcoi_node, operator):
    answer = operator.client.get("/")
    assert answer.status_code in (200, 302)
    assert reverse("root") == "/"
