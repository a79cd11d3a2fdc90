"""The doors of machines: logging in, and journals over the network."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from journals.models import Journal
from keys import sessions
from keys.models import Certificate, MachineSession
from tests.hostile.conftest import HostilePoint
from tests.hostile.files import hostile
from tests.hostile.watch import WatchedAnswer, at, must_be_recorded, must_refuse, problem_of, watched
from tests.support.journals import JournalStation, print_station
from tests.support.pki import other_fixtures
from wire import cms, journal, pki
from wire.pki import CertificateRole
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db

SESSION, JOURNALS = "/api/v1/session/", "/api/v1/journals/"
PREFIX = b"ppe-session/1\n"


def log_in(body: bytes, content_type: str = "application/json") -> WatchedAnswer:
    client = Client(raise_request_exception=False)
    return problem_of(client.post(SESSION, body, content_type=content_type))


def said(signed: object) -> bytes:
    return json.dumps({"signed": signed}).encode()


def signed(point: HostilePoint, content: bytes, *handles: str) -> bytes:
    signers = [point.keys.signer(handle) for handle in handles or ("print-0001",)]
    return said(base64.b64encode(cms.sign(content, signers=signers)).decode())


def of_yesterday(monkeypatch: pytest.MonkeyPatch) -> str:
    with monkeypatch.context() as patch:
        past = timezone.now().timestamp() - sessions.CHALLENGE_SECONDS - 5
        patch.setattr(signing.time, "time", lambda: past)
        return sessions.challenge()


def stranger(point: HostilePoint) -> bytes:
    return said(sign_challenge(sessions.challenge(), other_fixtures().signer("print")))


def of_region(point: HostilePoint, region: str, code: str) -> bytes:
    """A machine that our own authority certified, of somewhere else."""
    key, keys = pki.generate_key(), point.keys
    begin = keys.ca.not_valid_before_utc
    made = pki.issue(
        keys.ca,
        keys.ca_key,
        public_key=key.public_key(),
        identity=pki.Identity(CertificateRole.PRINT, region, code, "0001"),
        common_name="чужая",
        not_before=begin,
        not_after=begin + timedelta(days=3),
    )
    return said(sign_challenge(sessions.challenge(), cms.Signer(made, key)))


def expired(point: HostilePoint) -> bytes:
    key, keys = pki.generate_key(), point.keys
    begin = keys.ca.not_valid_before_utc
    made = pki.issue(
        keys.ca,
        keys.ca_key,
        public_key=key.public_key(),
        identity=pki.Identity(CertificateRole.PRINT, "78", "0001", "0001"),
        common_name="старая",
        not_before=begin,
        not_after=begin + timedelta(seconds=1),
    )
    return said(sign_challenge(sessions.challenge(), cms.Signer(made, key)))


def revoked(point: HostilePoint) -> bytes:
    made = sign_challenge(sessions.challenge(), point.keys.signer("print-0002"))
    mark = pki.fingerprint(point.keys.certificates["print-0002"])
    Certificate.objects.filter(fingerprint=mark).update(revoked_at=timezone.now())
    return said(made)


def torn(point: HostilePoint) -> bytes:
    whole = sign_challenge(sessions.challenge(), point.keys.signer("print-0001"))
    return said(base64.b64encode(base64.b64decode(whole)[:-20]).decode())


def own(point: HostilePoint) -> bytes:
    return PREFIX + sessions.challenge().encode()


#: What is said at the login, with the status and code of its refusal.
LOGINS: dict[str, tuple[Callable[[HostilePoint], bytes], int, str]] = {
    "nothing": (lambda p: b"", 400, "invalid"),
    "noise": (lambda p: hostile("noise"), 400, "malformed_document"),
    "a photo": (lambda p: hostile("photo"), 400, "malformed_document"),
    "brackets without end": (lambda p: hostile("deep_json"), 400, "malformed_document"),
    "brackets within the field": (lambda p: b'{"signed":' + b"[" * 90_000 + b"}", 400, "malformed_document"),
    "a megabyte": (lambda p: said("A" * (1 << 20)), 413, "body_too_big"),
    "more than a signature": (lambda p: said("A" * 70_000), 400, "invalid"),
    "a list": (lambda p: b"[]", 400, "invalid"),
    "a field twice": (lambda p: b'{"signed": "a", "signed": "b"}', 400, "malformed_document"),
    "no field": (lambda p: b"{}", 400, "invalid"),
    "a list in the field": (lambda p: said(["x"]), 400, "invalid"),
    "not base64": (lambda p: said("подпись"), 400, "malformed_document"),
    "base64 of noise": (lambda p: said(base64.b64encode(hostile("noise")).decode()), 400, "cms_malformed"),
    "base64 of nesting": (lambda p: said(base64.b64encode(hostile("der_deep")).decode()), 400, "cms_malformed"),
    "torn": (torn, 400, "cms_malformed"),
    "signed by nobody": (lambda p: said(base64.b64encode(own(p)).decode()), 400, "cms_malformed"),
    "a stranger's certificate": (stranger, 403, "certificate_foreign"),
    "a certificate that ended": (expired, 403, "certificate_expired"),
    "a revoked machine": (revoked, 403, "session_refused"),
    "a GEK member": (lambda p: signed(p, own(p), f"gek-{p.keys.gek_uid}"), 403, "certificate_wrong_role"),
    "two at once": (lambda p: signed(p, own(p), "print-0001", "print-0003"), 400, "malformed_document"),
    "a challenge made up": (lambda p: signed(p, PREFIX + b"made-up"), 403, "session_refused"),
    "a challenge of another node": (
        lambda p: signed(p, PREFIX + signing.dumps("x", key="another", salt="keys.sessions.challenge").encode()),
        403,
        "session_refused",
    ),
    "a challenge of another purpose": (
        lambda p: signed(p, PREFIX + signing.dumps("x", salt="password reset").encode()),
        403,
        "session_refused",
    ),
    "a journal instead": (lambda p: signed(p, b'{"format":"ppe-journal/1"}\n'), 400, "malformed_document"),
    "no ASCII": (lambda p: signed(p, PREFIX + "вызов".encode()), 400, "malformed_document"),
    "another point": (lambda p: of_region(p, "78", "0002"), 403, "session_refused"),
}


def test_no_stranger_logs_in(point: HostilePoint) -> None:
    for name, (make, status, code) in LOGINS.items():
        body = make(point)
        with at("login", name), watched(point.data_dir) as watch:
            must_refuse(log_in(body), watch, code, status=status)
    assert not MachineSession.objects.exists()


def test_another_region_an_old_challenge_a_replay(point: HostilePoint, monkeypatch: pytest.MonkeyPatch) -> None:
    # The trust of the region holds its own authority alone; here it certified a machine of another region.
    with at("login", "another region"), watched(point.data_dir) as watch:
        answer = log_in(of_region(point, "77", "0001"))
        must_refuse(answer, watch, answer.codes[0] if answer.codes else "")
        assert answer.status in (400, 403)
    old = of_yesterday(monkeypatch)
    body = said(sign_challenge(old, point.keys.signer("print-0001")))
    with at("login", "an old challenge"), watched(point.data_dir) as watch:
        must_refuse(log_in(body), watch, "session_refused", status=403)
    body = said(sign_challenge(sessions.challenge(), point.keys.signer("print-0001")))
    assert log_in(body).status == 200
    with at("login", "a replay"), watched(point.data_dir) as watch:
        must_refuse(log_in(body), watch, "session_refused", status=403)
    with at("login", "another media type"), watched(point.data_dir) as watch:
        must_refuse(log_in(body, "text/plain"), watch, "unsupported_media_type", status=415)


TOKENS = [
    "",
    "x",
    "Bearer",
    "Bearer x",
    "Bearer " + "A" * 43,
    "Bearer " + "я" * 30,
    "Basic YTpi",
    "Bearer " + "A" * 9000,
]


@pytest.mark.parametrize("address", [JOURNALS, f"{JOURNALS}{'0' * 64}/", SESSION, "/api/v1/uploads/"])
def test_nobody_gets_in_with_a_made_up_token(point: HostilePoint, address: str) -> None:
    for token in TOKENS:
        client = Client(raise_request_exception=False)
        method = client.get if "000" in address else client.delete if address == SESSION else client.post
        with at(address, token[:20]), watched(point.data_dir) as watch:
            headers = {"Authorization": token.encode().decode("latin-1"), "Tus-Resumable": "1.0.0"}
            answer = problem_of(method(address, headers=headers))
            must_refuse(answer, watch, answer.codes[0] if answer.codes else "no code", status=401)
            assert answer.codes[0] in ("not_authenticated", "authentication_failed")


# --- journals ---------------------------------------------------------------------------------------------------------


def client_of(point: HostilePoint, handle: str = "print-0001") -> Client:
    token, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), point.keys.signer(handle)))
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})


def send(client: Client, data: bytes, name: str = "END_PRINT.dat", **headers: str) -> WatchedAnswer:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}", **headers}
    response = client.post(JOURNALS, data, content_type="application/octet-stream", headers=headers)
    return problem_of(response)


def elsewhere(at_point: HostilePoint, **header: Any) -> bytes:
    return print_station(at_point.keys, **header).close(signer="print-0001")


def noted(point: HostilePoint, words: str) -> JournalStation:
    """Return a station whose journal is no other's."""
    return print_station(point.keys).add("note_written", text=words)


