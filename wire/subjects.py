"""Subjects of the exam: code, official name, and the set of forms a participant of it fills in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

_FORM_SETS: Mapping[str, tuple[str, ...]] = {
    name: tuple(kinds)
    for name, kinds in json.loads(resources.files("wire.data").joinpath("forms.json").read_text("utf-8"))[
        "form_sets"
    ].items()
}


@dataclass(frozen=True, slots=True)
class SubjectInfo:
    """One subject of the national list."""

    code: str
    name: str
    oral: bool
    form_set: tuple[str, ...]


def _load() -> Mapping[str, SubjectInfo]:
    rows = json.loads(resources.files("wire.data").joinpath("subjects.json").read_text("utf-8"))
    return MappingProxyType(
        {
            row["code"]: SubjectInfo(
                code=row["code"],
                name=row["name"],
                oral=row.get("oral", False),
                form_set=_FORM_SETS[row.get("form_set", "full")],
            )
            for row in rows
        }
    )


SUBJECTS: Mapping[str, SubjectInfo] = _load()
SUBJECT_NAMES: Mapping[str, str] = MappingProxyType({code: info.name for code, info in SUBJECTS.items()})


def form_set(subject: str) -> tuple[str, ...]:
    """The forms of one participant's set; an unregistered subject gets the full set."""
    info = SUBJECTS.get(subject)
    return info.form_set if info else _FORM_SETS["full"]
