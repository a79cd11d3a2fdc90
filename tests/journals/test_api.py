"""Journals over the network, by stations with their own logins; and the pages of journals."""

import base64
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from journals import acts, intake
from journals.models import Journal
from keys import sessions, trust
from tests.support.journals import print_station, sets
from tests.support.keys import OPERATOR
from wire.errors import PpeError
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db
URL = "/api/v1/journals/"


def client_of(keys, handle="print-0001"):
    token, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), keys.signer(handle)))
    return Client(headers={"Authorization": f"Bearer {token}"})


def send(client, data, name):
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
    return client.post(URL, data, content_type="application/octet-stream", headers=headers)


def test_a_station_sends_its_journal(keys):
    client, station = client_of(keys), print_station(keys)
    data = station.close()
    answer = send(client, data, station.name)
    assert answer.status_code == 201, answer.json()
    said = answer.json()
    assert (said["state"], said["repeated"], said["name"], said["entries"]) == ("accepted", False, station.name, 3)
    again = send(client, data, station.name)
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    assert client.get(f"{URL}{said['sha256']}/").json()["state"] == "accepted"
    row = Journal.objects.get()
    assert (row.door, row.received_by) == ("api", "urn:ppe:print:78:0001:0001")


def in_header(data: bytes) -> str:
    """Return the bytes of a header as the server gives them to the application."""
    return data.decode("latin-1")


@pytest.mark.parametrize(
    "write",
    [
        lambda name: f"attachment; filename*=UTF-8''{quote(name)}",
        lambda name: f"attachment; filename=END.dat; filename*=utf-8'ru'{quote(name)}",
        lambda name: f"attachment; filename*=windows-1251''{quote(name, encoding='cp1251')}",
        lambda name: in_header(f'attachment; filename="{name}"'.encode()),
        lambda name: in_header(f'attachment; filename="{name}"'.encode("cp1251")),
        lambda name: f'attachment; filename="=?utf-8?B?{base64.b64encode(name.encode()).decode()}?="',
        lambda name: in_header(f'attachment; filename="C:\\Экзамен\\{name}"'.encode()),
        lambda name: in_header(f'attachment; filename="../../{name}"'.encode()),
    ],
)
def test_a_name_is_read_as_clients_write_it(keys, write):
    client, station = client_of(keys), print_station(keys)
    headers = {"Content-Disposition": write(station.name)}
    answer = client.post(URL, station.close(), content_type="application/octet-stream", headers=headers)
    assert (answer.status_code, answer.json()["state"]) == (201, "accepted"), answer.json()
    assert Journal.objects.get().original_name == station.name


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "journal_empty"),
        (b"\xff\xd8\xff photo", 422, "not_a_journal"),
        (b"\x01" * 999, 422, "not_a_journal"),
    ],
)
def test_what_is_no_journal_gets_problem_details(keys, data, status, code):
    answer = send(client_of(keys), data, "END_PRINT.dat")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail_ru"]
    assert not Journal.objects.exists()


def test_too_big_is_told_before_it_is_read(keys, monkeypatch):
    monkeypatch.setattr(intake, "MAX_SIZE", 1000)
    answer = send(client_of(keys), b"x" * 1001, "END_PRINT.dat")
    assert (answer.status_code, answer.json()["code"]) == (413, "journal_too_big")


def test_strangers_are_not_let_in(keys):
    station = print_station(keys)
    assert send(Client(), station.close(), station.name).status_code == 401
    client = client_of(keys)
    assert client.get(f"{URL}{'0' * 64}/").status_code == 404


def test_a_journal_of_another_station_of_the_point_may_be_carried(keys):
    station = print_station(keys, "0002", room="0102")
    assert send(client_of(keys), station.close(), station.name).status_code == 201


def test_a_missing_name_is_a_doubt(keys):
    station = print_station(keys)
    answer = client_of(keys).post(URL, station.close(), content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["state"]) == (201, "quarantined")


def test_the_page_of_a_journal(keys, technician, outsider):
    keys.activate()
    made = sets(2, spoiled=(2,))
    station = print_station(keys).seal(made)
    data = station.close()
    row = intake.ingest(data=data, name="чужое имя.dat", door="browser", actor=OPERATOR).journal
    url = reverse("journal", kwargs={"pk": row.pk})
    page = technician.client.get(url).content.decode()
    for words in (station.name, "В карантине", "чужое имя.dat", "нужно решение", "Экзамен начался", row.sha256):
        assert words in page
    intake.accept(journal=row, reason="имя исправлено", actor=OPERATOR)
    page = technician.client.get(url).content.decode()
    assert made[0].sheets["AB"] in page
    assert "имя исправлено" in page
    answer = technician.client.get(reverse("journal-file", kwargs={"pk": row.pk}))
    assert b"".join(answer.streaming_content) == data
    assert outsider.client.get(url).status_code == 404
    assert outsider.client.get(reverse("journal-file", kwargs={"pk": row.pk})).status_code == 404


