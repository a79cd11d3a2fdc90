"""The facts of a point's day as plain frozen rows. Django-free: `day.facts` fills them, `day.rules` reads them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wire.messages import NOTHING, Message


@dataclass(frozen=True)
class AssignmentFacts:
    """A station that owes a journal, and what stands in its place.

    Attributes:
        pk: Key of the post.
        key: Key of the station.
        kind: ``print``, ``voice`` or ``scan``.
        station: Number of the station.
        room: Number of the room; empty without one.
        words: The post in words.
        state: ``missing``, ``accepted``, ``quarantined``, ``unsigned``, ``refused``, ``act``.
        label: The state in words.
        journal: SHA-256 of the journal that counts.
        received_at: When it came.
        sealed: Whether its form numbers are still sealed.
        problem: Why they cannot be opened, when that was tried.
        act: Name of the act instead of it.
        replaced: Whether another station goes on in its place.
        behind: Whether it is this node's own journal and the node has written entries since.
        behind_since: When it wrote the first of them.
        own: Whether it is the scanning station that this node is, and has written entries.
        lines: Of the scan journal that counts, what stands at the entries that packets name: number → SHA-256, empty
            beyond its end; None when its file cannot be read.
    """

    pk: int
    key: int
    kind: str
    station: str
    room: str
    words: Message
    state: str
    label: Message
    journal: str = ""
    received_at: datetime | None = None
    sealed: bool = False
    problem: Message = NOTHING
    act: str = ""
    behind: bool = False
    behind_since: datetime | None = None
    replaced: bool = False
    own: bool = False
    lines: Mapping[int, str] | None = field(default_factory=dict)

    @property
    def served(self) -> bool:
        """Whether the journal or an act is here."""
        return self.state in ("accepted", "act")


@dataclass(frozen=True)
class Card:
    """A room on the scanning desk; the HQ too.

    Attributes:
        room: Number of the room.
        hq: Whether it is the HQ.
        words: The room in words.
        state: State of the card; ``waiting`` where none was made.
        label: The state in words.
        filled: Whether every count was typed.
        closed_at: When it was closed.
        act: Name of the act with which it was closed.
        current: Whether it was last compared with what it rests on now.
        differences: The differences that are open on it, in words.
        again: Why it was opened again, while it is.
        again_at: When it was.
    """

    room: str
    hq: bool
    words: Message
    state: str
    label: Message
    filled: bool = False
    closed_at: datetime | None = None
    act: str = ""
    current: bool = True
    differences: tuple[Message, ...] = ()
    again: Message = NOTHING
    again_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether it was closed, packed or not."""
        return self.state in ("closed", "closed_with_act", "packed")


@dataclass(frozen=True)
class SealedAt:
    """The last line of its station's scan journal when a packet was signed: what that journal must hold."""

    station: str
    number: int
    sha256: str


@dataclass(frozen=True)
class Pack:
    """The newest version of a packet.

    Attributes:
        uid: Its code.
        kind: ``blanks``, ``audio``, ``forms`` or ``status``.
        room: Number of the room.
        version: Its version.
        state: Its state.
        label: The state in words.
        imported: Whether another machine of the HQ made it.
        node: Which machine.
        receipt: Number of the receipt.
        at: Since when it stands so, as far as is known.
        drive: On which drive it lies.
        complete: Of a status: whether it carries every journal and act that belongs to it now.
        label_of_status: The status that it carries, in words.
        asked_again: Why the centre asks for its sheets again, when it does.
        asked_at: When it did.
        sealed_at: The end of the scan journal when it was signed; None of a packet that does not say it.
        open_there: What was open about it at the centre when that confirmed it.
    """

    uid: str
    kind: str
    room: str
    version: int
    state: str
    label: Message
    imported: bool = False
    node: str = ""
    receipt: int = 0
    at: datetime | None = None
    drive: str = ""
    complete: bool = True
    label_of_status: Message = NOTHING
    asked_again: Message = NOTHING
    asked_at: datetime | None = None
    sealed_at: SealedAt | None = None
    open_there: tuple[Message, ...] = ()


