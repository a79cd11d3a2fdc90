"""The page of guarantees names tests that are there, marked as it says."""

import ast
import re
import subprocess
import sys
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
        each.name
        for each in functions
        if whole or any(ast.unparse(mark) == "pytest.mark.prove" for mark in each.decorator_list)
    }


@pytest.mark.parametrize(("mark", "path", "name"), NAMED, ids=[name for _, _, name in NAMED])
def test_a_named_test_is_there(mark, path, name):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert (name in proofs(tree)) is bool(mark), "the page says otherwise when it runs"


def test_every_promise_has_a_test():
    rows = re.findall(r"^\| (\d+) \|.*$", PAGE, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 30
    promises = [line for line in PAGE.splitlines() if re.match(r"\| \d+ \|", line)]
    assert all("`tests/" in line for line in promises)
    assert sum(line.count("`tests/") for line in promises) == PAGE.count("`tests/"), "a test stands beside no promise"


def collected(*arguments: str) -> list[str]:
    """The tests that a run with these arguments would make."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return re.findall(r"^tests/\S+::(\w+)", done.stdout, re.MULTILINE)


def test_a_file_that_is_named_runs_its_long_proofs_only_when_they_are_asked_for():
    quick, long = "test_a_killed_process_changes_nothing", "test_thirty_storms_change_nothing"
    assert collected("tests/demo/test_mini_day.py") == [quick]
    assert set(collected("-m", "prove", "tests/demo/test_mini_day.py")) == {long}
