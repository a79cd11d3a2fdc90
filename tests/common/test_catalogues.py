"""A catalogue that lacks a sentence is told from a whole one, and no node starts with it."""

import shutil
import subprocess

import pytest
from django.conf import settings
from django.core.checks import run_checks

from common.catalogues import lacking
from ppe_portal import checks
from tests.support import needs

SENTENCE = "The journal is not closed yet."
PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 ? 1 : 2);\\n"

msgid "A room"
msgstr "Аудитория"

msgctxt "short"
msgid "A room"
msgstr "ауд."

#, python-format
msgid "%d sheet"
msgid_plural "%d sheets"
msgstr[0] "%d лист"
msgstr[1] "%d листа"
msgstr[2] "%d листов"

msgid ""
"Two lines\\n"
"of one sentence"
msgstr ""
"Две строки\\n"
"одной фразы"

msgid "Say “\\"no\\"”\\n"
msgstr "Скажите «\\"нет\\"»\\n"
"""


@pytest.fixture
def folder(tmp_path):
    def made(more="", *, compiled=True):
        if shutil.which("msgfmt") is None:
            needs.missing("msgfmt")
        source = tmp_path / "ru" / "LC_MESSAGES" / "django.po"
        source.parent.mkdir(parents=True)
        source.write_text(PO + more)
        if compiled:
            subprocess.run(["msgfmt", "-o", source.with_suffix(".mo"), source], check=True)
        return tmp_path

    return made


def test_a_whole_catalogue_lacks_nothing(folder):
    assert lacking(folder()) == []


@pytest.mark.parametrize(
    "more",
    [
        f'\nmsgid "{SENTENCE}"\nmsgstr ""\n',
        f'\nmsgctxt "of a day"\nmsgid "{SENTENCE}"\nmsgstr ""\n',
        f'\nmsgid "{SENTENCE}"\nmsgid_plural "more"\nmsgstr[0] "раз"\nmsgstr[1] "два"\nmsgstr[2] ""\n',
    ],
)
def test_a_sentence_without_its_russian_is_named(folder, more):
    assert lacking(folder(more)) == [SENTENCE]


def test_a_catalogue_that_was_not_compiled_again_is_told(folder):
    made = folder()
    source = made / "ru" / "LC_MESSAGES" / "django.po"
    source.write_text(source.read_text() + f'\nmsgid "{SENTENCE}"\nmsgstr "Журнал ещё не закрыт."\n')
    assert lacking(made) == [SENTENCE]


def test_a_missing_catalogue_is_told(tmp_path, folder):
    assert "django.po" in lacking(tmp_path / "nowhere")[0]
    assert "django.mo" in lacking(folder(compiled=False))[0]


def test_no_command_of_a_node_begins_with_an_incomplete_catalogue(folder, settings):
    assert checks.catalogues(None) == []
    settings.LOCALE_PATHS = [*settings.LOCALE_PATHS, folder(f'\nmsgid "{SENTENCE}"\nmsgstr ""\n')]
    (error,) = [each for each in run_checks() if each.id == "ppe.E020"]
    assert error.is_serious()  # manage.py runs nothing then
    assert SENTENCE in error.msg


def test_the_catalogues_of_this_version_are_whole():
    assert [found for each in settings.LOCALE_PATHS for found in lacking(each)] == []