@dataclass(frozen=True)
class PointStatusFacts:
    """A declared status.

    Attributes:
        name: Its name.
        state: ``declared`` or ``accepted``; ``undone`` only where nothing stands in its place.
        at: When it was declared.
        by: By whom.
        accepted_at: When the centre accepted it.
        undone_at: When it was undone.
        undone_why: By whom and why.
    """

    name: str
    state: str
    at: datetime
    by: str = ""
    accepted_at: datetime | None = None
    undone_at: datetime | None = None
    undone_why: Message = NOTHING


@dataclass(frozen=True)
class Key:
    """The access key of a sitting: the newest that is active, else the newest that is loaded."""

    active: bool
    until: datetime
    name: str


@dataclass(frozen=True)
class Use:
    """A room that the registry gives to a sitting."""

    room: str
    words: Message
    seats: int
    voice: bool
    places: int

    @property
    def kind(self) -> tuple[str, str]:
        """Kind and place of the packet that the room owes."""
        return ("audio" if self.voice else "blanks"), self.room


@dataclass(frozen=True)
class Printing:
    """A preparation room: forms leave it, none is collected there.

    Attributes:
        room: Number of the room; empty of stations without one.
        words: The room in words.
        lost: Used sets that lie nowhere, by station and ordinal.
        sealed: Why the numbers of each sealed print journal of it do not open; nothing as long as they may.
        acts: Names of the acts about sets of it.
    """

    room: str
    words: Message
    lost: tuple[tuple[str, int], ...] = ()
    sealed: tuple[Message, ...] = ()
    acts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Came:
    """A journal as it came: what a person has to see to.

    Attributes:
        name: Its official name.
        words: Whose it is.
        room: Number of the room.
        state: Its state.
        doubts: What speaks against it.
        problem: Why its numbers could not be opened.
        skew: By how many seconds the station's clock is fast.
        elsewhere: What another journal of the exam tells of too.
    """

    name: str
    words: Message
    room: str
    state: str
    doubts: tuple[Message, ...]
    problem: Message
    skew: float
    elsewhere: tuple[Message, ...] = ()


@dataclass(frozen=True)
class PointExam:
    """Everything about one sitting.

    Attributes:
        packets: Kind and place → the packet that speaks for the place.
        beside: The newest packets of other machines of the same places.
    """

    pk: int
    key: str
    subject: str
    name: str
    oral: bool
    deadlines: dict[str, datetime] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    printing: tuple[Printing, ...] = ()
    posts: tuple[AssignmentFacts, ...] = ()
    cards: tuple[Card, ...] = ()
    packets: dict[tuple[str, str], Pack] = field(default_factory=dict)
    beside: tuple[Pack, ...] = ()
    statuses: dict[str, PointStatusFacts] = field(default_factory=dict)
    key_row: Key | None = None
    journals: tuple[Came, ...] = ()
    parked: tuple[tuple[str, str, str], ...] = ()
    begun: bool = True

    @property
    def title(self) -> str:
        """Code and name of the subject."""
        return f"{self.subject} {self.name}"

    def card(self, room: str) -> Card | None:
        """Return the card of a room."""
        return next((each for each in self.cards if each.room == room), None)

    @property
    def forms(self) -> Pack | None:
        """The packet of the HQ forms, whether it names its room or not."""
        return next((pack for (kind, _room), pack in self.packets.items() if kind == "forms"), None)

    @property
    def hq(self) -> Card | None:
        """The card of the HQ."""
        return next((each for each in self.cards if each.hq), None)


@dataclass(frozen=True)
class Facts:
    """Everything about a point and a day.

    Attributes:
        point: Key of the point.
        date: The day.
        at: The moment of looking.
        today: The calendar day at the point at that moment.
        online: Whether this node delivers by network at all.
        paused: Whether a person has paused that.
        exams: The sittings.
    """

    point: str
    date: dt.date
    at: datetime
    today: dt.date
    online: bool
    exams: tuple[PointExam, ...]
    paused: bool = False
