"""Both languages of the pages: the Russian catalogue is whole, and no page speaks the other language."""

import gettext
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as gettext_of
from django.utils.translation import ngettext

from audit.models import Event
from common.stored import stored
from stations import models
from tests.conftest import log_in
from tests.ppe_portal.test_every_page import addresses, lists
from tests.support import factories, needs

ROOT = Path(settings.BASE_DIR)
CATALOGUE = ROOT / "locale" / "ru" / "LC_MESSAGES" / "django.po"
TOOLS = ("xgettext", "msgmerge", "msguniq", "msgattrib", "msgfmt")
CYRILLIC = re.compile(r"[А-Яа-яЁё]+(?:[\s-]+[А-Яа-яЁё]+)*")
LATIN = re.compile(r"[A-Za-z]{3,}")
#: Official words keep their Russian on an English page, with the gloss beside them.
GLOSSED = re.compile(r"«[^«»]+»(?= \([a-z ]+\))")
#: Codes of forms, as printed on the paper; the other language offers itself in its own words.
KEPT = re.compile(r"\b1[238]-0?\d?-?(?:МАШ|У)\b|\bРусский\b")
#: What is Latin in every language: formats, units of machines, names of files and of the portal's addresses.
TECHNICAL = re.compile(
    r"asia|csr|csv|dat|dpi|end|english|esc|europe|exam|flash|https|jpeg|json|key|moscow|node|pdf|pem|png|ppe|rcoi|"
    r"registry|requests|scan|sha|tiff|utc|zip",
    re.IGNORECASE,
)