def altered(point: HostilePoint) -> bytes:
    data = noted(point, "altered").close()
    return data.replace(b"exam_started", b"exam_stopped")


#: Journals that are none of this node's: how they are made, and the code. Their signatures hold.
FOREIGN: dict[str, tuple[Callable[[HostilePoint], bytes], str]] = {
    "another region": (lambda p: elsewhere(p, region="77", sitting="77" + p.day.key[2:]), "journal_foreign"),
    "another point": (
        lambda p: elsewhere(p, point="0002", sitting=p.day.key.replace("0001", "0002")),
        "journal_foreign",
    ),
    "a rehearsal": (lambda p: elsewhere(p, mode="training"), "journal_foreign"),
    "another day": (lambda p: elsewhere(p, sitting="78-0001-010120-01"), "journal_foreign"),
    "another subject": (lambda p: elsewhere(p, sitting=p.day.key[:-2] + "02", subject="02"), "journal_foreign"),
    "torn": (lambda p: print_station(p.keys).close()[:300], "not_a_journal"),
    "a key file": (lambda p: p.keys.access_file()[1], "not_a_journal"),
    "a signed letter": (lambda p: cms.sign("Письмо".encode(), signers=[p.keys.signer("print-0001")]), "not_a_journal"),
    "a header alone of noise": (lambda p: b'{"format":"ppe-journal/1","kind":"print"}\n', "not_a_journal"),
    "brackets after a brace": (lambda p: b"{" + b'"a":[' * 50_000, "not_a_journal"),
}
JUNK = (
    "noise",
    "photo",
    "zeros",
    "words",
    "zip_slip",
    "zip_bomb",
    "tiff_bomb",
    "pdf_fake",
    "der_fake",
    "der_deep",
    "page",
    "deep_json",
)


