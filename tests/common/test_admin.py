"""Read-only pages: whatever a model's fields are, their rows can be shown."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.test import RequestFactory

from common.messages import MessageField
from common.web.admin import ReadOnlyAdmin
from stations.models import User
from transfers.models import FeedCursor
from wire.messages import Both

pytestmark = pytest.mark.django_db


def test_every_inline_table_of_every_page_can_be_shown(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(username="eye", is_staff=True)
    shown = 0
    for model, page in admin.site._registry.items():
        for inline in page.get_inline_instances(request, model()):
            # Django builds this form set for the page of a row; a field that may not be edited is refused there.
            inline.get_formset(request, model())
            shown += 1
    assert shown >= 4


def test_no_page_of_a_row_takes_a_sentence_for_json(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = User(username="eye", is_staff=True)
    wrong, said = [], 0
    for model, page in admin.site._registry.items():
        if not isinstance(page, ReadOnlyAdmin):
            continue
        for each in (page, *page.get_inline_instances(request, model())):
            for name in flatten_fieldsets(each.get_fieldsets(request, model())):
                if name in {field.name for field in each.model._meta.get_fields() if isinstance(field, MessageField)}:
                    wrong.append(f"{model.__name__}: {each.model.__name__}.{name}")
                said += callable(name)
    assert wrong == []
    assert said >= 8


@pytest.mark.parametrize(("language", "text"), [("ru", "Нет связи с РЦОИ."), ("en", "No connection.")])
def test_the_page_of_a_row_says_its_sentence_to_the_reader(day, technician, language, text) -> None:
    row = FeedCursor.objects.create(point=day.point, trouble=Both("Нет связи с РЦОИ.", "No connection."))
    said = technician.client.get(f"/transfers/feedcursor/{row.pk}/change/", headers={"accept-language": language})
    assert said.status_code == 200
    assert text in said.content.decode()
    assert "&quot;ru&quot;" not in said.content.decode()