def test_decisions_are_made_on_the_page(keys, technician, observer):
    station = print_station(keys, "0042")
    row = intake.ingest(data=station.close(), name=station.name, door="browser", actor=OPERATOR).journal
    url = reverse("journal", kwargs={"pk": row.pk})
    post = keys.day.posts["print-0001"].pk
    assert 'id="accept"' not in observer.client.get(url).content.decode()
    said = {"form": "accept", "reason": "станция 0001, номер введён неверно", "post": post}
    assert "не разрешено" in observer.client.post(url, said, follow=True).content.decode()
    assert "замечания остались" in technician.client.post(url, {"form": "recheck"}, follow=True).content.decode()
    technician.client.post(url, {"form": "refuse", "reason": "чей это?"})
    row.refresh_from_db()
    assert row.state == "refused"
    assert "Журнал принят" in technician.client.post(url, said, follow=True).content.decode()
    row.refresh_from_db()
    assert (row.state, row.station, row.decided_by) == (
        "accepted",
        keys.day.stations["print-0001"],
        "Иванов Пётр Ильич",
    )


def test_the_files_of_an_act(keys, technician, outsider):
    act = acts.make(
        sitting=keys.day.sitting,
        kind="journal_missing",
        post=keys.day.posts["print-0006"],
        reason="нет",
        text="",
        photo=b"\xff\xd8\xff photo",
        token=keys.open_token(),
        actor=OPERATOR,
    )
    for name in ("act-file", "act-photo"):
        url = reverse(name, kwargs={"pk": act.pk})
        assert b"".join(technician.client.get(url).streaming_content)
        assert outsider.client.get(url).status_code == 404


@pytest.mark.parametrize("model", ["journal", "journalsheet", "journalanswer", "act"])
def test_the_lists_open(keys, technician, model):
    station = print_station(keys)
    intake.ingest(data=station.close(), name=station.name, door="browser", actor=OPERATOR)
    assert technician.client.get(reverse(f"admin:journals_{model}_changelist")).status_code == 200
    for row in Journal.objects.all() if model == "journal" else ():
        assert technician.client.get(reverse("admin:journals_journal_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize(
    "model",
    ["certificate", "signingrequest", "accesskey", "activation", "exampackage", "revocationlist", "machinesession"],
)
def test_the_lists_of_keys_open(keys, technician, model):
    keys.activate()
    client_of(keys)
    assert technician.client.get(reverse(f"admin:keys_{model}_changelist")).status_code == 200


def test_a_busy_database_is_told_as_that_and_the_next_try_is_served(keys, monkeypatch):
    client, station = client_of(keys), print_station(keys)
    data, real = station.close(), intake.store

    def locked(*_args, **_more):
        raise OperationalError("database is locked")

    monkeypatch.setattr(intake, "store", locked)
    answer = send(client, data, station.name)
    assert (answer.status_code, answer["Retry-After"], answer["Content-Type"]) == (503, "2", "application/problem+json")
    assert (answer.json()["code"], answer.json()["permanent"]) == ("busy", False)
    monkeypatch.setattr(intake, "store", real)
    assert send(client, data, station.name).status_code == 201


def test_a_session_token_stands_nowhere_but_with_its_machine(keys, caplog, data_dir):
    """Neither the database nor the log nor the data folder keeps what a thief could send."""
    caplog.set_level("DEBUG")
    token, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), keys.signer("print-0001")))
    client, station = Client(headers={"Authorization": f"Bearer {token}"}), print_station(keys)
    send(client, station.close(), station.name)
    send(client, b"", station.name)
    client.get("/api/v1/nothing/")
    assert token not in caplog.text
    assert not any(token.encode() in path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    for model in apps.get_models():
        assert not any(token in str(value) for row in model._base_manager.values() for value in row.values()), model


def test_a_revoked_station_is_shut_out_at_once(keys):
    client, station = client_of(keys), print_station(keys)
    trust.import_crl(der=keys.revoke("print-0001"), actor=OPERATOR)
    assert send(client, station.close(), station.name).status_code == 401
    with pytest.raises(PpeError):
        client_of(keys)


@pytest.mark.parametrize(
    ("skew", "said"), [(None, None), (0.2, "верны"), (61.0, "спешат на 61 с"), (-3600.0, "отстают на 3600 с")]
)
def test_the_page_says_how_the_stations_clock_goes(keys, technician, skew, said):
    station = print_station(keys)
    row = intake.ingest(data=station.close(), name=station.name, door="browser", actor=OPERATOR).journal
    Journal.objects.filter(pk=row.pk).update(skew_seconds=skew)
    page = technician.client.get(reverse("journal", kwargs={"pk": row.pk})).content.decode()
    assert (said in page) if said else ("Часы станции" not in page)
