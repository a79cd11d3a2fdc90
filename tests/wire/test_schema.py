"""Documents against their schemas: every schema is sound, every refusal names the place."""

import contextlib
import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from wire import schema
from wire.schema import SchemaError

NAMES = sorted(
    entry.name.removesuffix(".json")
    for entry in resources.files("wire").joinpath("schemas").iterdir()
    if entry.name.endswith(".json")
)


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_a_schema_and_refuses_what_is_no_document(name: str) -> None:
    text = resources.files("wire").joinpath("schemas", f"{name}.json").read_text("utf-8")
    Draft202012Validator.check_schema(json.loads(text))
    values: list[Any] = [None, 1, "text", [], True]
    for bad in values:
        with pytest.raises(SchemaError) as refusal:
            schema.validate(name, bad)
        assert refusal.value.parts
        assert name in refusal.value.message.ru


def test_each_wrong_place_is_named_in_both_languages() -> None:
    document = {"kind": "print", "region": 78}
    with pytest.raises(SchemaError) as refusal:
        schema.validate("journal_header", document)
    fields = {part.field: part for part in refusal.value.parts}
    assert "region" in fields
    assert fields["region"].found == "78"
    assert "ожидается" in fields["region"].message.ru
    assert "expected" in fields["region"].message.en
    assert 1 < len(refusal.value.parts) <= schema.MAX_PARTS


@pytest.mark.parametrize("name", ["", "none", "../package", "Package", "package.json"])
def test_a_schema_that_is_not_there_is_a_mistake_of_the_program(name: str) -> None:
    with pytest.raises(LookupError):
        schema.validate(name, {})


@given(
    st.sampled_from(NAMES),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["format", "kind"]), inner),
        max_leaves=6,
    ),
)
def test_any_value_is_valid_or_refused(name: str, value: Any) -> None:
    with contextlib.suppress(SchemaError):
        schema.validate(name, value)


def test_endless_nesting_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(SchemaError):
        schema.validate("registry", deep)
