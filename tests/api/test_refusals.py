"""What every refusal of the API has: both languages, what to do, clean parts, and a time where it passes by itself."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from rest_framework import serializers
from rest_framework.exceptions import Throttled, ValidationError

from common import errors as refusals
from common.errors import BusyError, problem, problem_response
from ppe_portal import errors, urls
from wire.errors import PpeError
from wire.messages import Message

CYRILLIC = re.compile("[А-Яа-яЁё]")


def every_refusal(kind: type[PpeError] = PpeError) -> Iterator[type[PpeError]]:
    for each in kind.__subclasses__():
        if not each.__module__.startswith("tests."):
            yield each
        yield from every_refusal(each)


def said(refusal: PpeError) -> tuple[dict[str, Any], dict[str, str]]:
    answer = problem_response(refusal)
    return json.loads(answer.content), dict(answer.headers)


def test_what_passes_by_itself_says_when_to_come_again():
    assert urls.urlpatterns  # every room of the node is imported
    found = {each for each in every_refusal() if not each.permanent}
    assert len(found) > 25
    for each in found:
        refusal = each.__new__(each)
        PpeError.__init__(refusal, Message("The node is busy: the request was not done."))
        if each.http_status >= 500 or each.http_status in (408, 423, 429):
            assert int(said(refusal)[1]["Retry-After"]) > 0, each


def test_what_does_not_pass_names_no_time():
    assert "Retry-After" not in said(errors.NoSuchAddressError())[1]


@pytest.mark.parametrize("kind", [errors.ProgramError, errors.DiskFullError, BusyError])
def test_every_fault_of_the_node_has_a_type_of_its_own(kind):
    told, headers = said(kind())
    assert told["type"] == f"urn:ppe:problem:{kind.code}" != "urn:ppe:problem:error"
    assert told["permanent"] is False
    assert headers["Retry-After"]


def test_where_nothing_is_advised_it_is_said_whether_trying_again_helps():
    class FinalError(PpeError):
        pass

    class PassingError(PpeError):
        permanent = False

    told = [problem(each(Message("The request is malformed."))) for each in (FinalError, PassingError)]
    assert told[0]["cure"] != told[1]["cure"]
    assert all(CYRILLIC.search(each["cure_ru"]) for each in told)


class Inner(serializers.Serializer[None]):
    number = serializers.IntegerField(min_value=1, max_value=9)


class Outer(serializers.Serializer[None]):
    name = serializers.CharField(max_length=3)
    kind = serializers.ChoiceField(choices=["a"])
    rows = Inner(many=True)


def handled(error: Exception) -> dict[str, Any]:
    answer = refusals.api_exception_handler(error, {})
    assert answer is not None
    told: dict[str, Any] = json.loads(answer.content)
    return told


def test_the_parts_of_a_wrong_document_are_told_one_by_one(db):
    form = Outer(data={"name": "long", "kind": "b", "rows": [{"number": 1}, {"number": 0}, {"number": "x"}, {}]})
    with pytest.raises(ValidationError) as wrong:
        form.is_valid(raise_exception=True)
    parts = handled(wrong.value)["errors"]
    assert [each["field"] for each in parts] == ["name", "kind", "rows.1.number", "rows.2.number", "rows.3.number"]
    assert len({each["detail"] for each in parts}) == 5
    for each in parts:
        assert CYRILLIC.search(each["detail_ru"])
        assert not CYRILLIC.search(each["detail"])


def test_a_document_of_another_shape_is_a_part_too(db):
    with pytest.raises(ValidationError) as wrong:
        Outer(data=["x"]).is_valid(raise_exception=True)
    (part,) = handled(wrong.value)["errors"]
    assert part["field"] == "body"


def test_the_framework_s_own_time_is_told(db):
    answer = refusals.api_exception_handler(Throttled(wait=7), {})
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (429, "7")


def test_a_busy_database_is_503_at_the_doors_of_uploads_and_on_pages(db, monkeypatch):
    def busy(*_said, **_more):
        raise OperationalError("database is locked")

    monkeypatch.setattr("uploads.api.owner_of", busy)
    monkeypatch.setattr("ppe_portal.health.life.age", busy)
    client = Client(raise_request_exception=False)
    answer = client.post("/api/v1/uploads/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "1"})
    assert (answer.status_code, answer.json()["code"], bool(answer["Retry-After"])) == (503, "busy", True)
    page = client.get("/healthz")
    assert (page.status_code, bool(page["Retry-After"])) == (503, True)
