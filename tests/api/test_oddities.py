"""HTTP as it comes: whatever is asked, no 5xx, no page below ``/api/``, and the same answer behind every server."""

import base64
import hashlib
import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from demo.nodes import free_port
from tests.api.conftest import portal
from tests.api.oddities import Oddity, answered, chunks, metadata, oddities, request, said
from tests.services.conftest import wait_for_port
from tests.support.needs import missing
from tests.support.upload_node import ROOT, UploadNode

#: The database of these tests is copied for the node.
pytestmark = [pytest.mark.slow, pytest.mark.django_db]

Point = tuple[UploadNode, str]


def test_the_table_is_long_enough_and_names_each_once():
    names = [each.name for each in oddities()]
    assert len(names) > 150
    assert len(set(names)) == len(names)


def hold(port: int, token: str, *, shipped: bool) -> None:
    """Ask everything of the table."""
    wrong = []
    for each in oddities():
        status, headers, body = answered(port, each.raw, token)
        told = said(status, headers, body)
        if fault := _fault(each, told, headers, body, shipped=shipped):
            wrong.append(f"{each.name}: {told}, {fault}")
    assert not wrong, "\n".join(wrong)


def _fault(each: Oddity, told: str, headers: dict[str, str], body: bytes, *, shipped: bool) -> str:
    page = "html" in headers.get("content-type", "") or b"<html" in body[:200].lower()
    if each.server:
        # Another server's own refusal of what is no HTTP has its own words; ours sends no page even then.
        return (
            ""
            if told[:1] in ("4" if shipped else "45") and not (shipped and page)
            else "is not refused in words of ours"
        )
    if page:
        return "is a page"
    if each.codes and told not in each.codes:
        return f"expected {each.codes}"
    if headers.get("content-type", "").startswith("application/problem+json") and body:
        return _unclear(json.loads(body), headers)
    return ""


def _unclear(problem: dict[str, object], headers: dict[str, str]) -> str:
    """Return what a refusal lacks."""
    if problem["type"] != f"urn:ppe:problem:{problem['code']}":
        return "type and code differ"
    for russian, english in (("detail_ru", "detail"), ("cure_ru", "cure")):
        if not re.search("[а-яё]", str(problem[russian])) or re.search("[а-яё]", str(problem[english])):
            return f"{english} is not in both languages: {problem[english]} / {problem[russian]}"
    for part in problem["errors"]:  # type: ignore[attr-defined]
        if "ErrorDetail" in str(part) or not part["field"] or not re.search("[а-яё]", part["detail_ru"]):
            return f"an unclear part: {part}"
    if problem["status"] in (423, 429, 503, 507) and "retry-after" not in headers:
        return "does not say when to come again"
    return ""


def test_through_the_shipped_server(point: Point):
    node, token = point
    hold(node.port, token, shipped=True)


def test_through_gunicorn(point: Point):
    node, token = point
    other = portal(node.folder, "hq", "gunicorn").start()
    try:
        hold(other.port, token, shipped=False)
    finally:
        other.kill()


class Uploads:
    """What a client without a length does to one upload; the file is no journal, and is refused when it is whole."""

    def __init__(self, point: Point, length: int) -> None:
        node, token = point
        self.client = node.client()
        self.client.headers["Authorization"] = f"Bearer {token}"
        said = {"Upload-Length": str(length), "Upload-Metadata": metadata(purpose="journal")}
        self.place = self.client.post("/api/v1/uploads/", headers=said).headers["Location"]

    def send(self, offset: int, pieces: Iterable[bytes], **headers: str) -> httpx.Response:
        more = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream", **headers}
        return self.client.patch(self.place, content=iter(pieces), headers=more)

    @property
    def offset(self) -> int:
        return int(self.client.head(self.place).headers["Upload-Offset"])

    def close(self) -> None:
        self.client.close()


