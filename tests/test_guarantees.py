"""The page of guarantees names tests that are there, marked as it says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"(\*\*P\*\* )?`(tests/[\w/]+\.py)::(\w+)`", PAGE.replace("\n", " "))))


def proofs(tree: ast.Module) -> set[str]:
    """The functions of a file that `make prove` runs and `make test` does not."""
    whole = any("pytestmark" in ast.unparse(node) and "mark.prove" in ast.unparse(node) for node in tree.body)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return {
        each.name for each in functions
        if whole or any(ast.unparse(mark) == "pytest.mark.prove" for mark in each.decorator_list)
    }  # fmt: skip


@pytest.mark.parametrize(("mark", "path", "name"), NAMED, ids=[name for _, _, name in NAMED])
def test_a_named_test_is_there(mark, path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert (name in proofs(tree)) is bool(mark), "the page says otherwise when it runs"


def test_every_promise_has_a_test():
    rows = re.findall(r"^\| (\d+) \|.*$", PAGE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 16))
    assert all("`tests/" in line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line))
