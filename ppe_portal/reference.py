"""Reference pages made from the code itself: states, rules, events, settings checks. A test fails when they drift."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db.models import TextChoices

from audit.kinds import KINDS
from day.table import STATUSES, TABLE
from stations.models import Role
from stations.rules import RULES

NOTE = "<!-- Made by `manage.py write_reference` from the code. Change the code, not this page. -->\n\n"


def pages() -> dict[Path, str]:
    """Return the reference pages: path and text."""
    docs = Path(settings.BASE_DIR) / "docs"
    return {
        docs / "states.md": states(),
        docs / "rules.md": rules(),
        docs / "events.md": events(),
        docs / "day.md": day(),
    }


def _tables(app: str) -> list[tuple[str, type[TextChoices], dict[str, frozenset[str]]]]:
    if not find_spec(f"{app}.states"):
        return []
    module = import_module(f"{app}.states")
    found = []
    for name, value in vars(module).items():
        if isinstance(value, dict) and value and all(isinstance(v, frozenset) for v in value.values()):
            key = next(iter(value))
            if isinstance(key, TextChoices):
                found.append((name, type(key), value))
    return found


def states() -> str:
    """Return the tables of states and legal transitions of every room."""
    out = ["# States\n", NOTE]
    out.append("Each status is moved by one function, under a table of legal transitions (`<room>/states.py`).")
    out.append("An **undo table** holds the ways back: where the undoing of a person's last decision may lead.\n")
    for config in apps.get_app_configs():
        for name, choices, table in _tables(config.name):
            title = (choices.__doc__ or choices.__name__).strip().splitlines()[0].rstrip(".")
            undo = ", **undo table**" if name.endswith("_UNDO") else ""
            out.append(f"\n## `{config.name}`: {title} ({choices.__name__}, `{name}`){undo}\n")
            out.append("| state | shown as | leads to |\n|---|---|---|")
            for state in choices:
                leads = ", ".join(f"`{to}`" for to in sorted(table.get(state.value, frozenset()))) or "–"
                out.append(f"| `{state.value}` | {state.label} | {leads} |")
    return "\n".join(out) + "\n"


def rules() -> str:
    """Return the table of actions and roles."""
    out = ["# Who may do what\n", NOTE, "The button and the action ask the same rule (`stations/rules.py`).\n"]
    out.append("| action | roles |\n|---|---|")
    for action, roles in sorted(RULES.items()):
        out.append(f"| `{action}` | {', '.join(str(role.label) for role in Role if role in roles)} |")
    return "\n".join(out) + "\n"


def day() -> str:
    """Return the table of what a point owes on a day, and the chain of statuses."""
    out = ["# What a point owes on a day\n", NOTE]
    out.append(
        "The evaluation of the day (`day/rules.py`) turns the facts of now into these obligations. Pages, papers"
    )
    out.append("and answers ask it; nothing else concludes that a room, a packet, an exam or a day is done. A state is")
    out.append("not yet due, open, on its way (with who carries it and since when), settled (with its evidence) or")
    out.append("unknown here: evaluated at another station, and never called settled.\n")
    out.append(
        "| obligation | settled by | due | who | cure | shown at step | keeps shut |\n|---|---|---|---|---|---|---|"
    )
    for code, duty in TABLE.items():
        roles = ", ".join(str(role.label) for role in Role if role in RULES[duty.rule])
        gates = ", ".join(f"`{name}`" for name in duty.gates) or "–"
        cells = (f"`{code}`: {duty.what}", duty.settled_by, duty.due, roles, duty.cure, duty.shows, gates)
        out.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    out.append("\n`end` is the end of the exam: that everybody may go home is said when nothing of any exam of the day")
    out.append("stands before it. `end_scan` is the scan journal of the node.\n")
    out.append("## Statuses\n\n| status | words | declared here |\n|---|---|---|")
    out += [f"| `{each.name}` | {each.title} | {'yes' if each.declarable else 'no'} |" for each in STATUSES]
    out.append("\n## The lock\n")
    out.append(
        "An act (declaring a status, forming the scan journal, printing the closing act, wiping originals) takes"
    )
    out.append(
        "the lock of the day, evaluates, requires and acts in one transaction (`day/acts.py`). The lock is the head"
    )
    out.append(
        "of the point's chain in the event log: every change of a fact writes its event in its own transaction and"
    )
    out.append("takes that row, so no fact changes between the evaluation and the commit (`day/lock.py`).")
    return "\n".join(out) + "\n"


def events() -> str:
    """Return the catalogue of audit events."""
    out = ["# Audit events\n", NOTE, "Rows of the append-only log, one hash chain per point and one for the node.\n"]
    out.append("| kind | what a person reads |\n|---|---|")
    out += [f"| `{kind}` | {words} |" for kind, words in sorted(KINDS.items(), key=lambda pair: pair[0])]
    return "\n".join(out) + "\n"