PLACE = re.compile(r"\{\w+\}|%(?:\(\w+\))?[+-]?[\d.]*[sdf]|\S*[\d_./@:<]\S*")
#: What the sentences of refusals name besides: formats, programs, headers of protocols.
CATALOGUE_LATIN = re.compile(
    TECHNICAL.pattern
    + "|after|allow|checksum|cms|content|cookie|der|encoding|host|idempotency|metadata|null|ogg|opus|retry|sane"
    "|scanimage|scanner|tus|type|upload|utils|wav",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def tools():
    for each in TOOLS:
        if shutil.which(each) is None:
            needs.missing(each)


# --- the catalogue --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collected(tools, tmp_path_factory) -> str:
    """The catalogue as `make messages` would leave it, made in a copy of the sources."""
    copy = tmp_path_factory.mktemp("messages")
    aside = shutil.ignore_patterns(".*", "var", "tests", "docs", "__pycache__", "build", "benchmarks")
    shutil.copytree(ROOT, copy / "tree", ignore=aside)
    subprocess.run(
        [sys.executable, "manage.py", "messages"],
        cwd=copy / "tree",
        check=True,
        capture_output=True,
        timeout=600,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PPE_DATA_DIR": str(copy / "data"), "LC_ALL": "C.UTF-8"},
    )
    return (copy / "tree" / CATALOGUE.relative_to(ROOT)).read_text("utf-8")


def entries(text):
    """Return (msgid with its context, the translations) of every entry of a catalogue."""
    found = []
    for block in text.replace('"\n"', "").strip().split("\n\n")[1:]:
        assert "#, fuzzy" not in block, block
        assert "#~" not in block, block
        fields = dict(re.findall(r'^(msg\w+(?:\[\d\])?) "(.*)"$', block, re.M))
        strings = [value for name, value in fields.items() if name.startswith("msgstr")]
        found.append(((fields.get("msgctxt"), fields["msgid"]), strings))
    return found


def test_the_catalogue_holds_every_string_of_the_pages_and_no_other(collected):
    committed = dict(entries(CATALOGUE.read_text("utf-8")))
    found = dict(entries(collected))
    assert sorted(map(str, found.keys() - committed.keys())) == [], "run `make messages` and translate"
    assert sorted(map(str, committed.keys() - found.keys())) == [], "run `make messages`"


@pytest.mark.parametrize("room", [".", "wire", "station_client", "demo"])
def test_every_string_is_translated(room):
    source = ROOT / room / "locale" / "ru" / "LC_MESSAGES" / "django.po"
    assert [name for name, strings in entries(source.read_text("utf-8")) if not all(strings)] == []


def test_a_translation_keeps_the_places_that_its_string_has():
    place = re.compile(r"%(?:\(\w+\))?[+-]?[\d.]*[sdf]")
    for (_context, source), strings in entries(CATALOGUE.read_text("utf-8")):
        for said in strings:
            assert sorted(place.findall(said)) == sorted(place.findall(source)), (source, said)


def test_the_source_is_english_and_its_translation_russian():
    for (_context, source), strings in entries(CATALOGUE.read_text("utf-8")):
        assert not CYRILLIC.search(GLOSSED.sub("", source)), source
        for said in strings:
            strange = [word for word in LATIN.findall(PLACE.sub("", said)) if not CATALOGUE_LATIN.fullmatch(word)]
            assert strange == [], (source, said)


def test_what_rows_keep_in_russian_reads_in_both_languages():
    source = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
    kept = {strings[0]: russian for (_context, russian), strings in entries(source.read_text("utf-8"))}
    assert kept == json.loads((ROOT / "common" / "data" / "stored.json").read_text("utf-8"))
    for english, russian in kept.items():
        assert stored(english) == russian
        with translation.override("en"):
            assert gettext_of(russian) == english
        with translation.override("ru"):
            assert gettext_of(russian) == russian


@pytest.mark.parametrize(
    "folder",
    ["locale/ru", "locale/en", "locale/skin/ru", "wire/locale/ru", "station_client/locale/ru", "demo/locale/ru"],
)
def test_the_compiled_catalogue_is_that_of_its_source(tools, folder, tmp_path):
    source = ROOT / folder / "LC_MESSAGES" / "django.po"
    fresh = tmp_path / "django.mo"
    subprocess.run(["msgfmt", "--check-format", "-o", fresh, source], check=True)
    with fresh.open("rb") as new, source.with_suffix(".mo").open("rb") as old:
        assert gettext.GNUTranslations(new)._catalog == gettext.GNUTranslations(old)._catalog


def test_counted_phrases_have_their_forms_in_both_languages():
    one, many = "%d difference", "%d differences"
    with translation.override("ru"):
        assert [ngettext(one, many, n) % n for n in (1, 3, 5, 21)] == [
            "1 расхождение",
            "3 расхождения",
            "5 расхождений",
            "21 расхождение",
        ]
    with translation.override("en"):
        assert [ngettext(one, many, n) % n for n in (1, 21)] == ["1 difference", "21 differences"]


# --- the pages ------------------------------------------------------------------------------------------------------


class ShownWords(HTMLParser):
    """Collects what a person reads or hears of a page: texts, titles, labels; icons are letters only in the source."""

    SPOKEN = ("title", "alt", "placeholder", "aria-label", "data-title", "data-choose", "data-none", "data-some")
    VOID = frozenset({"img", "input", "br", "link", "meta", "hr", "path", "source", "col"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        classes = values.get("class") or ""
        if not self.silent:
            self.said += [values[name] for name in self.SPOKEN if values.get(name)]
        hidden = tag in ("script", "style") or "material-symbols" in classes or "icon" in classes.split()
        if tag not in self.VOID and (self.silent or hidden):
            self.silent.append(tag)

    def handle_endtag(self, tag):
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()

    def handle_data(self, data):
        if not self.silent and data.strip():
            self.said.append(data.strip())


def words_of(response) -> list[str]:
    parser = ShownWords()
    parser.feed(response.content.decode())
    return parser.said


def data_words() -> list[str]:
    """Return what people, the registry and the log have named: it is shown as it is, longest first."""
    named = [
        (models.Person, "full_name"),
        (models.User, "first_name"),
        (models.Subject, "name"),
        (models.Region, "name"),
        (models.ExamPoint, "name"),
        (models.ExamPoint, "address"),
        (models.Room, "name"),
        (models.Node, "region_name"),
        (Event, "subject"),
    ]
    found = {each for model, field in named for each in model.objects.values_list(field, flat=True)}
    return sorted(found - {""}, key=len, reverse=True)


def russian_in(response) -> list[str]:
    named, found = data_words(), []
    for each in words_of(response):
        rest = each if len(each) > 1 else ""  # a single letter is a person's initial, in the round picture
        for data in named:
            rest = rest.replace(data, "")
        if CYRILLIC.search(KEPT.sub("", GLOSSED.sub("", rest))):
            found.append(each)
    return found


def english_in(response) -> list[str]:
    logins = set(models.User.objects.values_list("username", flat=True))
    found = []
    for each in words_of(response):
        # Addresses, file names, time zones and hashes are no words.
        plain = re.sub(r"\S*[\d_./@:]\S*", "", each)
        strange = [
            word for word in LATIN.findall(plain) if not TECHNICAL.fullmatch(word) and word.lower() not in logins
        ]
        found += [f"{word}: {each[:80]}" for word in strange]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["technician", "gek"])
@pytest.mark.parametrize(("language", "foreign"), [("en", russian_in), ("ru", english_in)])
def test_no_page_of_the_point_speaks_another_language(role, day, data_dir, language, foreign, request):
    login = request.getfixturevalue(role)
    rooms = [f"/scanning/{day.key}/{number}/" for number in ("0101", "HQ")]
    check(login.client, [*addresses(day), *rooms, *lists(), *first_rows()], language, foreign)


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["coordinator", "administrator"])
@pytest.mark.parametrize(("language", "foreign"), [("en", russian_in), ("ru", english_in)])
def test_no_page_of_the_centre_speaks_another_language(role, rcoi_node, day, data_dir, language, foreign, request):
    login = request.getfixturevalue(role)
    check(login.client, [*addresses(day), *lists(), *first_rows()], language, foreign)


@pytest.mark.django_db
@pytest.mark.parametrize("node", ["hq", "rcoi"])
@pytest.mark.parametrize(("language", "foreign"), [("en", russian_in), ("ru", english_in)])
def test_no_page_before_the_login_speaks_another_language(node, as_node, data_dir, client, language, foreign):
    as_node(node)
    found = {"/first-run/": client.get("/first-run/", headers={"accept-language": language})}
    factories.NodeFactory(kind=node)
    factories.UserFactory(username="somebody", person=None)
    login = log_in(factories.UserFactory(username="another", person=None))
    found["/login/"] = client.get("/login/", headers={"accept-language": language})
    found["/nowhere/"] = login.client.get("/nowhere/", headers={"accept-language": language})
    assert {address: answer.status_code for address, answer in found.items()} == {
        "/first-run/": 200,
        "/login/": 200,
        "/nowhere/": 404,
    }
    assert {address: foreign(answer) for address, answer in found.items() if foreign(answer)} == {}


@pytest.mark.django_db
def test_a_person_switches_the_language_on_every_page(day, technician, client):
    for browser, address in ((client, "/login/"), (technician.client, f"/today/{day.point.key}/")):
        shown = browser.get(address).content.decode()
        assert 'action="/i18n/setlang/"' in shown
        assert "English" in shown
        answer = browser.post("/i18n/setlang/", {"language": "en", "next": address})
        assert (answer.status_code, answer.headers["Location"]) == (302, address)
        assert '<html lang="en' in browser.get(address).content.decode()
        browser.post("/i18n/setlang/", {"language": "ru", "next": address})
        assert '<html lang="ru' in browser.get(address).content.decode()


def first_rows():
    """Return the page of one row of every list."""
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None:
            yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])


def check(client: Client, pages, language, foreign) -> None:
    found, looked_at = {}, 0
    for address in pages:
        response = client.get(address, headers={"accept-language": language})
        if not response.headers["Content-Type"].startswith("text/html") or response.status_code == 302:
            continue
        looked_at += 1
        found[address] = foreign(response)
    assert {address: words for address, words in found.items() if words} == {}
    assert looked_at > 15