def test_journals_that_are_none(point: HostilePoint) -> None:
    client = client_of(point)
    cases = {"empty": (b"", 400, "journal_empty")}
    cases |= {name: (hostile(name), 422, "not_a_journal") for name in JUNK}
    cases |= {name: (make(point), 422, code) for name, (make, code) in FOREIGN.items()}
    for name, (data, status, code) in cases.items():
        with at("journals", name), watched(point.data_dir) as watch:
            answer = send(client, data)
            must_refuse(answer, watch, code, status=status, kinds="refused journals.turned_away")
            assert answer.document["cure_ru"], "what to do next?"
    assert not Journal.objects.exists()


def test_the_other_doors_of_journals_refuse_them_too(point: HostilePoint) -> None:
    from tests.hostile.test_hq_pages import journals_browser, journals_flash

    for name, (make, code) in FOREIGN.items():
        for door in (journals_browser, journals_flash):
            data = make(point)
            with at(door.__name__, name), watched(point.data_dir) as watch:
                must_refuse(door(point, name, data), watch, code, kinds="journals.turned_away")


def broken(point: HostilePoint) -> bytes:
    station = noted(point, "broken").add("exam_finished")
    del station.lines[1]
    return station.signed()


#: What the design keeps as received, in quarantine, until a person decides.
KEPT: dict[str, Callable[[HostilePoint], bytes]] = {
    "signed by nobody": lambda p: noted(p, "nobody").close(signer=None),
    "signed by another station": lambda p: noted(p, "another").close(signer="print-0002"),
    "signed by a stranger": lambda p: journal.sign_lines(
        noted(p, "stranger").close(signer=None), other_fixtures().signer("print")
    ),
    "altered after signing": altered,
    "a broken chain": broken,
    "of a station nobody knows": lambda p: print_station(p.keys, "0042").close(signer="print-0042"),
}


