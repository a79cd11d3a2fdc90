"""Tokens in drives: listed, opened, held against the registry, locked after wrong PINs."""

from datetime import timedelta

import pytest
from django.test import RequestFactory

from audit.log import SYSTEM
from audit.models import Event
from keys import pin, tokens, trust
from keys.errors import ForeignTokenError, OpenChannelError, TokenLockedError, TokenMissingError
from keys.models import PinFailures
from tests.support.keys import PIN
from wire import pki
from wire.errors import PpeError

pytestmark = pytest.mark.django_db


def test_a_token_is_its_holders(keys):
    token = keys.open_token()
    assert token.name == "Соколова Анна Сергеевна"
    assert token.identity.role is pki.CertificateRole.GEK
    assert token.actor().certificate == token.fingerprint


def test_tokens_are_found_below_the_drive(keys):
    keys.certify(pki.CertificateRole.GEK, "second")
    keys.token_file("second", folder="usb")
    assert len(tokens.list_tokens()) == 2


def test_the_holder_is_read_from_a_file_beside(keys, token_dir):
    certificate = keys.certificates[f"gek-{keys.gek_uid}"]
    (token_dir / f"gek-{keys.gek_uid}.pem").write_text(pki.pem(certificate))
    assert keys.token_info().holder == "Соколова Анна Сергеевна"


def test_five_wrong_pins_lock_the_token_and_its_copies(keys, token_dir):
    info = keys.token_info()
    for _ in range(tokens.MAX_FAILURES):
        with pytest.raises(pki.WrongPinError):
            tokens.open_token(token=info.id, pin="000000", point=keys.day.point)
    with pytest.raises(TokenLockedError):
        keys.open_token()
    copy = token_dir / "copy.p12"
    copy.write_bytes((token_dir / f"gek-{keys.gek_uid}.p12").read_bytes())
    other = next(each for each in tokens.list_tokens() if each.path == str(copy))
    with pytest.raises(TokenLockedError):
        tokens.open_token(token=other.id, pin=PIN, point=keys.day.point)
    assert Event.objects.filter(kind="keys.wrong_pin").count() == 5
    row = PinFailures.objects.get()
    PinFailures.objects.update(last_at=row.last_at - tokens.LOCK - timedelta(seconds=1))
    assert keys.open_token().name
    assert not PinFailures.objects.exists()


def test_a_stranger_s_token_is_named(keys, token_dir):
    stranger = pki.generate_key()
    (token_dir / "x.p12").write_bytes(pki.dump_pkcs12(stranger, None, PIN, name="x"))
    info = next(each for each in tokens.list_tokens() if each.path.endswith("x.p12"))
    with pytest.raises(ForeignTokenError):
        tokens.open_token(token=info.id, pin=PIN, point=keys.day.point)


def test_a_member_of_another_point_is_named(keys):
    keys.certify(pki.CertificateRole.GEK, "elsewhere", point="0007")
    keys.token_file("elsewhere")
    info = next(each for each in tokens.list_tokens() if each.path.endswith("gek-elsewhere.p12"))
    with pytest.raises(ForeignTokenError) as refused:
        tokens.open_token(token=info.id, pin=PIN, point=keys.day.point)
    assert "0007" in refused.value.text("ru")


def test_a_revoked_member_is_refused(keys):
    trust.import_crl(der=keys.revoke(f"gek-{keys.gek_uid}"), actor=SYSTEM)
    with pytest.raises(pki.CertificateRevokedError):
        keys.open_token()


def test_the_holder_is_read_from_the_official_name(keys, token_dir):
    path = token_dir / f"gek-{keys.gek_uid}.p12"
    path.rename(token_dir / f"gek-78-0001-{keys.gek_uid}.p12")
    assert [info.holder for info in tokens.list_tokens()] == ["Соколова Анна Сергеевна"]


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"\xff\xd8\xff\xe0", b"0" * 300_000])
def test_a_file_that_is_no_token_is_refused_and_locks_nothing(keys, token_dir, content):
    (token_dir / "bad.p12").write_bytes(content)
    info = next(each for each in tokens.list_tokens() if each.path.endswith("bad.p12"))
    with pytest.raises(PpeError):
        tokens.open_token(token=info.id, pin=PIN, point=keys.day.point)
    assert not PinFailures.objects.exists()


def test_a_token_that_was_pulled_out_is_missing(keys, token_dir):
    info = keys.token_info()
    (token_dir / f"gek-{keys.gek_uid}.p12").unlink()
    with pytest.raises(TokenMissingError):
        tokens.open_token(token=info.id, pin=PIN, point=keys.day.point)


@pytest.mark.parametrize(
    ("extra", "good"),
    [
        ({"REMOTE_ADDR": "127.0.0.1"}, True),
        ({"REMOTE_ADDR": "::1"}, True),
        ({"REMOTE_ADDR": "::ffff:127.0.0.1"}, True),
        ({"REMOTE_ADDR": "192.168.1.7"}, False),
        ({"REMOTE_ADDR": "192.168.1.7", "wsgi.url_scheme": "https"}, True),
        ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.168.1.7"}, False),
        ({"REMOTE_ADDR": ""}, False),
    ],
)
def test_a_pin_comes_over_tls_or_from_this_machine(keys, extra, good):
    request = RequestFactory().post("/", {"token": keys.token_info().id, "pin": PIN}, **extra)
    if good:
        assert pin.token_from(request, keys.day.point).name
    else:
        with pytest.raises(OpenChannelError):
            pin.token_from(request, keys.day.point)
