"""The facts of an exam at the centre as plain frozen rows. Free of Django: `facts` fills them, `rules` reads them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from wire.documents.standing import OpenMatter
from wire.messages import Message
from wire.room import CardCounts, PrintedSet

#: States of a packet as the centre keeps them.
CONFIRMED, REJECTED = "acknowledged", "rejected"
#: So many letters of a trouble are kept with a person's word about it.
KEPT = 1000
_KINDS = {
    "status": Message("Status"),
    "blanks": Message("Answer forms"),
    "forms": Message("Exam point forms"),
    "audio": Message("Recorded answers"),
}


@dataclass(frozen=True, slots=True)
class ActFacts:
    """An act that came in a packet; unsound is one whose signature does not hold.

    Attributes:
        sets: Room, station and ordinal of the sets that it names; None where it does not say.
    """

    kind: str
    room: str
    sha256: str
    sound: bool
    station: str = ""
    made_at: datetime | None = None
    sets: tuple[tuple[str, str, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class ScanHeadFacts:
    """The last line of its station's scan journal when a packet was signed, as its header says."""

    station: str
    number: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ScanJournalFacts:
    """The longest scan journal of a station that standing statuses brought.

    Attributes:
        known: Whether its lines were looked at when it came.
        lines: What stands at the entries that packets name: number → SHA-256; empty beyond its end.
    """

    known: bool
    lines: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PacketFacts:
    """A packet as it came, and what the centre decided about it.

    Attributes:
        numbers: Numbers of its sheets, where a rule needs them.
        closed_sets: Sets that the desk knew of when it closed the room, by station; None where it does not say.
        status: Which status it carries.
        scan_head: The end of the scan journal when it was signed; None of a packet that does not say it.
        room_kind: What the point says that the room was for; empty of an older one.
    """

    pk: int
    sha256: str
    uid: str
    version: int
    kind: str
    room: str
    sitting: str
    state: str
    parked: bool
    received_at: datetime
    supersedes: str = ""
    superseded: bool = False
    part: tuple[int, int] = (1, 1)
    counts: Mapping[str, int] = field(default_factory=dict)
    card: CardCounts = field(default_factory=CardCounts)
    acts: tuple[ActFacts, ...] = ()
    numbers: frozenset[str] = frozenset()
    closed_sets: Mapping[str, frozenset[int]] | None = None
    status: str = ""
    scan_head: ScanHeadFacts | None = None
    room_kind: str = ""

    @property
    def standing(self) -> bool:
        """Whether it counts: confirmed, and replaced by nothing."""
        return self.state == CONFIRMED and not self.superseded

    @property
    def place(self) -> tuple[str, str]:
        """What it is of: versions of one packet have it in common."""
        return self.kind, self.room

    @property
    def order(self) -> tuple[datetime, int]:
        """Place in the order of arrival."""
        return self.received_at, self.pk

    @property
    def title(self) -> Message:
        """What it is, in words."""
        what = Message("{kind} {room}", kind=_KINDS[self.kind], room=self.room) if self.room else _KINDS[self.kind]
        return Message("{what} · {sitting} · v{version}", what=what, sitting=self.sitting, version=self.version)


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """A remark of the checks about a packet, and whether a person has looked into it."""

    pk: int
    packet: int
    code: str
    number: str
    text: str
    message: Message
    settled: bool


@dataclass(frozen=True, slots=True)
class StatusFacts:
    """A status that the centre waits for."""

    status: str
    title: Message
    deadline: datetime | None
    reported_at: datetime | None = None
    packet: str = ""
    by_phone: datetime | None = None
    undone_at: datetime | None = None

    @property
    def told_by_phone(self) -> bool:
        """Whether it was told by telephone since it was last undone, and its packet has not come yet."""
        if self.by_phone is None or self.reported_at is not None:
            return False
        return self.undone_at is None or self.by_phone > self.undone_at


@dataclass(frozen=True, slots=True)
class RescanFacts:
    """A request of the centre to scan again; no numbers are the whole room."""

    packet: int
    numbers: frozenset[str]
    reason: str
    at: datetime
    open: bool
    answered_by: int | None


@dataclass(frozen=True, slots=True)
class RoomUse:
    """A place whose packet the centre waits for; the empty room is the HQ."""

    room: str
    kind: str
    seats: int | None


@dataclass(frozen=True, slots=True)
class PrintSource:
    """Where the print journals of a room were read: the newest packet that brought one, and the end of the last."""

    packet: int
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class PointWord:
    """The newest word of a node of the point about what is open there of the exam again."""

    number: int
    at: datetime
    open: tuple[OpenMatter, ...] = ()


@dataclass(frozen=True)
class ExamFacts:
    """Everything that the conclusions about one exam of a point rest on.

    Attributes:
        sets: Room → the sets that the print journals list for it, as the status packets brought them.
        scan_journals: Station → its scan journal, as the status packets brought it.
        sources: Room → where these journals were read.
        kinds: Room → what it is for by the registry.
        words: What the nodes of the point last said of it.
    """

    key: str
    oral: bool
    at: datetime
    places: Sequence[RoomUse]
    packets: Sequence[PacketFacts]
    findings: Sequence[FindingFacts]
    statuses: Sequence[StatusFacts]
    rescans: Sequence[RescanFacts]
    sets: Mapping[str, Sequence[PrintedSet]] = field(default_factory=dict)
    scan_journals: Mapping[str, ScanJournalFacts] = field(default_factory=dict)
    sources: Mapping[str, PrintSource] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    words: Sequence[PointWord] = ()

    @property
    def preparing(self) -> frozenset[str]:
        """The preparation rooms."""
        return frozenset(room for room, kind in self.kinds.items() if kind == "preparation")

    @cached_property
    def decided(self) -> frozenset[tuple[str, Hashable, str]]:
        """The troubles that a person has looked into: each of its packet, and of the place that it was about."""
        places = {each.pk: each.place for each in self.packets}
        settled = [each for each in self.findings if each.settled]
        return frozenset(
            (each.code, about, each.text) for each in settled for about in (each.packet, places.get(each.packet))
        )

    def settled(self, code: str, about: Hashable, message: Message) -> bool:
        """Return whether a person has looked into this very trouble of a packet, by its key, or of a place."""
        return any(code == each[0] for each in self.decided) and (code, about, message.ru[:KEPT]) in self.decided