def test_a_doubtful_journal_is_kept_in_quarantine_and_counts_for_nothing(point: HostilePoint) -> None:
    client = client_of(point)
    for name, make in KEPT.items():
        data = make(point)
        with at("journals", name), watched(point.data_dir) as watch:
            response = client.post(JOURNALS, data, content_type="application/octet-stream")
            assert response.status_code == 201, response.content.decode()
            document = response.json()
            assert document["state"] == "quarantined", document
            assert document["doubts"]
            must_be_recorded(watch, "journals.taken_in")
            changed = [
                change
                for change in watch.changes()
                if not change.startswith(("+ journals.journal ", "+ file journals/"))
            ]
            assert not changed, changed
    assert not Journal.objects.filter(state="accepted").exists()


NAMES = [
    "../../../../etc/cron.d/evil",
    "..\\..\\evil.dat",
    "/etc/passwd",
    ".",
    "..",
    "a" * 4000,
    "\0\n\r\t",
    "<script>",
    "END_PRINT\u202etad.exe",
    "%00",
    "con.dat",
]
HEADERS = [
    "attachment; filename*=bogus''x.dat",
    "attachment; filename*=unicode_escape''%5Cud800.dat",
    "attachment; filename*=UTF-8''%FF%FE.dat",
    "attachment; filename*=utf-16''%FF",
    "; ; ;",
    "attachment; filename",
    "attachment; filename*0*=UTF-8''x; filename*1=y",
    "form-data; " + "a=b; " * 2000,
]


def test_a_hostile_name_leads_nowhere(point: HostilePoint) -> None:
    client = client_of(point)
    for number, header in enumerate([*(f"attachment; filename*=UTF-8''{quote(name)}" for name in NAMES), *HEADERS]):
        data = print_station(point.keys).add("note_written", text=str(number)).close(signer=None)
        with at("journals", header[:60]), watched(point.data_dir) as watch:
            answer = send(client, data, **{"Content-Disposition": header})
            assert answer.status == 201, answer
            assert not watch.raised
            new = [change for change in watch.changes() if change.startswith("+ file")]
            assert len(new) == 1, new
            assert new[0].startswith(f"+ file journals/{point.day.key}/")
            page = point.client.get(f"/monitoring/{point.day.key}/")
            assert page.status_code == 200
            assert (
                b"<script>" not in Journal.objects.latest("pk").original_name.encode()
                or b"<script>.dat" not in page.content
            )
