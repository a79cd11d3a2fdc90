"""Every setting that can hurt has a check that can fail."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from ppe_portal import checks, environment


def ids(found):
    return {message.id for message in found}


def test_the_settings_as_they_are_hold():
    for check in (checks.node_kind, checks.queue_settings):
        assert check(None) == []


@pytest.mark.parametrize(
    ("name", "value", "check", "expected"),
    [
        ("PPE_NODE", "laptop", checks.node_kind, "ppe.E001"),
        ("PPE_MODE", "test", checks.node_kind, "ppe.E002"),
        ("PPE_DATA_DIR", Path("/proc/nowhere"), checks.data_folder, "ppe.E003"),
        ("PPE_TOKEN_DIRS", [Path("tokens")], checks.named_folders, "ppe.E004"),
        ("PPE_TOKEN_DIRS", [Path("/nowhere/tokens")], checks.named_folders, "ppe.W007"),
        ("PPE_STATION", "1", checks.station_number, "ppe.E013"),
        ("PPE_STATION", "٠١", checks.station_number, "ppe.E013"),
        ("ALLOWED_HOSTS", ["*"], checks.public_node, "ppe.W008"),
        ("PPE_RCOI_URL", "http://rcoi.example", checks.public_node, "ppe.W009"),
        ("PPE_RCOI_RESERVE_URL", "http://10.0.0.1:8001", checks.public_node, "ppe.W009"),
        ("DEBUG", True, checks.public_node, "ppe.E009"),
        ("PPE_RCOI_URL", "", checks.public_node, "ppe.W003"),
    ],
)
def test_it_names_what_is_wrong(settings, name, value, check, expected):
    setattr(settings, name, value)
    assert expected in ids(check(None))


def test_a_drive_inside_the_data_folder_is_refused(settings):
    settings.PPE_FLASH_DIRS = [Path(settings.PPE_DATA_DIR) / "flash"]
    assert "ppe.E005" in ids(checks.named_folders(None))


def test_a_retry_before_the_timeout_is_refused(settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": 100}
    assert "ppe.E006" in ids(checks.queue_settings(None))


def test_counting_attempts_in_the_queue_is_refused(settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "max_attempts": 1}
    assert "ppe.E007" in ids(checks.queue_settings(None))


def test_a_database_that_forgets_is_refused(settings, monkeypatch):
    database = {**settings.DATABASES["default"], "ENGINE": "django.db.backends.sqlite3", "OPTIONS": {}}
    monkeypatch.setitem(settings.DATABASES, "default", database)
    assert "ppe.E008" in ids(checks.sqlite_durability(None))


def test_an_address_on_this_machine_needs_no_tls(settings):
    settings.PPE_RCOI_URL = "http://127.0.0.1:8001"
    assert "ppe.W009" not in ids(checks.public_node(None))


def test_a_silent_broker_is_named(settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "redis": "redis://127.0.0.1:1/0"}
    assert ids(checks.broker(None)) == {"ppe.W006"}


@pytest.fixture
def fresh(monkeypatch):
    """The environment as a node finds it: nothing read, nothing wrong yet."""
    monkeypatch.setattr(environment, "mistakes", [])
    for name in [name for name in os.environ if name.startswith("PPE_")]:
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize(
    ("name", "value", "read", "default"),
    [
        ("PPE_WEB_WORKERS", "two", lambda name: environment.whole(name, 2, low=1), 2),
        ("PPE_WEB_WORKERS", "0", lambda name: environment.whole(name, 2, low=1), 2),
        ("PPE_LINK_KBITS", "-5", lambda name: environment.whole(name, 0, low=0), 0),
        ("PPE_LINK_KBITS", "9" * 40, lambda name: environment.whole(name, 0, low=0), 0),
        ("PPE_SWEEP_SECONDS", "nan", lambda name: environment.seconds(name, 5.0), 5.0),
        ("PPE_SWEEP_SECONDS", "0", lambda name: environment.seconds(name, 5.0), 5.0),
        ("PPE_HTTPS", "maybe", environment.flag, False),
        ("PPE_RCOI_URL", "rcoi.example", environment.address, ""),
        ("PPE_RCOI_URL", "ftp://rcoi.example", environment.address, ""),
        ("PPE_RCOI_URL", "https://rcoi.example:99999", environment.address, ""),
        ("PPE_RCOI_URL", "https://rcoi.example/api", environment.address, ""),
        ("PPE_ALLOWED_HOSTS", f"{'п' * 80}.рф", lambda name: environment.hosts(name, []), []),
        ("PPE_LOG_LEVEL", "LOUD", lambda name: environment.choice(name, "INFO", "DEBUG", "INFO"), "INFO"),
    ],
)
def test_a_value_that_cannot_be_read_is_an_error_and_no_traceback(fresh, name, value, read, default):
    fresh.setenv(name, value)
    assert read(name) == default
    (found,) = checks.mistyped(None)
    assert found.id == "ppe.E010"
    assert name in found.msg


@pytest.mark.parametrize(
    ("name", "value", "read", "expected"),
    [
        ("PPE_WEB_WORKERS", " 4 ", lambda name: environment.whole(name, 2, low=1), 4),
        ("PPE_SWEEP_SECONDS", "0.5", lambda name: environment.seconds(name, 5.0), 0.5),
        ("PPE_HTTPS", "On", environment.flag, True),
        ("PPE_RCOI_URL", "https://rcoi.example:8443/", environment.address, "https://rcoi.example:8443"),
        ("PPE_RCOI_URL", "http://[::1]:8001", environment.address, "http://[::1]:8001"),
        ("PPE_RCOI_URL", "https://рцои.рф:8443/", environment.address, "https://xn--h1alfy.xn--p1ai:8443"),
        ("PPE_ALLOWED_HOSTS", "a, b,", lambda name: environment.hosts(name, []), ["a", "b"]),
        ("PPE_ALLOWED_HOSTS", ".ППЭ.рф,*", lambda name: environment.hosts(name, []), [".xn--o1aa6b.xn--p1ai", "*"]),
        (
            "PPE_TRUSTED_ORIGINS",
            "https://ппэ.рф",
            lambda name: environment.hosts(name, []),
            ["https://xn--o1aa6b.xn--p1ai"],
        ),
    ],
)
def test_what_is_right_is_read(fresh, name, value, read, expected):
    fresh.setenv(name, value)
    assert read(name) == expected
    assert checks.mistyped(None) == []


def test_a_mistyped_variable_is_named_with_its_neighbour(fresh):
    fresh.setenv("PPE_FLASH_DIR", "/media")
    (found,) = checks.mistyped(None)
    assert (found.id, found.hint) == ("ppe.W004", "Did you mean PPE_FLASH_DIRS?")


def test_an_object_store_is_refused_and_not_ignored(fresh):
    fresh.setenv("PPE_S3_BUCKET", "ppe")
    assert ids(checks.mistyped(None)) == {"ppe.E011"}


def test_a_secret_from_a_file(fresh, tmp_path):
    path = tmp_path / "secret"
    path.write_text("postgres://ppe:word@db/ppe\n")
    path.chmod(0o600)
    fresh.setenv("PPE_DATABASE_URL_FILE", str(path))
    assert environment.server("PPE_DATABASE_URL", "postgres") == "postgres://ppe:word@db/ppe"
    assert checks.secret_files(None) == []
    path.chmod(0o644)
    assert ids(checks.secret_files(None)) == {"ppe.W005"}
    fresh.setenv("PPE_DATABASE_URL", "postgres://other/db")
    assert "ppe.E012" in ids(checks.secret_files(None))
    path.unlink()
    with pytest.raises(ImproperlyConfigured, match="PPE_DATABASE_URL_FILE"):
        environment.server("PPE_DATABASE_URL", "postgres")


@pytest.mark.parametrize("value", ["mysql://db/ppe", "sqlite:////tmp/db", "db.example", "postgresql:/db"])
def test_a_database_that_is_none_stops_the_node_without_showing_the_secret(fresh, value):
    fresh.setenv("PPE_DATABASE_URL", value)
    with pytest.raises(ImproperlyConfigured, match="PPE_DATABASE_URL: expected postgres") as told:
        environment.server("PPE_DATABASE_URL", "postgres", "postgresql")
    assert value not in str(told.value)


def test_a_node_with_a_mistyped_number_says_so_and_does_not_start(tmp_path):
    environ = {**os.environ, "PPE_DATA_DIR": str(tmp_path / "data"), "PPE_WEB_WORKERS": "many"}
    command = [sys.executable, "manage.py", "run_node", "--port", "1"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode != 0
    assert "(ppe.E010) PPE_WEB_WORKERS is 'many'" in done.stderr
    assert "Traceback" not in done.stderr


def warnings_of(tmp_path, kind, **more):
    """What ``check --deploy`` of a new node says, the database asked too."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PPE_", "DJANGO_ALLOW"))}
    environ |= {"PPE_NODE": kind, "PPE_DATA_DIR": str(tmp_path / kind), **more}
    command = [sys.executable, "manage.py", "check", "--deploy", "--database", "default"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"\((\w+\.[WE]\d+)\)", done.stderr))


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("hq", {"PPE_RCOI_URL": "https://rcoi.example"}),
        ("rcoi", {}),
        ("rcoi", {"PPE_ALLOWED_HOSTS": "rcoi.example", "PPE_HTTPS": "1", "PPE_BEHIND_TLS_PROXY": "1"}),
    ],
    ids=["hq", "rcoi", "rcoi behind TLS"],
)
def test_a_node_that_is_set_up_warns_of_nothing(tmp_path, kind, more):
    assert warnings_of(tmp_path, kind, **more) == set()


def test_the_pages_of_a_node_start_without_a_warning(tmp_path):
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PPE_", "DJANGO_ALLOW"))}
    environ |= {"PPE_NODE": "hq", "PPE_DATA_DIR": str(tmp_path / "hq")}
    command = [sys.executable, "-c", "import ppe_portal.wsgi"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_an_administrator_can_cure_is_said(tmp_path):
    assert warnings_of(tmp_path, "hq") == {"ppe.W003"}
    open_node = warnings_of(tmp_path, "rcoi", PPE_ALLOWED_HOSTS="ppe.example")
    assert open_node == {"ppe.W002", "security.W010", "security.W016"}
