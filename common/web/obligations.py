"""The one renderer of obligations: for the cards of a page, the conditions of a gate, the lines of a paper."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from common.obligations import Obligation, ObligationState
from common.work import clock
from wire.messages import NOTHING, Message, Several

_LOOKS = {
    ObligationState.SETTLED: ("ok", "check_circle"),
    ObligationState.OPEN: ("bad", "error"),
    ObligationState.ON_ITS_WAY: ("warn", "hourglass_top"),
    ObligationState.NOT_DUE: ("idle", "circle"),
    ObligationState.UNKNOWN_HERE: ("idle", "help"),
}


@dataclass(frozen=True)
class ShownObligation:
    """An obligation as a page shows it.

    Attributes:
        obligation: The obligation.
        link: Where it is cured; empty where this node serves no such page.
        since: Since when it stands so, in the point's time.
    """

    obligation: Obligation
    link: str
    since: str

    @property
    def code(self) -> str:
        """Its stable name."""
        return self.obligation.code

    @property
    def ok(self) -> bool:
        """Whether it does not stand in the way: settled, or evaluated at another station."""
        return not self.obligation.stands

    @property
    def text(self) -> str:
        """What is owed, in the reader's language."""
        return str(self.obligation.text)

    @property
    def cure(self) -> str:
        """What a person does about it, in the reader's language."""
        return str(self.obligation.cure)

    @property
    def detail(self) -> str:
        """What stands behind it: the evidence, or who carries it and since when."""
        return str(detail(self.obligation, self.since))

    @property
    def level(self) -> str:
        """Class of its chip."""
        return _LOOKS[self.obligation.state][0]

    @property
    def icon(self) -> str:
        """Name of its icon."""
        return _LOOKS[self.obligation.state][1]


def detail(row: Obligation, since: str = "") -> Message:
    """Return what stands behind an obligation as one sentence; nothing when there is nothing."""
    parts = [each for each in (row.evidence, row.carrier) if each]
    if since and not row.settled and row.state != ObligationState.NOT_DUE:
        parts.append(Message("since {time}", time=since))
    return Several(parts, ", ") if parts else NOTHING


def link_of(row: Obligation) -> str:
    """Return the address where an obligation is cured."""
    if not row.page:
        return ""
    arguments = {"key": row.sitting}
    if row.page == "scanning-room":
        arguments["room"] = row.place
    try:
        return reverse(row.page, kwargs=arguments) + row.anchor
    except NoReverseMatch:  # asked by a command on another kind of node
        return ""


def show(rows: Iterable[Obligation], zone: str) -> list[ShownObligation]:
    """Return obligations for a page.

    Args:
        rows: The obligations.
        zone: Time zone of the point.
    """
    return [
        ShownObligation(row, link_of(row), f"{clock.local(row.since, zone):%d.%m %H:%M}" if row.since else "")
        for row in rows
    ]


def lines(rows: Iterable[Obligation], zone: str) -> list[str]:
    """Return obligations as lines of a paper: what is owed, with its evidence or since when."""
    found = []
    for each in show(rows, zone):
        found.append(f"{each.text} ({each.detail})" if each.detail else each.text)
    return list(dict.fromkeys(found))
