"""The searches for what must not lie open find it, and find nothing where there is nothing."""

import io
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from rich.console import Console

from demo import leaks
from demo.actors import DemoToken
from demo.checks import CheckFailedError
from demo.report import DemoReport
from station_client.home import key_pem
from wire import pki
from wire.messages import Message

SECRETS = {"53828046": "the PIN of somebody", "9E2VTfjeraJc-15": "the password of tech0001"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "keys").mkdir(mode=0o700)
    (tmp_path / "keys" / "node.key").write_bytes(b"key")
    (tmp_path / "keys" / "node.key").chmod(0o600)
    (tmp_path / "db").write_bytes(b"rows, and a hash a53828046f, and a number 1538280461")
    return tmp_path


def test_a_sound_folder_holds_nothing(folder):
    leaks._unwritten(SECRETS, [folder])
    leaks.closed(folder / "keys")
    leaks.sealed_only(folder, {"uid": b'{"files":[{"kind":"room"'})


@pytest.mark.parametrize("line", [b"pin=53828046\n", b'{"password": "9E2VTfjeraJc-15"}'])
def test_a_secret_in_a_log_is_found_and_its_owner_named(folder, line):
    (folder / "web.log").write_bytes(b"POST /keys " + line)
    with pytest.raises(CheckFailedError, match=r"of (somebody|tech0001) stands in"):
        leaks._unwritten(SECRETS, [folder])


def test_plain_content_is_found_in_whatever_file_it_lies(folder):
    (folder / "left.tar").write_bytes(b"ustar" + b'{"files":[{"kind":"room"' + b"\0" * 512)
    with pytest.raises(CheckFailedError, match="content of uid lies unsealed"):
        leaks.sealed_only(folder, {"other": b"nothing", "uid": b'{"files":[{"kind":"room"'})


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_that_others_may_read_is_found(folder, mode):
    (folder / "keys" / "node.key").chmod(mode)
    with pytest.raises(CheckFailedError, match="open to other users"):
        leaks.closed(folder / "keys")


def test_a_folder_without_keys_proves_nothing(folder):
    (folder / "keys" / "node.key").unlink()
    with pytest.raises(CheckFailedError):
        leaks.closed(folder / "keys")


def test_without_openssl_the_other_searches_are_made_and_the_gap_is_named(tmp_path, monkeypatch):
    nodes = {}
    for kind in ("hq", "rcoi"):
        keys = tmp_path / kind / "keys"
        keys.mkdir(parents=True, mode=0o700)
        nodes[kind] = SimpleNamespace(data=tmp_path / kind, runner=SimpleNamespace(uid=None, reason="no other user"))
    pem, key = key_pem(pki.generate_key()), pki.generate_key()
    for path in (tmp_path / "rcoi" / "keys" / "rcoi.key", tmp_path / "hq" / "keys" / "node.key", tmp_path / "rcoi.key"):
        path.touch(mode=0o600)
        path.write_bytes(pem if path.name == "rcoi.key" else b"key")
    token = DemoToken(SimpleNamespace(full_name="Орлова"), tmp_path / "gek.p12", "48120733")
    token.path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"gek", key, None, None, BestAvailableEncryption(token.pin.encode()))
    )
    (tmp_path / "logs").mkdir()
    report = DemoReport(Console(file=io.StringIO()))
    stage = SimpleNamespace(
        **nodes,
        report=report,
        folders=SimpleNamespace(logs=tmp_path / "logs", pki=tmp_path),
        logins={},
        tokens={"0001": token},
        access_keys={"sitting": ("KEY.p7m", b"sealed")},
    )
    monkeypatch.delenv("PPE_REQUIRE_ALL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with report.step("✓", Message("keys")) as step:
        leaks.nothing_lies_open(stage, step)
    assert (step.ok, step.problem) == (False, "")
    assert step.not_run[0] == "that no access key lies open: openssl is missing"
    assert report.code == 0
    (tmp_path / "logs" / "web.log").write_bytes(key_pem(key))
    with pytest.raises(CheckFailedError, match="the key of"):
        leaks.nothing_lies_open(stage, step)
