"""The expected set: one row per station and room it worked in, with what stands where its journal should be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from journals.models import Act, Journal
from stations.matching import is_hq
from stations.models import Duty, Room, Sitting, StationAssignment, StationKind

MISSING, UNSIGNED, ACT = "missing", "unsigned", "act"

LABELS: dict[str, str | Promise] = {
    MISSING: _("no journal"),
    "accepted": _("accepted"),
    "quarantined": _("in quarantine"),
    UNSIGNED: _("not signed"),
    "refused": _("rejected"),
    ACT: _("act instead of a journal"),
}
_ICONS = {
    MISSING: "hourglass_empty",
    "accepted": "check_circle",
    "quarantined": "warning",
    UNSIGNED: "gpp_maybe",
    "refused": "block",
    ACT: "description",
}
_COLOURS = {MISSING: "bad", "accepted": "ok", "quarantined": "warn", UNSIGNED: "warn", "refused": "bad", ACT: "info"}
#: What closes a post for the gates.
SERVED = frozenset({"accepted", ACT})


@dataclass(frozen=True)
class Expected:
    """A post of the expected set.

    Attributes:
        post: The station in the room it worked in.
        state: ``missing``, ``accepted``, ``quarantined``, ``unsigned``, ``refused`` or ``act``.
        journal: The journal that the state speaks of, if there is one.
        act: The act instead of the journal; None once an accepted journal is there.
    """

    post: StationAssignment
    state: str
    journal: Journal | None
    act: Act | None

    @property
    def served(self) -> bool:
        """Whether the post has its journal or an act."""
        return self.state in SERVED

    @property
    def label(self) -> str:
        """The state in words."""
        return str(LABELS[self.state])

    @property
    def icon(self) -> str:
        """Name of the icon (Material Symbols)."""
        return _ICONS[self.state]

    @property
    def colour(self) -> str:
        """Class of the chip: ok, warn, bad, info."""
        return _COLOURS[self.state]

    @property
    def where(self) -> str:
        """The post in words."""
        return str(self.post)


def expected_set(sitting: Sitting, kinds: Sequence[str] = ("print", "voice")) -> list[Expected]:
    """Return what every station of some kinds owes to a sitting, reserve and replaced ones included."""
    posts = list(
        StationAssignment.objects.filter(sitting=sitting, station__kind__in=kinds)
        .select_related(
            "station__heartbeat", "station__point", "room", "sitting__point__region", "replaced_by__station"
        )
        .order_by("station__kind", F("room__number").asc(nulls_last=True), "station__number", "pk")
    )
    journals = list(
        Journal.objects.filter(sitting=sitting, kind__in=kinds)
        .exclude(state__in=(Journal.State.SUPERSEDED, Journal.State.RECEIVED))
        .select_related("station", "room")
        .order_by("-received_at", "-pk")
    )
    acts = {act.station_post_id: act for act in Act.objects.filter(sitting=sitting).exclude(station_post=None)}
    return [_row(post, journals, acts.get(post.pk)) for post in posts]


def scan_expected(sitting: Sitting) -> list[Expected]:
    """Return what every scanning station owes to a sitting."""
    return expected_set(sitting, kinds=(StationKind.SCAN,))


def _row(post: StationAssignment, journals: Iterable[Journal], act: Act | None) -> Expected:
    found = standing(_Post(post), [_Journal(each) for each in journals], act)
    journal = found.journal.row if found.journal else None
    return Expected(post, found.state, journal, act if found.state == ACT else None)


class PostLike(Protocol):
    """What the rule asks of a post."""

    @property
    def station(self) -> int:
        """Its station."""

    @property
    def room(self) -> int | None:
        """The room it worked in."""

    @property
    def roomless(self) -> bool:
        """Whether that is no room of its own."""


class JournalLike(Protocol):
    """What the rule asks of a journal."""

    @property
    def station(self) -> int | None:
        """Whose it is."""

    @property
    def room(self) -> int | None:
        """The room it names."""

    @property
    def roomless(self) -> bool:
        """Whether that is no room of its own."""

    @property
    def state(self) -> str:
        """What was concluded from it."""

    @property
    def signed_by(self) -> str:
        """Who signed it; empty when nobody of the region did."""


J = TypeVar("J", bound=JournalLike)


@dataclass(frozen=True)
class JournalStanding(Generic[J]):
    """What stands where a post's journal should be: state, and the journal that it speaks of."""

    state: str
    journal: J | None


def standing(post: PostLike, journals: Iterable[J], act: object) -> JournalStanding[J]:
    """Return what stands where the journal of a post should be: the one rule, for rows of the database and plain ones.

    Args:
        post: The post.
        journals: The journals of its sitting, newest first.
        act: The act instead of its journal, if one was made.
    """
    own = [
        each
        for each in journals
        if each.station == post.station
        and each.state in _RANK
        and (each.room == post.room or (each.roomless and post.roomless))
    ]
    best = min(own, key=lambda each: _RANK[each.state], default=None)
    if best is not None and best.state == Journal.State.ACCEPTED:
        return JournalStanding("accepted", best)
    if act is not None:
        return JournalStanding(ACT, best)
    if best is None:
        return JournalStanding(MISSING, None)
    if best.state == Journal.State.QUARANTINED and not best.signed_by:
        return JournalStanding(UNSIGNED, best)
    return JournalStanding(best.state, best)


_RANK: dict[str, int] = {Journal.State.ACCEPTED: 0, Journal.State.QUARANTINED: 1, Journal.State.REFUSED: 2}


@dataclass(frozen=True)
class _Post:
    row: StationAssignment

    @property
    def station(self) -> int:
        return self.row.station_id

    @property
    def room(self) -> int | None:
        return self.row.room_id

    @property
    def roomless(self) -> bool:
        return is_hq(self.row.room)


@dataclass(frozen=True)
class _Journal:
    row: Journal

    @property
    def station(self) -> int | None:
        return self.row.station_id

    @property
    def room(self) -> int | None:
        return self.row.room_id

    @property
    def roomless(self) -> bool:
        return is_hq(self.row.room)

    @property
    def state(self) -> str:
        return self.row.state

    @property
    def signed_by(self) -> str:
        return self.row.signed_by


@dataclass(frozen=True)
class MatrixRow:
    """A room of the matrix with its stations; `room` is None for stations without a room."""

    room: Room | None
    title: str
    cells: list[Expected]

    @property
    def served(self) -> int:
        """How many of its posts are closed."""
        return sum(cell.served for cell in self.cells)


def matrix(sitting: Sitting, kinds: Sequence[str] = ("print", "voice")) -> list[MatrixRow]:
    """Return the expected set room by room, stations without a room last."""
    rows: dict[int | None, MatrixRow] = {}
    for use in sitting.rooms.select_related("room").order_by("room__number"):
        rows[use.room_id] = MatrixRow(use.room, str(use.room), [])
    for each in expected_set(sitting, kinds):
        room = each.post.room
        title = str(room) if room else str(_("without a room"))
        rows.setdefault(room.pk if room else None, MatrixRow(room, title, [])).cells.append(each)
    return sorted(rows.values(), key=lambda row: (row.room is None, row.room.number if row.room else ""))


def duty_words(post: StationAssignment) -> str:
    """Return why a station is there, with its successor: “replaced by 0005”."""
    if post.duty == Duty.REPLACED and post.replaced_by:
        return str(_("replaced by %s")) % post.replaced_by.station.number
    return str(Duty(post.duty).label)
