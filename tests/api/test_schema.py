"""Whatever is sent to the addresses of the schema: no 5xx, and no answer that the schema does not know."""

import re
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from keys import sessions
from stations.models import Node
from tests.support.keys import Keys, make_keys
from wire.pki.session import sign_challenge

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CASES = 40
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def log_in(keys: Keys, handle: str) -> str:
    text, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), keys.signer(handle)))
    return f"Bearer {text}"


@pytest.fixture
def hq_token(day, data_dir, token_dir) -> str:
    """The session of a print station at its HQ."""
    return log_in(make_keys(day, token_dir), "print-0001")


@pytest.fixture
def rcoi_token(day, data_dir, token_dir, as_node) -> str:
    """The session of a point's node at the centre."""
    keys = make_keys(day, token_dir)
    as_node("rcoi")
    Node.objects.update(kind="rcoi", points=[])
    return log_in(keys, f"hq-{day.node.uid}")


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Keep the connection of the test open between requests, as Django's own test client does."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


def operations() -> list[Any]:
    return [result.ok() for result in the_schema().get_all_operations()]


def the_schema() -> Any:
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", get_wsgi_application())


def surprises(operation: Any, headers: dict[str, str], checks: list[Any]) -> set[str]:
    """Send drawn requests to one address; return the answers that the checks do not take."""
    told: set[str] = set()

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        response = case.call(headers=headers)
        try:
            case.validate_response(response, checks=checks)
        except (Failure, FailureGroup) as failure:
            told.add(f"{operation.label}: {response.status_code} {failure} {response.text[:300]}")

    hypothesis.given(case=operation.as_strategy())(send)()
    return told


@pytest.mark.parametrize("logged_in", [True, False], ids=["machine", "stranger"])
@pytest.mark.parametrize("kind", ["hq", "rcoi"])
def test_no_address_breaks_or_surprises(kind, logged_in, request):
    headers = {"Authorization": request.getfixturevalue(f"{kind}_token")} if logged_in else {}
    request.getfixturevalue(f"{kind}_token")
    found = sorted(set().union(*(surprises(each, headers, CHECKS) for each in operations())))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("kind", ["hq", "rcoi"])
def test_every_address_shows_an_example_and_its_errors(kind, request):
    request.getfixturevalue(f"{kind}_token")
    document = the_schema().raw_schema
    assert document["components"]["schemas"]["Problem"]["required"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            where = f"{method} {path}"
            assert any(int(status) in range(400, 500) for status in answers) or where.endswith("challenge/"), where
            for status, answer in answers.items():
                if int(status) >= 400:
                    assert "application/problem+json" in answer["content"], where
                elif body := answer.get("content", {}).get("application/json"):
                    assert "examples" in body or "example" in body, f"{where} {status} has no example"


@pytest.mark.parametrize("kind", ["hq", "rcoi"])
def test_the_document_is_a_page_that_asks_nobody_else(kind, request, client):
    request.getfixturevalue(f"{kind}_token")
    answer = client.get("/api-page/")
    page = answer.content.decode()
    for path, item in the_schema().raw_schema["paths"].items():
        for method in item.keys() & {"get", "post", "patch", "delete"}:
            assert f"<b>{method.upper()}</b> <code>{path}</code>" in page
    # Whatever the browser loads by itself is this node's own.
    assert re.findall(r"(?:src|href)=\"(?:https?:)?//", page) == []
    assert not re.search(r"<script(?! src=\"/static/)", page)
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["hq", "rcoi"])
def test_the_document_says_what_is_signed_and_that_5xx_pass(kind, request):
    request.getfixturevalue(f"{kind}_token")
    document = the_schema().raw_schema
    for words in ("ppe-session/1", "AES-256-GCM", "ecdh_kdf_md:sha256", "SHA-256"):
        assert words in document["info"]["description"]
    assert {"post", "options"} <= document["paths"]["/api/v1/uploads/"].keys()
    for path, item in document["paths"].items():
        for method in item:
            answers = item[method]["responses"]
            types = {
                answers[s]["content"]["application/problem+json"]["example"]["type"] for s in ("500", "503", "507")
            }
            assert len(types) == 3, f"{method} {path}"
            assert all("Retry-After" in answers[s]["headers"] for s in ("429", "500", "503", "507"))
