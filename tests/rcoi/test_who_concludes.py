"""Nobody at the centre concludes that a day, a room or a packet is done, except the evaluation in `rcoi/day`."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2] / "rcoi"
#: What a conclusion of one's own would be drawn from: states of packets, statuses, findings and requests.
STATES = {"InboxState", "PointStatusState", "FindingState", "RescanState", "WORKING", "FINAL"}
QUESTIONS = {"acknowledged", "unsettled", "current", "is_working"}
#: Modules that keep and move what is concluded from.
BELOW = ("models", "migrations", "states.py", "moves.py", "day")
#: Who else may look at a state, and why that concludes nothing about an exam.
ALLOWED = {
    "answering/phone.py": "a code is refused once the packet of its status has come: it guards one row",
    "answering/rescan.py": "only a confirmed, current packet can be asked for again, once: it guards one row",
    "answering/statuses.py": "the writer of statuses: what stands, is undone, or is declared anew",
    "answering/notices.py": "findings are told, and that what was told is settled; of the exam nothing is said",
    "board.py": "which packet a cell shows, and the exams in which the evaluation has to look for something open",
    "checking/findings.py": "the writer of findings: those whose facts have changed go",
    "pages/home.py": "the queue of work: what does not open, what was turned away, what is being opened now",
    "pages/inbox.py": "filters of the list, what one packet says of its own checks, which buttons it has",
    "pages/reports.py": "the list of decided packets: each has a paper about itself",
    "pages/statuses.py": "the journals and acts that count are listed",
    "receiving/inbox.py": "the writer of packets",
    "receiving/channels.py": "what became of one file at the door",
    "receiving/opening.py": "the writer of packets",
    "reports/packet.py": "the paper about one packet: what was decided about it",
    "reports/point.py": "which journals, acts and rejections the act lists; its verdict is the evaluation's",
    "tasks.py": "the queue of work: what is not decided yet",
}
#: Who says how an exam stands, and therefore has to ask.
ASKS = {
    "board.py": "rcoi.day",
    "pages/home.py": "rcoi.board",
    "pages/statuses.py": "rcoi.board",
    "reports/packet.py": "rcoi.day",
    "reports/point.py": "rcoi.board",
    "reports/region.py": "rcoi.board",
}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(BELOW):
            yield name, ast.parse(path.read_text("utf-8"))


def looks_at_states(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in QUESTIONS:
            return True
        if isinstance(node, ast.Name) and node.id in STATES:
            return True
    return False


def imported(tree):
    return {
        f"{node.module}.{each.name}" if node.module == "rcoi" else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }


def test_who_looks_at_a_state_is_on_the_list_with_a_reason():
    assert {name for name, tree in modules() if looks_at_states(tree)} == set(ALLOWED)


def test_who_says_how_an_exam_stands_asks_the_evaluation():
    trees = dict(modules())
    for name, room in ASKS.items():
        assert any(each.startswith(room) for each in imported(trees[name])), name


def test_nothing_but_the_evaluation_uses_the_rules():
    users = {name for name, tree in modules() if "rcoi.day.rules" in imported(tree)}
    assert users == set()
