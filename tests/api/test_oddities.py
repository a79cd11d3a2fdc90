"""HTTP as it comes: whatever is asked, no 5xx, no page below ``/api/``, and the same answer behind every server."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.nodes import free_port
from tests.api.conftest import portal
from tests.api.oddities import Oddity, answered, oddities, said
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
