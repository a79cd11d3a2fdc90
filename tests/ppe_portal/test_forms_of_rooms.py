"""A form belongs to the room whose work it does, also where it stands on the page of another room."""

from pathlib import Path

import pytest
from django.conf import settings

from common.web import pages

ROOM = Path(settings.BASE_DIR) / "monitoring"


def handlers(name):
    forms = pages.forms_on(name)
    return {**forms.handlers, **forms.numbered}


def test_every_form_stands_on_a_page():
    assert not [name for name in pages._forms if pages.named(name) is None]


def test_monitoring_shows_and_owns_no_form():
    shown = [page for page in pages._pages if page.view.__module__.startswith("monitoring.")]
    owners = {form: each.__module__ for page in shown for form, each in handlers(page.name).items()}
    assert len(owners) == 9
    assert {owner.partition(".")[0] for owner in owners.values()} == {"journals", "day"}


@pytest.mark.parametrize("word", ["request.POST", "request.FILES", ".post(", "audit.log import"])
def test_monitoring_reads_no_form_and_records_nothing(word):
    assert not [path.name for path in ROOM.rglob("*.py") if word in path.read_text()]
