"""Whatever is sent to the addresses of the schema: no 5xx, and no answer that the schema does not know."""

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
from schemathesis.specs.openapi.checks import status_code_conformance

from keys import sessions
from tests.keys.world import make_keys
from wire.session import sign_challenge

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CASES = 40


@pytest.fixture
def token(day, data_dir, token_dir) -> str:
    """The session of a print station."""
    keys = make_keys(day, token_dir)
    text, _row = sessions.open_session(signed=sign_challenge(sessions.challenge(), keys.signer("print-0001")))
    return f"Bearer {text}"


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
        max_examples=CASES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def send(case: Any) -> None:
        response = case.call(headers=headers)
        try:
            case.validate_response(response, checks=checks)
        except (Failure, FailureGroup):
            told.add(f"{operation.label}: {response.status_code}")

    hypothesis.given(case=operation.as_strategy())(send)()
    return told


@pytest.mark.parametrize("logged_in", [True, False], ids=["station", "stranger"])
def test_no_address_breaks_or_surprises(token, logged_in):
    headers = {"Authorization": token} if logged_in else {}
    checks = [not_a_server_error, status_code_conformance]
    found = sorted(set().union(*(surprises(each, headers, checks) for each in operations())))
    assert not found, "\n".join(found)
