"""No page, paper or answer concludes by itself that a day, a room or a packet is done: it asks `day`."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Rooms whose modules draw and answer, and names of such modules in the rooms below.
DRAWS = ("monitoring", "ppe_portal", "day")
NAMES = re.compile(
    r"(^|/)(pages|api|admin|views|overview|board|live|story|readiness\w*|closing|phone|tiles|navigation)\b"
)
#: The centre has a twin of its own with the same types.
TWIN = ("rcoi",)
#: What only `day` turns into a conclusion: the ends of the tables of states.
DONE = {"acknowledged", "accepted", "packed", "closed", "closed_with_act"}
MEMBERS = {
    f"{kind}.{name.upper()}" for kind in ("PacketState", "StatusState", "CardState", "P", "S", "C") for name in DONE
}
MEMBERS |= {f"{model}.State.{name.upper()}" for model in ("Packet", "PointStatus", "RoomCard") for name in DONE}
SETS = {"CLOSED", "SETTLED", "READY", "SERVED"}
#: Module → why it may look at such a state itself.
ALLOWED = {
    "day/rules.py": "the rules themselves",
    "day/judged.py": "what a judged day answers",
    "day/rows.py": "the rows of the rules",
    "day/facts.py": "fills the rows of the rules",
    "day/acts.py": "finds the acceptance from which the term of originals counts; the rules say whether they go",
    "day/keeping.py": "the same term, for the page",
    "keys/pages.py": "counts journals whose numbers a key would open",
    "monitoring/monitor.py": "the history of a status: which of its packets has no receipt to show",
    "transfers/overview.py": "the line of figures over the table of packets: rows in a state, not what is owed",
    "transfers/readiness.py": "the test packet of the day before is none of the day",
}


def modules():
    files = (file for top in ROOT.glob("*/__init__.py") for file in top.parent.rglob("*.py"))
    for file in files:
        name = file.relative_to(ROOT).as_posix()
        room = name.split("/")[0]
        if (
            room in ("tests", "demo", "benchmarks", "wire", "station_client", "drawing", *TWIN)
            or "/migrations/" in name
        ):
            continue
        if room in DRAWS or NAMES.search(name):
            yield name, file


def conclusions(source):
    """Lines where a state is held against an end of its table."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(each) for each in (node.left, *node.comparators)]
            texts = {
                each.value
                for side in (node.left, *node.comparators)
                for each in ast.walk(side)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
            names = {each for side in sides for each in re.findall(r"[A-Za-z_.]+", side)}
            about = any(re.search(r"\bstate\b|\bstates\b", side) for side in sides)
            if names & MEMBERS or names & SETS or (about and texts & DONE):
                found.append(node.lineno)
        elif isinstance(node, ast.Call):
            for word in node.keywords:
                about = word.arg and re.fullmatch(r"(\w+__)?state(__in)?", word.arg)
                said = ast.unparse(word.value)
                if about and (
                    any(each in said for each in MEMBERS | SETS) or any(f"'{each}'" in said for each in DONE)
                ):
                    found.append(node.lineno)
    return sorted(set(found))


def test_the_search_finds_what_it_is_for():
    for bad in (
        "done = packet.state == PacketState.ACKNOWLEDGED",
        "over = card.state in CLOSED",
        "rows.filter(state=StatusState.ACCEPTED)",
        "x = row.state == 'packed'",
        "rows.filter(packet__state__in=('acknowledged',))",
    ):
        assert conclusions(bad), bad
    assert not conclusions("x = journal.kind == 'scan'")


def test_nothing_that_draws_or_answers_concludes_for_itself():
    found = {name: lines for name, file in modules() if (lines := conclusions(file.read_text()))}
    unexplained = {name: lines for name, lines in found.items() if name not in ALLOWED}
    assert unexplained == {}
    assert set(ALLOWED) <= set(found), "an exception that nobody needs any more"


def templates():
    return [file for file in ROOT.glob("*/templates/**/*.html") if file.relative_to(ROOT).parts[0] not in TWIN]


TEMPLATE = re.compile(
    r"""\{%\s*(?:el)?if[^%]*\bstate\s*==\s*["'](?:acknowledged|accepted|packed|closed|closed_with_act)["']"""
)
ALLOWED_TEMPLATES = {
    "transfers/templates/transfers/transfers.html": "the chip of the test packet of the day before",
}


@pytest.mark.parametrize("file", templates(), ids=lambda file: file.name)
def test_no_template_concludes_for_itself(file):
    name = file.relative_to(ROOT).as_posix()
    assert bool(TEMPLATE.search(file.read_text())) == (name in ALLOWED_TEMPLATES)
