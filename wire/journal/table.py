"""The catalogue of journal entries as a table for the documentation."""

from collections.abc import Mapping

from wire.journal.events import EVENTS, TYPES

BEGIN, END = "<!-- events -->", "<!-- /events -->"


def markdown() -> str:
    """The table that stands in `docs/formats.md` between the two marks; a test holds the two together."""
    rows = ["| event | journals | says | required | optional |", "|---|---|---|---|---|"]
    for kind in EVENTS.values():
        rows.append(
            f"| `{kind.event}` | {', '.join(sorted(kind.kinds))} | {kind.message.ru} · {kind.message.en} "
            f"| {_fields(kind.required)} | {_fields(kind.optional)} |"
        )
    rows += ["", "| type | meaning |", "|---|---|"]
    rows += [f"| `{name}` | {meaning.en} |" for name, meaning in TYPES.items()]
    return "\n".join(rows)


def _fields(fields: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}`: {kind}" for name, kind in fields.items())
