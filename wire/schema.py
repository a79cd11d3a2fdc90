"""Wire documents held against their JSON Schemas (`wire/schemas/<name>.json`)."""

import functools
import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from wire.errors import FieldError, PpeError
from wire.messages import Message

MAX_PARTS = 20
_NAME = re.compile(r"[a-z0-9_]+", re.ASCII)

# What each keyword demands, in words; `{}` is the keyword's value in the schema.
_DEMANDS: dict[str, Message] = {
    "type": Message("a value of type {value}"),
    "required": Message("the required fields {value}"),
    "enum": Message("one of {value}"),
    "const": Message("{value}"),
    "pattern": Message("the pattern {value}"),
    "minimum": Message("at least {value}"),
    "maximum": Message("at most {value}"),
    "minLength": Message("at least {value} characters"),
    "maxLength": Message("at most {value} characters"),
    "minItems": Message("at least {value} items"),
    "maxItems": Message("at most {value} items"),
    "uniqueItems": Message("items that do not repeat"),
    "additionalProperties": Message("known fields only"),
    "unevaluatedProperties": Message("known fields only"),
    "format": Message("the format {value}"),
}


class SchemaError(PpeError):
    """A document is not built as its schema demands; `parts` names each wrong place."""

    code = "schema_mismatch"


def validate(name: str, document: object) -> None:
    """Hold a document against the schema `wire/schemas/<name>.json`.

    Raises:
        SchemaError: Something is missing, superfluous or of a wrong kind; at most twenty places are named.
        LookupError: There is no such schema (a mistake of the program).
    """
    parts: list[FieldError] = []
    try:
        for error in _errors(name, document):
            parts.append(_part(error))
            if len(parts) == MAX_PARTS:
                break
    except RecursionError:
        parts.append(FieldError("", "", "", Message("Nested too deeply.")))
    if parts:
        raise SchemaError(
            Message("The document does not match the schema «{name}»: {problem}", name=name, problem=parts[0].message),
            parts=parts,
        )


def _errors(name: str, document: object) -> Iterator[ValidationError]:
    return _validator(name).iter_errors(document)


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    if _NAME.fullmatch(name) is None:
        raise LookupError(f"no schema is called {name!r}")
    schemas = _schemas()
    if name not in schemas:
        raise LookupError(f"no schema is called {name!r}")
    return Draft202012Validator(schemas[name], registry=_registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)


@functools.cache
def _schemas() -> dict[str, dict[str, Any]]:
    folder = resources.files("wire").joinpath("schemas")
    return {
        entry.name.removesuffix(".json"): json.loads(entry.read_text("utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".json")
    }


@functools.cache
def _registry() -> Registry[Any]:
    """Return all schemas, found by file name (`common.json`) and by `$id`; nothing is fetched from a network."""
    found: list[tuple[str, Resource[Any]]] = []
    for name, contents in _schemas().items():
        resource = Resource.from_contents(contents, default_specification=DRAFT202012)
        found.append((f"{name}.json", resource))
        if isinstance(contents.get("$id"), str):
            found.append((contents["$id"], resource))
    return Registry[Any]().with_resources(found)


def _part(error: ValidationError) -> FieldError:
    field = error.json_path.removeprefix("$").lstrip(".")
    place = Message("the field «{field}»", field=field) if field else Message("the document")
    message = _DEMANDS.get(str(error.validator), Message("otherwise"))
    wanted = _short(error.validator_value)
    if error.validator in {"required", "additionalProperties", "unevaluatedProperties"}:
        # The value is the whole object here: the message names the field that is missing or too much.
        found = _short(error.message)
    else:
        found = _short(error.instance)
    expected = Message(message.text, value=wanted)
    return FieldError(
        field,
        found,
        expected.en,
        Message("{place}: found {found}, expected {demand}.", place=place, found=found, demand=expected),
    )


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"
