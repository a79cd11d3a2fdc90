"""The exam package: at the first-run page, where nobody is trusted yet, and on the day, where one authority is."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ppe_portal import first_run
from stations.models import Node
from tests.hostile import packages
from tests.hostile.conftest import HostilePoint
from tests.hostile.files import hostile
from tests.hostile.packages import exam, fingerprint, repack, write
from tests.hostile.watch import WatchedAnswer, at, must_refuse, post_form, watched
from tests.support.pki import other_fixtures
from wire import pki
from wire.errors import PpeError

pytestmark = pytest.mark.django_db

JUNK = {
    "empty": "exam_package_refused",
    **dict.fromkeys(
        (
            "noise",
            "photo",
            "zeros",
            "words",
            "deep_json",
            "zip_slip",
            "zip_bomb",
            "zip_torn",
            "zip_lzma",
            "zip_far",
            "tiff_bomb",
            "der_fake",
            "page",
        ),
        "package_broken",
    ),
}

#: Spoiled packages: how they are made, and the code.
SPOILED: dict[str, tuple[Callable[[], bytes], str]] = {
    "of a rehearsal": (lambda: write(exam(mode="training")), "exam_package_refused"),
    "a registry of a rehearsal": (
        lambda: write(packages.with_registry(lambda said: said.update(mode="training"))),
        "registry_wrong_mode",
    ),
    "cut in the middle": (lambda: write()[: len(write()) // 2], "package_broken"),
    "a file changed": (lambda: repack(write(), {"registry.json": b"{}"}), "package_broken"),
    "a file missing": (lambda: repack(write(), {"forms.json": None}), "package_broken"),
    "a file added": (lambda: repack(write(), {"../../evil.sh": b"x"}), "package_broken"),
    "no signature": (lambda: repack(write(), {packages.SIGNATURE: b""}), "cms_malformed"),
    "no authority": (lambda: repack(write(), {"ca.pem": b""}), "certificate_malformed"),
    "two authorities": (
        lambda: repack(write(), {"ca.pem": packages.member(write(), "ca.pem") + pki.pem(other_fixtures().ca).encode()}),
        "package_broken",
    ),
    "the list changed": (
        lambda: repack(write(), {packages.HEAD: packages.member(write(), packages.HEAD).replace(b"0001", b"0002")}),
        "signature_wrong",
    ),
    "the list is JSON without end": (lambda: repack(write(), {packages.HEAD: hostile("deep_json")}), "signature_wrong"),
    "a stranger's signature": (packages.forged, "certificate_foreign"),
    "a station's signature": (packages.signed_by_a_station, "certificate_wrong_role"),
    "a list of revoked that is none": (lambda: repack(write(), {"crl.der": hostile("noise")}), "crl_refused"),
    **{
        f"a registry with {name}": ((lambda change=change: write(packages.with_registry(change))), "registry_refused")
        for name, change in packages.ODD_REGISTRIES.items()
    },
}


@pytest.fixture
def fresh(db, data_dir: Path) -> tuple[Client, Path]:
    """A node that has named itself point 78-0001 and waits for its package."""
    client = Client()
    code = first_run.one_time_code()
    client.post("/first-run/", {"form": "identify", "code": code, "region": "78", "points": "0001", "station": "01"})
    client.get("/first-run/")
    return client, data_dir


def bring(client: Client, data: bytes, **said: Any) -> WatchedAnswer:
    fields = {"code": first_run.one_time_code(), "fingerprint": fingerprint(), **said}
    return post_form(client, "/first-run/", "package", files=SimpleUploadedFile("EXAM.zip", data), **fields)


def test_junk_and_spoiled_packages_at_the_first_run(fresh, told: list[PpeError]) -> None:
    client, data_dir = fresh
    cases = {name: (hostile(name), code) for name, code in JUNK.items()}
    cases |= {name: (make(), code) for name, (make, code) in SPOILED.items()}
    for name, (data, code) in cases.items():
        told.clear()
        with at("first run", name), watched(data_dir) as watch:
            answer = bring(client, data)
            must_refuse(answer, watch, code)
            assert all(refusal.remedy_text("ru") in answer.text for refusal in told)
    assert not Node.objects.filter(founded_at__isnull=False).exists()


def test_a_person_who_confirms_wrongly_or_holds_another_point_s_package(fresh) -> None:
    client, data_dir = fresh
    cases: dict[str, tuple[bytes, dict[str, str], str]] = {
        "another fingerprint": (write(), {"fingerprint": "0" * 64}, "exam_package_refused"),
        "no fingerprint": (write(), {"fingerprint": ""}, "exam_package_refused"),
        "a fingerprint in other letters": (write(), {"fingerprint": "отпечаток" * 8}, "exam_package_refused"),
        "a wrong code": (write(), {"code": "0000-0000-0000"}, "wrong_first_run_code"),
        "no file": (b"", {"files": ""}, "account_refused"),
    }
    for name, (data, said, code) in cases.items():
        with at("first run", name), watched(data_dir) as watch:
            must_refuse(bring(client, data, **said) if "files" not in said else bring_none(client), watch, code)
    Node.objects.update(points=["0002"])
    with at("first run", "another point"), watched(data_dir) as watch:
        answer = bring(client, write())
        must_refuse(answer, watch, "exam_package_refused")
        assert "78-0001" in answer.text
        assert "0002" in answer.text
    Node.objects.update(region="77", points=["0001"])
    with at("first run", "another region"), watched(data_dir) as watch:
        must_refuse(bring(client, write()), watch, "exam_package_refused")


def bring_none(client: Client) -> WatchedAnswer:
    return post_form(client, "/first-run/", "package", code=first_run.one_time_code(), fingerprint=fingerprint())


def test_the_right_package_is_taken_after_all_of_them(fresh) -> None:
    client, _data_dir = fresh
    # Its certificates began before their authority did; here they are not the matter.
    answer = bring(client, write(dataclasses.replace(exam(), certificates=[], rcoi=[], access=[])))
    assert "Пакет экзамена принят" in answer.text, answer.texts
    assert Node.objects.filter(founded_at__isnull=False).exists()


def test_a_node_that_is_set_up_has_no_first_run(point: HostilePoint) -> None:
    first_run.one_time_code()
    with watched(point.data_dir) as watch:
        answer = bring(point.client, write())
    must_refuse(answer, watch, "already_founded")


def test_on_the_day_only_the_own_authority_is_believed(point: HostilePoint) -> None:
    url = f"/keys/{point.day.key}/"
    point.client.get(url)
    for name, (make, code) in SPOILED.items():
        if not name.startswith("a registry"):
            # Everything of the other world is signed by an authority that this node never confirmed.
            wanted = {
                "no authority",
                "two authorities",
                "a list of revoked that is none",
                "of a rehearsal",
                "a file changed",
                "a file missing",
                "a file added",
                "a station's signature",
            }
            expected = "certificate_foreign" if name in wanted else code
            with at("package on the day", name), watched(point.data_dir) as watch:
                answer = post_form(point.client, url, "package", files=SimpleUploadedFile("EXAM.zip", make()))
                must_refuse(answer, watch, expected)