@pytest.fixture
def upload(point: Point) -> Iterator[Callable[[int], Uploads]]:
    made: list[Uploads] = []

    def begin(length: int) -> Uploads:
        made.append(Uploads(point, length))
        return made[-1]

    yield begin
    for each in made:
        each.close()


def test_pieces_of_no_announced_length_make_the_file(upload):
    data = b"".join(hashlib.sha256(bytes([at % 251])).digest() for at in range(30_000))
    row = upload(len(data))
    assert row.send(0, [data[:100_000], data[100_000:300_001]]).headers["Upload-Offset"] == "300001"
    assert row.send(300_001, []).headers["Upload-Offset"] == "300001"
    assert row.send(5, [b"x"]).status_code == 409
    digest = base64.b64encode(hashlib.sha256(data[300_001:]).digest()).decode()
    answer = row.send(300_001, [data[300_001:500_000], data[500_000:]], **{"Upload-Checksum": f"sha256 {digest}"})
    assert (answer.status_code, answer.headers["Upload-State"]) == (204, "refused")
    told = row.client.get(row.place).json()
    assert (told["sha256"], told["problem"]["code"]) == (hashlib.sha256(data).hexdigest(), "not_a_journal")


def test_of_pieces_without_a_length_nothing_goes_past_the_file_and_nothing_unproven_is_kept(upload):
    row = upload(10)
    nothing = base64.b64encode(bytes(32)).decode()
    assert row.send(0, [b"12345"], **{"Upload-Checksum": f"sha256 {nothing}"}).status_code == 460
    assert row.offset == 0
    assert row.send(0, [b"0123456789", b"more"]).headers["Upload-Offset"] == "10"
    assert row.client.get(row.place).json()["sha256"] == hashlib.sha256(b"0123456789").hexdigest()


def test_what_came_of_a_body_in_chunks_that_was_cut_is_kept(upload, point: Point):
    row, (node, token) = upload(100_000), point
    raw = request(
        "PATCH",
        row.place,
        chunks(b"x" * 60_000, 6000, end=b""),
        length=None,
        Transfer_Encoding="chunked",
        Upload_Offset="0",
        Content_Type="application/offset+octet-stream",
        Tus_Resumable="1.0.0",
    )
    with socket.create_connection(("127.0.0.1", node.port), timeout=20) as line:
        line.sendall(raw.replace(b"@TOKEN@", token.encode()))
    until = time.monotonic() + 20
    while not (kept := row.offset) and time.monotonic() < until:
        time.sleep(0.1)
    assert 0 < kept <= 60_000
    assert row.send(kept, [b"x" * (100_000 - kept)]).headers["Upload-Offset"] == "100000"
    assert row.client.get(row.place).json()["sha256"] == hashlib.sha256(b"x" * 100_000).hexdigest()


@pytest.fixture
def nginx(point: Point, tmp_path: Path) -> Iterator[int]:
    """The port of nginx before the node, with the settings of ``deploy/nginx.conf`` but for TLS."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        missing("nginx")
    node, port = point[0], free_port()
    server = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    server = re.sub(r"^ *ssl_.*\n", "", server, flags=re.MULTILINE)
    server = server.replace("listen 443 ssl", f"listen 127.0.0.1:{port}").replace(
        "127.0.0.1:8000", f"127.0.0.1:{node.port}"
    )
    kept = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log stderr crit; events {{}} http {{ access_log off; {kept} {server} }}"
    )
    with subprocess.Popen([program, "-p", tmp_path, "-c", tmp_path / "nginx.conf"], stderr=subprocess.DEVNULL) as front:
        wait_for_port(port, 20)
        yield port
        front.terminate()


def test_through_nginx(point: Point, nginx: int):
    hold(nginx, point[1], shipped=True)


def test_nginx_says_that_the_node_is_away(nginx: int, point: Point):
    node, token = point
    node.kill()
    try:
        status, headers, body = answered(
            nginx, b"GET /api/v1/schema/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", token
        )
        assert said(status, headers, body) == "503 node_away"
        assert headers["retry-after"]
    finally:
        node.start()
