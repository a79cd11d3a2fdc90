"""What is owed: one type for the point's day and the centre's, drawn by one renderer on card, gate and paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wire.messages import NOTHING, Message


class ObligationState(StrEnum):
    """How something that is owed stands."""

    NOT_DUE = "not_due"
    OPEN = "open"
    ON_ITS_WAY = "on_its_way"
    SETTLED = "settled"
    UNKNOWN_HERE = "unknown_here"


@dataclass(frozen=True)
class Obligation:
    """One thing that is owed, concluded from the facts of now.

    Attributes:
        code: Row of the table of obligations that it belongs to.
        sitting: Key of the exam.
        place: Number of the room, the station or the name of the status that it is about.
        state: How it stands.
        text: What is owed, or how it stands, in words.
        cure: What a person does about it; nothing while nobody can do anything.
        rule: Action of `stations.rules`: who may cure it.
        page: Name of the page where it is cured.
        anchor: The place on that page.
        since: Since when it stands so, where that is known.
        evidence: By what it is settled: number of a receipt, hash of a journal, act, decision.
        carrier: Who carries it and tries again while it is on its way; where it is evaluated when unknown here.
    """

    code: str
    sitting: str
    place: str
    state: ObligationState
    text: Message
    cure: Message = NOTHING
    rule: str = ""
    page: str = ""
    anchor: str = ""
    since: datetime | None = None
    evidence: Message = NOTHING
    carrier: Message = NOTHING

    @property
    def settled(self) -> bool:
        """Whether its evidence is here."""
        return self.state == ObligationState.SETTLED

    @property
    def stands(self) -> bool:
        """Whether it stands between now and the end: all but what is settled and what another station evaluates."""
        return self.state not in (ObligationState.SETTLED, ObligationState.UNKNOWN_HERE)

    def as_json(self) -> dict[str, Any]:
        """Return it for machines: stable names, and the words in the reader's language."""
        return {
            "code": self.code,
            "sitting": self.sitting,
            "place": self.place,
            "state": str(self.state),
            "text": str(self.text),
            "cure": str(self.cure),
            "since": self.since.isoformat() if self.since else None,
            "evidence": str(self.evidence),
            "carrier": str(self.carrier),
        }


def standing(rows: Iterable[Obligation]) -> tuple[Obligation, ...]:
    """Return those that stand between now and the end."""
    return tuple(row for row in rows if row.stands)
