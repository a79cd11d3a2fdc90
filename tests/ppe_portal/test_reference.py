"""The reference pages say what the code says."""

import pytest
from django.core.management import call_command

from ppe_portal import reference


@pytest.mark.parametrize("path", reference.pages(), ids=lambda path: path.name)
def test_the_page_is_what_the_code_says(path):
    assert path.read_text(encoding="utf-8") == reference.pages()[path], "run `manage.py write_reference`"


def test_every_state_of_every_room_stands_in_the_page():
    page = reference.states()
    for word in ("`quarantined`", "`acknowledged`", "`closed_with_act`", "`activated`", "«Подтвержден»"):
        assert word.strip("«»") in page


def test_the_ways_back_of_undone_decisions_are_named_as_such():
    titles = [line for line in reference.states().splitlines() if line.startswith("## ")]
    undo = [line for line in titles if line.endswith("**undo table**")]
    assert [line for line in titles if "_UNDO" in line] == undo != []
    assert len(set(titles)) == len(titles)


def test_the_command_writes_the_pages(tmp_path, settings):
    (tmp_path / "docs").mkdir()
    settings.BASE_DIR = tmp_path
    call_command("write_reference", verbosity=0)
    assert sorted(p.name for p in (tmp_path / "docs").iterdir()) == ["day.md", "events.md", "rules.md", "states.md"]
