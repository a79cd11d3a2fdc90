"""The OpenAPI document as a page: made by this node from its own code, without a script and without another site."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from drf_spectacular.generators import SchemaGenerator

from common.web.pages import page, render
from ppe_portal.guides import html


@dataclass(frozen=True)
class Part:
    """A parameter, a field of a body, or an answer."""

    name: str
    kind: str
    about: str
    needed: bool = False
    example: str = ""


@dataclass(frozen=True)
class Operation:
    """What may be asked at one address by one method."""

    method: str
    path: str
    about: str
    login: bool
    media: str
    parameters: list[Part]
    fields: list[Part]
    answers: list[Part]
    key: str = field(default="")


@lru_cache(maxsize=2)
def document(_kind: str) -> dict[str, Any]:
    """Return the OpenAPI document of a kind of node: it does not change while the node runs."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def operations(whole: dict[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations of a document, by their tag."""
    found: dict[str, list[Operation]] = {}
    for path, item in whole["paths"].items():
        for method, said in item.items():
            found.setdefault(said.get("tags", ["api"])[0], []).append(_operation(whole, method, path, said))
    return found


def _operation(whole: dict[str, Any], method: str, path: str, said: dict[str, Any]) -> Operation:
    media, content = _content(said.get("requestBody", {}))
    return Operation(
        method=method.upper(),
        path=path,
        about=html(said.get("description", "")),
        login=any(said.get("security", ())),
        media=media,
        parameters=[
            Part(each["name"], each["in"], each.get("description", ""), bool(each.get("required")))
            for each in said.get("parameters", ())
        ],
        fields=_fields(whole, content.get("schema", {})),
        answers=[_answer(status, answer) for status, answer in sorted(said["responses"].items())],
        key=said["operationId"],
    )


def _content(said: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the first media type of a body, and what is said of it."""
    found: dict[str, dict[str, Any]] = said.get("content", {})
    return next(iter(found.items())) if found else ("", {})


def _fields(whole: dict[str, Any], schema: dict[str, Any]) -> list[Part]:
    schema = _resolved(whole, schema)
    found = []
    for name, each in schema.get("properties", {}).items():
        kind = _resolved(whole, (each.get("allOf") or [each])[0])
        about = each.get("description") or ", ".join(map(str, kind.get("enum", ())))
        found.append(Part(name, kind.get("type", ""), about, name in schema.get("required", ())))
    return found


def _resolved(whole: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = whole["components"]["schemas"][name] if name else schema
    return found


def _answer(status: str, answer: dict[str, Any]) -> Part:
    media, content = _content(answer)
    examples = [each["value"] for each in content.get("examples", {}).values()] or [content.get("example")]
    shown = "" if examples[0] is None else json.dumps(examples[0], ensure_ascii=False, indent=2)
    return Part(status, media, answer.get("description", ""), example=shown)


@page("api-page/", name="api-page", login=False)
def api_page(request: HttpRequest) -> HttpResponse:
    """Show what machines may ask this node."""
    whole = document(settings.PPE_NODE)
    description: SafeString = html(whole["info"]["description"])
    context = {"description": description, "tags": operations(whole)}
    return render(request, "portal/api.html", context, title=_("Addresses for machines"))
