"""The guides: every button and page they name exists, in both languages; everybody opens their own first."""

import re

import pytest
from django.conf import settings
from django.utils.translation import override

from ppe_portal import guides

pytestmark = pytest.mark.django_db

EVERY = sorted({name for names in guides.GUIDES.values() for name in names})
CATALOGUE = settings.BASE_DIR / "locale" / "ru" / "LC_MESSAGES" / "django.po"


def bold(language, name):
    text = (guides.FOLDER / language / f"{name}.md").read_text()
    return re.findall(r"\*\*(.+?)\*\*", re.sub(r"\s+", " ", text))


@pytest.fixture(scope="module")
def words():
    """The words of the pages: Russian to their English source."""
    found = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"', CATALOGUE.read_text(), re.MULTILINE)
    return {russian: english for english, russian in found}


@pytest.mark.parametrize("name", EVERY)
def test_a_guide_names_only_buttons_and_pages_that_are_there(name, words):
    russian, english = bold("ru", name), bold("en", name)
    assert russian
    assert [word for word in russian if word not in words] == []
    assert [word for word in english if word not in words.values()] == []


@pytest.mark.parametrize("name", EVERY)
def test_both_languages_name_the_same_buttons(name, words):
    assert {words[word] for word in bold("ru", name)} == set(bold("en", name))


def test_every_file_is_a_guide_of_some_node():
    for language in ("ru", "en"):
        assert sorted(path.stem for path in (guides.FOLDER / language).glob("*.md")) == EVERY


@pytest.mark.parametrize(
    ("role", "title"), [("technician", "Технический специалист"), ("gek", "Член ГЭК"), ("head", "Руководитель")]
)
def test_help_opens_with_the_guide_of_ones_own_work(role, title, day, data_dir, request):
    page = request.getfixturevalue(role).client.get("/help/")
    assert page.context["title"].startswith(title)
    assert "<table" in page.content.decode() or "<ol>" in page.content.decode()


def test_help_speaks_the_language_of_its_reader(technician, day, data_dir):
    assert "Exam day" not in technician.client.get("/help/technician/").content.decode()
    technician.client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Steps 1–3" in technician.client.get("/help/technician/").content.decode()


def test_a_guide_of_the_other_node_or_none_at_all_is_not_found(technician, day, data_dir):
    for name in ("centre", "nothing", "README"):
        assert technician.client.get(f"/help/{name}/").status_code == 404


def test_a_guide_cannot_carry_scripts():
    made = guides.html("<script>alert(1)</script>\n\n[x](javascript:alert(1)) [y](/help/)")
    assert "<script" not in made
    assert re.findall(r'href="([^"]*)"', made) == ["/help/"]


def test_guides_exist_in_english_where_asked():
    with override("en"):
        assert guides.guide("technician", "en").startswith("# Technical specialist")
    assert guides.guide("technician", "de").startswith("# Технический специалист")
