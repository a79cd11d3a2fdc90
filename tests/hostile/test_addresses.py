"""Addresses, numbers and bodies that no page of ours would send: never an error of the program."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.hostile.conftest import HostilePoint
from tests.hostile.watch import watched
from tests.rcoi.conftest import centre

pytestmark = pytest.mark.django_db
__all__ = ["centre"]

#: Numbers that are none, or of nobody.
NUMBERS = ["", "0", "-1", "²", "٣", "1e3", "9" * 30, "9" * 5000, "1; drop table", "null", "../1", "1\0"]
KEYS = ["78-0001-993399-01", "78-0001-000000-01", "78-0001-310226-01", "00-0000-010126-99", "99-9999-290526-01"]
NAMES = ["%00", "%ff%fe", "..%2f..%2fetc%2fpasswd", "HQ%0d%0aSet-Cookie:%20a=b", "%F0%9F%92%A9", "9" * 300, "%ed%a0%80"]

POINT_FORMS: dict[str, list[dict[str, str]]] = {
    "/monitoring/{key}/": [
        {"form": form.format(number=number)}
        for number in NUMBERS
        for form in ("accept-{number}", "refuse-{number}", "act-{number}")
    ]
    + [{"form": "replace", "station": number, "new": number, "room": number} for number in NUMBERS],
    "/keys/{key}/": [{"form": "activate", "access_key": number, "token": "x", "pin": "1"} for number in NUMBERS],
    "/scanning/{key}/0101/": [
        {"form": form.format(number=number)}
        for number in NUMBERS
        for form in ("decide-{number}", "decide-recording-{number}")
    ]
    + [
        {
            "form": "card",
            "version": number,
            "registration_count": number,
            "dbo_count": number,
            "absent_count": number,
            "not_finished_count": number,
        }
        for number in NUMBERS
        if number != "0"  # an empty room that nobody saved yet: a true card
    ],
    "/transfers/{key}/": [{"form": f"retry-{number}"} for number in NUMBERS]
    + [{"form": "flash", "packet": number, "folder": "/"} for number in NUMBERS],
}
CENTRE_FORMS: dict[str, list[dict[str, str]]] = {
    "/centre/requests/": [
        {"form": form, "request": n, "certificate": n} for n in NUMBERS for form in ("sign", "refuse", "revoke")
    ],
    "/centre/packages/": [{"form": "make", "point": n, "date": n} for n in NUMBERS],
    "/centre/access-keys/": [{"form": "make", "sitting": n} for n in [*NUMBERS, *KEYS]],
    "/centre/statuses/{key}/": [{"form": "undo", "status": n, "reason": n} for n in NUMBERS],
    "/centre/announcements/": [{"form": "announce", "title": n, "text": n, "points": n} for n in NUMBERS],
    "/centre/inbox/import/": [{"form": "feed", "point": n, "folder": n} for n in [*NUMBERS, *KEYS]],
}


def forms(table: dict[str, list[dict[str, str]]], key: str) -> Iterator[tuple[str, dict[str, str]]]:
    for path, listed in table.items():
        for fields in listed:
            yield path.format(key=key), fields


def hold(data_dir: Path, cases: Iterable[tuple[str, Callable[[], Any]]]) -> None:
    """Send everything; nothing may be an error of the program, and nothing may change."""
    with watched(data_dir) as watch:
        for name, send in cases:
            response = send()
            assert not watch.raised, (name, watch.raised)
            assert response.status_code < 500, name
            assert "Set-Cookie: a=b" not in str(response.headers)
        assert not watch.changes(), watch.changes()


def quiet(client: Client) -> Client:
    client.raise_request_exception = False
    return client


def test_numbers_of_nobody_in_the_forms_of_a_point(point: HostilePoint) -> None:
    point.client.get(f"/scanning/{point.day.key}/")
    hold(
        point.data_dir,
        (
            (f"{path} {fields}", lambda p=path, f=fields, w=who: w.post(p, f))
            for who in (quiet(point.gek.client), quiet(point.client))
            for path, fields in forms(POINT_FORMS, point.day.key)
        ),
    )


def test_numbers_of_nobody_in_the_forms_of_the_centre(centre, administrator, data_dir) -> None:
    client = quiet(administrator.client)
    hold(
        data_dir,
        (
            (f"{path} {fields}", lambda p=path, f=fields: client.post(p, f))
            for path, fields in forms(CENTRE_FORMS, "78-0001-290526-01")
        ),
    )


def test_addresses_of_nothing(point: HostilePoint) -> None:
    client, key = quiet(point.client), point.day.key
    client.get(f"/scanning/{key}/")
    paths = [f"/{page}/{each}/" for each in KEYS for page in ("monitoring", "keys", "scanning", "transfers")]
    paths += [f"/scanning/{key}/{name}/" for name in NAMES] + [f"/today/{each[:7]}/" for each in KEYS]
    paths += [f"/scanning/{key}/sheets/{'9' * 30}.png", f"/journals/{'9' * 30}/", f"/transfers/{key}/x/"]
    hold(point.data_dir, ((path, lambda p=path: client.get(p)) for path in paths))


def test_addresses_of_nothing_at_the_centre(centre, administrator, data_dir) -> None:
    client, numbers = quiet(administrator.client), ("-1", "%00", "9" * 400)
    paths = [f"/centre/statuses/{key}/" for key in KEYS] + [f"/centre/inbox/{name}/" for name in NAMES]
    paths += [f"/centre/reports/region/{day}.pdf" for day in ("2026-02-31", "0000-00-00", "x", "9999-99-99")]
    paths += [f"/centre/reports/point/{key}.pdf" for key in KEYS]
    paths += [f"/centre/reports/packet/{name}.pdf" for name in NAMES]
    paths += [f"/centre/receipts/{name}.acknowledged.p7m" for name in NAMES]
    paths += [f"/centre/?date={day}" for day in ("2026-02-31", "x", "%00", "9" * 400)]
    paths += [f"/centre/inbox/?page={each}&point={each}&q={each}&state={each}" for each in numbers]
    hold(data_dir, ((path, lambda p=path: client.get(p)) for path in paths))


FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


def part(words: str, body: bytes) -> bytes:
    return b"--b\r\nContent-Disposition: form-data; " + words.encode() + b"\r\n\r\n" + body + b"\r\n--b--\r\n"


BODIES = {
    "no boundary": ("multipart/form-data", b"x" * 100),
    "a boundary of noise": ("multipart/form-data; boundary=" + "x" * 300, b"x" * 100),
    "torn": (PARTS, part('name="form"', b"journals")[:-6]),
    "an unknown alphabet": (PARTS, part("name=\"files\"; filename*=bogus''x", b"x")),
    "half a letter": (PARTS, part("name=\"files\"; filename*=unicode_escape''%5Cud800", b"x")),
    "another alphabet": (f"{FORM}; charset=utf-7", b"form=journals"),
    "an alphabet that is not": (f"{FORM}; charset=klingon", b"form=journals"),
    "base64 that is none": (PARTS, part('name="form"\r\nContent-Transfer-Encoding: base64', b"***")),
    "fields without number": (FORM, b"a=1&" * 6000),
    "a field of megabytes": (FORM, b"form=" + b"x" * 3_000_000),
    "no form": (FORM, b"a=b"),
    "a form of nobody": (FORM, b"form=rm%20-rf"),
    "JSON": ("application/json", b"{}"),
    "a NUL": (FORM, b"form=flash&folder=%00"),
}


def test_bodies_that_are_no_form(point: HostilePoint) -> None:
    client = quiet(point.client)
    hold(
        point.data_dir,
        (
            (f"{path} {name}", lambda p=path, k=kind, b=body: client.generic("POST", p, b, content_type=k))
            for path in (f"/monitoring/{point.day.key}/", f"/keys/{point.day.key}/", "/login/", "/first-run/")
            for name, (kind, body) in BODIES.items()
        ),
    )


def test_a_page_that_is_none_says_so_in_words(point: HostilePoint) -> None:
    point.client.raise_request_exception = False
    answer = point.client.post(f"/monitoring/{point.day.key}/", {"form": "nobody's"})
    assert answer.status_code == 400
    assert "Запрос составлен неверно" in answer.content.decode()
    assert "Такой страницы нет" in point.client.get("/monitoring/78-0001-993399-01/").content.decode()
