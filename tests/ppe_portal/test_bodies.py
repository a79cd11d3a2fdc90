"""Whose form is read, what counts as room that is taken, and what goes away."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from common import space
from common.web import pages
from journals.models import Journal
from keys import authentication
from ppe_portal import arriving, bodies
from stations import rules
from stations.models import Role
from tests.conftest import log_in
from tests.ppe_portal.test_every_page import lists
from tests.support import factories

BIG = 300 << 20


@pytest.fixture
def touched(monkeypatch):
    """The names of files that the framework began to read."""
    names = []
    begin = arriving.OwnFiles.new_file

    def noted(self, field_name, file_name, *rest, **more):
        names.append(file_name)
        return begin(self, field_name, file_name, *rest, **more)

    monkeypatch.setattr(arriving.OwnFiles, "new_file", noted)
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
    taken = Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{arriving._life(os.getpid())}-0.expected"
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
    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    void = Path(settings.FILE_UPLOAD_TEMP_DIR) / f"{arriving._life(ended.pid)}-0.expected"
    ended.communicate(b"\n")
    void.touch()
    os.truncate(void, BIG)
    monkeypatch.setattr(space, "free", lambda: space.reserve() + (8 << 20))
    form = {"form": "files", "files": SimpleUploadedFile("scan.tif", b"x" * (2 << 20))}
    assert technician.client.post(f"/scanning/{day.sitting.key}/0101/", form).status_code != 507
    assert not void.exists()


def test_the_file_of_a_form_is_removed_by_others_only_when_its_process_has_ended(settings):
    """Its name holds the ending of the sender's own name; a later process of the same number is another one."""
    folder = Path(settings.FILE_UPLOAD_TEMP_DIR)
    mine = arriving.OwnFile("лист.tif", "image/tiff", None, None)
    pid, _dot, began = arriving._life(os.getpid()).partition(".")
    (folder / f"{pid}.{int(began) - 1}-a.upload.tif").write_bytes(b"half a body")
    (folder / "work.part").write_bytes(b"somebody's work")
    (folder / "tmpabc.upload.tif").write_bytes(b"of an older version: nobody knows whether it is in use")
    assert arriving.sweep() == 1
    assert sorted(each.name for each in folder.iterdir()) == sorted(
        [Path(mine.temporary_file_path()).name, "work.part", "tmpabc.upload.tif"]
    )
    mine.close()
    assert arriving.sweep(all_are_dead=True) == 1
    assert [each.name for each in folder.iterdir()] == ["work.part"]


class Watched(BytesIO):
    """A body that knows how much of it was read."""

    @classmethod
    def of(cls, size):
        head = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.tif"\r\n\r\n'
        return cls(head + b"x" * (size - len(head) - 7) + b"\r\n--b--")

    def sent(self, client, path):
        return self.given(client, path, "multipart/form-data; boundary=b")

    def given(self, client, path, kind, **headers):
        client.raise_request_exception = False
        said = {"wsgi.input": self, "CONTENT_LENGTH": str(len(self.getvalue())), "CONTENT_TYPE": kind}
        return client.generic("POST", path, headers=headers, **said).status_code


def takers(day, kind):
    """The pages of a kind of node that take more than a small form from the logged in, with an address of each."""
    for each in pages._pages:
        if each.node in (kind, "both") and each.login and each.max_body > space.SMALL:
            given = {"key": day.point.key if "<point:" in each.route else day.sitting.key, "room": "0101", "number": 1}
            names = re.findall(r"<(?:\w+:)?(\w+)>", each.route)
            fill = {"pk": 1, "uid": "0" * 32, "name": "x", "sha256": "0", "level": "x", "status": "x", "day": "x"}
            yield each, reverse(each.name, kwargs={name: {**fill, **given}[name] for name in names})


def judged(day, kind):
    """What a wrong and a right person get from every page that takes big bodies, and how much of them was read."""
    found = {}
    for each, path in takers(day, kind):
        actions = getattr(each, "files", ())
        right = set().union(*(rules.RULES[action] for action in actions))
        where = {"sitting": day.sitting} if kind == "hq" else {"region": day.region}
        for wrong in [role for role in Role if role not in right]:
            user = factories.make_user(f"{each.name}-{wrong}", "Лишний Олег Олегович", wrong, **where)
            client = Client(enforce_csrf_checks=True)
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
            client.cookies[settings.CSRF_COOKIE_NAME] = "a" * 32  # without it the guard looks at no form
            body = Watched.of(bodies.STRANGERS_FORM + 1)
            found[each.name, "wrong", str(wrong)] = (body.sent(client, path), body.tell())
        for role in sorted(right):
            login = log_in(factories.make_user(f"{each.name}-{role}", "Иванов Пётр Ильич", role, **where))
            body = Watched.of(bodies.STRANGERS_FORM + 1)
            found[each.name, "right", str(role)] = (body.sent(login.client, path), body.tell() > bodies.STRANGERS_FORM)
    return found


