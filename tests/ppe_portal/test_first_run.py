"""The first-run page of both kinds of node."""

import pytest

from audit.models import Event
from ppe_portal import first_run
from stations.models import Node, User

pytestmark = pytest.mark.django_db
GOOD = "Тихая-вода-7418"


def said(**more):
    return {
        "form": "found",
        "region": "78",
        "name": "Санкт-Петербург",
        "username": "admin",
        "password1": GOOD,
        "password2": GOOD,
        "code": first_run.one_time_code(),
        **more,
    }


@pytest.fixture
def centre(as_node, data_dir, settings):
    as_node("rcoi")
    settings.PPE_MODE = "training"


def test_every_page_leads_to_the_first_run(client, centre):
    assert client.get("/").headers["Location"] == "/first-run/"
    assert client.get("/login/").headers["Location"] == "/first-run/"


def test_it_founds_the_centre_once(client, centre):
    response = client.post("/first-run/", said())
    assert response.headers["Location"] == "/"
    assert User.objects.get().is_superuser
    assert Node.objects.get().region == "78"
    assert client.get("/first-run/").headers["Location"] == "/"
    client.post("/first-run/", said(username="second"))
    assert User.objects.count() == 1


def test_a_wrong_code_is_refused_in_words_and_recorded(client, centre):
    response = client.post("/first-run/", said(code="0000-0000-0000"), follow=True)
    assert "Код первого запуска неверен" in response.content.decode()
    assert not User.objects.exists()
    assert Event.objects.filter(kind="refused", subject="wrong_first_run_code").exists()


@pytest.mark.parametrize("wrong", [{"region": "7"}, {"region": "ab"}, {"password2": "x"}, {"username": ""}])
def test_wrong_fields_are_refused_and_nothing_is_half_done(client, centre, wrong):
    client.post("/first-run/", said(**wrong))
    assert not User.objects.exists()
    assert not Node.objects.filter(founded_at__isnull=False).exists()


def test_the_point_names_itself_and_offers_its_requests(client, data_dir):
    code = first_run.one_time_code()
    form = {"form": "identify", "code": code, "region": "78", "points": "0001, 0002", "station": "01"}
    response = client.post("/first-run/", form, follow=True)
    assert "Запросы сертификатов готовы" in response.content.decode()
    archive = client.get("/first-run/requests.zip")
    assert archive.content.startswith(b"PK")
    assert archive.content.count(b"BEGIN CERTIFICATE REQUEST") == 4  # node and scanning station, for two points


@pytest.mark.parametrize("junk", [b"", b"\0" * 100, b"PK\x03\x04 not really", "журнал".encode()])
def test_junk_instead_of_a_package_is_refused_in_words(client, data_dir, junk):
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = {
        "form": "package",
        "code": first_run.one_time_code(),
        "fingerprint": "0" * 64,
        "files": SimpleUploadedFile("EXAM.zip", junk),
    }
    response = client.post("/first-run/", form, follow=True)
    assert 'data-level="error"' in response.content.decode() or 'class="note error"' in response.content.decode()
    assert not Node.objects.filter(founded_at__isnull=False).exists()
