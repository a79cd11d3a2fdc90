"""What stations owe and said, as plain frozen rows of several sittings at once: one query a table, nothing lazy."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from journals.models import Act, Journal, JournalAnswer, JournalSheet
from stations.models import Room, StationAssignment
from wire.messages import Message

Row = TypeVar("Row")
_HQ = Room.Kind.HQ


class PostRow(NamedTuple):
    """A station in the room it worked in."""

    pk: int
    sitting: int
    station: int
    kind: str
    number: str
    duty: str
    place: str
    room: int | None
    room_number: str
    room_kind: str
    replaced: int | None

    @property
    def roomless(self) -> bool:
        """Whether it has no room of its own: none, or the HQ."""
        return self.room is None or self.room_kind == _HQ


class JournalRow(NamedTuple):
    """A journal as received, and what was concluded from it alone."""

    pk: int
    sitting: int
    state: str
    kind: str
    station: int | None
    station_number: str
    station_said: str
    room: int | None
    room_number: str
    room_kind: str
    sha256: str
    signed_by: str
    sealed_sets: int
    opened_at: datetime | None
    problem: Message
    received_at: datetime
    decided_at: datetime | None
    entries: int
    lines_sha256: str
    path: str
    name: str
    doubts: list[Any]
    skew: float | None

    @property
    def sealed(self) -> bool:
        """Whether it counts and its form numbers have not been opened."""
        return self.state == Journal.State.ACCEPTED and self.sealed_sets > 0 and self.opened_at is None

    @property
    def roomless(self) -> bool:
        """Whether it names no room of its own: none, or the HQ."""
        return self.room is None or self.room_kind == _HQ


class ActRow(NamedTuple):
    """A signed act."""

    pk: int
    sitting: int
    kind: str
    post: int | None
    room: int | None
    name: str
    sha256: str
    made_at: datetime
    numbers: list[str]


class AnswerRow(NamedTuple):
    """A recorded answer that an accepted voice journal lists."""

    pk: int
    sitting: int
    room: int
    room_number: str
    place: str
    ordinal: int
    file_name: str
    seconds: float
    sha256: str
    registration: str
    journal: int


class SheetRow(NamedTuple):
    """A form that a print journal lists."""

    ordinal: int
    spoiled: bool
    unused: bool
    kind: str
    number: str


def posts(sittings: Collection[int]) -> list[PostRow]:
    """Return the posts of some sittings."""
    rows = StationAssignment.objects.filter(sitting__in=sittings).order_by(
        "sitting", "station__kind", "room__number", "pk"
    )
    return _rows(
        PostRow,
        rows.values_list(
            "pk",
            "sitting_id",
            "station_id",
            "station__kind",
            "station__number",
            "duty",
            "place",
            "room_id",
            "room__number",
            "room__kind",
            "replaced_by_id",
        ),
    )


def journals(sittings: Collection[int], room: int | None = None) -> list[JournalRow]:
    """Return the journals of some sittings, or of one room of theirs, newest first."""
    found = Journal.objects.filter(sitting__in=sittings)
    return _rows(
        JournalRow,
        (found if room is None else found.filter(room=room))
        .order_by("-received_at", "-pk")
        .values_list(
            "pk",
            "sitting_id",
            "state",
            "kind",
            "station_id",
            "station__number",
            "station_said",
            "room_id",
            "room__number",
            "room__kind",
            "sha256",
            "signed_by",
            "sealed_sets",
            "forms_opened_at",
            "forms_problem",
            "received_at",
            "decided_at",
            "entry_count",
            "lines_sha256",
            "path",
            "name",
            "doubts",
            "skew_seconds",
        ),
    )


def acts(sittings: Collection[int]) -> list[ActRow]:
    """Return the acts of some sittings."""
    return _rows(
        ActRow,
        Act.objects.filter(sitting__in=sittings)
        .order_by("pk")
        .values_list("pk", "sitting_id", "kind", "station_post_id", "room_id", "name", "sha256", "made_at", "numbers"),
    )


def answers(sittings: Collection[int]) -> list[AnswerRow]:
    """Return the answers that the accepted voice journals of some sittings list, room by room."""
    return _rows(
        AnswerRow,
        JournalAnswer.objects.filter(
            journal__sitting__in=sittings,
            journal__state=Journal.State.ACCEPTED,
            journal__room__isnull=False,
            spoiled=False,
            unused=False,
        )
        .order_by("journal__room__number", "place", "ordinal", "file_name")
        .values_list(
            "pk",
            "journal__sitting_id",
            "journal__room_id",
            "journal__room__number",
            "place",
            "ordinal",
            "file_name",
            "seconds",
            "sha256",
            "registration_number",
            "journal_id",
        ),
    )


#: Journal → what it lists. The numbers of a journal are written once, when they are opened: the file, and that it is
#: open, tell that the rows are the same. It spares work only, and is lost with the process.
_kept: dict[tuple[int, str, datetime | None], tuple[SheetRow, ...]] = {}
_KEPT = 2_000


def forget() -> None:
    """Forget what was read of journals: rows of another database have the same keys."""
    _kept.clear()


def printed(rows: Iterable[JournalRow]) -> dict[int, tuple[SheetRow, ...]]:
    """Return journal → the forms that it lists, of the accepted print journals among some; each is read once."""
    wanted = {
        row.pk: (row.pk, row.sha256, row.opened_at)
        for row in rows
        if row.kind == Journal.Kind.PRINT and row.state == Journal.State.ACCEPTED
    }
    found = {pk: _kept[key] for pk, key in wanted.items() if key in _kept}
    unread: dict[int, list[SheetRow]] = {pk: [] for pk in wanted if pk not in found}
    if unread:
        listed = JournalSheet.objects.filter(journal__in=unread).order_by("journal", "set__ordinal", "kind")
        for pk, *values in listed.values_list(
            "journal_id", "set__ordinal", "set__spoiled", "set__unused", "kind", "number"
        ):
            unread[pk].append(SheetRow._make(values))
        if len(_kept) + len(unread) > _KEPT:
            _kept.clear()
        for pk, sheets in unread.items():
            found[pk] = tuple(sheets)
            if sheets:  # the numbers of one that lists nothing may still be written
                _kept[wanted[pk]] = found[pk]
    return found


def _rows(kind: type[Row], values: Iterable[tuple[object, ...]]) -> list[Row]:
    """Return rows; what a join did not find is an empty text."""
    texts = [
        place
        for place, name in enumerate(kind._fields)  # type: ignore[attr-defined]
        if kind.__annotations__[name] is str
    ]
    made = []
    for each in values:
        row = each
        if any(row[place] is None for place in texts):
            row = tuple("" if value is None and place in texts else value for place, value in enumerate(row))
        made.append(kind(*row))
    return made
