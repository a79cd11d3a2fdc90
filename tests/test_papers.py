"""The papers name only what is there: files, names in them, tables, links."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
TERMS = re.findall(r"^\|.*\| `([\w.]+)` \| `([\w/]+\.py)` \|$", GLOSSARY, re.MULTILINE)
#: A path of the project: a folder of it, then anything; ``::`` and a name may follow.
FOLDERS = "|".join(
    sorted(p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".") and p.name != "var")
)
PATHS = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)(?:::(\w+))?`")


@cache
def names(path: str) -> frozenset[str]:
    """What a module defines: classes with their members, functions, constants."""
    found: set[str] = set()

    def walk(body: list[ast.stmt], before: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                found.add(before + node.name)
            if isinstance(node, ast.ClassDef):
                walk(node.body, f"{before}{node.name}.")
            if isinstance(node, ast.Assign):
                found.update(before + each.id for each in node.targets if isinstance(each, ast.Name))
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(before + node.target.id)

    walk(ast.parse((ROOT / path).read_text("utf-8")).body, "")
    return frozenset(found)


def shown(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize(("name", "path"), TERMS, ids=[f"{path}-{name}" for name, path in TERMS])
def test_a_term_of_the_glossary_is_defined_where_it_says(name, path):
    assert name in names(path)


def test_every_row_of_the_glossary_has_a_name_and_a_place():
    rows = [line for line in GLOSSARY.split("## Sentences")[0].splitlines() if line.startswith("| ")]
    headings = sum(line.startswith("| Russian |") for line in rows)
    assert len(rows) - headings == len(TERMS)


def test_every_table_and_every_state_stands_in_the_glossary():
    ours = {config.name for config in apps.get_app_configs() if Path(config.path).parent == ROOT}
    tables = {
        (model.__name__, str(Path(inspect.getsourcefile(model)).relative_to(ROOT)))
        for model in apps.get_models()
        if model._meta.app_config.name in ours
    }
    states = {
        (node.name, f"{room}/states.py")
        for room in ours
        if (ROOT / room / "states.py").exists()
        for node in ast.parse((ROOT / room / "states.py").read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert len(tables) > 50
    assert tables | states <= set(TERMS)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_path_that_a_page_names_is_there(page):
    for path, name in PATHS.findall(page.read_text("utf-8")):
        assert (ROOT / path).exists(), path
        assert not name or name in names(path), f"{path}::{name}"


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if not re.match(r"[a-z]+:|/|#", target):  # pages of the portal and other sites are not ours to look for here
            assert (page.parent / target.split("#")[0]).exists(), target


def test_the_journey_is_named_in_the_order_of_its_steps():
    page = (ROOT / "docs" / "journey.md").read_text("utf-8")
    landmarks = ("journals/intake.py", "scanning/recognise.py::_store", "transfers/seal.py", "transfers/outbox.py")
    landmarks += (
        "rcoi/receiving/inbox.py",
        "rcoi/checking/verify.py",
        "transfers/receipts.py",
        "day/closing.py",
    )
    assert [page.index(f"`{each}") for each in landmarks] == sorted(page.index(f"`{each}") for each in landmarks)


def test_the_license_is_named_where_people_look():
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert all("(LICENSE)" in (ROOT / page).read_text("utf-8") for page in ("README.md", "README.ru.md"))
