"""The house itself: what its files import. Rooms are kept apart by import-linter; this looks at the files in them."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def modules() -> dict[str, Path]:
    """Every module of the project, by its dotted name."""
    tops = [each.parent for each in ROOT.glob("*/__init__.py")]
    files = (file for top in tops for file in top.rglob("*.py"))
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports(file: Path, known: dict[str, Path]) -> Iterator[str]:
    """The project's modules that a file names: at its top, for types only, or inside a function."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            whole = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (each if each in known else node.module for each in whole)


def circle(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_a_circle_is_seen():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert not circle({"a": {"b", "c"}, "b": {"c"}})


def test_no_files_import_each_other_in_a_circle():
    known = modules()
    graph = {name: set(imports(file, known)) - {name} for name, file in known.items()}
    assert sum(map(len, graph.values())) > 1000
    assert circle(graph) == []
