"""No secret lands in the log, in the tables or on a page, whatever goes wrong with it."""

import logging
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import Event
from keys import sessions
from ppe_portal import first_run
from tests.hostile.conftest import HostilePoint
from tests.hostile.test_machines import client_of, send
from tests.hostile.test_tokens import choose, lay, own
from tests.hostile.watch import files_in, post_form
from tests.rcoi.conftest import centre
from tests.support import factories
from tests.support.keys import PIN, private_bytes
from wire import pki
from wire.pki.session import sign_challenge

pytestmark = pytest.mark.django_db
__all__ = ["centre"]

WRONG_PIN, WRONG_PASSWORD = "918273645", "correct horse bakery 99"
NEW_PASSWORD = "Тихая-вода-7418-новая"


def said_anywhere(caplog: pytest.LogCaptureFixture) -> str:
    """Return the log and every row of every table as one text."""
    rows = [
        repr(row)
        for model in apps.get_models()
        if model._meta.managed and model._meta.label_lower != "sessions.session"
        for row in model._base_manager.values_list()
    ]
    return "\n".join([caplog.text, *(str(record.__dict__) for record in caplog.records), *rows])


def hold(secrets: dict[str, str], caplog: pytest.LogCaptureFixture, pages: list[str]) -> None:
    everything = said_anywhere(caplog)
    for name, secret in secrets.items():
        assert secret not in everything, f"{name} in the log or a table"
        assert not [page for page in pages if secret in page], f"{name} on a page"
    audited = "\n".join(repr(row) for row in Event.objects.values_list())
    assert audited
    assert not [name for name, secret in secrets.items() if secret in audited]


def pem_of(key: object) -> str:
    text: bytes = key.private_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return text.decode()


def test_pins_passwords_tokens_and_keys_of_a_point(
    point: HostilePoint, caplog: pytest.LogCaptureFixture, settings, data_dir: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("django.db.backends").setLevel(logging.INFO)  # the tables themselves are searched below
    pages: list[str] = []
    point.keys.load()
    info = point.keys.token_info()
    # A wrong PIN, the right one, one for a file that is no token, one over a plain line.
    pages.append(choose(point, info.id, WRONG_PIN).body)
    pages.append(choose(point, lay(point, b"\x30\x03abc"), WRONG_PIN).body)
    pages.append(choose(point, lay(point, own(point, "555444333")), "555444333").body)
    pages.append(choose(point, info.id).body)
    assert point.day.sitting.access_keys.get().state == "activated"
    post = {"form": "activate", "access_key": 1, "token": info.id, "pin": PIN}
    pages.append(
        point.client.post(f"/keys/{point.day.key}/", post, REMOTE_ADDR="10.0.0.9", follow=True).content.decode()
    )
    # Logins with a wrong password and with the right one; accounts whose password is refused, and is not.
    browser = Client()
    for password in (WRONG_PASSWORD, factories.PASSWORD):
        answer = browser.post("/login/", {"username": "technician", "password": password}, REMOTE_ADDR="127.0.0.1")
        pages.append(answer.content.decode())
    person = factories.PersonFactory(full_name="Новиков Иван Петрович")
    factories.AssignmentFactory(person=person, role="point_head", sitting=point.day.sitting)
    for repeated in (WRONG_PASSWORD, NEW_PASSWORD):
        said = {"person": person.uid, "username": "head2", "password1": NEW_PASSWORD, "password2": repeated}
        pages.append(post_form(point.client, "/people/", "account", **said).body)
    # A machine logs in, acts, sends junk with its token, and says good-bye; a stranger makes a token up.
    token, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), point.keys.signer("print-0001")))
    machine = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {token}"})
    pages.append(send(machine, b"junk").body)
    machine.delete("/api/v1/session/")
    made_up = "sUpErSeCrEtToKeN0123456789abcdefghijklmnopq"
    stranger = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {made_up}"})
    pages.append(send(stranger, b"junk").body)
    # Somebody drops a private key where another file belongs.
    key = point.keys.keys[f"gek-{point.keys.gek_uid}"]
    body = pem_of(key).splitlines()[1]
    for path, form in (("keys", "load"), ("keys", "package"), ("monitoring", "journals")):
        file = SimpleUploadedFile("KEY_78_0001.p7m", pem_of(key).encode())
        pages.append(post_form(point.client, f"/{path}/{point.day.key}/", form, files=file).body)
    pages.append(send(client_of(point), pem_of(key).encode()).body)
    secrets = {
        "a wrong PIN": WRONG_PIN,
        "the PIN": PIN,
        "another PIN": "555444333",
        "a wrong password": WRONG_PASSWORD,
        "the password": factories.PASSWORD,
        "a new password": NEW_PASSWORD,
        "a token": token,
        "a made-up token": made_up,
        "the GEK member's key": body,
        "the secret of the node": settings.SECRET_KEY,
    }
    hold(secrets, caplog, pages)
    stored = [(data_dir / name).read_bytes() for name in files_in(data_dir)]
    for shape in private_bytes(key):
        assert not [data for data in stored if shape in data], "the GEK member's key is on the disk of the node"
    own_keys = [path for path in files_in(data_dir) if path.endswith(".key")]
    assert sorted(own_keys) == ["keys/node.key", "keys/station.key"]
    assert all((data_dir / path).stat().st_mode & 0o077 == 0 for path in own_keys)


def test_the_first_run_code_is_told_by_nobody_but_the_terminal(
    db, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client, code = Client(), first_run.one_time_code()
    fields = {"region": "78", "points": "0001", "station": "01"}
    pages = [
        post_form(client, "/first-run/", "identify", code="1111-2222-3333", **fields).body,
        post_form(client, "/first-run/", "identify", code=code, **fields).body,
        post_form(client, "/first-run/", "package", code=code, files=SimpleUploadedFile("x", b"x")).body,
        post_form(
            client, "/first-run/", "account", code=code, person="x", username="a", password1=NEW_PASSWORD, password2="x"
        ).body,
    ]
    hold({"the code": code, "a wrong code": "1111-2222-3333", "a password": NEW_PASSWORD}, caplog, pages)
    assert (data_dir / "first-run-code").stat().st_mode & 0o077 == 0


def test_a_private_key_in_place_of_a_request(centre, administrator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = pki.generate_key()
    pages = [
        post_form(
            administrator.client, f"/centre/{page}/", form, files=SimpleUploadedFile("x.pem", pem_of(key).encode())
        ).body
        for page, form in (("requests", "upload"), ("registry", "registry"), ("inbox/import", "import"))
    ]
    hold({"the key": pem_of(key).splitlines()[1]}, caplog, pages)
