"""Whose form is read, what counts as room that is taken, and what goes away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from common import space
from ppe_portal import bodies

BIG = 300 << 20


@pytest.fixture
def touched(monkeypatch):
    """The names of files that the framework began to read."""
    names = []
    begin = TemporaryFileUploadHandler.new_file

    def noted(self, field_name, file_name, *rest, **more):
        names.append(file_name)
        return begin(self, field_name, file_name, *rest, **more)

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", noted)
    return names


def test_nothing_of_a_strangers_form_is_read(day, technician, touched):
    """The guard against forged forms reads a form before the view asks for a login."""
    page = f"/scanning/{day.sitting.key}/0101/"
    form = {"form": "files", "files": SimpleUploadedFile("scan.tif", b"II*" * 1000)}
    answer = Client(enforce_csrf_checks=True).post(page, form)
    assert touched == []
    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={page}")


def test_a_strangers_login_form_is_short(day, technician):
    answer = Client(enforce_csrf_checks=True).post("/login/", {"username": "x" * 100_000})
    assert answer.status_code == 413


def test_bodies_under_way_count_as_taken(technician, day, settings, monkeypatch):
    """Whichever process of the node reads them."""
    taken = Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{os.getpid()}-0.expected"
    taken.touch()
    os.truncate(taken, BIG)
    monkeypatch.setattr(space, "free", lambda: space.reserve() + BIG + (1 << 20))
    page = f"/scanning/{day.sitting.key}/0101/"
    form = {"form": "files", "files": SimpleUploadedFile("scan.tif", b"x" * (2 << 20))}
    assert technician.client.post(page, form).status_code == 507
    taken.unlink()
    form["files"].seek(0)
    monkeypatch.setattr(space, "free", lambda: space.reserve() + (8 << 20))
    assert technician.client.post(page, form).status_code != 507
    assert list(Path(settings.FILE_UPLOAD_TEMP_DIR).iterdir()) == []


def test_a_body_of_a_process_that_ended_counts_no_more(technician, day, settings, monkeypatch):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    void = Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{ended.pid}-0.expected"
    void.touch()
    os.truncate(void, BIG)
    monkeypatch.setattr(space, "free", lambda: space.reserve() + (8 << 20))
    form = {"form": "files", "files": SimpleUploadedFile("scan.tif", b"x" * (2 << 20))}
    assert technician.client.post(f"/scanning/{day.sitting.key}/0101/", form).status_code != 507
    assert not void.exists()


def test_what_broken_bodies_left_goes_away_at_start(settings):
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    (folder / "abc.upload").write_bytes(b"half a body")
    (folder / "work.part").write_bytes(b"somebody's work")
    assert bodies.sweep() == 1
    assert [each.name for each in folder.iterdir()] == ["work.part"]


@pytest.mark.django_db
def test_the_sign_of_life_tells_a_disk_below_its_reserve(client, settings):
    assert client.get("/healthz").json()["disk"] == "ok"
    settings.PPE_DISK_RESERVE = 1 << 62
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["disk"]) == (200, "low")
