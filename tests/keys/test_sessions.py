"""Machines log in with a signed challenge."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from audit.log import SYSTEM
from keys import sessions, trust
from keys.models import MachineSession
from wire import pki
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db
URL = "/api/v1/session/"


def post(client, url, body=None):
    return client.post(url, body or {}, content_type="application/json")


def log_in(keys, handle="print-0001"):
    client = Client()
    challenge = post(client, f"{URL}challenge/").json()["challenge"]
    return post(client, URL, {"signed": sign_challenge(challenge, keys.signer(handle))})


def test_a_station_logs_in(keys):
    answer = log_in(keys)
    assert answer.status_code == 200, answer.json()
    said = answer.json()
    assert said["identity"] == "urn:ppe:print:78:0001:0001"
    machine = sessions.machine_of(said["token"])
    assert (machine.identity.ident, machine.is_authenticated) == ("0001", True)
    assert said["token"] not in str(MachineSession.objects.values().get())


def test_a_challenge_serves_once(keys):
    challenge = sessions.challenge()
    signed = sign_challenge(challenge, keys.signer("print-0001"))
    assert post(Client(), URL, {"signed": signed}).status_code == 200
    again = post(Client(), URL, {"signed": signed})
    assert (again.status_code, again.json()["code"]) == (403, "session_refused")


def test_whoever_answers_a_challenge_late_is_told_to_try_again(keys):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        signed = sign_challenge(sessions.challenge(), keys.signer("print-0001"))
        clock.shift(sessions.CHALLENGE_SECONDS + 5)
        late = post(Client(), URL, {"signed": signed})
    assert (late.status_code, late.json()["code"], late.json()["permanent"]) == (403, "session_refused", False)


@pytest.mark.parametrize("challenge", ["made-up", "x" * 400])
def test_a_challenge_of_our_own_only(keys, challenge):
    answer = post(Client(), URL, {"signed": sign_challenge(challenge, keys.signer("print-0001"))})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body", [{}, {"signed": ""}, {"signed": "AAAA"}, {"signed": "не base64"}, {"signed": ["a"]}, []]
)
def test_nonsense_is_refused(keys, body):
    answer = post(Client(), URL, body)
    assert 400 <= answer.status_code < 500
    assert not MachineSession.objects.exists()


def test_a_stranger_and_a_gek_member_do_not_log_in(keys):
    keys.certify(pki.CertificateRole.PRINT, "0042", point="0042")
    assert log_in(keys, "print-0042").status_code == 403
    assert log_in(keys, f"gek-{keys.gek_uid}").status_code == 403


def test_an_ended_session_is_no_session(keys):
    token = log_in(keys).json()["token"]
    MachineSession.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert sessions.machine_of(token) is None
    token = log_in(keys).json()["token"]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.delete(URL).status_code == 204
    assert sessions.machine_of(token) is None
    assert client.delete(URL).status_code == 401


def test_a_revoked_machine_is_out_at_once(keys):
    token = log_in(keys).json()["token"]
    trust.import_crl(der=keys.revoke("print-0001"), actor=SYSTEM)
    assert sessions.machine_of(token) is None
    assert log_in(keys).status_code == 403


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer " + "a" * 43, "Bearer а б", "Basic abc"])
def test_a_malformed_token_is_nobody(keys, header):
    answer = Client(headers={"Authorization": header}).delete(URL)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
