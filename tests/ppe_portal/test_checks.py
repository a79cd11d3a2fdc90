"""Every setting that can hurt has a check that can fail."""

from pathlib import Path

import pytest

from ppe_portal import checks


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
