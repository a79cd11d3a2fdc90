"""Rooms × stations: one cell for each station that worked in a room, with its state in words, an icon and a colour."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from journals.expected import MISSING, Expected, duty_words
from monitoring import words
from monitoring.facts import SittingFacts
from monitoring.heartbeats import StationHeartbeat, heartbeat_of
from stations.models import Duty, StationKind

KINDS = (StationKind.PRINT, StationKind.VOICE, StationKind.SCAN)


@dataclass(frozen=True)
class Cell:
    """A station in a room; `wrong` is the obligation that its accepted journal does not meet."""

    row: Expected
    wrong: str = ""

    @property
    def level(self) -> str:
        """Class of the cell; a journal that is merely not there yet is no alarm."""
        if self.wrong:
            return "bad" if self.wrong == "scan_journal_rewritten" else "warn"
        return "idle" if self.row.state == MISSING else self.row.colour

    @property
    def remark(self) -> str:
        """What is wrong with it, in words."""
        return {
            "scan_journal_behind": _("formed before the station's last entries"),
            "scan_journal_rewritten": _("written anew after packets were signed"),
        }.get(self.wrong, "")

    @property
    def station(self) -> str:
        """Its number, or its place in a voice room."""
        post = self.row.post
        return _("place %s") % post.place if post.place else str(post.station.number)

    @property
    def duty(self) -> str:
        """Why it is there, when it is not the main one."""
        return "" if self.row.post.duty == Duty.MAIN else duty_words(self.row.post)

    @property
    def received(self) -> str:
        """When its journal came, in the point's time."""
        journal = self.row.journal
        return words.clock_of(journal.received_at, self.row.post.sitting.point) if journal else ""

    @property
    def heartbeat(self) -> StationHeartbeat | None:
        """What the station said of itself last."""
        row = heartbeat_of(self.row.post.station)
        return StationHeartbeat(row) if row else None

    @property
    def name(self) -> str:
        """The post in words."""
        return words.assignment_words(self.row.post)


@dataclass
class MatrixLine:
    """A room."""

    title: str
    kinds: tuple[str, ...]
    cells: dict[str, list[Cell]] = field(default_factory=dict)

    @property
    def columns(self) -> list[list[Cell]]:
        """The cells in the order of the columns."""
        return [self.cells.get(kind, []) for kind in self.kinds]


@dataclass(frozen=True)
class Matrix:
    """The table."""

    heads: list[str]
    lines: list[MatrixLine]


def matrix_of(facts: SittingFacts) -> Matrix:
    """Return the matrix of a sitting: rooms in order, the HQ, then stations that never had a room."""
    rows = [*facts.room_posts, *facts.scan_posts]
    kinds = tuple(kind for kind in KINDS if any(row.post.station.kind == kind for row in rows))
    # Of both, the last one is the worse.
    wrong = {row.place: row.code for row in facts.own.of("scan_journal_behind", "scan_journal_rewritten")}
    lines = {number: MatrixLine(words.room_words(number), kinds) for number in facts.room_numbers}
    lines |= {each.room: MatrixLine(str(each.words), kinds) for each in facts.own.exam.printing if each.room}
    for row in rows:
        room = row.post.room
        title = words.room_words(room.number) if room else _("without a room")
        line = lines.setdefault(room.number if room else "", MatrixLine(title, kinds))
        line.cells.setdefault(row.post.station.kind, []).append(
            Cell(row, wrong.get(row.post.station.number, "") if row.post.station.kind == StationKind.SCAN else "")
        )
    ordered = sorted(lines.items(), key=lambda item: (item[0] == "", item[0] == "HQ", item[0]))
    return Matrix([str(StationKind(kind).label) for kind in kinds], [line for _key, line in ordered])


def owing(facts: SittingFacts) -> list[Cell]:
    """Return the posts that owe a journal: each may be closed with an act."""
    return [Cell(row) for row in [*facts.room_posts, *facts.scan_posts] if not row.served]
