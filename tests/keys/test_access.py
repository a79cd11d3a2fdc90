"""Loading, activating and ending the access key."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.log import SYSTEM
from audit.models import Event
from keys import access, node, trust
from keys.errors import AccessCertificateMissingError, AccessKeyUnusableError, ForeignTokenError, KeyFileRefusedError
from keys.models import AccessKey
from keys.states import AccessKeyState
from keys.tokens import list_tokens, open_token
from tests.support.keys import OPERATOR, PIN, private_bytes
from wire import cms, pki
from wire.documents.access_key import ForeignAccessKeyError

pytestmark = pytest.mark.django_db


def test_a_key_is_loaded_once(keys):
    name, data = keys.access_file()
    first = access.load(data=data, name=name, actor=OPERATOR, sitting=keys.day.sitting)
    again = access.load(data=data, name=name, actor=OPERATOR)
    assert (first.pk, first.state) == (again.pk, AccessKeyState.LOADED)
    assert Event.objects.filter(kind="keys.access_key_loaded").count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda name: name.replace("_0001_", "_0002_"), "ППЭ 0002, а нужен 0001"),
        (lambda name: name.replace("_01_v", "_02_v"), "предмет 02, а нужен 01"),
        (lambda name: "KEY_78_0001_010120_01_v1.p7m", "дата 01.01.2020"),
        (lambda name: name.replace("KEY_78", "KEY_77"), "регион 77, а нужен 78"),
        (lambda name: "photo.jpg", "photo.jpg"),
        (lambda name: name.replace("v1", "v7"), "версии 7"),
    ],
)
def test_a_wrong_name_is_named_before_any_pin(keys, change, said):
    name, data = keys.access_file()
    with pytest.raises((KeyFileRefusedError, AccessCertificateMissingError)) as refused:
        access.load(data=data, name=change(name), actor=OPERATOR, sitting=keys.day.sitting)
    assert said in refused.value.text("ru")
    assert not AccessKey.objects.exists()


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0photo", b"0" * (access.MAX_FILE + 1)])
def test_what_is_no_key_is_refused(keys, data):
    name, _data = keys.access_file()
    with pytest.raises(KeyFileRefusedError):
        access.load(data=data, name=name, actor=OPERATOR)
    assert not AccessKey.objects.exists()


def test_activation_gives_the_key_to_the_node_alone(keys):
    key = keys.activate()
    assert (key.state, key.activations.get().holder) == (AccessKeyState.ACTIVATED, "Соколова Анна Сергеевна")
    assert access.active(keys.day.sitting) == key
    sealed = cms.seal_bytes(b"numbers", recipients=keys.access_certificates())
    assert cms.open_bytes(sealed, recipients=access.recipients_for(keys.day.sitting)) == b"numbers"
    blob = node.folder() / f"access-{key.certificate.fingerprint}.p7m"
    assert blob.stat().st_mode & 0o777 == 0o600
    event = Event.objects.get(kind="keys.access_key_activated")
    assert event.means == "token"
    assert "Соколова" in event.actor


def test_no_private_key_lies_on_the_node(keys, data_dir):
    keys.activate()
    secrets = private_bytes(keys.keys[f"gek-{keys.gek_uid}"]) + private_bytes(keys.keys[_access(keys)])
    for path in data_dir.rglob("*"):
        if path.is_file():
            assert not [1 for secret in secrets if secret in path.read_bytes()], path


def _access(keys):
    return next(handle for handle in keys.keys if handle.startswith("access-"))


def test_a_file_with_another_key_inside_is_refused(keys):
    name, _right = keys.access_file()
    _other, wrong = keys.access_file(version=2)
    loaded = access.load(data=wrong, name=name, actor=keys.operator)
    with pytest.raises(ForeignAccessKeyError):
        access.activate(access_key=loaded, token=keys.open_token(), actor=OPERATOR)
    loaded.refresh_from_db()
    assert loaded.state == AccessKeyState.LOADED


def test_a_key_sealed_to_another_member_does_not_open(keys):
    keys.certify(pki.CertificateRole.GEK, "other")
    keys.token_file("other")
    other = next(info for info in list_tokens() if info.path.endswith("gek-other.p12"))
    token = open_token(token=other.id, pin=PIN, point=keys.day.point)
    loaded = keys.load()
    with pytest.raises(cms.NoRecipientError):
        access.activate(access_key=loaded, token=token, actor=OPERATOR)


def test_a_token_of_another_point_is_refused(keys):
    token = keys.open_token()
    foreign = replace(token, identity=replace(token.identity, point="0002"))
    with pytest.raises(ForeignTokenError):
        access.activate(access_key=keys.load(), token=foreign, actor=OPERATOR)


def test_the_end_of_validity_deletes_the_key(keys):
    key = keys.activate()
    AccessKey.objects.filter(pk=key.pk).update(until=timezone.now() - timedelta(seconds=1))
    assert access.recipients_for(keys.day.sitting) == []
    assert access.expire_due() == 1
    key.refresh_from_db()
    assert key.state == AccessKeyState.EXPIRED
    assert not list(node.folder().glob("access-*"))
    assert access.expire_due() == 0


def test_revocation_by_the_centre_deletes_the_key(keys):
    key = keys.activate()
    handle = _access(keys)
    assert trust.import_crl(der=keys.revoke(handle), actor=SYSTEM)
    key.refresh_from_db()
    assert key.state == AccessKeyState.REVOKED
    assert access.recipients_for(keys.day.sitting) == []
    with pytest.raises(KeyFileRefusedError):
        access.load(data=b"0x", name=key.name, actor=OPERATOR)


def test_an_expired_certificate_is_not_activated(keys):
    loaded = keys.load()
    ident = loaded.certificate.ident
    old = keys.certify(
        pki.CertificateRole.ACCESS,
        ident,
        key=keys.keys[f"access-{ident}"],
        until=timezone.now() - timedelta(minutes=1),
        keep=False,
    )
    loaded.certificate.pem = pki.pem(old.certificate)
    with pytest.raises(AccessKeyUnusableError):
        access.activate(access_key=loaded, token=keys.open_token(), actor=OPERATOR)


def test_listeners_hear_of_an_activation_after_the_commit(keys, django_capture_on_commit_callbacks):
    heard = []
    access.on_activated.register(heard.append)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            keys.activate()
    finally:
        access.on_activated.forget(heard.append)
    assert heard == [keys.day.sitting]


def test_a_reserve_key_comes_with_its_certificate(keys):
    _name, data = keys.access_file(version=2)
    pem = pki.pem(keys.certificates[_access(keys)]).encode()
    key = access.take_reserve(p7m=data, certificate=pem, actor=SYSTEM)
    assert (key.version, key.state) == (2, AccessKeyState.LOADED)