def test_every_page_of_a_point_with_files_reads_none_of_a_wrong_role(day, data_dir):
    found = judged(day, "hq")
    assert {name for name, *_ in found} == {"monitoring", "scanning-room", "scanning-readiness", "keys"}
    assert {key: said for key, said in found.items() if key[1] == "wrong" and said != (403, 0)} == {}
    assert {key: said for key, said in found.items() if key[1] == "right" and said != (400, True)} == {}


def test_every_page_of_the_centre_with_files_reads_none_of_a_wrong_role(rcoi_node, day, data_dir):
    found = judged(day, "rcoi")
    assert {name for name, *_ in found} == {"centre-import", "centre-registry", "centre-requests"}
    assert {key: said for key, said in found.items() if key[1] == "wrong" and said != (403, 0)} == {}
    assert {key: said for key, said in found.items() if key[1] == "right" and said != (400, True)} == {}


def test_nothing_is_read_of_the_files_of_another_point(day, outsider):
    body = Watched.of(1_000_000)
    assert (body.sent(outsider.client, f"/scanning/{day.sitting.key}/0101/"), body.tell()) == (404, 0)


def test_no_other_address_takes_more_than_a_small_form(day, technician):
    """Neither pages that name no files, nor the lists of the admin, nor the first run once it is over."""
    taken = {}
    others = [each.name for each in pages._pages if each.node != "rcoi" and not each.files and "<" not in each.route]
    for path in [*(reverse(name) for name in others), *lists(), "/first-run/", "/nowhere/"]:
        body = Watched.of(space.SMALL + 1)
        taken[path] = (body.sent(technician.client, path), body.tell())
    assert {path: said for path, said in taken.items() if said != (413, 0)} == {}
    assert len(taken) > 15


def test_a_page_that_names_no_files_takes_not_even_a_small_one(technician):
    file = SimpleUploadedFile("a.tif", b"II*")
    assert technician.client.post("/people/", {"form": "account", "files": file}).status_code == 400


def test_an_upload_of_a_wrong_role_is_refused_unread(day, observer, outsider, technician):
    named = {"purpose": "sheets", "sitting": day.sitting.key, "room": "0101", "filename": "a.tif"}
    metadata = ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in named.items())
    found = {}
    for login in (observer, outsider, technician):
        body = Watched(b"x" * 1000)
        said = {"Tus-Resumable": "1.0.0", "Upload-Length": "2000", "Upload-Metadata": metadata}
        status = body.given(login.client, "/api/v1/uploads/", "application/offset+octet-stream", **said)
        found[login.user.username] = (status, body.tell())
    assert found == {"observer": (403, 0), "outsider": (403, 0), "technician": (201, 1000)}


@pytest.mark.django_db
def test_the_session_of_a_machine_is_looked_up_once_for_a_request(client, monkeypatch):
    asked = []
    monkeypatch.setattr(authentication, "machine_of", lambda token: asked.append(token))
    answer = client.post("/api/v1/journals/", b"x", "application/octet-stream", headers={"Authorization": "Bearer abc"})
    assert (answer.status_code, asked) == (401, ["abc"])


@pytest.mark.django_db
def test_the_sign_of_life_tells_a_disk_below_its_reserve(client, settings):
    assert client.get("/healthz").json()["disk"] == "ok"
    settings.PPE_DISK_RESERVE = 1 << 62
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["disk"]) == (200, "low")


@pytest.mark.parametrize(
    "name",
    [
        "x." + "a" * 300,
        "x." + "ы" * 150,
        "я" * 400 + ".dat",
        "..",
        "../../x.dat",
        "C:\\Users\\x.dat",
        "x\u202etad.dat",
        ".",
    ],
)
def test_a_file_of_any_name_is_judged_by_what_is_in_it(name, technician, day, data_dir):
    head = b'--b\r\nContent-Disposition: form-data; name="'
    said = head + b'form"\r\n\r\njournals\r\n' + head + b'files"; filename="' + name.encode() + b'"\r\n\r\nno journal'
    kind = "multipart/form-data; boundary=b"
    page = f"/monitoring/{day.key}/"
    answer = technician.client.generic("POST", page, said + b"\r\n--b--\r\n", content_type=kind)
    assert answer.status_code == 302
    assert not list(Path(settings.FILE_UPLOAD_TEMP_DIR).glob("*"))
    assert not Journal.objects.exists()
