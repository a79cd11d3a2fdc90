"""What an event is about: the row says it itself, so that nobody who records has to look it up."""

from dataclasses import dataclass, replace
from typing import Protocol


@dataclass(frozen=True)
class AuditSubject:
    """What an event is about, and in which chain it stands.

    Attributes:
        region: Region code, two digits.
        point: Point code, four digits; empty for what belongs to the node's own chain.
        text: What it is about, in words.
    """

    region: str = ""
    point: str = ""
    text: str = ""

    def audit_subject(self) -> "AuditSubject":
        """Return itself: what has no row is named outright."""
        return self

    def of(self, name: object) -> "AuditSubject":
        """Return one thing of it, a file of a room for instance."""
        return replace(self, text=f"{self.text}: {name}")

    def named(self, text: str) -> "AuditSubject":
        """Return what is at the same place and has this name."""
        return replace(self, text=text)


class Audited(Protocol):
    """A row that events may be about."""

    def audit_subject(self) -> AuditSubject:
        """Return what its events are about."""
